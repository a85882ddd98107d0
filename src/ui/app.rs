//! The page: reads the address, starts the room, and shows one of the pages.

use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::{
    api,
    hooks::use_room::{Room, provide_room},
    loading::{self, Chunks, Loading, fetched, provide_loading, use_loading},
    pages::{self, PAGES, board::controller::use_board, damaged_link},
    parts::drop,
    shell::Shell,
    text::{address::problem as text_of, saved},
    theme::provide_theme,
};
use crate::{
    browser::{address as browser_address, lifecycle::Listener, random, rooms, task, text},
    core::{
        address::{self, Address, AddressProblem, ROOMS, Unusual},
        session::Input,
    },
};

/// Delay between the start of the network code and background work (service worker, toolbar keys), so that the work
/// does not compete with the first stroke for bandwidth.
const SETTLED: Duration = Duration::from_secs(2);

/// After something was found in a room the rest of the program may be fetched.
const FOUND: Duration = Duration::from_secs(5);

#[component]
pub fn App(
    /// What is fetched later.
    chunks: &'static Chunks,
) -> impl IntoView {
    provide_theme();
    provide_loading(chunks);
    if browser_address::hash() == ROOMS {
        listen(browser_address::reload);
        return view! { <main>{fetched(|chunks| (chunks.rooms_page)())}</main> }.into_any();
    }
    match plain_address() {
        Ok(address) => at(address, &[]),
        Err(Unusual) => {
            fetched(|chunks| Box::pin(async { (chunks.links)().await.map(|links| links.page) }))
        }
    }
}

/// What a link leads to that this program did not write, or that was changed on its way.
pub fn at_unusual_link() -> AnyView {
    let (address, problems) = read_address();
    if !problems.contains(&AddressProblem::Key) {
        return at(address, &problems);
    }
    listen(browser_address::reload);
    view! { <main class="alone">{damaged_link::page(address)}</main> }.into_any()
}

/// The page of the room at this address, or of a new one.
fn at(address: Option<Address>, problems: &[AddressProblem]) -> AnyView {
    let is_bare = address.is_none() && problems.is_empty();
    let keeps_link = !problems.is_empty() && *problems != [AddressProblem::Mended];
    let started = address
        .or_else(|| random::bytes().map(Address::fresh))
        .and_then(|address| {
            let hash = address.to_hash();
            Some((provide_room(address)?, hash))
        });
    let Some((room, hash)) = started else {
        return view! {
            <main class="alone">
                <p>"This browser has no Web Crypto, without which no room is safe. Open Duplex in a current browser, over https."</p>
            </main>
        }
        .into_any();
    };
    match keeps_link && !is_bare {
        // What could not be read stays one step back.
        true => browser_address::push_hash(&hash),
        false => browser_address::replace_hash(&hash),
    }
    tell(room, problems);
    drop::watch(move || {
        room.say("Drop a file on the board, or on the list of rooms. Here it opens nothing.");
    });
    let loading = use_loading();
    follow_address(loading.chunks, room);
    let relay = room.address.with_untracked(|address| address.relay.clone());
    if !relay.endpoints().is_empty() {
        room.choose_relays(relay.endpoints().to_vec());
    }
    task::spawn(start(loading, room));
    // After the first edit all chunks are fetched at once, so that the page works without its host from then on. In a
    // room that has content they are fetched a few seconds later.
    let has_edited = Memo::new(move |had| had == Some(&true) || room.can_undo.get());
    let is_found = Memo::new(move |_| !room.status.read().is_empty);
    let fetches = StoredValue::new(false);
    let fetch = move || {
        if !fetches.get_value() {
            fetches.set_value(true);
            task::spawn(loading::fetch_all(loading.chunks, room));
        }
    };
    Effect::new(move || {
        if has_edited.get() || is_found.get() {
            let address = room.address.get_untracked();
            rooms::visited(address.room.tag(), &address.to_hash());
        }
        match (has_edited.get(), is_found.get()) {
            (true, _) => fetch(),
            (false, true) => set_timeout(fetch, FOUND),
            (false, false) => {}
        }
    });
    for page in &PAGES {
        (page.begin)(room);
    }
    api::install(loading.chunks, use_board());
    Effect::new(move || {
        let title = room.title.get().unwrap_or_else(|| "Duplex".to_owned());
        let page = pages::of(room.address.with(|address| address.app));
        let page = page.map_or("", |page| page.label);
        document().set_title(&format!("{page} · {title}"));
    });
    view! { <Shell/> }.into_any()
}

/// What the address says, if this program could have written it.
fn plain_address() -> Result<Option<Address>, Unusual> {
    let address = address::plain(&browser_address::hash(), browser_address::is_secure())?;
    Ok(address.map(composed))
}

/// What the address says, whichever program wrote it.
pub fn read_address() -> (Option<Address>, Vec<AddressProblem>) {
    let (address, problems) =
        address::parse(&browser_address::hash(), browser_address::is_secure());
    (address.map(composed), problems)
}

/// A room's name is the same however its letters are composed.
fn composed(mut address: Address) -> Address {
    address.room.name = text::composed(&address.room.name);
    address
}

fn tell(room: Room, problems: &[AddressProblem]) {
    for problem in problems {
        match problem {
            AddressProblem::Mended => room.say(text_of(problem)),
            problem => room.warn(text_of(problem)),
        }
    }
}

/// Pages and filters change in place; another room or relay is another page load.
fn follow_address(chunks: &'static Chunks, room: Room) {
    let leave = move || {
        room.stop();
        browser_address::reload();
    };
    let follow = move |address: Option<Address>, problems: &[AddressProblem]| {
        let same_room = address.as_ref().is_some_and(|new| {
            room.address
                .with_untracked(|old| old.room == new.room && old.relay == new.relay)
        });
        let is_damaged = problems.contains(&AddressProblem::Key);
        match address.filter(|_| same_room && !is_damaged) {
            Some(address) => {
                tell(room, problems);
                room.address.set(address);
            }
            None => leave(),
        }
    };
    listen(move || match plain_address() {
        Ok(address) => follow(address, &[]),
        Err(Unusual) if browser_address::hash() == ROOMS => leave(),
        Err(Unusual) => task::spawn(async move {
            match (chunks.links)().await {
                Ok(links) => {
                    let (address, problems) = (links.read)();
                    follow(address, &problems);
                }
                // Nothing is written into another room than the address names.
                Err(_) => leave(),
            }
        }),
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

/// Fetches what the first word waits for.
async fn start(loading: Loading, room: Room) {
    let fetch = async || Some(((loading.chunks.start)().await.ok()?, random::bytes()?));
    let failed = || {
        let saved = room.status.with_untracked(saved::sentence);
        room.warn(format!("{NOT_STARTED} {saved}"));
    };
    let (start, seed) = loading::until_here(fetch, failed).await;
    room.send(Input::NetworkCame(start.network, seed));
    (start.share_profile)(room);
    room.tell_with(start.tell);
    loading.started.set(Some(start));
    task::spawn((start.find_relay)(room));
    let settle = move || task::spawn(loading::settle(loading.chunks, room));
    set_timeout(settle, SETTLED);
}

const NOT_STARTED: &str = "The part of Duplex that meets others could not be fetched. It is tried again when the network is back, and every half a minute; load the page again if Duplex was updated.";
