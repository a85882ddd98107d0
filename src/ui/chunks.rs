//! Code that the first stroke does not wait for: what only these functions reach is no part of the first load. A chunk
//! is fetched when somebody first asks for it, and in any case after their first edit.

use std::{future::Future, pin::Pin};

use leptos::{prelude::*, wasm_split::SplitLoaderError};
use serde_json::Value;
use web_sys::{File, HtmlInputElement};

use super::{
    app, formats,
    hooks::use_room::{Room, use_room},
    pages::{
        board::{back_to_ink::back_to_ink, easel::Easel, following::following, stage},
        rooms, todo,
    },
    parts::{connection, listing, people, saved, share, shortcuts, status, toasts, versions},
    relays,
};
use crate::{
    browser::{lifecycle, task},
    core::{
        address::{Address, AddressProblem},
        session::network::{NETWORK, Network},
    },
    limits::Millis,
};

/// A view whose code is in a chunk.
pub type Part = fn() -> AnyView;

pub struct Start {
    pub network: Network,
    pub find_relay: fn(Room) -> Pin<Box<dyn Future<Output = ()>>>,
    /// From now on takes over the name and colour that are chosen in other tabs.
    pub share_profile: fn(Room),
    pub back_to_ink: Part,
    pub open_room: Part,
    pub people: Part,
    pub stage: Part,
    pub trouble: Part,
}

/// For a link that this program did not write, or that was changed on its way.
pub struct Links {
    /// What the address says.
    pub read: fn() -> (Option<Address>, Vec<AddressProblem>),
    pub page: Part,
}

/// What the dialogs show.
pub struct Dialogs {
    pub connection: Part,
    pub following: Part,
    pub people: Part,
    pub set_aside: Part,
    pub share: Part,
    pub storage: Part,
    pub shortcuts: Part,
    pub versions: Part,
    /// From now on keeps versions of the room, and its place in the list of rooms.
    pub keep: fn(Room),
}

/// What goes out of a room and comes in, as JSON.
pub struct Formats {
    pub export_board: fn(Easel) -> Value,
    pub import_board: fn(Easel, &Value) -> Result<Value, String>,
    /// What a person chose to open: a drawing, or a whole room.
    pub open: fn(Easel, HtmlInputElement),
    /// The same of a file that was dropped.
    pub open_file: fn(Easel, File),
    pub save_board: fn(Easel),
    pub save_room: fn(Room),
    pub export_todos: fn(Room) -> Value,
    pub import_todos: fn(Room, &Value) -> Result<Value, String>,
}

/// Begins a chunk. Only what is built with the feature `split` is cut there; tests, examples and a plain `trunk build`
/// have everything in one piece.
macro_rules! chunk {
    ($(#[$doc:meta])* $name:ident: $type:ty = $value:expr) => {
        $(#[$doc])*
        #[cfg(feature = "split")]
        #[leptos::wasm_split::wasm_split($name, wasm_split_path = leptos::wasm_split, fallible)]
        pub fn $name() -> Result<$type, SplitLoaderError> {
            Ok($value)
        }

        $(#[$doc])*
        #[cfg(not(feature = "split"))]
        pub async fn $name() -> Result<$type, SplitLoaderError> {
            Ok($value)
        }
    };
}

chunk! {
    /// What a page needs before its first word, but not to paint.
    start: &'static Start = &Start {
        network: NETWORK,
        find_relay: relays::find,
        share_profile: |room| room.share_profile(),
        back_to_ink,
        open_room: status::open_room,
        people: people::people,
        stage: stage::later::later,
        trouble: status::trouble,
    }
}

chunk! {
    links: &'static Links = &Links {
        read: app::read_address,
        page: app::at_unusual_link,
    }
}

chunk! {
    /// The page of the to-do list.
    todo_page: Part = todo::page
}

chunk! {
    /// The page of this device's rooms.
    rooms_page: Part = rooms::page
}

chunk! {
    dialogs: &'static Dialogs = &Dialogs {
        connection: || styled(connection::details()),
        following: || styled(following()),
        people: || styled(people::list()),
        set_aside: toasts::set_aside,
        share: || styled(share::contents()),
        storage: || styled(saved::details()),
        shortcuts: || styled(shortcuts::list()),
        versions: || styled(versions::list()),
        keep: |room| {
            listing::keep(room);
            versions::keep(room);
        },
    }
}

