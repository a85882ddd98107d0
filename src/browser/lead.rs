//! Web Locks: of all tabs that ask for the same lead, one has it. When that one goes, however it goes, the next one
//! has it.

use std::{cell::RefCell, rc::Rc};

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, window};

use super::task;

/// A lead, or a place in the queue for it. Dropped, it is given up.
pub struct Lead {
    abort: AbortController,
    release: Rc<RefCell<Option<Function>>>,
    _granted: Closure<dyn FnMut() -> Promise>,
}

/// `None` where the browser has no locks: an old one, or a page that came over plain HTTP.
fn manager() -> Option<JsValue> {
    let navigator = window()?.navigator();
    let locks = Reflect::get(&navigator, &"locks".into()).ok()?;
    locks.is_object().then_some(locks)
}

pub fn is_possible() -> bool {
    manager().is_some()
}

impl Lead {
    /// Tells `true` once it is ours, or `false` if the browser refuses to decide.
    pub fn ask(name: &str, tell: impl Fn(bool) + 'static) -> Option<Self> {
        let locks = manager()?;
        let request: Function = Reflect::get(&locks, &"request".into())
            .ok()?
            .dyn_into()
            .ok()?;
        let abort = AbortController::new().ok()?;
        let options = Object::new();
        Reflect::set(&options, &"signal".into(), &abort.signal()).ok()?;
        let release: Rc<RefCell<Option<Function>>> = Rc::default();
        let tell = Rc::new(tell);
        // Whoever gave up is told nothing more.
        let (held, telling) = (Rc::downgrade(&release), Rc::clone(&tell));
        let granted = Closure::<dyn FnMut() -> Promise>::new(move || {
            let (held, telling) = (held.clone(), Rc::clone(&telling));
            Promise::new(&mut |resolve, _| match held.upgrade() {
                Some(release) => {
                    release.replace(Some(resolve));
                    let telling = Rc::clone(&telling);
                    // Calls `tell` after this callback has returned, because `tell` may drop the callback.
                    task::spawn(async move { telling(true) });
                }
                None => {
                    let _ = resolve.call0(&JsValue::UNDEFINED);
                }
            })
        });
        let arguments = Array::of3(&name.into(), &options, granted.as_ref());
        let promise: Promise = Reflect::apply(&request, &locks, &arguments)
            .ok()?
            .dyn_into()
            .ok()?;
        let held = Rc::downgrade(&release);
        task::spawn(async move {
            let refused = JsFuture::from(promise).await.is_err();
            if refused && held.upgrade().is_some() {
                tell(false);
            }
        });
        Some(Self {
            abort,
            release,
            _granted: granted,
        })
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.abort.abort();
        if let Some(release) = self.release.take() {
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }
}
