//! How the connection stands: a word always in view, the sentence and what to do on demand, and on a press what is known
//! of the server and what happened last.

use leptos::prelude::*;

use super::{dialog::Dialog, icon::Icon};
use crate::{
    browser::files,
    core::{line::status::Connection, session::status::Status},
    ui::{
        hooks::use_room::{Room, use_room},
        text,
    },
};

/// Events of the log that the dialog shows.
const EVENTS: usize = 30;

#[component]
pub fn ConnectionPill() -> impl IntoView {
    let room = use_room();
    let status = room.status;
    let open = RwSignal::new(false);
    let state = move || status.with(|status| status.line.connection);
    let icon = Signal::derive(move || match state() {
        Connection::Open if status.with(|status| status.reaches_others()) => icondata::LuWifi,
        Connection::Open => icondata::LuCircleAlert,
        Connection::Idle => icondata::LuUnplug,
        Connection::Connecting | Connection::Probing | Connection::Stale => icondata::LuLoader,
        Connection::Waiting | Connection::Offline | Connection::Failed => icondata::LuWifiOff,
    });
    view! {
        <div
            class="pill connection"
            class:useless=move || status.with(|status| status.is_useless())
            data-testid="connection"
            data-state=move || state().name()
            role="status"
        >
            <button
                type="button"
                class="pill"
                aria-haspopup="dialog"
                title=move || status.with(text::connection::sentence)
                on:click=move |_| open.set(true)
            >
                <Icon icon=icon/>
                <span class="pill-label" aria-hidden="true">{move || status.with(text::connection::label)}</span>
                <span class="pill-sentence">{move || status.with(text::connection::sentence)}</span>
            </button>
            <Retry/>
        </div>
        <Dialog open=open title="Connection" contents=|dialogs| dialogs.connection/>
    }
}

#[component]
fn Retry() -> impl IntoView {
    let room = use_room();
    let can_retry = Memo::new(move |_| room.status.with(Status::can_retry));
    move || {
        can_retry.get().then(|| view! {
            <button type="button" class="link-button" on:click=move |_| room.retry()>"Try again"</button>
        })
    }
}

pub fn details() -> AnyView {
    let room = use_room();
    let card = move || {
        let lines = room.status.with(text::card::card);
        let lines = lines.into_iter();
        lines
            .map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> })
            .collect_view()
    };
    view! {
        <p>{move || room.status.with(text::connection::sentence)}</p>
        <Retry/>
        <dl class="card">{card}</dl>
        <h3>"What happened last"</h3>
        <ol class="log" role="log" aria-live="off">{move || log(room)}</ol>
        <button type="button" class="link-button" on:click=move |_| export(room)>"Save all events"</button>
    }
    .into_any()
}

fn log(room: Room) -> impl IntoView {
    room.status.with(|status| status.logged);
    let lines: Vec<_> = room.read(|session| {
        let entries = session.log().last(EVENTS);
        entries
            .map(|entry| (entry.at_ms / 1_000, text::log::line(&entry.event)))
            .collect()
    });
    let rows = lines.into_iter().rev();
    rows.map(|(second, words)| view! { <li><time>{format!("{second} s")}</time>" "{words}</li> })
        .collect_view()
}

fn export(room: Room) {
    let events = room.read(|session| session.log().to_jsonl());
    if files::download(
        "duplex-events.jsonl",
        "application/jsonl",
        events.as_bytes(),
    )
    .is_none()
    {
        room.say("The browser did not let the events be saved.");
    }
}
