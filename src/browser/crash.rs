//! What a person sees if Rust panics: a dialog that index.html holds ready, because nothing of Rust can be trusted
//! any more. Edits are in storage up to the last fraction of a second.

use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, window};

/// Makes every panic show the dialog, and print its place to the console.
pub fn install() {
    std::panic::set_hook(Box::new(|panic| {
        // The place only: a message may hold what a person wrote.
        let place = panic
            .location()
            .map_or_else(String::new, ToString::to_string);
        web_sys::console::error_2(&"Duplex stopped at".into(), &place.into());
        let dialog = window()
            .and_then(|window| window.document())
            .and_then(|document| document.get_element_by_id("crash"))
            .and_then(|dialog| dialog.dyn_into::<HtmlDialogElement>().ok());
        if let Some(dialog) = dialog {
            let _ = dialog.show_modal();
        }
    }));
}
