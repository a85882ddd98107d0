//! What goes out of a room and comes in, as JSON: for files, for `window.duplex`.

use leptos::prelude::*;
use serde_json::{Value, json};
use web_sys::{File, HtmlInputElement};

use super::{
    hooks::use_room::Room,
    pages::board::controller::BoardController,
    text::{amount, file},
};
use crate::browser::{files, task};
use crate::core::{
    apps,
    apps::board::{edit, formats::excalidraw, scene::Scene, table::elements},
    apps::todo::{formats as list, list::List},
    json as core_json, rooms,
    session::Session,
};

/// The board as an `.excalidraw` document.
pub fn export_board(controller: BoardController) -> Value {
    let elements = match controller.room.is_past.get_untracked() {
        true => {
            let room = controller.room;
            room.read(|session| Scene::of(elements(session.replica())).in_order())
        }
        false => controller.look(|board| board.scene().in_order()),
    };
    let strokes = elements.iter();
    excalidraw::export(strokes.filter_map(|element| Some((&element.id, element.stroke()?))))
}

/// Puts the strokes of an `.excalidraw` document on the board, as one undoable step.
pub fn import_board(controller: BoardController, document: &Value) -> Result<Value, String> {
    let imported = excalidraw::import(document).map_err(|error| file::no_drawing(&error))?;
    let mut merged = merge(controller, imported);
    let mut skipped = std::mem::take(&mut merged.skipped);
    skipped.append(&mut merged.already);
    skipped.sort_by_key(|remark| remark.index);
    Ok(json!({ "added": merged.added(), "changed": merged.changed, "skipped": skipped }))
}

/// Takes in the file that somebody chose: a drawing, or a whole room.
pub fn open(controller: BoardController, input: HtmlInputElement) {
    task::spawn(async move {
        if let Some(chosen) = files::chosen_text(&input).await {
            opened(controller, chosen);
        }
    });
}

/// The same of a file that somebody dropped.
pub fn open_file(controller: BoardController, file: File) {
    task::spawn(async move { opened(controller, files::text_of(file).await) });
}

/// Says what came of it, until somebody has read it.
fn opened(controller: BoardController, text: Result<String, files::FileError>) {
    let opened = text
        .map_err(|error| error.to_string())
        .and_then(|text| open_text(controller, &text));
    match opened {
        Ok(sentence) | Err(sentence) => controller.room.warn(sentence),
    }
}

fn open_text(controller: BoardController, text: &str) -> Result<String, String> {
    if let Some(file) = core_json::parse(text)
        && rooms::is_file(&file)
    {
        return open_room(controller.room, &file);
    }
    let imported = excalidraw::import_text(text).map_err(|error| file::no_drawing(&error))?;
    let merged = merge(controller, imported);
    if let Some(bounds) = merged.bounds {
        controller.with(|board| board.reveal(bounds));
    }
    Ok(file::merged(&merged))
}

/// Brings what a whole room's file has and this room does not, as one undoable step.
fn open_room(room: Room, file: &Value) -> Result<String, String> {
    let (_, other) = rooms::from_file(file).map_err(|error| file::no_room(&error))?;
    room.show_now();
    let (before, writes) = room.read(|session| {
        let here = session.replica();
        (apps::amount(here), apps::added(&other, here))
    });
    room.edit(writes);
    let after = room.read(|session| apps::amount(session.replica()));
    let added = amount::list(&after.since(&before));
    Ok(format!(
        "{added} came from the file. What was here stayed as it was."
    ))
}

/// The drawing as a file.
pub fn save_board(controller: BoardController) {
    save(
        controller.room,
        "board.excalidraw",
        &export_board(controller),
    );
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

/// Puts the strokes on the board; gives what became of them.
fn merge(controller: BoardController, imported: excalidraw::Imported) -> edit::Merged {
    controller.room.show_now();
    let mut rng = controller.room.rng();
    let merged = controller.look(|board| {
        let merge =
            |session: &Session| edit::merge(imported, board.scene(), session.replica(), &mut rng);
        controller.room.read(merge)
    });
    controller.room.edit(merged.writes.clone());
    merged
}

pub fn export_todos(room: Room) -> Value {
    room.read(|session| list::export(&List::of(session.replica())))
}

/// Adds and changes items by their ids, as one undoable step.
pub fn import_todos(room: Room, list: &Value) -> Result<Value, String> {
    let reading = list::read(list)?;
    room.show_now();
    let here = room.read(|session| List::of(session.replica()));
    let merged = here.merge(&reading.items, &mut room.rng());
    room.edit(merged.writes);
    let order = match merged.met {
        0 => "New items come at the end, in the order of the list.",
        _ => {
            "Items that were here keep their places; new ones come at the end, in the order of the list."
        }
    };
    Ok(json!({
        "added": merged.added,
        "changed": reading.changed,
        "skipped": reading.skipped,
        "order": order,
    }))
}
