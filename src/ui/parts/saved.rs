//! Whether everything made here is stored in this browser: a word in view, all of it on a press.

use leptos::prelude::*;

use crate::{
    browser::clock::Timeout,
    core::doc::store::Saved,
    limits::Millis,
    ui::{
        hooks::use_room::{set_if_new, use_room},
        parts::{dialog::Dialog, icon::Icon, install::install},
        text,
    },
};

/// What is over sooner is not told.
const NOTICED_MS: Millis = 500;

#[component]
pub fn SavedPill() -> impl IntoView {
    let status = use_room().status;
    let open = RwSignal::new(false);
    let saved = move || status.with(|status| status.saved);
    // Most edits are stored before anybody could read that they are not.
    let told = RwSignal::new(saved());
    let timer = StoredValue::new_local(None);
    Effect::new(move || match saved() {
        Saved::Saving if timer.with_value(Option::is_some) => {}
        Saved::Saving => {
            let tell = move || told.set(Saved::Saving);
            timer.set_value(Some(Timeout::after(NOTICED_MS, tell)));
        }
        saved => {
            timer.set_value(None);
            set_if_new(told, saved);
        }
    });
    let sentence = move || status.with(|status| text::saved::told(status, told.get()));
    let icon = Signal::derive(move || match told.get() {
        Saved::Saving => icondata::LuHardDrive,
        Saved::Saved => icondata::LuCheck,
        Saved::MemoryOnly | Saved::Failed => icondata::LuTriangleAlert,
    });
    view! {
        <div class="pill saved" data-testid="saved" data-state=move || saved().name()>
            <button type="button" class="pill" aria-haspopup="dialog" title=sentence on:click=move |_| open.set(true)>
                <Icon icon=icon/>
                <span class="pill-label" aria-hidden="true">{move || text::saved::label(told.get())}</span>
                <span class="pill-sentence">{sentence}</span>
            </button>
        </div>
        <Dialog open=open title="Storage" contents=|dialogs| dialogs.storage/>
    }
}

/// What the dialog shows.
pub fn details() -> AnyView {
    let status = use_room().status;
    view! {
        <p>{move || status.with(text::saved::sentence)}</p>
        <p class="hint">
            "Everything is kept in this browser, on this device, and nowhere else. To have it elsewhere too, export the drawing, or save the whole room as a file under Share."
        </p>
        {install()}
    }
    .into_any()
}
