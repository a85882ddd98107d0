//! `localStorage`: a person's name, colour and theme, and what has to be written down at once because the page may be
//! about to stop. Losing them costs no edit, so failures are silent.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use web_sys::{Storage, window};

fn storage() -> Option<Storage> {
    window()?.local_storage().ok()?
}

/// What was kept under `name`; none if there is nothing, or nothing that reads.
pub fn load<T: DeserializeOwned>(name: &str) -> Option<T> {
    let text = text(name)?;
    // Through a Value, as all JSON here: one parser instead of one a type.
    let value: Value = serde_json::from_str(&text).ok()?;
    serde_json::from_value(value).ok()
}

pub fn keep(name: &str, value: &impl Serialize) {
    if let Ok(value) = serde_json::to_value(value) {
        keep_text(name, &value.to_string());
    }
}

pub fn text(name: &str) -> Option<String> {
    storage()?.get_item(&key(name)).ok()?
}

pub fn keep_text(name: &str, text: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(&key(name), text);
    }
}

/// What is kept under names that begin so.
pub fn names(prefix: &str) -> Vec<String> {
    let Some(storage) = storage() else {
        return Vec::new();
    };
    let count = storage.length().unwrap_or_default();
    let keys = (0..count).filter_map(|at| storage.key(at).ok()?);
    let ours = self::prefix();
    keys.filter_map(|full| Some(full.strip_prefix(&ours)?.to_owned()))
        .filter(|name| name.starts_with(prefix))
        .collect()
}

pub fn forget(name: &str) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(&key(name));
    }
}

fn key(name: &str) -> String {
    format!("{}{name}", prefix())
}

/// What all names of this deployment in storage begin with, those of databases, channels and locks too: `public/boot.js`
/// has found it out.
pub fn prefix() -> String {
    let root = window()
        .and_then(|window| window.document())
        .and_then(|document| document.document_element());
    let marked = root.and_then(|root| root.get_attribute("data-store"));
    marked.unwrap_or_else(|| "duplex/".to_owned())
}
