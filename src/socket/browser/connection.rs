//! A WebSocket that comes back by itself: the engines, run by the browser, without a framework.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::{Rc, Weak},
};

use super::{
    clock::{self, Alarm},
    lifecycle::{self, Listener},
    link::{Link, Report},
    websocket::MessageEvent,
};
use crate::{
    close::CloseEvent,
    endpoint::Endpoint,
    frame::Frame,
    limits::Millis,
    machine::{Input, Liveness, Machine, Output, State},
    outbox::{Full, Outbox},
};

/// What a connection is to do besides reconnecting.
#[derive(Clone, Debug, Default)]
pub struct Options {
    heartbeat: Option<Frame>,
    subprotocols: Vec<String>,
    is_lazy: bool,
}

impl Options {
    /// Sets the heartbeat, a frame that the server is known to answer. It is sent after 15 s of silence while the page
    /// is visible; if nothing arrives within 5 s, or longer on a slow line, the connection is replaced. It is also sent
    /// when the page becomes visible again; then the answer has to arrive within a second, or longer on a slow line.
    /// Without a heartbeat, a half-open connection is not noticed; but when the page was hidden for 20 s or more, a
    /// connection over which nothing arrived meanwhile is replaced.
    pub fn heartbeat(self, frame: impl Into<Frame>) -> Self {
        Self {
            heartbeat: Some(frame.into()),
            ..self
        }
    }

    /// Offered in the opening handshake (RFC 6455, section 1.9), the preferred one first. To a server that selects none of
    /// them Chromium and Safari do not connect.
    pub fn subprotocols<T: Into<String>>(self, names: impl IntoIterator<Item = T>) -> Self {
        Self {
            subprotocols: names.into_iter().map(Into::into).collect(),
            ..self
        }
    }

    /// Nothing is opened before somebody asks for it.
    pub fn lazy(self) -> Self {
        Self {
            is_lazy: true,
            ..self
        }
    }
}

/// What happened.
pub enum Event<'a> {
    Message(MessageEvent),
    /// A connection is open. What is sent while this is heard goes ahead of what waits: a login, a subscription.
    Opened(&'a Connection),
    /// State, last close, round trip or queue may be different.
    Changed(&'a Connection),
}

/// What became of a frame that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The browser has it.
    Handed,
    /// It waits for the connection, or for a slow server.
    Queued,
}

pub struct Connection {
    me: Weak<Connection>,
    machine: RefCell<Machine>,
    outbox: RefCell<Outbox>,
    link: RefCell<Link>,
    rng: RefCell<fastrand::Rng>,
    servers: RefCell<Vec<Endpoint>>,
    /// Somebody wants it open.
    is_wanted: Cell<bool>,
    options: Options,
    inputs: RefCell<VecDeque<Input>>,
    running: Cell<bool>,
    alarm: Rc<Alarm>,
    /// [`Event::Opened`] is being told.
    opening: Cell<bool>,
    told_queued: Cell<usize>,
    asked_at: Cell<Option<Millis>>,
    rtt_ms: Cell<Option<Millis>>,
    on_event: Box<dyn Fn(Event)>,
    listeners: RefCell<Vec<Listener>>,
}

impl Connection {
    /// Connects to the first of `servers`, and to the others when it fails; if lazy, once [`Self::open`] is called. The
    /// connection lives as long as the `Rc`.
    pub fn new(
        servers: Vec<Endpoint>,
        options: Options,
        on_event: impl Fn(Event) + 'static,
    ) -> Rc<Self> {
        let connection = Rc::new_cyclic(|me: &Weak<Self>| {
            let reported = me.clone();
            let link = Link::new(move |report| {
                if let Some(connection) = reported.upgrade() {
                    match report {
                        Report::Machine(input) => connection.input(input),
                        Report::Message(message) => connection.message(message),
                    }
                }
            });
            Self {
                me: me.clone(),
                machine: RefCell::default(),
                outbox: RefCell::default(),
                link: RefCell::new(link),
                rng: RefCell::new(fastrand::Rng::with_seed(js_sys::Math::random().to_bits())),
                servers: RefCell::default(),
                is_wanted: Cell::new(!options.is_lazy),
                options,
                inputs: RefCell::default(),
                running: Cell::new(false),
                alarm: Rc::default(),
                opening: Cell::new(false),
                told_queued: Cell::new(0),
                asked_at: Cell::new(None),
                rtt_ms: Cell::new(None),
                on_event: Box::new(on_event),
                listeners: RefCell::default(),
            }
        });
        let told = Rc::downgrade(&connection);
        let watching = lifecycle::watch(move |input| {
            if let Some(connection) = told.upgrade() {
                connection.input(input);
            }
        });
        connection.listeners.replace(watching);
        connection.set_servers(servers);
        connection
    }

    pub fn state(&self) -> State {
        self.machine.borrow().state().clone()
    }

    /// How the last connection ended that this page did not close itself.
    pub fn last_close(&self) -> Option<CloseEvent> {
        self.machine.borrow().last_close().cloned()
    }

    /// The subprotocol that the server chose; empty if none, or while nothing is open.
    pub fn subprotocol(&self) -> String {
        match self.machine.borrow().is_open() {
            true => self.link.borrow().subprotocol(),
            false => String::new(),
        }
    }

    /// Milliseconds from the last heartbeat to the first frame after it.
    pub fn rtt_ms(&self) -> Option<Millis> {
        self.rtt_ms.get()
    }

    /// Messages that wait for the connection or a slow server.
    pub fn queued(&self) -> usize {
        self.outbox.borrow().len()
    }

