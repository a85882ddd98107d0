//! The adapters in real browsers, through wasm-bindgen's runner: `cargo xtask test` starts a relay for them.
#![cfg(target_arch = "wasm32")]

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
        socket::{close::Verdict, endpoint::Endpoint, machine::State},
    },
};
use duplex_aead::{Cipher, KEY_BYTES, NONCE_BYTES};
use duplex_socket::{
    Options, Sent,
    browser::websocket::{CloseError, Event, SendError, Socket},
    use_socket, use_socket_with,
};
use futures_channel::{mpsc, oneshot};
use futures_util::StreamExt;
use leptos::prelude::*;
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

/// What a mounted application has: an owner of signals, and somebody who runs effects.
fn owner() -> Owner {
    let _ = any_spawner::Executor::init_wasm_bindgen();
    Owner::new()
}

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
async fn a_consumer_on_animation_frames_gets_every_one_of_a_burst() {
    const FRAMES: usize = 10_000;
    let owner = owner();
    let socket = owner.with(|| use_socket(format!("{RELAY}/echo")));
    assert!(socket.drain().is_empty());
    let mut got = 0;
    for n in 0..FRAMES {
        // The queue is bounded: who sends faster than the server takes has to wait.
        while socket.send(n.to_string()).is_err() {
            frame().await;
        }
    }
    while got < FRAMES {
        frame().await;
        for message in socket.drain() {
            assert_eq!(message.data, Frame::Text(got.to_string()));
            got += 1;
        }
    }
    assert_eq!(socket.received.get_untracked(), FRAMES);
    owner.cleanup();
}

/// The next animation frame.
async fn frame() {
    let (done, waiting) = oneshot::channel();
    clock::before_paint(move || {
        let _ = done.send(());
    });
    waiting.await.unwrap();
}

