//! What happens to the page and its network: events of `window`, `document` and `navigator.onLine`.

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Event, EventTarget, PageTransitionEvent, window};

use crate::core::{session::Input, socket::machine};

/// A listener that is removed when it is dropped.
pub struct Listener {
    target: EventTarget,
    event: &'static str,
    callback: Closure<dyn FnMut(Event)>,
}

impl Listener {
    pub fn on(
        target: &EventTarget,
        event: &'static str,
        callback: impl FnMut(Event) + 'static,
    ) -> Self {
        let callback = Closure::<dyn FnMut(_)>::new(callback);
        let _ = target.add_event_listener_with_callback(event, callback.as_ref().unchecked_ref());
        Self {
            target: target.clone(),
            event,
            callback,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let callback = self.callback.as_ref().unchecked_ref();
        let _ = self
            .target
            .remove_event_listener_with_callback(self.event, callback);
    }
}

/// Tells a session of the page's comings and goings, for as long as the listeners are kept.
pub fn watch(tell: impl Fn(Input) + Clone + 'static) -> Vec<Listener> {
    let Some(window) = window() else {
        return Vec::new();
    };
    let socket = |input: machine::Input| {
        let tell = tell.clone();
        move |_: Event| tell(Input::Socket(input.clone()))
    };
    let left = {
        let tell = tell.clone();
        // An open socket bars the back/forward cache.
        move |_: Event| tell(Input::Left)
    };
    let returned = {
        let tell = tell.clone();
        move |event: Event| {
            if event
                .dyn_ref::<PageTransitionEvent>()
                .is_some_and(PageTransitionEvent::persisted)
            {
                tell(Input::Returned);
            }
        }
    };
    if !window.navigator().on_line() {
        tell(Input::Socket(machine::Input::WentOffline));
    }
    vec![
        Listener::on(&window, "online", socket(machine::Input::WentOnline)),
        Listener::on(&window, "offline", socket(machine::Input::WentOffline)),
        Listener::on(&window, "pagehide", left),
        Listener::on(&window, "pageshow", returned),
    ]
}
