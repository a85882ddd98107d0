//! `localStorage`: a person's name, colour and theme. Losing them costs nothing, so failures are silent.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use web_sys::{Storage, window};

fn storage() -> Option<Storage> {
    window()?.local_storage().ok()?
}

/// What was kept under `name`; none if there is nothing, or nothing that reads.
pub fn load<T: DeserializeOwned>(name: &str) -> Option<T> {
    let text = storage()?.get_item(&key(name)).ok()??;
    // Through a Value, as all JSON here: one parser instead of one a type.
    let value: Value = serde_json::from_str(&text).ok()?;
    serde_json::from_value(value).ok()
}

pub fn keep(name: &str, value: &impl Serialize) {
    if let (Some(storage), Ok(value)) = (storage(), serde_json::to_value(value)) {
        let _ = storage.set_item(&key(name), &value.to_string());
    }
}

fn key(name: &str) -> String {
    format!("duplex/{name}")
}
