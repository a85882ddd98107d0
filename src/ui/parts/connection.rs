//! How the connection stands: a word always in view, the whole sentence on demand, and what to do about it.

use leptos::prelude::*;

use crate::{
    core::session::status::Connection,
    ui::{hooks::use_room::use_room, parts::icon::Icon},
};

#[component]
pub fn ConnectionPill() -> impl IntoView {
    let room = use_room();
    let status = room.status;
    let state = move || status.with(|status| status.connection);
    let can_retry = move || {
        matches!(
            state(),
            Connection::Waiting | Connection::Offline | Connection::Failed
        )
    };
    let icon = Signal::derive(move || match state() {
        Connection::Open => icondata::LuWifi,
        Connection::Idle => icondata::LuUnplug,
        Connection::Connecting => icondata::LuLoader,
        Connection::Waiting | Connection::Offline | Connection::Failed => icondata::LuWifiOff,
    });
    view! {
        <div class="pill connection" data-testid="connection" data-state=move || state().name() role="status">
            <Icon icon=icon/>
            <span class="pill-label" aria-hidden="true">{move || status.with(|status| status.label())}</span>
            <span class="pill-sentence">{move || status.with(|status| status.sentence())}</span>
            <Show when=can_retry>
                <button type="button" class="link-button" on:click=move |_| room.retry()>"Try again"</button>
            </Show>
        </div>
    }
}
