//! Updates of the program: a toast when a new version is downloaded, and a button that switches to it.

use leptos::prelude::*;

use crate::{
    browser::{
        task,
        update::{self, Update},
    },
    core::doc::store::Saved,
    ui::hooks::use_room::{Offer, Room, use_room},
};

const READY: &str = "A new version of Duplex is ready.";
const CURRENT: &str =
    "Duplex was updated in another tab. This one goes on as it was until it is loaded again.";

const UNSTORED: &str = "What you made here is not stored in this browser, and a new version starts with what is. Export it first, then load the page again.";

/// From now on says when there is one.
pub fn watch(room: Room) {
    let tell = move |update| {
        // Never reload without consent: a field may hold text that is not submitted.
        let words = match update {
            Update::Ready => READY,
            Update::Current => CURRENT,
        };
        room.offer(words, Offer::Update);
    };
    task::spawn(update::watch(tell));
}

/// The button below either sentence.
pub fn offer() -> AnyView {
    let room = use_room();
    let is_asked = RwSignal::new(false);
    let install = move |_| {
        let saved = room.status.with_untracked(|status| status.saved);
        if matches!(saved, Saved::MemoryOnly | Saved::Failed)
            && !room.status.read_untracked().is_empty
        {
            return room.warn(UNSTORED);
        }
        is_asked.set(true);
        when_saved(room, update::install);
    };
    view! {
        <button type="button" class="link-button" disabled=is_asked on:click=install>"Use it now"</button>
    }
    .into_any()
}

/// Once everything that was made here is stored.
fn when_saved(room: Room, act: fn()) {
    let is_saved = move || {
        let status = room.status.read();
        status.saved == Saved::Saved || status.is_empty
    };
    let acts = move |has_acted: Option<bool>| {
        let has_acted = has_acted == Some(true);
        if !has_acted && is_saved() {
            act();
            return true;
        }
        has_acted
    };
    Effect::new(acts);
}
