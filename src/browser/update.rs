//! The service worker (`public/sw.js`), as far as a page has to do with it: it is registered, looks for a new version of
//! the site, and puts it in the place of the old one when it is told to.

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    RegistrationOptions, ServiceWorkerContainer, ServiceWorkerRegistration,
    ServiceWorkerUpdateViaCache, window,
};

use super::{
    address,
    lifecycle::{self, Listener},
    task,
};
use crate::limits::UPDATE_CHECK_MS;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// All files of a new version are here; tabs still use the old one.
    Ready,
    /// From now on a page that is loaded is of the new version. This one still is of the old one.
    Current,
}

/// Registers the service worker and tells of new versions, for as long as the page lives. Does nothing where there are
/// none: over plain http, in some private windows.
pub async fn watch(tell: impl Fn(Update) + Clone + 'static) {
    let Some(workers) = workers() else {
        return;
    };
    let mut had_one = workers.controller().is_some();
    let on_change = {
        let tell = tell.clone();
        // The first version takes over pages that came from the host, and changes nothing for them.
        move |_| {
            if std::mem::replace(&mut had_one, true) {
                tell(Update::Current);
            }
        }
    };
    std::mem::forget(Listener::on(&workers, "controllerchange", on_change));
    let options = RegistrationOptions::new();
    options.set_update_via_cache(ServiceWorkerUpdateViaCache::None);
    let registering = workers.register_with_options("sw.js", &options);
    let Ok(registration) = JsFuture::from(registering).await else {
        return;
    };
    let registration: ServiceWorkerRegistration = registration.unchecked_into();
    if registration.waiting().is_some() {
        tell(Update::Ready);
    }
    let found = registration.clone();
    let on_found = move |_| {
        // The first version of all replaces nothing.
        let Some(coming) = found.installing().filter(|_| found.active().is_some()) else {
            return;
        };
        let (tell, waits) = (tell.clone(), found.clone());
        let on_state = move |_| {
            if waits.waiting().is_some() {
                tell(Update::Ready);
            }
        };
        std::mem::forget(Listener::on(&coming, "statechange", on_state));
    };
    std::mem::forget(Listener::on(&registration, "updatefound", on_found));
    task::spawn(be_served(workers));
    // The browser itself looks when a page is loaded, but one may stay open for weeks.
    loop {
        lifecycle::back_online(UPDATE_CHECK_MS).await;
        if let Ok(looking) = registration.update() {
            let _ = JsFuture::from(looking).await;
        }
    }
}

/// Lets the service worker serve this page too, once it works. Never ends if it does not.
async fn be_served(workers: ServiceWorkerContainer) {
    let Ok(ready) = workers.ready() else {
        return;
    };
    let registration = JsFuture::from(ready).await.ok();
    let registration = registration.and_then(|ready| ready.dyn_into().ok());
    let active = registration.and_then(|it: ServiceWorkerRegistration| it.active());
    if let Some(active) = active.filter(|_| workers.controller().is_none()) {
        let _ = active.post_message(&"claim".into());
    }
}

/// Puts the version that is ready in the place of the old one, and loads the page again with it.
pub fn install() {
    let Some(workers) = workers() else {
        return;
    };
    task::spawn(async move {
        let registration = JsFuture::from(workers.get_registration()).await;
        let registration = registration
            .ok()
            .and_then(|found| found.dyn_into::<ServiceWorkerRegistration>().ok());
        let Some(waiting) = registration.and_then(|found| found.waiting()) else {
            // Another tab was first.
            return address::reload();
        };
        std::mem::forget(Listener::on(&workers, "controllerchange", |_| {
            address::reload();
        }));
        let _ = waiting.post_message(&"update".into());
    });
}

/// Whether the page could be loaded without its host.
pub fn is_kept() -> bool {
    workers().is_some_and(|workers| workers.controller().is_some())
}

/// `None` where the browser has none, which the types do not know.
fn workers() -> Option<ServiceWorkerContainer> {
    let navigator: JsValue = window()?.navigator().into();
    let workers = Reflect::get(&navigator, &"serviceWorker".into()).ok()?;
    workers.dyn_into().ok()
}
