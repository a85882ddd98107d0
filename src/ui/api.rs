//! `window.duplex`, for scripts, embedding and measurement.

use leptos::prelude::*;
use serde_json::{Value, json};

use super::hooks::use_room::Room;
use crate::{
    browser::page_api::Namespace,
    core::{
        board::{camera::Camera, edit, formats::excalidraw},
        doc::store::Saved,
        todo::formats::{self, ListedItem},
    },
};

pub fn install(room: Room) {
    let board = Namespace::default();
    board
        .promise("export", move |_| async move { Ok(export_board(room)) })
        .promise("import", move |document| async move {
            let imported = excalidraw::import(&document).map_err(|error| error.to_string())?;
            Ok(import_board(room, imported))
        })
        .promise("camera", move |argument| async move {
            let number = |name| {
                argument
                    .get(name)
                    .and_then(Value::as_f64)
                    .unwrap_or(f64::NAN)
            };
            let camera = Camera::new(number("x"), number("y"), number("zoom"));
            let camera = camera.ok_or(
                "A camera is { x, y, zoom }: two finite numbers and a zoom from 0.1 to 30.",
            )?;
            room.easel().borrow_mut().set_camera(camera);
            Ok(Value::Null)
        });
    let todo = Namespace::default();
    todo.promise("export", move |_| async move {
        let list = room.list.with_untracked(formats::export);
        serde_json::to_value(list).map_err(|error| error.to_string())
    })
    .promise("import", move |list| async move {
        let items: Vec<ListedItem> = serde_json::from_value(list)
            .map_err(|error| format!("A list is [{{ id, title, completed }}]: {error}."))?;
        room.edit_list(|list, rng| list.merge(&items, rng));
        Ok(Value::Null)
    });
    Namespace::default()
        .value("version", env!("CARGO_PKG_VERSION"))
        .now("status", move || status(room))
        .namespace("board", &board)
        .namespace("todo", &todo)
        .install("duplex");
}

/// The board as an `.excalidraw` document.
pub fn export_board(room: Room) -> Value {
    let easel = room.easel();
    let easel = easel.borrow();
    let elements = easel.scene().in_order();
    excalidraw::export(
        elements
            .iter()
            .map(|element| (&element.id, &element.stroke)),
    )
}

/// Puts a file's strokes on the board, as one undoable step.
pub fn import_board(room: Room, imported: excalidraw::Imported) -> Value {
    let easel = room.easel();
    let (writes, skipped) = {
        let mut easel = easel.borrow_mut();
        let mut rng = easel.rng().fork();
        edit::merge(imported, easel.scene(), &mut rng)
    };
    let added = writes.len();
    room.edit(writes);
    json!({ "added": added, "skipped": skipped })
}

fn status(room: Room) -> Value {
    let (status, digest) = room.read(|session| (session.status(), session.replica().digest()));
    let stored = status.unstored == 0 && status.saved == Saved::Saved;
    let audience = match status.relay {
        Some(_) => status.server.audience.name(),
        None => "none",
    };
    json!({
        "state": status.connection.name(),
        "people": status.people,
        "pending": status.unsent + status.unstored,
        "stored": stored,
        "digest": format!("{:016x}", digest.0),
        "rtt_ms": status.rtt_ms,
        "relay": {
            "url": status.relay.as_ref().map(|relay| relay.as_str()),
            "audience": audience,
            "text_only": !status.server.binary,
            "decorated": status.server.decorates,
            "max_part_bytes": status.server.frame_bytes,
        },
    })
}
