//! What happens to the page and its network, as [`duplex_socket`] sees it, and more of it.

pub use duplex_socket::browser::lifecycle::{Listener, watch};
use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, window};

use super::clock::Timeout;
use crate::limits::Millis;

/// Tells `public/boot.js` that the program runs.
pub fn started() {
    if let (Some(window), Ok(event)) = (window(), Event::new("duplexstarted")) {
        let _ = window.dispatch_event(&event);
    }
}

/// Waits until the network comes back, at most for `at_most`.
pub async fn back_online(at_most: Millis) {
    let Some(window) = window() else {
        return;
    };
    let mut signals = None;
    let waiting = Promise::new(&mut |resolve, _| {
        let wake = move || {
            let _ = resolve.call0(&JsValue::NULL);
        };
        let timeout = Timeout::after(at_most, wake.clone());
        signals = Some((timeout, Listener::on(&window, "online", move |_| wake())));
    });
    let _ = JsFuture::from(waiting).await;
}
