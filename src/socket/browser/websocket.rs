//! The browser's `WebSocket`, wrapped once: every field of `MessageEvent` and `CloseEvent` that matters, carried
//! whole; every way to throw, a typed error (WHATWG WebSockets §3.1).
//!
//! A [`Socket`] that is dropped is abandoned: its handlers are detached first, so that the close event, which a
//! half-open connection may fire a minute later, reaches nobody.

use std::rc::Rc;

use js_sys::{ArrayBuffer, JsString, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use web_sys::{BinaryType, WebSocket};

use super::text;
use crate::{
    close::CloseEvent,
    frame::Frame,
    limits::{BUFFERED_AMOUNT_BYTES, CLOSE_REASON_BYTES},
};

/// The browser's `MessageEvent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageEvent {
    pub data: Frame,
    /// The server's origin, as the browser saw it.
    pub origin: Rc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Opened,
    Message(MessageEvent),
    Closed(CloseEvent),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error("The browser refused to open a WebSocket: {0}")]
    Refused(String),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    #[error("The connection is not open.")]
    NotOpen,
    #[error("The server does not take what is sent: {0} bytes are waiting.")]
    Stalled(u32),
    #[error("The browser refused to send: {0}")]
    Refused(String),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloseError {
    #[error("A page may close with 1000 or 3000 to 4999, not with {0}.")]
    Code(u16),
    #[error("A close reason has at most {CLOSE_REASON_BYTES} bytes of UTF-8.")]
    ReasonTooLong,
}

#[wasm_bindgen]
extern "C" {
    /// `send` with a string that is JavaScript's already.
    type RawSocket;
    #[wasm_bindgen(method, catch, js_name = send)]
    fn send_text(this: &RawSocket, text: &JsString) -> Result<(), JsValue>;
}

pub struct Socket {
    socket: WebSocket,
    _on_open: Closure<dyn FnMut()>,
    _on_message: Closure<dyn FnMut(web_sys::MessageEvent)>,
    _on_close: Closure<dyn FnMut(web_sys::CloseEvent)>,
}

impl Socket {
    /// Begins to connect. Offer no `protocols` to a server you do not know: where it selects none, Chromium fails
    /// and Firefox opens.
    pub fn open(
        url: &str,
        protocols: &[&str],
        on_event: impl Fn(Event) + Clone + 'static,
    ) -> Result<Self, OpenError> {
        let offered: js_sys::Array = protocols.iter().copied().map(JsValue::from).collect();
        let socket = WebSocket::new_with_str_sequence(url, &offered)
            .map_err(|error| OpenError::Refused(text_of(&error)))?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let tell = on_event.clone();
        let on_open = Closure::<dyn FnMut()>::new(move || tell(Event::Opened));
        let tell = on_event.clone();
        // All messages of one socket have one origin: the string crosses from the browser once.
        let mut origin: Option<Rc<str>> = None;
        let on_message = Closure::<dyn FnMut(_)>::new(move |event: web_sys::MessageEvent| {
            if let Some(data) = data_of(&event.data()) {
                let origin = Rc::clone(origin.get_or_insert_with(|| event.origin().into()));
                tell(Event::Message(MessageEvent { data, origin }));
            }
        });
        let on_close = Closure::<dyn FnMut(_)>::new(move |event: web_sys::CloseEvent| {
            on_event(Event::Closed(CloseEvent {
                code: event.code(),
                reason: event.reason(),
                was_clean: event.was_clean(),
            }));
        });
        // There is no `onerror`: it carries nothing, and a close event always follows.
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Ok(Self {
            socket,
            _on_open: on_open,
            _on_message: on_message,
            _on_close: on_close,
        })
    }

    /// Hands a frame to the browser, for a caller who watches [`Self::buffered_amount`] and the events: a socket that
    /// is closing takes it and sends nothing.
    pub fn hand(&self, frame: &Frame) -> Result<(), SendError> {
        refused(match frame {
            Frame::Text(text) => self.raw().send_text(&text::to_js(text)),
            Frame::Binary(bytes) => self.socket.send_with_u8_array(bytes),
        })
    }

    /// Hands text to the browser. A lone surrogate cannot occur in a `&str`.
    pub fn send_text(&self, text: &str) -> Result<(), SendError> {
        self.check()?;
        refused(self.raw().send_text(&text::to_js(text)))
    }

    pub fn send_binary(&self, bytes: &[u8]) -> Result<(), SendError> {
        self.check()?;
        refused(self.socket.send_with_u8_array(bytes))
    }

    fn raw(&self) -> &RawSocket {
        self.socket.unchecked_ref()
    }

    pub fn is_open(&self) -> bool {
        self.socket.ready_state() == WebSocket::OPEN
    }

    fn check(&self) -> Result<(), SendError> {
        if !self.is_open() {
            return Err(SendError::NotOpen);
        }
        match self.buffered_amount() {
            stalled if stalled > BUFFERED_AMOUNT_BYTES => Err(SendError::Stalled(stalled)),
            _ => Ok(()),
        }
    }

    /// What the server chose of the protocols that were offered; empty if nothing.
    pub fn subprotocol(&self) -> String {
        self.socket.protocol()
    }

    /// Bytes handed to the browser and not yet to the network.
    pub fn buffered_amount(&self) -> u32 {
        self.socket.buffered_amount()
    }

    /// Starts the closing handshake; [`Event::Closed`] tells when it is over, which a dead peer can delay by a minute.
    pub fn close(&self, code: u16, reason: &str) -> Result<(), CloseError> {
        if code != 1000 && !(3000..=4999).contains(&code) {
            return Err(CloseError::Code(code));
        }
        if reason.len() > CLOSE_REASON_BYTES {
            return Err(CloseError::ReasonTooLong);
        }
        self.socket
            .close_with_code_and_reason(code, reason)
            .map_err(|_| CloseError::Code(code))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // Without arguments it never throws, in any state.
        let _ = self.socket.close();
    }
}

fn refused(sent: Result<(), JsValue>) -> Result<(), SendError> {
    sent.map_err(|error| SendError::Refused(text_of(&error)))
}

fn data_of(data: &JsValue) -> Option<Frame> {
    match data.dyn_ref::<ArrayBuffer>() {
        Some(buffer) => Some(Frame::Binary(Uint8Array::new(buffer).to_vec())),
        None => text::from_js(data).map(Frame::Text),
    }
}

fn text_of(error: &JsValue) -> String {
    match error.dyn_ref::<web_sys::DomException>() {
        Some(error) => error.message(),
        None => "for no reason it gives.".to_owned(),
    }
}
