//! A WebSocket for any Leptos component: its state, last close, round trip and queue as signals, and every message in order.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::{Rc, Weak},
};

use futures_channel::mpsc;
use leptos::prelude::*;

use crate::{
    browser::{
        connection::{Connection, Event, Options, Sent},
        own_origin,
        websocket::MessageEvent,
    },
    close::CloseEvent,
    endpoint::{Endpoint, EndpointError},
    frame::Frame,
    limits::{INBOX_BYTES, Millis},
    machine::State,
    outbox::Full,
};

/// What [`use_socket`] gives. Signals hold state; messages come through [`Self::on_message`], [`Self::stream`] or
/// [`Self::drain`], never through a signal, which would keep only the last of a burst.
#[derive(Clone, Copy)]
pub struct UseSocket {
    pub state: ReadSignal<State>,
    /// How the last connection ended that was not closed here: code, reason, cleanly or not.
    pub last_close: ReadSignal<Option<CloseEvent>>,
    /// Why an address cannot be used; of several, the others are used.
    pub problem: ReadSignal<Option<EndpointError>>,
    /// Milliseconds, once a heartbeat was answered.
    pub rtt_ms: ReadSignal<Option<Millis>>,
    /// Messages that wait to be sent.
    pub queued: ReadSignal<usize>,
    /// Counts messages that came, for an effect that then calls [`Self::drain`].
    pub received: ReadSignal<usize>,
    inner: StoredValue<Inner, LocalStorage>,
}

type Listener = Rc<dyn Fn(&Event)>;

/// A listener of [`UseSocket::on_message`] or [`UseSocket::on_open`]. It is also removed with the component that added it, whose signals it uses.
#[derive(Clone)]
pub struct Subscription {
    inbox: Weak<Inbox>,
    listener: Weak<dyn Fn(&Event)>,
}

impl Subscription {
    /// From now on the listener hears nothing. Once more does nothing.
    pub fn remove(&self) {
        let Some(inbox) = self.inbox.upgrade() else {
            return;
        };
        let is_this = |other: &Listener| self.listener.ptr_eq(&Rc::downgrade(other));
        // What it holds may remove others as it goes.
        let removed = {
            let mut listeners = inbox.listeners.borrow_mut();
            let at = listeners.iter().position(is_this);
            at.map(|at| listeners.remove(at))
        };
        drop(removed);
    }
}

struct Inner {
    connection: Rc<Connection>,
    inbox: Rc<Inbox>,
    /// Goes where the addresses go.
    _follows: RenderEffect<Vec<String>>,
}

/// Where messages go: to listeners at once, to streams, and into a queue once somebody drains it.
#[derive(Default)]
struct Inbox {
    listeners: RefCell<Vec<Listener>>,
    drained: Cell<bool>,
    waiting: RefCell<VecDeque<MessageEvent>>,
    bytes: Cell<usize>,
}

impl Inbox {
    fn tell(&self, event: &Event) {
        let listeners = self.listeners.borrow().clone();
        for listener in &listeners {
            // One may be removed by another that comes before it.
            let is_there = |other: &Listener| Rc::ptr_eq(other, listener);
            let is_listening = self.listeners.borrow().iter().any(is_there);
            if is_listening {
                listener(event);
            }
        }
        if let Event::Message(message) = event {
            self.keep(message);
        }
    }

    /// For who drains.
    fn keep(&self, message: &MessageEvent) {
        let bytes = self.bytes.get() + message.data.len();
        if self.drained.get() && bytes <= INBOX_BYTES {
            self.bytes.set(bytes);
            self.waiting.borrow_mut().push_back(message.clone());
        }
    }
}

/// Connects to `url` until the component is unmounted. `url` is a string, or a signal of one, whose changes are
/// followed. A `url` that begins with `/` is on the page's own server. A bad address does not panic: see
/// [`UseSocket::problem`]. When the address changes, the queue of unsent messages is dropped, unless only the part
/// behind `?` is different.
pub fn use_socket(url: impl Into<Signal<String>>) -> UseSocket {
    let url = url.into();
    use_socket_with(move || vec![url.get()], Options::default())
}

/// The same with a list of servers, the preferred one first, and options. Signals that `urls` reads are followed.
pub fn use_socket_with(urls: impl Fn() -> Vec<String> + 'static, options: Options) -> UseSocket {
    socket(Box::new(urls), options)
}

fn socket(urls: Box<dyn Fn() -> Vec<String>>, options: Options) -> UseSocket {
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
            Event::Message(_) => {
                inbox.tell(&event);
                // A component that is going away has no signals any more.
                let _ = set_received.try_update(|count| *count += 1);
            }
            Event::Opened(_) => inbox.tell(&event),
            Event::Changed(connection) => {
                set_if_new(state, set_state, connection.state());
                set_if_new(last_close, set_last_close, connection.last_close());
                set_if_new(rtt_ms, set_rtt, connection.rtt_ms());
                set_if_new(queued, set_queued, connection.queued());
            }
        }
    };
    let connection = Connection::new(Vec::new(), options, on_event);
    let follows = {
        let connection = Rc::clone(&connection);
        RenderEffect::new(move |before: Option<Vec<String>>| {
            let urls = urls();
            if before.as_ref() != Some(&urls) {
                let origin = own_origin();
                let origin = origin.as_deref();
                let is_secure = origin.is_some_and(|origin| origin.starts_with("wss:"));
                let (mut servers, mut problem) = (Vec::new(), None);
                for url in &urls {
                    match Endpoint::resolve(url, origin, is_secure) {
                        Ok(server) => servers.push(server),
                        Err(error) => problem = problem.or(Some(error)),
                    }
                }
                set_problem.set(problem);
                connection.set_servers(servers);
            }
            urls
        })
    };
    let inner = StoredValue::new_local(Inner {
        connection,
        inbox,
        _follows: follows,
    });
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
    /// The value is none that JSON can write, for this reason.
    #[cfg(feature = "json")]
    #[error("The message cannot be written: {0}")]
    Json(String),
}

