//! The adapters in real browsers, through wasm-bindgen's runner: `cargo xtask test` starts a relay for them.
#![cfg(target_arch = "wasm32")]

#[path = "browser/hook.rs"]
mod hook;
#[path = "storage/indexed_db.rs"]
mod indexed_db;

use std::{cell::RefCell, rc::Rc};

use chacha20poly1305::{ChaCha20Poly1305, KeyInit, aead::AeadInPlace};
use duplex::{
    browser::{
        clock::{self, Timeout},
        lead::Lead,
        page_api,
        tabs::Tabs,
    },
    core::{
        frame::Frame,
        socket::{close::Verdict, endpoint::Endpoint},
    },
};
use duplex_aead::{Cipher, KEY_BYTES, NONCE_BYTES};
use duplex_socket::browser::websocket::{CloseError, Event, SendError, Socket};
use futures_channel::{mpsc, oneshot};
use futures_util::StreamExt;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Runs a script; gives what it returns, or what its promise becomes.
async fn script(text: &str) -> Result<JsValue, JsValue> {
    let value = js_sys::Function::new_no_args(text).call0(&JsValue::UNDEFINED)?;
    JsFuture::from(js_sys::Promise::resolve(&value)).await
}

/// The embedded relay, as the test run tells it.
const RELAY: &str = match option_env!("DUPLEX_TEST_RELAY") {
    Some(relay) => relay,
    None => "ws://127.0.0.1:8081",
};

/// An open socket, and what happens to it from now on.
async fn open(path: &str) -> (Socket, mpsc::UnboundedReceiver<Event>) {
    let (sender, mut events) = mpsc::unbounded();
    let socket = Socket::open(&format!("{RELAY}{path}"), &[], move |event| {
        let _ = sender.unbounded_send(event);
    })
    .unwrap();
    assert_eq!(events.next().await, Some(Event::Opened));
    (socket, events)
}

async fn pass(span: u64) {
    let (done, waiting) = oneshot::channel();
    let timer = Timeout::after(span, move || {
        let _ = done.send(());
    });
    waiting.await.unwrap();
    drop(timer);
}

