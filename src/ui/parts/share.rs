//! How others get here: the link, its QR code, the relay it names, and how private it is.

use std::time::Duration;

use leptos::prelude::*;
use qrcodegen::{QrCode, QrCodeEcc};

use super::dialog::Dialog;
use crate::{
    browser::{address, files, task},
    core::socket::endpoint::Endpoint,
    limits::RELAYS,
    ui::{
        hooks::use_room::use_room,
        loading::{NOT_FETCHED, use_loading},
    },
};

#[component]
pub fn Share() -> impl IntoView {
    let open = RwSignal::new(false);
    view! {
        <button type="button" class="primary" on:click=move |_| open.set(true)>"Share"</button>
        <Dialog open=open title="Share this room" contents=|dialogs| dialogs.share/>
    }
}

pub fn contents() -> AnyView {
    view! {
        <Link/>
        <Privacy/>
        <Relay/>
        <SaveRoom/>
    }
    .into_any()
}

#[component]
fn SaveRoom() -> impl IntoView {
    let (room, chunks) = (use_room(), use_loading().chunks);
    let failed = RwSignal::new(false);
    let save = move |_| {
        failed.set(false);
        task::spawn(async move {
            match (chunks.formats)().await {
                Ok(formats) => (formats.save_room)(room),
                Err(_) => failed.set(true),
            }
        });
    };
    view! {
        <p class="hint">
            <button type="button" class="link-button" on:click=save>"Save the whole room as a file"</button>
            " for whoever comes when nobody is here. It opens in any room, and from the list of rooms."
        </p>
        {move || failed.get().then(|| view! { <p role="alert">{NOT_FETCHED}</p> })}
    }
}

/// How long it is said that the link was copied.
const COPIED: Duration = Duration::from_secs(3);

#[component]
fn Link() -> impl IntoView {
    let room = use_room();
    let (copied, failed) = (RwSignal::new(false), RwSignal::new(false));
    // The address bar follows the signal.
    let link = move || {
        room.address.track();
        address::href()
    };
    let copy = move |_| {
        task::spawn(async move {
            match files::copy(&address::href()).await {
                true => {
                    copied.set(true);
                    let forget = move || {
                        let _ = copied.try_set(false);
                    };
                    set_timeout(forget, COPIED);
                }
                false => failed.set(true),
            }
        });
    };
    view! {
        <div class="row">
            <label class="field">
                <span>"Link"</span>
                <input type="text" readonly=true prop:value=link on:focus=|event| select(&event)/>
            </label>
            <button type="button" class="primary" on:click=copy>
                {move || if copied.get() { "Copied" } else { "Copy" }}
            </button>
        </div>
        {move || failed.get().then(|| view! {
            <p role="alert">"The browser did not let the link be copied. Select it and copy it yourself."</p>
        })}
        {move || qr(&link())}
    }
}

fn select(event: &web_sys::FocusEvent) {
    let input: web_sys::HtmlInputElement = event_target(event);
    input.select();
}

/// Black on white in every theme, with the quiet zone of four modules that ISO/IEC 18004 asks for.
fn qr(link: &str) -> impl IntoView + use<> {
    const QUIET: i32 = 4;
    let Ok(code) = QrCode::encode_text(link, QrCodeEcc::Low) else {
        return view! { <p class="hint">"This link is too long for a QR code."</p> }.into_any();
    };
    let side = code.size() + 2 * QUIET;
    let modules = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
    let path: String = modules
        .filter(|&(x, y)| code.get_module(x, y))
        .map(|(x, y)| format!("M{} {}h1v1h-1z", x + QUIET, y + QUIET))
        .collect();
    view! {
        <svg class="qr" viewBox=format!("0 0 {side} {side}") role="img" aria-label="QR code of the link">
            <rect width="100%" height="100%" fill="#fff"></rect>
            <path d=path fill="#000"></path>
        </svg>
    }
    .into_any()
}

#[component]
fn Privacy() -> impl IntoView {
    let room = use_room();
    let sentence = move || match room.address.with(|address| address.room.key.is_some()) {
        true => {
            "Whoever has this link can see and change everything here. The relay cannot: what it passes on is encrypted with the key in the link."
        }
        false => {
            "This is an open room: whoever knows or guesses its name can see and change everything here, whoever runs the relay too. Capital letters in the name count. A room from the plain address has a key of its own."
        }
    };
    view! { <p class="hint">{sentence}</p> }
}

#[component]
fn Relay() -> impl IntoView {
    let room = use_room();
    let problem = RwSignal::new(None::<String>);
    let value = move || {
        let relays = room.address.with(|address| address.relay.clone());
        let relays: Vec<_> = relays.endpoints().iter().map(Endpoint::as_str).collect();
        relays.join(" ")
    };
    let choose = move |event| {
        let text = event_target_value(&event);
        let secure = address::is_secure();
        let named: Vec<_> = text.split_whitespace().collect();
        if named.len() > RELAYS {
            let sentence = format!(
                "A link names at most {RELAYS} relays, and these are {}.",
                named.len()
            );
            return problem.set(Some(sentence));
        }
        let relays: Result<Vec<_>, _> = named
            .into_iter()
            .map(|relay| Endpoint::parse(relay, secure))
            .collect();
        match relays {
            Ok(relays) => {
                problem.set(None);
                room.use_relays(relays);
            }
            Err(error) => problem.set(Some(error.to_string())),
        }
    };
    view! {
        <label class="field">
            <span>"Relay"</span>
            <input type="text" inputmode="url" placeholder="wss://… or nothing" prop:value=value on:change=choose/>
        </label>
        <p class="hint" role="alert">{move || problem.get()}</p>
        <p class="hint">
            "Any WebSocket server that sends what it gets to everybody connected. It is part of the link. With several, separated by spaces, the next one serves while the first does not."
        </p>
    }
}
