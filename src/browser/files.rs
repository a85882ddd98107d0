//! Files in and out: a download, an `<input type="file">`, the clipboard.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, File, HtmlAnchorElement, HtmlInputElement, Url, window};

use super::clock::Timeout;
use crate::{
    core::text,
    limits::{DOWNLOAD_MS, IMPORT_BYTES},
};

/// Saves `bytes` as a file in the person's downloads.
pub fn download(name: &str, kind: &str, bytes: &[u8]) -> Option<()> {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let parts = Array::of1(&Uint8Array::from(bytes).into());
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &options).ok()?;
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
    // Safari reads it only a moment later.
    let revoke = Timeout::after(DOWNLOAD_MS, move || drop(Url::revoke_object_url(&url)));
    std::mem::forget(revoke);
    Some(())
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

pub async fn text_of(file: File) -> Result<String, FileError> {
    if file.size() > IMPORT_BYTES as f64 {
        return Err(FileError::TooLarge);
    }
    let bytes = JsFuture::from(file.array_buffer()).await;
    let bytes = bytes.map_err(|_| FileError::Unreadable)?;
    Ok(text::of_file(&Uint8Array::new(&bytes).to_vec()))
}

/// Puts `text` on the clipboard; says whether the browser let us.
pub async fn copy(text: &str) -> bool {
    let Some(window) = window().filter(web_sys::Window::is_secure_context) else {
        return false;
    };
    let written = window.navigator().clipboard().write_text(text);
    JsFuture::from(written).await.is_ok()
}
