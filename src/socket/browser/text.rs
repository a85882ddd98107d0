//! Text across the border. wasm-bindgen's own conversion of strings looks at every
//! character in JavaScript, and checks what needs no check; at 1 kB a frame this one takes a half to a third of the time
//! (`cargo xtask bench socket`).

use js_sys::{JsString, Object, Reflect, Uint8Array};
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
    #[wasm_bindgen(method, js_name = encodeInto)]
    fn encode_into(this: &TextEncoder, text: &JsValue, bytes: &mut [u8]) -> Encoded;

    /// UTF-16 code units read, UTF-8 bytes written.
    type Encoded;
    #[wasm_bindgen(method, getter)]
    fn read(this: &Encoded) -> u32;

    type TextDecoder;
    #[wasm_bindgen(constructor)]
    fn new(label: &str, options: &JsValue) -> TextDecoder;
    #[wasm_bindgen(method)]
    fn decode(this: &TextDecoder, bytes: &[u8]) -> JsString;
}

thread_local! {
    static ENCODER: TextEncoder = TextEncoder::new();
    /// One that does not swallow a byte order mark at the beginning of a text.
    static DECODER: TextDecoder = {
        let options = Object::new();
        let _ = Reflect::set(&options, &"ignoreBOM".into(), &JsValue::TRUE);
        TextDecoder::new("utf-8", &options)
    };
}

/// The text of a JavaScript string; none of anything else. A lone surrogate becomes U+FFFD.
pub fn from_js(value: &JsValue) -> Option<String> {
    let text = value.dyn_ref::<JsString>()?;
    let length = text.length();
    if length < LONG {
        return value.as_string();
    }
    // Most text on the wire is ASCII, a byte for each unit: written where it stays, without a buffer in between.
    let mut bytes = vec![0; length as usize];
    let read = ENCODER.with(|encoder| encoder.encode_into(value, &mut bytes).read());
    if read < length {
        bytes = ENCODER.with(|encoder| encoder.encode(value)).to_vec();
    }
    String::from_utf8(bytes).ok()
}

pub fn to_js(text: &str) -> JsString {
    DECODER.with(|decoder| decoder.decode(text.as_bytes()))
}