    /// Bytes handed to the browser and not yet to the network.
    pub fn buffered_amount(&self) -> usize {
        self.link.borrow().buffered_amount().unwrap_or_default()
    }

    /// Sends in order, at once or when it can; the queue is bounded, and survives the socket.
    pub fn send(&self, frame: Frame) -> Result<Sent, Full> {
        if self.opening.get() && self.link.borrow().send(&frame).is_ok() {
            return Ok(Sent::Handed);
        }
        self.outbox.borrow_mut().push([frame])?;
        let sent = self.drain();
        self.tell_queued();
        Ok(sent)
    }

    fn tell_queued(&self) {
        let queued = self.queued();
        if self.told_queued.replace(queued) != queued {
            (self.on_event)(Event::Changed(self));
        }
    }

    /// Sends `frame` ahead of what waits, in place of the one that waits in the same slot.
    pub fn send_latest(&self, slot: u8, frame: Frame) -> Sent {
        self.outbox.borrow_mut().replace(slot, frame);
        self.drain()
    }

    /// Tries again at once, after a refusal or instead of waiting.
    pub fn retry(&self) {
        self.input(Input::RetryAsked);
    }

    pub fn has_servers(&self) -> bool {
        !self.servers.borrow().is_empty()
    }

    /// Connects to other servers, the preferred one first; a closed connection does so when it is opened. The queue of
    /// unsent messages is kept if one of the previous servers is among the new ones, whose URL may differ behind `?`.
    /// Otherwise the queue is dropped: its messages were not meant for the new servers.
    pub fn set_servers(&self, servers: Vec<Endpoint>) {
        let before = self.servers.replace(servers.clone());
        let is_kept = |old: &Endpoint| servers.iter().any(|new| new.is_same_place(old));
        if !before.is_empty() && !before.iter().any(is_kept) {
            self.outbox.borrow_mut().clear();
            self.tell_queued();
        }
        if self.is_wanted.get() {
            self.start();
        }
    }

    /// Connects: one that is lazy, or was closed.
    pub fn open(&self) {
        if !self.is_wanted.replace(true) {
            self.start();
        }
    }

    fn start(&self) {
        let servers = self.servers.borrow().clone();
        self.input(Input::Started(servers));
    }

    /// Closes with the closing handshake, until it is opened again.
    pub fn close(&self) {
        self.is_wanted.set(false);
        self.input(Input::Stopped);
    }

    /// Hands the browser what it may have now.
    fn drain(&self) -> Sent {
        let (mut outbox, link) = (self.outbox.borrow_mut(), self.link.borrow());
        if self.machine.borrow().is_open() && link.is_open() {
            while !outbox.is_empty()
                && let Some(buffered) = link.buffered_amount()
                && let Some(frame) = outbox.next(buffered)
            {
                // A browser that refuses it would refuse it again.
                if link.send(&frame).is_err() {
                    break;
                }
            }
        }
        if outbox.is_empty() {
            return Sent::Handed;
        }
        drop((outbox, link));
        self.set_timer();
        Sent::Queued
    }

    fn input(&self, input: Input) {
        self.inputs.borrow_mut().push_back(input);
        if self.running.replace(true) {
            return;
        }
        let offered = self.options.subprotocols.iter().map(String::as_str);
        let offered: Vec<&str> = offered.collect();
        loop {
            let next = self.inputs.borrow_mut().pop_front();
            let Some(input) = next else { break };
            let was_open = self.machine.borrow().is_open();
            let outputs =
                self.machine
                    .borrow_mut()
                    .handle(clock::now(), input, &mut self.rng.borrow_mut());
            for output in &outputs {
                if let (Output::Ask(_), Some(heartbeat)) = (output, &self.options.heartbeat) {
                    self.asked_at.set(Some(clock::now()));
                    let _ = self.link.borrow().send(heartbeat);
                }
                let blocked = self.link.borrow_mut().carry_out(output, &offered);
                self.inputs.borrow_mut().extend(blocked);
            }
            let opened = !was_open && self.machine.borrow().is_open();
            if opened {
                self.asked_at.set(None);
                self.opening.set(true);
                (self.on_event)(Event::Opened(self));
                self.opening.set(false);
            }
            if opened && self.options.heartbeat.is_some() {
                self.inputs
                    .borrow_mut()
                    .push_back(Input::Judged(Liveness::Answers));
            }
        }
        self.running.set(false);
        self.drain();
        self.set_timer();
        self.told_queued.set(self.queued());
        (self.on_event)(Event::Changed(self));
    }

    /// The way of every frame: as short as it can be.
    fn message(&self, message: MessageEvent) {
        let changed = {
            let mut machine = self.machine.borrow_mut();
            let was_stale = *machine.state() == State::Stale;
            let heard = Input::FrameArrived(machine.generation());
            machine.handle(clock::now(), heard, &mut self.rng.borrow_mut());
            was_stale
        };
        let answered = self.asked_at.take();
        if let Some(at) = answered {
            self.rtt_ms.set(Some(clock::now().saturating_sub(at)));
        }
        (self.on_event)(Event::Message(message));
        if changed || answered.is_some() {
            (self.on_event)(Event::Changed(self));
        }
    }

    fn set_timer(&self) {
        let waiting = match self.machine.borrow().is_open() {
            true => self.outbox.borrow().wake_at(clock::now()),
            false => None,
        };
        let machine = self.machine.borrow().wake_at();
        let Some(wake) = [waiting, machine].into_iter().flatten().min() else {
            return;
        };
        let me = self.me.clone();
        self.alarm.set(wake, move || {
            if let Some(connection) = me.upgrade() {
                connection.input(Input::Ticked);
            }
        });
    }
}
