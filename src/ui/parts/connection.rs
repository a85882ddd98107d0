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
    let can_retry = Memo::new(move |_| {
        matches!(
            state(),
            Connection::Waiting | Connection::Offline | Connection::Failed
        )
    });
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
            {move || can_retry.get().then(|| view! {
                <button type="button" class="link-button" on:click=move |_| room.retry()>"Try again"</button>
            })}
        </div>
    }
}
