//! Long text across the border. wasm-bindgen's own way looks at every character in JavaScript and checks what needs no
//! check; at 1 kB a frame this takes a half to a third of the time (`cargo xtask bench socket`).

use js_sys::{JsString, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

/// Below this wasm-bindgen's way is the faster one.
const LONG: u32 = 200;

#[wasm_bindgen]
extern "C" {
    type TextEncoder;
    #[wasm_bindgen(constructor)]
    fn new() -> TextEncoder;
    #[wasm_bindgen(method)]
    fn encode(this: &TextEncoder, text: &JsValue) -> Uint8Array;

    type TextDecoder;
    #[wasm_bindgen(constructor)]
    fn new() -> TextDecoder;
    #[wasm_bindgen(method)]
    fn decode(this: &TextDecoder, bytes: &[u8]) -> JsString;
}

thread_local! {
    static ENCODER: TextEncoder = TextEncoder::new();
    static DECODER: TextDecoder = TextDecoder::new();
}

/// The text of a JavaScript string; none of anything else. A lone surrogate becomes U+FFFD.
pub fn from_js(value: &JsValue) -> Option<String> {
    let text = value.dyn_ref::<JsString>()?;
    if text.length() < LONG {
        return value.as_string();
    }
    let bytes = ENCODER.with(|encoder| encoder.encode(value)).to_vec();
    String::from_utf8(bytes).ok()
}

pub fn to_js(text: &str) -> JsString {
    DECODER.with(|decoder| decoder.decode(text.as_bytes()))
}
