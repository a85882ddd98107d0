//! What goes out of a room and comes in, as JSON: for files, for `window.duplex`.

use leptos::prelude::*;
use serde_json::{Value, json};

use super::hooks::use_room::Room;
use crate::core::{
    board::{edit, formats::excalidraw, scene::Scene},
    todo::{
        formats::{self as list, ListedItem},
        list::List,
    },
};

/// The board as an `.excalidraw` document.
pub fn export_board(room: Room) -> Value {
    let elements = match room.is_past.get_untracked() {
        true => room
            .read(|session| Scene::of(session.replica().inks()))
            .in_order(),
        false => room.easel().borrow().scene().in_order(),
    };
    let strokes = elements.iter();
    excalidraw::export(strokes.filter_map(|element| Some((&element.id, element.stroke()?))))
}

/// Puts the strokes of an `.excalidraw` document on the board, as one undoable step.
pub fn import_board(room: Room, document: &Value) -> Result<Value, String> {
    let imported = excalidraw::import(document).map_err(|error| error.to_string())?;
    let (added, skipped) = merge(room, imported);
    Ok(json!({ "added": added, "skipped": skipped }))
}

/// The same with a file that somebody chose. Gives what they should know of elements that were left out.
pub fn open_board(room: Room, text: &str) -> Result<Option<String>, String> {
    let imported = excalidraw::import_text(text).map_err(|error| error.to_string())?;
    let (_, skipped) = merge(room, imported);
    let count = skipped.len();
    Ok(skipped
        .first()
        .map(|first| format!("{count} elements were left out. The first: {}", first.why)))
}

/// Gives how many strokes were added, and what was left out.
fn merge(room: Room, imported: excalidraw::Imported) -> (usize, Vec<excalidraw::Skipped>) {
    room.show_now();
    let easel = room.easel();
    let (writes, skipped) = {
        let mut easel = easel.borrow_mut();
        let mut rng = easel.rng().fork();
        edit::merge(imported, easel.scene(), &mut rng)
    };
    let added = writes.len();
    room.edit(writes);
    (added, skipped)
}

pub fn export_todos(room: Room) -> Result<Value, String> {
    let list = room.read(|session| list::export(&List::of(session.replica().todos())));
    serde_json::to_value(list).map_err(|error| error.to_string())
}

/// Adds and changes items by their ids, as one undoable step.
pub fn import_todos(room: Room, list: Value) -> Result<Value, String> {
    let items: Vec<ListedItem> = serde_json::from_value(list)
        .map_err(|error| format!("A list is [{{ id, title, completed }}]: {error}."))?;
    room.show_now();
    room.edit_list(|list, rng| list.merge(&items, rng));
    Ok(Value::Null)
}
