//! `BroadcastChannel`: what this page sends, the browser's other tabs of the same room hear.

use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{BroadcastChannel, MessageEvent};

use crate::core::frame::Frame;

pub struct Tabs {
    channel: BroadcastChannel,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl Tabs {
    /// `None` where the browser has no such channel; the relay then has to carry everything.
    pub fn join(name: &str, on_frame: impl Fn(Frame) + 'static) -> Option<Self> {
        let channel = BroadcastChannel::new(name).ok()?;
        let on_message = Closure::<dyn FnMut(_)>::new(move |event: MessageEvent| {
            let data = event.data();
            if let Some(text) = data.as_string() {
                on_frame(Frame::Text(text));
            } else if let Some(bytes) = data.dyn_ref::<Uint8Array>() {
                on_frame(Frame::Binary(bytes.to_vec()));
            }
        });
        channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Some(Self {
            channel,
            _on_message: on_message,
        })
    }

    pub fn send(&self, frame: &Frame) {
        let data: JsValue = match frame {
            Frame::Text(text) => text.into(),
            Frame::Binary(bytes) => Uint8Array::from(bytes.as_slice()).into(),
        };
        // Fails only on a closed channel, and this one closes when it is dropped.
        let _ = self.channel.post_message(&data);
    }
}

impl Drop for Tabs {
    fn drop(&mut self) {
        self.channel.set_onmessage(None);
        self.channel.close();
    }
}
