//! What a room's state asks to be known at a glance.

use leptos::prelude::*;

use super::icon::Icon;
use crate::ui::{hooks::use_room::use_room, text};

/// An open room says so in plain view.
pub fn open_room() -> AnyView {
    let room = use_room();
    let is_open = Memo::new(move |_| room.address.with(|address| address.room.key.is_none()));
    let pill = move || {
        is_open.get().then(|| view! {
            <span
                class="pill open-room"
                data-testid="open-room"
                title="An open room: whoever knows or guesses its name can see and change everything here."
            >
                <Icon icon=icondata::LuLockOpen/>
                "Open room"
            </span>
        })
    };
    pill.into_any()
}

/// What stands in the way of being stored or of meeting others, as long as it does, where all of it can be read.
pub fn trouble() -> AnyView {
    let status = use_room().status;
    let trouble = Memo::new(move |_| status.with(text::connection::trouble));
    let sentence = move || {
        trouble
            .get()
            .map(|sentence| view! { <p class="trouble" data-testid="trouble">{sentence}</p> })
    };
    sentence.into_any()
}
