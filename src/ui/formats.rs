//! What goes out of a room and comes in, as JSON: for files, for `window.duplex`.

use leptos::prelude::*;
use serde_json::{Value, json};
use web_sys::HtmlInputElement;

use super::hooks::use_room::Room;
use crate::browser::{files, task};
use crate::core::{
    board::{edit, formats::excalidraw, scene::Scene},
    doc::versions::Amount,
    rooms,
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

/// Takes in the file that somebody chose: a drawing, or a whole room.
pub fn open(room: Room, input: HtmlInputElement) {
    task::spawn(async move {
        let Some(chosen) = files::chosen_text(&input).await else {
            return;
        };
        let opened = chosen
            .map_err(|error| error.to_string())
            .and_then(|text| open_text(room, &text));
        match opened {
            Ok(None) => {}
            Ok(Some(sentence)) | Err(sentence) => room.say(sentence),
        }
    });
}

/// Gives what they should know of it: what came, or what was left out.
fn open_text(room: Room, text: &str) -> Result<Option<String>, String> {
    if let Ok(file) = serde_json::from_str(text)
        && rooms::is_file(&file)
    {
        return open_room(room, &file).map(Some);
    }
    let imported = excalidraw::import_text(text).map_err(|error| error.to_string())?;
    let (_, skipped) = merge(room, imported);
    let count = skipped.len();
    Ok(skipped
        .first()
        .map(|first| format!("{count} elements were left out. The first: {}", first.why)))
}

/// Brings what a whole room's file has and this room does not, as one undoable step.
fn open_room(room: Room, file: &Value) -> Result<String, String> {
    let (_, other) = rooms::from_file(file).map_err(|error| error.to_string())?;
    room.show_now();
    let (before, writes) = room.read(|session| {
        let here = session.replica();
        (rooms::amount(here), rooms::added(&other, here))
    });
    room.edit(writes);
    let after = room.read(|session| rooms::amount(session.replica()));
    let added = Amount {
        strokes: after.strokes.saturating_sub(before.strokes),
        items: after.items.saturating_sub(before.items),
    };
    Ok(format!(
        "{added} came from the file. What was here stayed as it was."
    ))
}

/// The drawing as a file.
pub fn save_board(room: Room) {
    save(room, "board.excalidraw", &export_board(room));
}

/// The whole room as a file.
pub fn save_room(room: Room) {
    // An open room's name is the way in.
    let file = room.read(|session| rooms::to_file("Room", session.replica()));
    save(room, "room.duplex", &file);
}

fn save(room: Room, name: &str, file: &Value) {
    let bytes = file.to_string();
    if files::download(name, "application/json", bytes.as_bytes()).is_none() {
        room.say("The browser did not let the file be saved.");
    }
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
