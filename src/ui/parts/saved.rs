//! Whether everything made here is stored in this browser.

use leptos::prelude::*;

use crate::{
    core::doc::store::Saved,
    ui::{hooks::use_room::use_room, parts::icon::Icon},
};

#[component]
pub fn SavedPill() -> impl IntoView {
    let status = use_room().status;
    let saved = move || status.with(|status| status.saved);
    let icon = Signal::derive(move || match saved() {
        Saved::Saving => icondata::LuHardDrive,
        Saved::Saved => icondata::LuCheck,
        Saved::MemoryOnly | Saved::Failed => icondata::LuTriangleAlert,
    });
    view! {
        <div class="pill saved" data-testid="saved" data-state=move || saved().name()>
            <Icon icon=icon/>
            <span class="pill-label" aria-hidden="true">{move || saved().label()}</span>
            <span class="pill-sentence">{move || status.with(|status| status.saved_sentence())}</span>
        </div>
    }
}