/// With the styles that only dialogs need.
fn styled(contents: AnyView) -> AnyView {
    view! { <style>{include_str!("../../style/dialogs.css")}</style> {contents} }.into_any()
}

chunk! {
    formats: &'static Formats = &Formats {
        export_board: formats::export_board,
        import_board: formats::import_board,
        open: formats::open,
        open_file: formats::open_file,
        save_board: formats::save_board,
        save_room: formats::save_room,
        export_todos: formats::export_todos,
        import_todos: formats::import_todos,
    }
}

/// What to tell somebody who asked for a chunk that did not come.
pub const NOT_FETCHED: &str = "This part of Duplex could not be fetched. Try again when the network is back; if Duplex was updated meanwhile, load the page again. Nothing is lost.";

/// Asks until it is here: at once when the network is back, and every half a minute. The first failure is told.
pub async fn until_here<T>(fetch: impl AsyncFn() -> Option<T>, on_failure: impl FnOnce()) -> T {
    if let Some(came) = fetch().await {
        return came;
    }
    on_failure();
    loop {
        lifecycle::back_online(FETCH_AGAIN).await;
        if let Some(came) = fetch().await {
            return came;
        }
    }
}

/// After something of the host did not come, unless the network comes back sooner.
const FETCH_AGAIN: Millis = 30_000;

/// Fetches all of them, so that they are here when the network is not, and begins what only who edits needs.
pub async fn fetch_all(room: Room) {
    let fetch = async || {
        let _ = links().await;
        let _ = todo_page().await;
        let _ = formats().await;
        let _ = rooms_page().await;
        dialogs().await.ok()
    };
    let failed = || {
        room.say("Earlier versions of this room are not being kept, because a part of Duplex could not be fetched. It is tried again; your edits are stored as ever.");
    };
    let dialogs = until_here(fetch, failed).await;
    (dialogs.keep)(room);
}

type Fetching = Pin<Box<dyn Future<Output = Result<Part, SplitLoaderError>>>>;

/// Shows a part as soon as it is here.
#[component]
pub fn Fetched<F>(part: impl Fn() -> F + 'static) -> impl IntoView
where
    F: Future<Output = Result<Part, SplitLoaderError>> + 'static,
{
    fetched(Box::new(move || Box::pin(part())))
}

/// Shows a part of the first chunk as soon as it is here, and nothing until then.
pub fn around(part: fn(&Start) -> Part) -> AnyView {
    let started = use_room().started;
    (move || started.get().map(|start| part(start)())).into_any()
}

/// Once for all parts: what is generic comes again with each.
fn fetched(part: Box<dyn Fn() -> Fetching>) -> AnyView {
    let part = StoredValue::new_local(part);
    let fetched = RwSignal::new(None);
    let fetch = move || {
        fetched.set(None);
        let fetching = part.with_value(|part| part());
        task::spawn(async move {
            let came = fetching.await.ok();
            // Whoever asked may have gone on to another page.
            let _ = fetched.try_set(Some(came));
        });
    };
    fetch();
    let shown = move || {
        match fetched.get() {
        None => view! { <p class="fetching" role="status">"Loading…"</p> }.into_any(),
        Some(Some(part)) => part(),
        Some(None) => view! {
            <div class="fetching">
                <p role="alert">{NOT_FETCHED}</p>
                <button type="button" class="link-button" on:click=move |_| fetch()>"Try again"</button>
            </div>
        }
        .into_any(),
    }
    };
    shown.into_any()
}
