//! `location` and `history`.

pub use duplex_socket::browser::{is_secure, own_origin};
use web_sys::{Location, window};

fn location() -> Option<Location> {
    window().map(|window| window.location())
}

/// The part after `#`, with it.
pub fn hash() -> String {
    location()
        .and_then(|location| location.hash().ok())
        .unwrap_or_default()
}

/// Goes to another address; the one before stays one step back.
pub fn push_hash(hash: &str) {
    let history = window().and_then(|window| window.history().ok());
    if let Some(history) = history {
        let _ = history.push_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(hash));
    }
}

/// Changes the address without a new entry in the history.
pub fn replace_hash(hash: &str) {
    let history = window().and_then(|window| window.history().ok());
    if let Some(history) = history {
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(hash));
    }
}

/// Loads the page again.
pub fn reload() {
    if let Some(location) = location() {
        let _ = location.reload();
    }
}

/// The whole address, for sharing.
pub fn href() -> String {
    location()
        .and_then(|location| location.href().ok())
        .unwrap_or_default()
}
