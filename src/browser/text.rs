//! What the browser knows of letters.

use js_sys::{JsString, Reflect};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Intl)]
    type Segmenter;
    #[wasm_bindgen(constructor, catch, js_namespace = Intl)]
    fn new() -> Result<Segmenter, JsValue>;
    #[wasm_bindgen(method)]
    fn segment(this: &Segmenter, text: &str) -> Segments;

    type Segments;
    #[wasm_bindgen(method)]
    fn containing(this: &Segments, at: u32) -> JsValue;
}

/// With each letter and its marks as one character where there is one (Unicode Normalization Form C).
pub fn composed(text: &str) -> String {
    JsString::from(text).normalize("NFC").into()
}

/// What people see as the first character, in capitals; nothing for a text of none.
pub fn initial(text: &str) -> String {
    let first = first_cluster(text).unwrap_or_else(|| text.chars().take(1).collect());
    JsString::from(first).to_locale_upper_case(None).into()
}

/// None where the browser cannot tell.
fn first_cluster(text: &str) -> Option<String> {
    let first = Segmenter::new().ok()?.segment(text).containing(0);
    Reflect::get(&first, &"segment".into()).ok()?.as_string()
}
