//! Futures on the browser's event loop.

use std::{future::Future, pin::Pin};

/// Starts `future`. Boxed, so that one shim serves every kind.
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    let future: Pin<Box<dyn Future<Output = ()>>> = Box::pin(future);
    wasm_bindgen_futures::spawn_local(future);
}
