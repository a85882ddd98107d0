//! Files in and out: a download, an `<input type="file">`, the clipboard.

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, File, HtmlAnchorElement, HtmlInputElement, Url, window};

use crate::limits::IMPORT_BYTES;

/// Saves `text` as a file in the person's downloads.
pub fn download(name: &str, kind: &str, text: &str) -> Option<()> {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&text.into()), &options).ok()?;
    let url = Url::create_object_url_with_blob(&blob).ok()?;
    let anchor: HtmlAnchorElement = window()?
        .document()?
        .create_element("a")
        .ok()?
        .dyn_into()
        .ok()?;
    anchor.set_href(&url);
    anchor.set_download(name);
    anchor.click();
    Url::revoke_object_url(&url).ok()
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    #[error("This file is larger than {} MB.", IMPORT_BYTES / 1024 / 1024)]
    TooLarge,
    #[error("The browser could not read this file.")]
    Unreadable,
}

/// The text of the file that a person chose in `input`; none if they chose none. Empties the input, so that the same
/// file can be chosen again.
pub async fn chosen_text(input: &HtmlInputElement) -> Option<Result<String, FileError>> {
    let file = input.files()?.get(0)?;
    input.set_value("");
    Some(text_of(file).await)
}

async fn text_of(file: File) -> Result<String, FileError> {
    if file.size() > IMPORT_BYTES as f64 {
        return Err(FileError::TooLarge);
    }
    let text = JsFuture::from(file.text()).await.ok();
    text.and_then(|text: JsValue| text.as_string())
        .ok_or(FileError::Unreadable)
}

/// Puts `text` on the clipboard; says whether the browser let us.
pub async fn copy(text: &str) -> bool {
    let Some(window) = window().filter(web_sys::Window::is_secure_context) else {
        return false;
    };
    let written = window.navigator().clipboard().write_text(text);
    JsFuture::from(written).await.is_ok()
}
