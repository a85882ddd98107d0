//! A WebSocket for any Leptos component: reconnects by itself, shows its state and last close as signals, and hands
//! over every message in order. Needs nothing else of Duplex.
//!
//! ```ignore
//! use duplex::{browser::websocket::Data, core::socket::machine::State, ui::hooks::use_socket::use_socket};
//! use leptos::prelude::*;
//!
//! #[component]
//! fn Echo() -> impl IntoView {
//!     let socket = use_socket("ws://127.0.0.1:8080/echo");
//!     let lines = RwSignal::new(Vec::new());
//!     socket.on_message(move |message| {
//!         if let Data::Text(text) = &message.data {
//!             lines.write().push(text.clone());
//!         }
//!     });
//!     view! {
//!         <button on:click=move |_| drop(socket.send_text("hello"))>"Send"</button>
//!         <p>{move || if socket.state.get() == State::Open { "open" } else { "not open" }}</p>
//!         <p>{move || lines.get().join(", ")}</p>
//!     }
//! }
//! ```

use std::{
    cell::RefCell,
    collections::VecDeque,
    rc::{Rc, Weak},
};

use futures_channel::mpsc;
use leptos::prelude::*;

use crate::{
    browser::{
        address,
        clock::{self, Timeout},
        link::{Link, Report},
        random,
        websocket::{Data, MessageEvent, SendError},
    },
    core::socket::{
        close::CloseEvent,
        endpoint::{Endpoint, EndpointError},
        machine::{Input, Machine, State},
    },
    limits::INBOX_MESSAGES,
};

/// What [`use_socket`] gives. Signals hold state; messages come through [`Self::on_message`] or [`Self::stream`],
/// never through a signal, which would keep only the last of a burst.
#[derive(Clone, Copy)]
pub struct UseSocket {
    pub state: ReadSignal<State>,
    /// How the last connection ended: code, reason, cleanly or not.
    pub last_close: ReadSignal<Option<CloseEvent>>,
    /// Why the address cannot be used, if it cannot.
    pub problem: ReadSignal<Option<EndpointError>>,
    inner: StoredValue<Rc<Inner>, LocalStorage>,
}

type Listener = Rc<dyn Fn(&MessageEvent)>;

struct Inner {
    me: Weak<Inner>,
    machine: RefCell<Machine>,
    rng: RefCell<fastrand::Rng>,
    link: RefCell<Link>,
    timer: RefCell<Option<Timeout>>,
    listeners: RefCell<Vec<Listener>>,
    streams: RefCell<Vec<mpsc::Sender<MessageEvent>>>,
    state: WriteSignal<State>,
    last_close: WriteSignal<Option<CloseEvent>>,
}

/// Connects to `url` until the component is gone. A bad address is no panic: see [`UseSocket::problem`].
pub fn use_socket(url: &str) -> UseSocket {
    let (state, set_state) = signal(State::Idle);
    let (last_close, set_last_close) = signal(None);
    let (problem, set_problem) = signal(None);
    let inner = Rc::new_cyclic(|me: &Weak<Inner>| {
        let reported = me.clone();
        Inner {
            me: me.clone(),
            machine: RefCell::default(),
            rng: RefCell::new(fastrand::Rng::with_seed(random::bits().unwrap_or_default())),
            link: RefCell::new(Link::new(move |report| {
                if let Some(inner) = reported.upgrade() {
                    match report {
                        Report::Machine(input) => inner.input(input),
                        Report::Message(message) => inner.message(message),
                    }
                }
            })),
            timer: RefCell::default(),
            listeners: RefCell::default(),
            streams: RefCell::default(),
            state: set_state,
            last_close: set_last_close,
        }
    });
    match Endpoint::parse(url, address::is_secure()) {
        Ok(endpoint) => inner.input(Input::Started(endpoint)),
        Err(error) => set_problem.set(Some(error)),
    }
    let inner = StoredValue::new_local(inner);
    on_cleanup(move || {
        inner.try_with_value(|inner| inner.input(Input::Stopped));
    });
    UseSocket {
        state,
        last_close,
        problem,
        inner,
    }
}

impl UseSocket {
    /// Calls `listener` with every message, in order, as it arrives.
    pub fn on_message(&self, listener: impl Fn(&MessageEvent) + 'static) {
        self.inner
            .with_value(|inner| inner.listeners.borrow_mut().push(Rc::new(listener)));
    }

    /// Every message from now on, in order, for a consumer with a pace of its own. A stream whose consumer falls
    /// [`INBOX_MESSAGES`] behind ends, rather than leave out a message.
    pub fn stream(&self) -> mpsc::Receiver<MessageEvent> {
        let (sender, receiver) = mpsc::channel(INBOX_MESSAGES);
        self.inner
            .with_value(|inner| inner.streams.borrow_mut().push(sender));
        receiver
    }

    pub fn send_text(&self, text: &str) -> Result<(), SendError> {
        self.inner
            .with_value(|inner| inner.link.borrow().send_text(text))
    }

    pub fn send_binary(&self, bytes: &[u8]) -> Result<(), SendError> {
        self.inner
            .with_value(|inner| inner.link.borrow().send(&Data::Binary(bytes.to_vec())))
    }

    /// Bytes that the browser has not handed to the network yet.
    pub fn buffered_amount(&self) -> u32 {
        self.inner
            .with_value(|inner| inner.link.borrow().buffered_amount())
    }

    /// Tries again at once, after a refusal or instead of waiting.
    pub fn retry(&self) {
        self.inner
            .with_value(|inner| inner.input(Input::RetryAsked));
    }

    /// Closes for good.
    pub fn close(&self) {
        self.inner.with_value(|inner| inner.input(Input::Stopped));
    }
}

impl Inner {
    fn input(&self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let outputs =
                self.machine
                    .borrow_mut()
                    .handle(clock::now(), input, &mut self.rng.borrow_mut());
            for output in outputs {
                inputs.extend(self.link.borrow_mut().carry_out(output));
            }
        }
        let machine = self.machine.borrow();
        let wake = machine
            .wake_at()
            .map(|at| at.saturating_sub(clock::now()) + 1);
        *self.timer.borrow_mut() = wake.map(|after| {
            let inner = self.me.clone();
            Timeout::after(after, move || {
                if let Some(inner) = inner.upgrade() {
                    inner.input(Input::Ticked);
                }
            })
        });
        let (state, close) = (machine.state().clone(), machine.last_close().cloned());
        drop(machine);
        // A component that is going away has no signals any more.
        let _ = self.last_close.try_set(close);
        let _ = self.state.try_set(state);
    }

    fn message(&self, message: MessageEvent) {
        let listeners = self.listeners.borrow().clone();
        listeners.iter().for_each(|listener| listener(&message));
        self.streams
            .borrow_mut()
            .retain_mut(|stream| stream.try_send(message.clone()).is_ok());
    }
}
