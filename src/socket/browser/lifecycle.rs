//! What happens to the page and its network: events of `window`, `document` and `navigator.onLine`.

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Event, EventTarget, PageTransitionEvent, window};

use crate::machine::Input;

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
        on(&window, "online", Input::WentOnline),
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
