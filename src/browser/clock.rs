//! Time: `performance.now()` and `setTimeout` of [`duplex_socket`], `Date` and `requestAnimationFrame`.

pub use duplex_socket::browser::clock::{Alarm, Timeout, now, now_exact};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::window;

/// Milliseconds since 1970, by the clock of the machine, which may be wrong and may be set back.
pub fn unix_ms() -> u64 {
    js_sys::Date::now() as u64
}

/// Day and time as people here write them.
pub fn local_time(unix_ms: u64) -> String {
    let style = js_sys::Object::new();
    for part in ["dateStyle", "timeStyle"] {
        let _ = js_sys::Reflect::set(&style, &part.into(), &"short".into());
    }
    let date = js_sys::Date::new(&(unix_ms as f64).into());
    date.to_locale_string("default", &style).into()
}

/// Runs `callback` before the next paint.
pub fn before_paint(callback: impl FnOnce() + 'static) {
    if let Some(window) = window() {
        let callback: Box<dyn FnOnce()> = Box::new(callback);
        let callback = Closure::once_into_js(callback);
        let _ = window.request_animation_frame(callback.unchecked_ref());
    }
}
