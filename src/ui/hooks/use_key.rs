//! Key presses anywhere on the page, for as long as the component is there.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;

use crate::browser::lifecycle::Listener;

/// `event` is `keydown` or `keyup`.
pub fn use_key(event: &'static str, on_key: impl Fn(&KeyboardEvent) + 'static) {
    let listener = Listener::on(window().unchecked_ref(), event, move |event| {
        if let Some(event) = event.dyn_ref() {
            on_key(event);
        }
    });
    let listener = StoredValue::new_local(Some(listener));
    on_cleanup(move || listener.set_value(None));
}
