//! Parts of the program that come later: what they hold, how they are fetched, and what is shown meanwhile. What is cut off
//! is said in `chunks`.

use std::{future::Future, pin::Pin};

use leptos::{prelude::*, wasm_split::SplitLoaderError};
use serde_json::Value;
use web_sys::{File, HtmlInputElement};

use super::{
    hooks::use_room::{Room, TellNotice},
    pages::board::controller::BoardController,
};
use crate::{
    browser::{lifecycle, task},
    core::{
        address::{Address, AddressProblem},
        app::App,
        apps,
        session::network::Network,
    },
    limits::Millis,
};

/// A chunk on its way.
pub type Fetching<T> = Pin<Box<dyn Future<Output = Result<T, SplitLoaderError>>>>;

/// How each chunk is fetched.
pub struct Chunks {
    pub start: fn() -> Fetching<&'static Start>,
    pub links: fn() -> Fetching<&'static Links>,
    pub dialogs: fn() -> Fetching<&'static Dialogs>,
    pub formats: fn() -> Fetching<&'static Formats>,
    pub rooms_page: fn() -> Fetching<Part>,
    /// The page of an app; nothing of one that is part of the first load.
    pub page: fn(&'static App) -> Fetching<Part>,
}

#[derive(Clone, Copy)]
pub struct Loading {
    pub chunks: &'static Chunks,
    /// The first chunk, once it is here.
    pub started: RwSignal<Option<&'static Start>>,
}

pub fn use_loading() -> Loading {
    expect_context()
}

/// Hands down as context how chunks are fetched.
pub fn provide_loading(chunks: &'static Chunks) {
    provide_context(Loading {
        chunks,
        started: RwSignal::new(None),
    });
}

/// A view whose code is in a chunk.
pub type Part = fn() -> AnyView;

pub struct Start {
    pub network: Network,
    pub find_relay: fn(Room) -> Pin<Box<dyn Future<Output = ()>>>,
    /// From now on takes over the name and colour that are chosen in other tabs.
    pub share_profile: fn(Room),
    /// Shows what the session has to tell.
    pub tell: TellNotice,
    pub back_to_ink: Part,
    pub open_room: Part,
    pub people: Part,
    pub stage_later: Part,
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
    pub update: Part,
    pub versions: Part,
    /// Starts background work: registers the service worker, and listens for arrow keys in toolbars.
    pub settle: fn(Room),
    /// From now on keeps versions of the room, and its place in the list of rooms.
    pub keep: fn(Room),
}

/// What goes out of a room and comes in, as JSON.
pub struct Formats {
    pub export_board: fn(BoardController) -> Value,
    pub import_board: fn(BoardController, &Value) -> Result<Value, String>,
    /// What a person chose to open: a drawing, or a whole room.
    pub open: fn(BoardController, HtmlInputElement),
    /// The same of a file that was dropped.
    pub open_file: fn(BoardController, File),
    pub save_board: fn(BoardController),
    pub save_room: fn(Room),
    pub export_todos: fn(Room) -> Value,
    pub import_todos: fn(Room, &Value) -> Result<Value, String>,
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
pub async fn fetch_all(chunks: &Chunks, room: Room) {
    let fetch = async || {
        let _ = (chunks.links)().await;
        for app in apps::APPS {
            let _ = (chunks.page)(app).await;
        }
        let _ = (chunks.formats)().await;
        let _ = (chunks.rooms_page)().await;
        (chunks.dialogs)().await.ok()
    };
    let failed = || {
        room.say("Earlier versions of this room are not being kept, because a part of Duplex could not be fetched. It is tried again; your edits are stored as ever.");
    };
    let dialogs = until_here(fetch, failed).await;
    (dialogs.keep)(room);
}

/// Fetches the chunk with the background work, and starts it.
pub async fn settle(chunks: &Chunks, room: Room) {
    // Without the chunk there is nothing to register; the next page load tries again.
    if let Ok(dialogs) = (chunks.dialogs)().await {
        (dialogs.settle)(room);
    }
}

/// Shows a part as soon as it is here.
pub fn fetched(part: impl Fn(&'static Chunks) -> Fetching<Part> + 'static) -> AnyView {
    let chunks = use_loading().chunks;
    shown_when_here(Box::new(move || part(chunks)))
}

/// The same of a dialog's part.
pub fn from_dialogs(part: fn(&Dialogs) -> Part) -> AnyView {
    fetched(move |chunks| Box::pin(async move { (chunks.dialogs)().await.map(part) }))
}

/// Shows a part of the first chunk as soon as it is here, and nothing until then.
pub fn around(part: fn(&Start) -> Part) -> AnyView {
    let started = use_loading().started;
    (move || started.get().map(|start| part(start)())).into_any()
}

/// Once for all parts: what is generic comes again with each.
fn shown_when_here(part: Box<dyn Fn() -> Fetching<Part>>) -> AnyView {
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
