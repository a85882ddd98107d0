//! Whether the page is an installed app, and how it becomes one. The browser's offer comes early, and once:
//! `public/boot.js` keeps it.

use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::window;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Install {
    /// This page is the app.
    Done,
    /// The browser asks the person when it is told to ([`ask`]).
    Offered,
    /// Safari on a phone or tablet: from its share menu.
    FromShareMenu,
    /// By the browser's own menu, if at all.
    FromMenu,
}

pub fn state() -> Install {
    let Some(window) = window() else {
        return Install::FromMenu;
    };
    let navigator: JsValue = window.navigator().into();
    // Only Safari on phones and tablets has it.
    let standalone = Reflect::get(&navigator, &"standalone".into()).ok();
    let standalone = standalone.and_then(|value| value.as_bool());
    let query = window.match_media("(display-mode: standalone)").ok();
    let is_app = query.flatten().is_some_and(|query| query.matches());
    match standalone {
        _ if is_app => Install::Done,
        Some(true) => Install::Done,
        Some(false) => Install::FromShareMenu,
        None if offer().is_some() => Install::Offered,
        None => Install::FromMenu,
    }
}

/// Lets the browser ask the person; it does so once for each offer.
pub fn ask() {
    let Some(offer) = offer() else {
        return;
    };
    let prompt = Reflect::get(&offer, &"prompt".into()).ok();
    if let Some(prompt) = prompt.and_then(|prompt| prompt.dyn_into::<Function>().ok()) {
        let _ = prompt.call0(&offer);
    }
}

fn offer() -> Option<JsValue> {
    let window: JsValue = window()?.into();
    let offer = Reflect::get(&window, &"installOffer".into()).ok()?;
    offer.is_object().then_some(offer)
}
