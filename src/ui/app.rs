//! The page: reads the address, starts the room, and shows one of the pages.

use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::{
    api,
    chunks::{self, Fetched},
    hooks::use_room::{Room, provide_room},
    shell::Shell,
    theme::provide_theme,
};
use crate::{
    browser::{address as browser_address, lifecycle::Listener, random, task},
    core::{
        address::{self, Address, Page, RelayChoice, Room as RoomName},
        session::Input,
        socket::endpoint::Endpoint,
        todo::filter::Filter,
    },
};

/// The address of the list of this device's rooms.
pub const ROOMS: &str = "#/rooms";

/// After something was found in a room the rest of the program may be fetched.
const FOUND: Duration = Duration::from_secs(5);

#[component]
pub fn App() -> impl IntoView {
    provide_theme();
    if browser_address::hash() == ROOMS {
        listen(browser_address::reload);
        return view! { <main><Fetched part=chunks::rooms_page/></main> }.into_any();
    }
    let (address, problems) =
        address::parse(&browser_address::hash(), browser_address::is_secure());
    let Some(address) = address.or_else(fresh) else {
        return view! {
            <main class="alone">
                <p>"This browser has no Web Crypto, so no private room can be made. Open Duplex in a current browser."</p>
            </main>
        }
        .into_any();
    };
    browser_address::replace_hash(&address.to_hash());
    let room = provide_room(address);
    problems
        .iter()
        .for_each(|problem| room.say(problem.to_string()));
    follow_address(room);
    let relay = room.address.with_untracked(|address| address.relay.clone());
    if !relay.endpoints().is_empty() {
        room.choose_relays(relay.endpoints().to_vec());
    }
    task::spawn(start(room));
    // Whoever makes something here can go on without the site's host; so can who finds something, but that is no hurry.
    let has_edited = Memo::new(move |had| had == Some(&true) || room.can_undo.get());
    let is_found = Memo::new(move |_| !room.status.read().is_empty);
    let fetches = StoredValue::new(false);
    let fetch = move || {
        if !fetches.get_value() {
            fetches.set_value(true);
            task::spawn(chunks::fetch_all(room));
        }
    };
    Effect::new(move || match (has_edited.get(), is_found.get()) {
        (true, _) => fetch(),
        (false, true) => set_timeout(fetch, FOUND),
        (false, false) => {}
    });
    api::install(room);
    Effect::new(move || {
        let title = room.title.get().unwrap_or_else(|| "Duplex".to_owned());
        let page = match room.address.with(|address| address.page) {
            Page::Board => "Board",
            Page::Todo => "To-do",
        };
        document().set_title(&format!("{page} · {title}"));
    });
    view! { <Shell/> }.into_any()
}

/// The board of a new private room.
pub fn fresh() -> Option<Address> {
    Some(Address {
        room: RoomName::fresh(random::bytes()?),
        page: Page::default(),
        relay: RelayChoice::Default,
        filter: Filter::default(),
    })
}

/// Pages and filters change in place; another room or relay is another page load.
fn follow_address(room: Room) {
    listen(move || {
        let (address, problems) =
            address::parse(&browser_address::hash(), browser_address::is_secure());
        let same_room = address.as_ref().is_some_and(|new| {
            room.address
                .with_untracked(|old| old.room == new.room && old.relay == new.relay)
        });
        match address.filter(|_| same_room) {
            Some(address) => {
                problems
                    .iter()
                    .for_each(|problem| room.say(problem.to_string()));
                room.address.set(address);
            }
            None => {
                room.stop();
                browser_address::reload();
            }
        }
    });
}

/// To changes of the address, for as long as the page lives.
fn listen(mut changed: impl FnMut() + 'static) {
    let window = window();
    std::mem::forget(Listener::on(
        window.unchecked_ref(),
        "hashchange",
        move |_| {
            changed();
        },
    ));
}

/// Fetches what the first word waits for, a little.
async fn start(room: Room) {
    let start = chunks::start().await;
    let trust = start.as_ref().ok().map(|start| start.trust);
    room.send(Input::TrustCame(trust.zip(random::bytes())));
    match start {
        Ok(start) => task::spawn((start.find_relay)(room)),
        Err(_) => set_timeout(move || task::spawn(self::start(room)), chunks::FETCH_AGAIN),
    }
}

/// Connects to the first of `relays` that works, and writes them into the address, so that the link leads others to
/// the same ones. None is a choice, too.
pub fn use_relays(room: Room, relays: Vec<Endpoint>) {
    room.address.update(|address| {
        address.relay = match relays.is_empty() {
            true => RelayChoice::None,
            false => RelayChoice::At(relays.clone()),
        };
        browser_address::replace_hash(&address.to_hash());
    });
    room.choose_relays(relays);
}
