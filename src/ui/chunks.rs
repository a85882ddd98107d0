//! Code that the first stroke does not wait for: what only these functions reach is no part of the first load. A chunk
//! is fetched when somebody first asks for it (`loading`), and in any case after their first edit.

use leptos::{prelude::*, wasm_split::SplitLoaderError};

use super::{
    app, formats,
    loading::{Chunks, Dialogs, Formats, Links, Part, Start},
    notices,
    pages::{
        board::{back_to_ink::back_to_ink, following::following, stage},
        rooms, todo,
    },
    parts::{
        connection, listing, people, saved, share, shortcuts, status, toasts, toolbar, update,
        versions,
    },
    relays,
};
use crate::{browser::styles, core::session::network::NETWORK};

pub static CHUNKS: Chunks = Chunks {
    start: || Box::pin(start()),
    links: || Box::pin(links()),
    dialogs: || Box::pin(dialogs()),
    formats: || Box::pin(formats()),
    rooms_page: || Box::pin(rooms_page()),
    page: |app| match app.name {
        "todo" => Box::pin(todo_page()),
        _ => Box::pin(async { Ok((|| ().into_any()) as Part) }),
    },
};

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
        stage_later: stage::later::later,
        tell: notices::tell,
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
        connection: || styled(connection::details),
        following: || styled(following),
        people: || styled(people::list),
        set_aside: toasts::set_aside,
        share: || styled(share::contents),
        storage: || styled(saved::details),
        shortcuts: || styled(shortcuts::list),
        update: update::offer,
        versions: || styled(versions::list),
        settle: |room| {
            update::watch(room);
            toolbar::watch();
        },
        keep: |room| {
            listing::keep(room);
            versions::keep(room);
        },
    }
}

/// With the styles that only dialogs need.
fn styled(contents: Part) -> AnyView {
    styles::adopt(include_str!("../../style/dialogs.css"));
    contents()
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
