//! A WebSocket for any Leptos component: comes back by itself, shows its state and last close as signals, and hands
//! over every message in order. Needs nothing else of Duplex.
//!
#![doc = concat!("```ignore\n", include_str!("../../../examples/hook.rs"), "```")]

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::{Rc, Weak},
};

use futures_channel::mpsc;
use leptos::prelude::*;

use crate::{
    browser::{
        address,
        connection::{Connection, Event, Options, Sent},
        websocket::MessageEvent,
    },
    core::{
        frame::Frame,
        socket::{
            close::CloseEvent,
            endpoint::{Endpoint, EndpointError},
            machine::State,
            outbox::Full,
        },
    },
    limits::{INBOX_BYTES, Millis},
};

/// What [`use_socket`] gives. Signals hold state; messages come through [`Self::on_message`], [`Self::stream`] or
/// [`Self::drain`], never through a signal, which would keep only the last of a burst.
#[derive(Clone, Copy)]
pub struct UseSocket {
    pub state: ReadSignal<State>,
    /// How the last connection ended: code, reason, cleanly or not.
    pub last_close: ReadSignal<Option<CloseEvent>>,
    /// Why the address cannot be used, if it cannot.
    pub problem: ReadSignal<Option<EndpointError>>,
    /// Milliseconds, once a heartbeat was answered.
    pub rtt_ms: ReadSignal<Option<Millis>>,
    /// Messages that wait to be sent.
    pub queued: ReadSignal<usize>,
    /// Counts messages that came, for an effect that then calls [`Self::drain`].
    pub received: ReadSignal<usize>,
    inner: StoredValue<Inner, LocalStorage>,
}

type Listener = Rc<dyn Fn(&MessageEvent)>;

/// A listener of [`UseSocket::on_message`]. It is also removed with the component that added it, whose signals it uses.
#[derive(Clone)]
pub struct Subscription {
    inbox: Weak<Inbox>,
    listener: Weak<dyn Fn(&MessageEvent)>,
}

impl Subscription {
    /// From now on the listener hears nothing. Once more does nothing.
    pub fn remove(&self) {
        let Some(inbox) = self.inbox.upgrade() else {
            return;
        };
        let is_this = |other: &Listener| self.listener.ptr_eq(&Rc::downgrade(other));
        inbox.listeners.borrow_mut().retain(|other| !is_this(other));
    }
}

struct Inner {
    connection: Option<Rc<Connection>>,
    inbox: Rc<Inbox>,
}

/// Where messages go: to listeners at once, to streams, and into a queue once somebody drains it.
#[derive(Default)]
struct Inbox {
    listeners: RefCell<Vec<Listener>>,
    streams: RefCell<Vec<mpsc::UnboundedSender<MessageEvent>>>,
    drained: Cell<bool>,
    waiting: RefCell<VecDeque<MessageEvent>>,
    bytes: Cell<usize>,
}

impl Inbox {
    fn take_in(&self, message: &MessageEvent) {
        let listeners = self.listeners.borrow().clone();
        for listener in &listeners {
            // One may be removed by another that comes before it.
            let is_there = |other: &Listener| Rc::ptr_eq(other, listener);
            let is_listening = self.listeners.borrow().iter().any(is_there);
            if is_listening {
                listener(message);
            }
        }
        // A stream whose consumer is gone goes, too.
        self.streams
            .borrow_mut()
            .retain(|stream| stream.unbounded_send(message.clone()).is_ok());
        let bytes = self.bytes.get() + message.data.len();
        if self.drained.get() && bytes <= INBOX_BYTES {
            self.bytes.set(bytes);
            self.waiting.borrow_mut().push_back(message.clone());
        }
    }
}

/// Connects to `url` until the component is gone. A bad address is no panic: see [`UseSocket::problem`].
pub fn use_socket(url: &str) -> UseSocket {
    use_socket_with(&[url], Options::default())
}

