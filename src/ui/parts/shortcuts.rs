//! The keyboard: what a key means, and the list of all of them behind `?`.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use super::{button::IconButton, dialog::Dialog};
use crate::core::{
    apps,
    keyboard::{ALL_KEYS, Command, Press},
};
use crate::ui::hooks::use_room::use_room;

/// The command of a key press; none while somebody is typing, or a dialog covers what it would act on.
pub fn command(event: &KeyboardEvent) -> Option<Command> {
    if is_within(event, "dialog") {
        return None;
    }
    let (key, code) = (event.key(), event.code());
    let press = Press {
        key: &key,
        code: &code,
        shift: event.shift_key(),
        control: event.ctrl_key() || event.meta_key(),
        alt: event.alt_key(),
        alt_graph: event.get_modifier_state("AltGraph"),
    };
    let command = press.command()?;
    // A field that nobody has typed into has nothing of its own to take back.
    let is_step = matches!(command, Command::Step(_));
    (!is_typing(event) || (is_step && is_within(event, UNTOUCHED))).then_some(command)
}

/// Whether an input method is composing: Safari says the second only, of the key that ends a composition.
pub fn is_composing(event: &KeyboardEvent) -> bool {
    event.is_composing() || event.key_code() == 229
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
pub fn ShortcutsButton(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <IconButton
            icon=icondata::LuKeyboard
            name="Keyboard"
            shortcut="?"
            on_press=move |()| open.set(true)
        />
    }
}

#[component]
pub fn Shortcuts(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open=open title="Keyboard" contents=|dialogs| dialogs.shortcuts/>
    }
}

pub fn list() -> AnyView {
    let here = use_room()
        .address
        .with_untracked(|address| apps::keys(address.app));
    view! {
        <dl class="shortcuts">
            {here
                .into_iter()
                .chain(ALL_KEYS)
                .map(|(keys, does)| view! { <div><dt>{keys}</dt><dd>{does}</dd></div> })
                .collect::<Vec<_>>()}
        </dl>
    }
    .into_any()
}