#[wasm_bindgen_test]
async fn the_newest_of_a_slot_is_all_that_is_sent() {
    let owner = owner();
    let socket = owner.with(|| use_socket(format!("{RELAY}/echo")));
    socket.drain();
    for n in 0..100 {
        assert_eq!(socket.send_latest(1, n.to_string()), Ok(Sent::Queued));
    }
    socket.send("end").unwrap();
    let mut got = Vec::new();
    while got.last() != Some(&Frame::from("end")) {
        pass(5).await;
        got.extend(socket.drain().into_iter().map(|message| message.data));
    }
    assert_eq!(got, [Frame::from("99"), Frame::from("end")]);
    owner.cleanup();
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
async fn the_hook_gives_state_as_a_signal_and_messages_as_a_stream() {
    let owner = owner();
    let socket = owner.with(|| use_socket(format!("{RELAY}/echo")));
    assert_eq!(socket.state.get_untracked(), State::Connecting);
    let heard = Rc::new(RefCell::new(0));
    let counted = Rc::clone(&heard);
    socket.on_message(move |_| *counted.borrow_mut() += 1);
    let mut stream = socket.stream();
    while socket.state.get_untracked() != State::Open {
        pass(5).await;
    }
    for n in 0..200 {
        socket.send(n.to_string()).unwrap();
    }
    for n in 0..200 {
        let message = stream.next().await.unwrap();
        assert_eq!(message.data, Frame::Text(n.to_string()));
    }
    assert_eq!(*heard.borrow(), 200);
    socket.close();
    assert_eq!(socket.state.get_untracked(), State::Closing);
    while socket.state.get_untracked() != State::Idle {
        pass(5).await;
    }
    assert_eq!(
        socket.last_close.get_untracked(),
        None,
        "our own close is none of the server's"
    );
    owner.cleanup();
}

#[wasm_bindgen_test]
async fn the_hook_follows_an_address_that_changes() {
    let owner = owner();
    let url = RwSignal::new("http://nonsense".to_owned());
    let socket = owner.with(|| use_socket(url));
    assert!(socket.problem.get_untracked().is_some());
    url.set(format!("{RELAY}/echo"));
    let mut stream = socket.stream();
    while socket.state.get_untracked() != State::Open {
        pass(5).await;
    }
    assert_eq!(socket.problem.get_untracked(), None);
    socket.send("here").unwrap();
    assert_eq!(stream.next().await.unwrap().data, Frame::from("here"));
    // Nobody echoes there: what comes back came from the address before.
    url.set(format!("{RELAY}/relay/test"));
    while socket.state.get_untracked() == State::Open {
        pass(5).await;
    }
    while socket.state.get_untracked() != State::Open {
        pass(5).await;
    }
    url.set("http://nonsense".to_owned());
    while socket.problem.get_untracked().is_none() {
        pass(5).await;
    }
    assert_eq!(socket.state.get_untracked(), State::Idle);
    owner.cleanup();
}

#[wasm_bindgen_test]
async fn a_lazy_hook_opens_when_it_is_asked_and_again_after_it_was_closed() {
    let owner = owner();
    let socket = owner.with(|| {
        let urls = vec![format!("{RELAY}/echo")];
        let options = Options::default().lazy().subprotocols(["other", "echo.v1"]);
        use_socket_with(move || urls.clone(), options)
    });
    pass(50).await;
    assert_eq!(socket.state.get_untracked(), State::Idle);
    for _ in 0..2 {
        socket.open();
        while socket.state.get_untracked() != State::Open {
            pass(5).await;
        }
        assert_eq!(socket.subprotocol(), "echo.v1");
        socket.close();
        while socket.state.get_untracked() != State::Idle {
            pass(5).await;
        }
        assert_eq!(socket.subprotocol(), "");
    }
    owner.cleanup();
}

#[wasm_bindgen_test]
async fn messages_are_values_by_serde() {
    let owner = owner();
    let socket = owner.with(|| use_socket(format!("{RELAY}/echo")));
    let heard = Rc::new(RefCell::new(Vec::new()));
    let read = Rc::clone(&heard);
    owner.with(|| {
        socket.on_json(move |value: Result<(String, u8), _>| {
            read.borrow_mut().push(value.map_err(drop));
        })
    });
    socket.send_json(&("ink", 7)).unwrap();
    socket.send("no JSON").unwrap();
    while heard.borrow().len() < 2 {
        pass(5).await;
    }
    assert_eq!(*heard.borrow(), [Ok(("ink".to_owned(), 7)), Err(())]);
    let unwritable = std::collections::BTreeMap::from([((1, 2), 3)]);
    assert!(matches!(
        socket.send_json(&unwritable),
        Err(duplex_socket::SendError::Json(_))
    ));
    owner.cleanup();
}

/// A component that is gone has no values left to put a message into: its listener goes with it.
#[wasm_bindgen_test]
async fn a_listener_goes_with_its_component_or_when_it_is_removed() {
    let owner = owner();
    let socket = owner.with(|| use_socket(format!("{RELAY}/echo")));
    let mut stream = socket.stream();
    let (heard, removed) = (Rc::new(RefCell::new(0)), Rc::new(RefCell::new(0)));
    let component = owner.with(Owner::new);
    component.with(|| {
        let (own, counted) = (StoredValue::new_local(0), Rc::clone(&heard));
        socket.on_message(move |_| {
            own.update_value(|count| *count += 1);
            *counted.borrow_mut() += 1;
        });
    });
    let counted = Rc::clone(&removed);
    let subscription = owner.with(|| socket.on_message(move |_| *counted.borrow_mut() += 1));
    for (text, is_last) in [("both", false), ("neither", true)] {
        socket.send(text).unwrap();
        assert_eq!(stream.next().await.unwrap().data, Frame::from(text));
        if !is_last {
            component.cleanup();
            subscription.remove();
            subscription.remove();
        }
    }
    assert_eq!((*heard.borrow(), *removed.borrow()), (1, 1));
    owner.cleanup();
}

#[wasm_bindgen_test]
fn the_hook_takes_a_bad_address_without_a_panic() {
    let owner = owner();
    let socket = owner.with(|| use_socket("http://nonsense"));
    let problem = socket
        .problem
        .get_untracked()
        .map(|problem| problem.to_string());
    assert_eq!(
        problem.as_deref(),
        Some("The address has to begin with ws:// or wss://.")
    );
    assert_eq!(
        socket.send("x"),
        Err(duplex_socket::SendError::NoConnection)
    );
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
