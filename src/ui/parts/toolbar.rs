//! Arrow keys in toolbars, as the ARIA Authoring Practices describe them.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, KeyboardEvent};

use crate::browser::lifecycle::Listener;

/// From now on the arrow keys, Home and End move the focus in every toolbar.
pub fn watch() {
    let on_key = |event| {
        let _ = step(event);
    };
    std::mem::forget(Listener::on(&document(), "keydown", on_key));
}

fn step(event: Event) -> Option<()> {
    let event: KeyboardEvent = event.dyn_into().ok()?;
    let on: Element = event.target()?.dyn_into().ok()?;
    let toolbar = on.closest("[role=toolbar]").ok()??;
    let found = toolbar.query_selector_all("button:not(:disabled)").ok()?;
    let buttons: Vec<HtmlElement> = (0..found.length())
        .filter_map(|at| found.item(at)?.dyn_into().ok())
        .collect();
    let at = buttons.iter().position(|button| **button == on)?;
    let last = buttons.len().checked_sub(1)?;
    let to = match event.key().as_str() {
        _ if event.alt_key() || event.ctrl_key() || event.meta_key() => return None,
        "ArrowRight" | "ArrowDown" if at == last => 0,
        "ArrowRight" | "ArrowDown" => at + 1,
        "ArrowLeft" | "ArrowUp" => at.checked_sub(1).unwrap_or(last),
        "Home" => 0,
        "End" => last,
        _ => return None,
    };
    event.prevent_default();
    buttons.get(to)?.focus().ok()
}
