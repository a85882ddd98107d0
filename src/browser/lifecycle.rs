//! What happens to the page and its network: events of `window`, `document` and `navigator.onLine`.

use js_sys::Promise;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, EventTarget, PageTransitionEvent, window};

use super::clock::Timeout;
use crate::{core::socket::machine::Input, limits::Millis};

/// A listener that is removed when it is dropped.
pub struct Listener {
    target: EventTarget,
    event: &'static str,
    captures: bool,
    callback: Closure<dyn FnMut(Event)>,
}

impl Listener {
    pub fn on(
        target: &EventTarget,
        event: &'static str,
        callback: impl FnMut(Event) + 'static,
    ) -> Self {
        Self::new(target, event, callback, false)
    }

    /// Hears it before those that listen on `target` itself or below it.
    pub fn on_capture(
        target: &EventTarget,
        event: &'static str,
        callback: impl FnMut(Event) + 'static,
    ) -> Self {
        Self::new(target, event, callback, true)
    }

    fn new(
        target: &EventTarget,
        event: &'static str,
        callback: impl FnMut(Event) + 'static,
        captures: bool,
    ) -> Self {
        let callback = Closure::<dyn FnMut(_)>::new(callback);
        let function = callback.as_ref().unchecked_ref();
        let _ = target.add_event_listener_with_callback_and_bool(event, function, captures);
        Self {
            target: target.clone(),
            event,
            captures,
            callback,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let callback = self.callback.as_ref().unchecked_ref();
        let _ = self.target.remove_event_listener_with_callback_and_bool(
            self.event,
            callback,
            self.captures,
        );
    }
}

/// Tells `public/crash.js` that the program runs.
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
        signals = Some((timeout, Listener::on(&window, ONLINE, move |_| wake())));
    });
    let _ = JsFuture::from(waiting).await;
}

const ONLINE: &str = "online";

/// Tells of the page's comings and goings, for as long as the listeners are kept. An installed app on Android may miss
/// `visibilitychange` after a freeze, and Safari close events after a change of network: so every sign counts.
pub fn watch(tell: impl Fn(Input) + Clone + 'static) -> Vec<Listener> {
    let Some((window, document)) = window().and_then(|w| Some((w.clone(), w.document()?))) else {
        return Vec::new();
    };
    let on = |target: &EventTarget, event, input: Input| {
        let tell = tell.clone();
        Listener::on(target, event, move |_| tell(input.clone()))
    };
    let visibility = {
        let (tell, document) = (tell.clone(), document.clone());
        move |_: Event| {
            tell(match document.hidden() {
                true => Input::Hid,
                false => Input::Showed,
            });
        }
    };
    let returned = {
        let tell = tell.clone();
        move |event: Event| {
            let event = event.dyn_ref::<PageTransitionEvent>();
            if event.is_some_and(PageTransitionEvent::persisted) {
                tell(Input::Returned);
            }
        }
    };
    if !window.navigator().on_line() {
        tell(Input::WentOffline);
    }
    if document.hidden() {
        tell(Input::Hid);
    }
    vec![
        on(&window, ONLINE, Input::WentOnline),
        on(&window, "offline", Input::WentOffline),
        // An open socket bars the back/forward cache.
        on(&window, "pagehide", Input::Left),
        on(&window, "focus", Input::Showed),
        on(&document, "freeze", Input::Hid),
        on(&document, "resume", Input::Showed),
        Listener::on(&window, "pageshow", returned),
        Listener::on(&document, "visibilitychange", visibility),
    ]
}
