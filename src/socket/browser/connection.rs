//! A WebSocket that comes back by itself: the engines on the browser's hands, without a framework.

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
    /// Sent after 15 s of silence, to a server that is known to answer it: without an answer within 5 s the connection is
    /// replaced. Without a heartbeat a half-open connection stays unnoticed.
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

    /// How the last connection ended, if one did.
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
        self.outbox.borrow_mut().push([frame])?;
        Ok(self.drain())
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

    /// Goes to other servers, the preferred one first; while closed, once it is opened.
    pub fn set_servers(&self, servers: Vec<Endpoint>) {
        self.servers.replace(servers);
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
        if self.machine.borrow().is_open() {
            let (mut outbox, link) = (self.outbox.borrow_mut(), self.link.borrow());
            while let Some(buffered) = link.buffered_amount()
                && let Some(frame) = outbox.next(buffered)
            {
                // A socket that just died takes nothing; its close event is on the way.
                if link.send(&frame).is_err() {
                    break;
                }
            }
        }
        if self.outbox.borrow().is_empty() {
            return Sent::Handed;
        }
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
            let opened = matches!(input, Input::Opened(_));
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
            if opened && self.options.heartbeat.is_some() {
                self.inputs
                    .borrow_mut()
                    .push_back(Input::Judged(Liveness::Answers));
            }
        }
        self.running.set(false);
        self.drain();
        self.set_timer();
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
