//! The keyboard: what a key means, and the list of all of them behind `?`.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use super::dialog::Dialog;
use crate::core::{board::tool::Tool, doc::undo::Direction};

/// What a person can ask for by key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    Choose(Tool),
    Step(Direction),
    ZoomIn,
    ZoomOut,
    ZoomReset,
    ZoomToFit,
    ShowShortcuts,
}

/// Keys as Excalidraw has them, and what they do.
const KEYS: [(&str, &str); 9] = [
    ("H", "Hand: move the board"),
    ("P or 7", "Pen"),
    ("E or 0", "Eraser"),
    ("Space and drag", "Move the board"),
    ("Ctrl + Z", "Undo"),
    ("Ctrl + Shift + Z, Ctrl + Y", "Redo"),
    ("Ctrl + plus, minus, 0", "Zoom in, out, to 100 %"),
    ("Shift + 1", "Zoom to fit"),
    ("?", "Show this list"),
];

/// The command of a key press; none while somebody is typing, or a dialog covers what it would act on.
pub fn command(event: &KeyboardEvent) -> Option<Command> {
    if event.alt_key() || is_within(event, "dialog") {
        return None;
    }
    let key = event.key().to_ascii_lowercase();
    let with_control = event.ctrl_key() || event.meta_key();
    let step = match (key.as_str(), event.shift_key()) {
        ("z", false) => Some(Direction::Undo),
        ("z", true) | ("y", false) => Some(Direction::Redo),
        _ => None,
    };
    // A field that nobody has typed into has nothing of its own to take back.
    if is_typing(event) && !(with_control && step.is_some() && is_within(event, UNTOUCHED)) {
        return None;
    }
    if with_control {
        if let Some(direction) = step {
            return Some(Command::Step(direction));
        }
        return Some(match (key.as_str(), event.shift_key()) {
            ("+" | "=", _) => Command::ZoomIn,
            ("-", _) => Command::ZoomOut,
            ("0", _) => Command::ZoomReset,
            _ => return None,
        });
    }
    // Shift + 1 is another character on every keyboard layout.
    if event.shift_key() && event.code() == "Digit1" {
        return Some(Command::ZoomToFit);
    }
    Some(match key.as_str() {
        "h" => Command::Choose(Tool::Hand),
        "p" | "7" => Command::Choose(Tool::Pen),
        "e" | "0" => Command::Choose(Tool::Eraser),
        "?" => Command::ShowShortcuts,
        _ => return None,
    })
}

const FIELD: &str = "input:not([type=checkbox]), textarea, select, [contenteditable], dialog";
const UNTOUCHED: &str = "[data-untouched]";

/// Whether the key goes to a text field or an open dialog.
pub fn is_typing(event: &KeyboardEvent) -> bool {
    event.is_composing() || is_within(event, FIELD)
}

/// Whether the key goes to an element that a selector finds, or to something inside one.
fn is_within(event: &KeyboardEvent, selector: &str) -> bool {
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|target| target.closest(selector).ok().flatten().is_some())
}

#[component]
pub fn Shortcuts(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open=open title="Keyboard" contents=|dialogs| dialogs.shortcuts/>
    }
}

pub fn list() -> AnyView {
    view! {
        <dl class="shortcuts">
            {KEYS
                .into_iter()
                .map(|(keys, does)| view! { <div><dt>{keys}</dt><dd>{does}</dd></div> })
                .collect::<Vec<_>>()}
        </dl>
    }
    .into_any()
}