/// The same with a list of servers, the preferred one first, and options.
pub fn use_socket_with(urls: &[&str], options: Options) -> UseSocket {
    let (state, set_state) = signal(State::Idle);
    let (last_close, set_last_close) = signal(None);
    let (rtt_ms, set_rtt) = signal(None);
    let (queued, set_queued) = signal(0);
    let (received, set_received) = signal(0);
    let (problem, set_problem) = signal(None);
    let inbox = Rc::new(Inbox::default());
    let on_event = {
        let inbox = Rc::clone(&inbox);
        move |event: Event| match event {
            Event::Message(message) => {
                inbox.take_in(&message);
                // A component that is going away has no signals any more.
                let _ = set_received.try_update(|count| *count += 1);
            }
            Event::Changed(connection) => {
                set_if_new(state, set_state, connection.state());
                set_if_new(last_close, set_last_close, connection.last_close());
                set_if_new(rtt_ms, set_rtt, connection.rtt_ms());
                set_if_new(queued, set_queued, connection.queued());
            }
        }
    };
    let secure = address::is_secure();
    let endpoints: Result<Vec<_>, _> = urls
        .iter()
        .map(|url| Endpoint::parse(url, secure))
        .collect();
    let connection = match endpoints {
        Ok(endpoints) => Some(Connection::open(endpoints, options, on_event)),
        Err(error) => {
            set_problem.set(Some(error));
            None
        }
    };
    let inner = StoredValue::new_local(Inner { connection, inbox });
    UseSocket {
        state,
        last_close,
        problem,
        rtt_ms,
        queued,
        received,
        inner,
    }
}

fn set_if_new<T: PartialEq + Send + Sync + 'static>(
    old: ReadSignal<T>,
    set: WriteSignal<T>,
    new: T,
) {
    if old.try_with_untracked(|old| *old != new) == Some(true) {
        set.set(new);
    }
}

/// Why a message was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    #[error("The address of this connection cannot be used.")]
    NoConnection,
    #[error("{0}")]
    Full(#[from] Full),
}

impl UseSocket {
    /// Calls `listener` with every message, in order, as it arrives, until the component that called this is gone, or the
    /// subscription is removed.
    pub fn on_message(&self, listener: impl Fn(&MessageEvent) + 'static) -> Subscription {
        let listener: Listener = Rc::new(listener);
        let inbox = self.inner.try_with_value(|inner| {
            let mut listeners = inner.inbox.listeners.borrow_mut();
            listeners.push(Rc::clone(&listener));
            Rc::downgrade(&inner.inbox)
        });
        let subscription = Subscription {
            inbox: inbox.unwrap_or_default(),
            listener: Rc::downgrade(&listener),
        };
        let removed = StoredValue::new_local(subscription.clone());
        on_cleanup(move || {
            let _ = removed.try_with_value(Subscription::remove);
        });
        subscription
    }

    /// Every message from now on, in order, for a consumer with a pace of its own; it has to keep up in the long run.
    pub fn stream(&self) -> mpsc::UnboundedReceiver<MessageEvent> {
        let (sender, receiver) = mpsc::unbounded();
        self.inner
            .with_value(|inner| inner.inbox.streams.borrow_mut().push(sender));
        receiver
    }

    /// Every message since the last call, in order; the first call begins to collect. For effects and animation frames.
    /// More than [`INBOX_BYTES`] are not kept for a consumer that never comes.
    pub fn drain(&self) -> Vec<MessageEvent> {
        self.inner.with_value(|inner| {
            inner.inbox.drained.set(true);
            inner.inbox.bytes.set(0);
            inner.inbox.waiting.take().into()
        })
    }

    /// Sends text (`&str`, `String`) or bytes (`Vec<u8>`), in order, now or when the connection allows.
    pub fn send(&self, frame: impl Into<Frame>) -> Result<Sent, SendError> {
        self.with(|connection| connection.send(frame.into()))
            .ok_or(SendError::NoConnection)?
            .map_err(SendError::Full)
    }

    /// Sends what only the newest of is worth anything, such as a position: ahead of what waits, in place of the one
    /// that waits in the same `slot`.
    pub fn send_latest(&self, slot: u8, frame: impl Into<Frame>) -> Result<Sent, SendError> {
        self.with(|connection| connection.send_latest(slot, frame.into()))
            .ok_or(SendError::NoConnection)
    }

    /// Tries again at once, after a refusal or instead of waiting.
    pub fn retry(&self) {
        self.with(Connection::retry);
    }

    /// Closes for good.
    pub fn close(&self) {
        self.with(Connection::close);
    }

    fn with<T>(&self, what: impl FnOnce(&Connection) -> T) -> Option<T> {
        let connection = self
            .inner
            .try_with_value(|inner| inner.connection.clone())??;
        Some(what(&connection))
    }
}
