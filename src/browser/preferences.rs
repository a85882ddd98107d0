//! `localStorage`: a person's name, colour and theme. Losing them costs nothing, so failures are silent.

use serde::{Serialize, de::DeserializeOwned};
use web_sys::{Storage, window};

fn storage() -> Option<Storage> {
    window()?.local_storage().ok()?
}

/// What was kept under `name`; none if there is nothing, or nothing that reads.
pub fn load<T: DeserializeOwned>(name: &str) -> Option<T> {
    let text = storage()?.get_item(&key(name)).ok()??;
    serde_json::from_str(&text).ok()
}

pub fn keep(name: &str, value: &impl Serialize) {
    if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(value)) {
        let _ = storage.set_item(&key(name), &text);
    }
}

fn key(name: &str) -> String {
    format!("duplex/{name}")
}