fn text(event: Option<Event>) -> String {
    match event {
        Some(Event::Message(message)) => match message.data {
            Frame::Text(text) => {
                assert!(
                    message.origin.starts_with("ws://127.0.0.1"),
                    "{}",
                    message.origin
                );
                text
            }
            Frame::Binary(bytes) => panic!("binary: {bytes:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[wasm_bindgen_test]
async fn text_and_binary_come_back_as_they_were() {
    let (socket, mut events) = open("/echo").await;
    for sent in [
        "",
        "hello",
        "grüße 🎨",
        "\u{feff}after a byte order mark",
        &"x".repeat(65_536),
        &"\u{feff}long grüße 🎨".repeat(300),
    ] {
        socket.send_text(sent).unwrap();
        assert_eq!(text(events.next().await), sent);
    }
    for length in [0, 1, 125, 126, 65_535, 65_536] {
        let bytes = vec![7; length];
        socket.send_binary(&bytes).unwrap();
        let Some(Event::Message(message)) = events.next().await else {
            panic!()
        };
        assert_eq!(message.data, Frame::Binary(bytes));
    }
}

#[wasm_bindgen_test]
async fn a_burst_arrives_whole_and_in_order() {
    let (socket, mut events) = open("/echo").await;
    for n in 0..2_000 {
        socket.send_text(&n.to_string()).unwrap();
    }
    for n in 0..2_000 {
        assert_eq!(text(events.next().await), n.to_string());
    }
}

#[wasm_bindgen_test]
async fn sending_and_closing_wrongly_are_typed_errors() {
    let (socket, mut events) = open("/echo").await;
    assert_eq!(socket.close(1006, ""), Err(CloseError::Code(1006)));
    assert_eq!(
        socket.close(3000, &"é".repeat(62)),
        Err(CloseError::ReasonTooLong)
    );
    socket.close(3001, &"x".repeat(123)).unwrap();
    assert_eq!(socket.send_text("late"), Err(SendError::NotOpen));
    let Some(Event::Closed(close)) = events.next().await else {
        panic!()
    };
    assert_eq!(close.code, 3001);
    let refused = Socket::open("http://[", &[], |_| {});
    assert!(refused.is_err_and(|error| error.to_string().starts_with("The browser refused")));
}

#[wasm_bindgen_test]
async fn a_connection_that_is_refused_reports_1006() {
    let (sender, mut events) = mpsc::unbounded();
    let _socket = Socket::open("ws://127.0.0.1:9/", &[], move |event| {
        let _ = sender.unbounded_send(event);
    });
    let Some(Event::Closed(close)) = events.next().await else {
        panic!()
    };
    assert_eq!((close.code, close.was_clean), (1006, false));
}

#[wasm_bindgen_test]
fn addresses_that_no_websocket_has_are_refused_with_a_sentence() {
    for url in [
        "",
        "nonsense",
        "ws://",
        "mailto:a@b",
        "ws://host:99999/",
        "ws://ho st/",
        "ws://x/#part",
    ] {
        let refused = Endpoint::parse(url, false);
        assert!(
            refused.is_err_and(|error| error.to_string().ends_with('.')),
            "{url}"
        );
    }
    for url in ["ws://[", "mailto:a@b"] {
        assert!(Socket::open(url, &[], |_| {}).is_err(), "{url}");
    }
    for protocols in [&["a", "a"][..], &["with space"], &[""]] {
        assert!(Socket::open(&format!("{RELAY}/echo"), protocols, |_| {}).is_err());
    }
}

#[wasm_bindgen_test]
async fn before_it_is_open_nothing_can_be_sent_and_it_can_be_closed() {
    let (sender, mut events) = mpsc::unbounded();
    let socket = Socket::open(&format!("{RELAY}/echo"), &[], move |event| {
        let _ = sender.unbounded_send(event);
    })
    .unwrap();
    assert_eq!(socket.send_text("early"), Err(SendError::NotOpen));
    socket.close(1000, "").unwrap();
    socket.close(3000, "twice is once").unwrap();
    let Some(Event::Closed(close)) = events.next().await else {
        panic!("opened all the same")
    };
    assert_eq!((close.code, close.was_clean), (1006, false));
}

#[wasm_bindgen_test]
async fn every_close_code_of_a_page_goes_through_and_no_other() {
    let (socket, _events) = open("/echo").await;
    for code in [0, 999, 1001, 1004, 1005, 1006, 1015, 2999, 5000, u16::MAX] {
        assert_eq!(socket.close(code, ""), Err(CloseError::Code(code)));
    }
    for (code, reason) in [(1000, ""), (3000, "x"), (4999, &"x".repeat(123)[..])] {
        let (socket, mut events) = open("/echo").await;
        socket.close(code, reason).unwrap();
        let Some(Event::Closed(close)) = events.next().await else {
            panic!()
        };
        assert_eq!((close.code, close.was_clean), (code, true));
    }
    let (socket, _events) = open("/echo").await;
    assert_eq!(
        socket.close(3000, &"x".repeat(124)),
        Err(CloseError::ReasonTooLong)
    );
}

#[wasm_bindgen_test]
async fn a_close_that_the_server_began_carries_its_code_and_words() {
    let (socket, mut events) = open("/echo").await;
    socket.send_binary(&vec![0; 100_001]).unwrap();
    let Some(Event::Closed(close)) = events.next().await else {
        panic!()
    };
    assert_eq!((close.code, close.reason.as_str()), (1009, "frame too big"));
    assert_eq!(close.verdict(), Verdict::SmallerFrames);
}

#[wasm_bindgen_test]
async fn what_is_handed_over_counts_as_buffered_until_it_is_gone() {
    let (socket, mut events) = open("/echo").await;
    assert_eq!(socket.buffered_amount(), 0);
    socket.send_text(&"x".repeat(50_000)).unwrap();
    assert_eq!(socket.buffered_amount(), 50_000);
    assert_eq!(text(events.next().await).len(), 50_000);
    assert_eq!(socket.buffered_amount(), 0);
}

#[wasm_bindgen_test]
async fn a_dropped_socket_is_silent() {
    let (socket, mut events) = open("/echo").await;
    socket.send_text("on its way").unwrap();
    drop(socket);
    pass(100).await;
    assert_eq!(events.next().await, None, "its handlers are gone");
}

#[wasm_bindgen_test]
async fn tabs_hear_each_other_and_not_themselves() {
    let (sender, mut frames) = mpsc::unbounded();
    let mine = sender.clone();
    let a = Tabs::join("test", move |bytes| drop(mine.unbounded_send(("a", bytes)))).unwrap();
    let _b = Tabs::join("test", move |bytes| {
        drop(sender.unbounded_send(("b", bytes)))
    })
    .unwrap();
    for bytes in [vec![], vec![0, 255]] {
        a.send(&bytes);
        assert_eq!(frames.next().await, Some(("b", bytes)));
    }
}

#[wasm_bindgen_test]
async fn one_leads_and_the_next_one_follows_when_it_goes() {
    let (sender, mut led) = mpsc::unbounded();
    let ask = |name: &'static str| {
        let sender = sender.clone();
        Lead::ask("test lead", move |is_ours| {
            drop(sender.unbounded_send((name, is_ours)))
        })
        .unwrap()
    };
    let first = ask("first");
    assert_eq!(led.next().await, Some(("first", true)));
    let gives_up = ask("gives up");
    let last = ask("last");
    drop(gives_up);
    pass(50).await;
    assert!(led.try_recv().is_err(), "nobody leads beside the first");
    drop(first);
    assert_eq!(led.next().await, Some(("last", true)));
    drop(last);
}

#[wasm_bindgen_test]
async fn a_dropped_timer_does_not_ring() {
    let rang = Rc::new(RefCell::new(false));
    let rings = Rc::clone(&rang);
    drop(Timeout::after(5, move || *rings.borrow_mut() = true));
    let before = clock::now();
    pass(30).await;
    assert!(clock::now() > before);
    assert!(!*rang.borrow());
}

#[wasm_bindgen_test]
async fn a_page_function_promises_json_and_rejects_with_a_sentence() {
    let api = page_api::Namespace::default();
    api.promise("half", |argument| async move {
        let number = argument.as_f64().ok_or("Give a number.".to_owned())?;
        Ok((number / 2.0).into())
    });
    api.install("testApi");
    let half = script("return testApi.half(7)").await.unwrap();
    assert_eq!(half.as_f64(), Some(3.5));
    let refused = script("return testApi.half('x')").await.unwrap_err();
    let error: js_sys::Error = refused.into();
    assert_eq!(error.message(), "Give a number.");
}

/// What vectors make and what RustCrypto's portable code makes are one cipher.
#[wasm_bindgen_test]
fn sealing_by_vectors_is_chacha20_poly1305() {
    let mut random = fastrand::Rng::with_seed(7);
    for length in (0..700).chain([16_384, 65_535]) {
        let (mut key, mut nonce) = ([0; KEY_BYTES], [0; NONCE_BYTES]);
        random.fill(&mut key);
        random.fill(&mut nonce);
        let plain: Vec<u8> = std::iter::repeat_with(|| random.u8(..))
            .take(length)
            .collect();
        let (mut ours, mut theirs) = (plain.clone(), plain.clone());
        let cipher = Cipher::new(&key);
        let tag = cipher.seal(&nonce, b"associated", &mut ours).unwrap();
        let expected = ChaCha20Poly1305::new(&key.into())
            .encrypt_in_place_detached(&nonce.into(), b"associated", &mut theirs)
            .unwrap();
        assert_eq!(
            (&ours, &tag[..]),
            (&theirs, &expected[..]),
            "{length} bytes"
        );
        assert_eq!(cipher.open(&nonce, b"associated", &mut ours, &tag), Ok(()));
        assert_eq!(ours, plain);
    }
}
