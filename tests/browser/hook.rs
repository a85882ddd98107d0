//! `use_socket` in real browsers, against the embedded relay.

use std::{cell::RefCell, rc::Rc};

use duplex::{
    browser::clock,
    core::{frame::Frame, socket::machine::State},
};
use duplex_socket::{Options, SendError, Sent, Subscription, use_socket, use_socket_with};
use futures_channel::oneshot;
use futures_util::StreamExt;
use leptos::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use super::{RELAY, pass};

/// What a mounted application has: an owner of signals, and somebody who runs effects.
fn owner() -> Owner {
    let _ = any_spawner::Executor::init_wasm_bindgen();
    Owner::new()
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
    let opened = Rc::new(RefCell::new(0));
    let counted = Rc::clone(&opened);
    owner.with(|| socket.on_open(move || *counted.borrow_mut() += 1));
    url.set(format!("{RELAY}/echo"));
    let mut stream = socket.stream();
    while socket.state.get_untracked() != State::Open {
        pass(5).await;
    }
    assert_eq!(socket.problem.get_untracked(), None);
    socket.send("here").unwrap();
    assert_eq!(stream.next().await.unwrap().data, Frame::from("here"));
    url.set(format!("{RELAY}/relay/test"));
    while *opened.borrow() < 2 {
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

/// What a server is told first, and again after it was away; what waits comes behind it.
#[wasm_bindgen_test]
async fn what_is_sent_as_a_connection_opens_goes_ahead_of_what_waits() {
    let owner = owner();
    let socket = owner.with(|| {
        let urls = vec![format!("{RELAY}/echo")];
        use_socket_with(move || urls.clone(), Options::default().lazy())
    });
    owner.with(|| socket.on_open(move || assert_eq!(socket.send("login"), Ok(Sent::Handed))));
    let mut stream = socket.stream();
    assert_eq!(socket.send("waits"), Ok(Sent::Queued));
    assert_eq!(socket.queued.get_untracked(), 1);
    socket.open();
    for text in ["login", "waits"] {
        assert_eq!(stream.next().await.unwrap().data, Frame::from(text));
    }
    assert_eq!(socket.queued.get_untracked(), 0);
    socket.close();
    socket.open();
    assert_eq!(stream.next().await.unwrap().data, Frame::from("login"));
    owner.cleanup();
    assert_eq!(socket.drain(), []);
    assert!(socket.stream().next().await.is_none());
    assert_eq!(socket.send("x"), Err(SendError::NoConnection));
}

#[wasm_bindgen_test]
async fn what_waits_for_one_server_is_sent_to_no_other() {
    let owner = owner();
    let url = RwSignal::new("/echo?first".to_owned());
    let socket = owner.with(|| use_socket_with(move || vec![url.get()], Options::default().lazy()));
    let mut stream = socket.stream();
    assert_eq!(
        socket.problem.get_untracked(),
        None,
        "a path of the page's own server"
    );
    socket.send("for the page's server").unwrap();
    url.set("/echo?second".to_owned());
    pass(20).await;
    assert_eq!(
        socket.queued.get_untracked(),
        1,
        "the same place with another token"
    );
    url.set(format!("{RELAY}/echo"));
    while socket.queued.get_untracked() > 0 {
        pass(5).await;
    }
    socket.open();
    socket.send("for the relay").unwrap();
    assert_eq!(
        stream.next().await.unwrap().data,
        Frame::from("for the relay")
    );
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
        Err(SendError::Json(_))
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
    // What a listener holds may remove another one as it goes.
    struct Last(Subscription);
    impl Drop for Last {
        fn drop(&mut self) {
            self.0.remove();
        }
    }
    let last = Last(owner.with(|| socket.on_message(|_| {})));
    let holds = owner.with(|| {
        socket.on_message(move |_| {
            let _ = &last;
        })
    });
    holds.remove();
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
    assert_eq!(socket.send("x"), Err(SendError::NoConnection));
}
