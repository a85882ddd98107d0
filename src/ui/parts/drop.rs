//! Files that are dropped on the page: whoever misses the board must not lose the page to a text file.

use std::cell::RefCell;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, File};

use crate::browser::lifecycle::Listener;

type Open = Box<dyn Fn(File)>;

thread_local! {
    /// What the page that is shown does with a file; nothing, if it takes none.
    static OPEN: RefCell<Option<Open>> = const { RefCell::new(None) };
}

/// As long as the component is there, dropped files go to `open`, one by one.
pub fn on_files_dropped(open: impl Fn(File) + 'static) {
    OPEN.replace(Some(Box::new(open)));
    on_cleanup(|| drop(OPEN.take()));
}

/// From now on dropped files go to whoever takes them; `refuse` says that this page takes none. That the browser does not
/// open them itself is `public/boot.js`'s.
pub fn watch(refuse: impl Fn() + 'static) {
    let has_files = |event: &DragEvent| {
        let types = event.data_transfer().map(|transfer| transfer.types());
        types.is_some_and(|types| types.includes(&"Files".into(), 0))
    };
    let window = window();
    let dropped = Listener::on(window.unchecked_ref(), "drop", move |event| {
        let event: DragEvent = event.unchecked_into();
        if !has_files(&event) {
            return;
        }
        let files = event.data_transfer().and_then(|transfer| transfer.files());
        OPEN.with_borrow(|open| match (open, files) {
            (Some(open), Some(files)) => {
                (0..files.length())
                    .filter_map(|at| files.get(at))
                    .for_each(open);
            }
            _ => refuse(),
        });
    });
    // It lives as long as the page.
    std::mem::forget(dropped);
}
