//! `performance.now()` and `setTimeout`. A timer that is dropped does not ring.

use std::{cell::RefCell, rc::Rc};

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Performance, window};

use crate::limits::Millis;

/// Milliseconds since the page was opened; never goes back.
pub fn now() -> Millis {
    now_exact() as Millis
}

/// The same with fractions, for measuring.
pub fn now_exact() -> f64 {
    thread_local! {
        // Looked up once: the time is asked for with every frame.
        static CLOCK: Option<Performance> = window().and_then(|window| window.performance());
    }
    CLOCK.with(|clock| clock.as_ref().map_or(0.0, Performance::now))
}

/// Rings once.
pub struct Timeout {
    id: i32,
    _callback: Closure<dyn FnMut()>,
}

impl Timeout {
    /// A browser without a window (never, in a page) gives a timer that does not ring.
    pub fn after(span: Millis, callback: impl FnOnce() + 'static) -> Self {
        // Boxed, so that one shim serves every kind of callback.
        let callback: Box<dyn FnOnce()> = Box::new(callback);
        let callback = Closure::once(callback);
        let span = i32::try_from(span).unwrap_or(i32::MAX);
        let id = window().and_then(|window| {
            window
                .set_timeout_with_callback_and_timeout_and_arguments_0(
                    callback.as_ref().unchecked_ref(),
                    span,
                )
                .ok()
        });
        Self {
            id: id.unwrap_or_default(),
            _callback: callback,
        }
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        if let Some(window) = window() {
            window.clear_timeout_with_handle(self.id);
        }
    }
}

/// One timer for a moment that keeps moving. One that rings early sets the next: cheaper than a new one for every frame
/// that comes.
#[derive(Default)]
pub struct Alarm(RefCell<Option<(Millis, Timeout)>>);

impl Alarm {
    /// Rings at `wake` or before; whoever hears it asks for the next one.
    pub fn set(self: &Rc<Self>, wake: Millis, ring: impl FnOnce() + 'static) {
        let mut timer = self.0.borrow_mut();
        if timer.as_ref().is_some_and(|(at, _)| *at <= wake) {
            return;
        }
        let alarm = Rc::downgrade(self);
        let rings = move || {
            if let Some(alarm) = alarm.upgrade() {
                alarm.0.take();
                ring();
            }
        };
        // One more, because a browser may ring a fraction of a millisecond early.
        let after = wake.saturating_sub(now()) + 1;
        *timer = Some((wake, Timeout::after(after, rings)));
    }
}