impl UseSocket {
    /// Calls `listener` with every message, in order, as it arrives, until the component that called this is gone, or the
    /// subscription is removed.
    pub fn on_message(&self, listener: impl Fn(&MessageEvent) + 'static) -> Subscription {
        self.listen_here(Rc::new(move |event: &Event| {
            if let Event::Message(message) = event {
                listener(message);
            }
        }))
    }

    /// Calls `opener` each time a connection is open, for as long as [`Self::on_message`] would. What it sends goes ahead of
    /// what waits: a login, a subscription.
    pub fn on_open(&self, opener: impl Fn() + 'static) -> Subscription {
        self.listen_here(Rc::new(move |event: &Event| {
            if let Event::Opened(_) = event {
                opener();
            }
        }))
    }

    /// Until the component that called this is gone.
    fn listen_here(&self, listener: Listener) -> Subscription {
        let subscription = self.listen(listener);
        let removed = StoredValue::new_local(subscription.clone());
        on_cleanup(move || {
            let _ = removed.try_with_value(Subscription::remove);
        });
        subscription
    }

    /// Until it is removed, or the connection is gone.
    fn listen(&self, listener: Listener) -> Subscription {
        let inbox = self.inner.try_with_value(|inner| {
            let mut listeners = inner.inbox.listeners.borrow_mut();
            listeners.push(Rc::clone(&listener));
            Rc::downgrade(&inner.inbox)
        });
        Subscription {
            inbox: inbox.unwrap_or_default(),
            listener: Rc::downgrade(&listener),
        }
    }

    /// Every message from now on, in order, for a consumer with a pace of its own; it has to keep up in the long run.
    pub fn stream(&self) -> mpsc::UnboundedReceiver<MessageEvent> {
        let (sender, receiver) = mpsc::unbounded();
        let own: Rc<RefCell<Option<Subscription>>> = Rc::default();
        let held = Rc::clone(&own);
        // A stream whose consumer is gone goes, too.
        let subscription = self.listen(Rc::new(move |event: &Event| {
            if let Event::Message(message) = event
                && sender.unbounded_send(message.clone()).is_err()
                && let Some(subscription) = held.take()
            {
                subscription.remove();
            }
        }));
        own.replace(Some(subscription));
        receiver
    }

    /// Every message since the last call, in order; the first call begins to collect. For effects and animation frames.
    /// More than [`INBOX_BYTES`] are not kept for a consumer that never comes.
    pub fn drain(&self) -> Vec<MessageEvent> {
        let drained = self.inner.try_with_value(|inner| {
            inner.inbox.drained.set(true);
            inner.inbox.bytes.set(0);
            inner.inbox.waiting.take().into()
        });
        drained.unwrap_or_default()
    }

    /// Calls `listener` with every message as a value of `T`, written in JSON; or with why it is none.
    #[cfg(feature = "json")]
    pub fn on_json<T: serde::de::DeserializeOwned>(
        &self,
        listener: impl Fn(Result<T, serde_json::Error>) + 'static,
    ) -> Subscription {
        self.on_message(move |message| listener(serde_json::from_slice(message.data.as_bytes())))
    }

    /// Sends a value as text, written in JSON.
    #[cfg(feature = "json")]
    pub fn send_json(&self, value: &impl serde::Serialize) -> Result<Sent, SendError> {
        let text = serde_json::to_string(value);
        self.send(text.map_err(|error| SendError::Json(error.to_string()))?)
    }

    /// Sends text (`&str`, `String`) or bytes (`Vec<u8>`), in order, now or when the connection allows; while it is closed
    /// the message waits.
    pub fn send(&self, frame: impl Into<Frame>) -> Result<Sent, SendError> {
        self.usable()?.send(frame.into()).map_err(SendError::Full)
    }

    /// Sends a message of which only the newest value matters, such as a position. It goes ahead of the queue, and
    /// replaces a message that still waits in the same `slot`.
    pub fn send_latest(&self, slot: u8, frame: impl Into<Frame>) -> Result<Sent, SendError> {
        Ok(self.usable()?.send_latest(slot, frame.into()))
    }

    /// Tries again at once, after a refusal or instead of waiting.
    pub fn retry(&self) {
        self.with(Connection::retry);
    }

    /// Connects: one that is lazy, or was closed.
    pub fn open(&self) {
        self.with(Connection::open);
    }

    /// Closes with the closing handshake, until it is opened again.
    pub fn close(&self) {
        self.with(Connection::close);
    }

    /// The subprotocol that the server chose; empty if none, or while nothing is open. It changes with [`Self::state`].
    pub fn subprotocol(&self) -> String {
        self.with(Connection::subprotocol).unwrap_or_default()
    }

    fn with<T>(&self, what: impl FnOnce(&Connection) -> T) -> Option<T> {
        self.connection().map(|connection| what(&connection))
    }

    fn connection(&self) -> Option<Rc<Connection>> {
        self.inner
            .try_with_value(|inner| Rc::clone(&inner.connection))
    }

    fn usable(&self) -> Result<Rc<Connection>, SendError> {
        let connection = self.connection();
        let connection = connection.filter(|connection| connection.has_servers());
        connection.ok_or(SendError::NoConnection)
    }
}
