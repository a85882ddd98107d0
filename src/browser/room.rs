//! The loop around a [`Session`]: gives it the time, events and storage, and does what it says. Decides nothing.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use duplex_socket::browser::{
    link::{Link, Report},
    websocket::{self, Socket},
};

use super::{
    clock::{self, Alarm},
    idb::{self, Interference, StoreError},
    lead::{self, Lead},
    lifecycle::{self, Listener},
    preferences,
    quarantine::Marks,
    tabs::{self, Tabs},
    task,
};
use crate::core::{
    doc::{presence::slots::Slot, storage::Storage, store::Command, table::Touched},
    line::{
        self, Scout, ScoutNews, Subprotocols,
        tabs::{Group, ROOM_FORGOTTEN, Role},
    },
    peer::PeerId,
    session::{Input, Notice, Output, Poll, Session, Setup},
    socket::machine,
};

/// The name under which profiles of servers are remembered.
pub const KNOWN_SERVERS: &str = "servers";

/// Why a room's storage can be out of reach for a while.
const BLOCKED: &str =
    "another tab has this room open in an older version of Duplex: close or reload it";
const OPENING: &str = "it is being opened";
const CLOSED: &str = "the browser closed it, as it does when somebody deletes this site's data";
/// The same for good: to store it again would bring back what somebody wanted to be gone.
const FORGOTTEN: &str =
    "this room was forgotten on the list of rooms, and is here in this page only";

/// What the user interface hears of.
pub enum Event {
    Touched(Vec<Touched>),
    Streamed(PeerId, Slot, Vec<u8>),
    Notice(Notice),
    /// Status, people or what can be undone may be different now.
    Changed,
}

/// Whether tabs of this browser can share one socket.
pub fn can_share() -> bool {
    tabs::is_possible() && lead::is_possible()
}

pub struct Host {
    session: RefCell<Session>,
    inputs: RefCell<VecDeque<Input>>,
    running: Cell<bool>,
    link: RefCell<Link>,
    /// A second, short-lived connection that helps to find out what kind of server this is.
    scout: RefCell<Option<Socket>>,
    tabs: Option<Tabs>,
    lead: RefCell<Option<Lead>>,
    store: RefCell<Option<Rc<idb::Store>>>,
    /// The storage is being opened, which can take until another tab is closed.
    opening: Cell<bool>,
    /// The room was deleted from this browser.
    is_forgotten: Cell<bool>,
    marks: Rc<Marks>,
    /// The room's name in storage and among tabs; gives away neither name nor key.
    place: String,
    alarm: Rc<Alarm>,
    listeners: RefCell<Vec<Listener>>,
    on_event: Box<dyn Fn(Event)>,
}

impl Host {
    /// Starts a session. `place` names its storage and its tab channel.
    pub fn start(setup: Setup, place: String, on_event: impl Fn(Event) + 'static) -> Rc<Self> {
        let mut session = Session::new(setup);
        let marks = Marks::of(&place);
        session.guard(marks.quarantine());
        let host = Rc::new_cyclic(|host: &std::rc::Weak<Self>| {
            let tell = {
                let host = host.clone();
                move |input| {
                    if let Some(host) = host.upgrade() {
                        Self::input(&host, input);
                    }
                }
            };
            let (host, overhear) = (host.clone(), tell.clone());
            let link = Link::new({
                let tell = tell.clone();
                move |report| match report {
                    Report::Machine(input) => tell(input.into()),
                    Report::Message(message) => {
                        tell(Input::Line(line::Input::Frame(message.data)));
                    }
                }
            });
            Self {
                session: RefCell::new(session),
                inputs: RefCell::default(),
                running: Cell::new(false),
                link: RefCell::new(link),
                scout: RefCell::new(None),
                tabs: Tabs::join(&place, move |bytes| match bytes.as_slice() {
                    ROOM_FORGOTTEN => {
                        host.upgrade().inspect(Self::forgotten);
                    }
                    _ => overhear(Input::Line(line::Input::Tab(bytes))),
                }),
                lead: RefCell::new(None),
                store: RefCell::new(None),
                opening: Cell::new(false),
                is_forgotten: Cell::new(false),
                marks,
                place,
                alarm: Rc::default(),
                listeners: RefCell::default(),
                on_event: Box::new(on_event),
            }
        });
        let told = Rc::downgrade(&host);
        let watching = lifecycle::watch(move |input| {
            if let Some(host) = told.upgrade() {
                host.input(match input {
                    machine::Input::Left => Input::Left,
                    machine::Input::Returned => Input::Returned,
                    other => other.into(),
                });
            }
        });
        host.listeners.replace(watching);
        host.work();
        host
    }

    /// Feeds the session. What is fed while it is being fed waits for its turn.
    pub fn input(self: &Rc<Self>, input: Input) {
        // Browsers let the timers of hidden pages ring once a minute: what comes from others wakes them too.
        let is_late = |session: &Session| session.wake_at().is_some_and(|at| at <= clock::now());
        let tick = !self.running.get() && !matches!(input, Input::Ticked) && self.read(is_late);
        self.inputs.borrow_mut().push_back(input);
        self.inputs
            .borrow_mut()
            .extend(tick.then_some(Input::Ticked));
        if self.running.replace(true) {
            return;
        }
        loop {
            let next = self.inputs.borrow_mut().pop_front();
            let Some(input) = next else { break };
            self.session.borrow_mut().handle(clock::now(), input);
            self.work();
        }
        self.running.set(false);
        self.set_timer();
        (self.on_event)(Event::Changed);
    }

    /// Looks at the session.
    pub fn read<T>(&self, look: impl FnOnce(&Session) -> T) -> T {
        look(&self.session.borrow())
    }

    /// The room was deleted from this browser, and must not come back.
    pub fn is_forgotten(&self) -> bool {
        self.is_forgotten.get()
    }

    /// Takes in again, at the next start, what was set aside.
    pub fn forgive(&self) {
        self.marks.forgive();
    }

    /// Ends everything: the page is about to show another room.
    pub fn stop(self: &Rc<Self>) {
        self.input(Input::Left);
        self.listeners.borrow_mut().clear();
    }

    /// All that the session wants done by now.
    fn work(self: &Rc<Self>) {
        let mut takes = self.link.borrow().is_open();
        loop {
            let buffered = self.link.borrow().buffered_amount().filter(|_| takes);
            let next = self.session.borrow_mut().poll(clock::now(), buffered);
            match next {
                // A frame that a socket does not take, which just died, is not lost: the digest brings it up again.
                Poll::Send(frame) => takes = self.link.borrow().send(&frame).is_ok(),
                Poll::Do(output) => self.carry_out(output),
                Poll::Rest(_) => break,
            }
        }
    }

    fn carry_out(self: &Rc<Self>, output: Output) {
        match output {
            Output::Line(output) => self.carry_out_line(output),
            Output::Store(command) => task::spawn(Rc::clone(self).store(command)),
            Output::Touched(touched) => (self.on_event)(Event::Touched(touched)),
            Output::Streamed(from, slot, message) => {
                (self.on_event)(Event::Streamed(from, slot, message));
            }
            Output::Notice(notice) => (self.on_event)(Event::Notice(notice)),
        }
    }

    fn carry_out_line(self: &Rc<Self>, output: line::Output) {
        match output {
            line::Output::Socket(output, subprotocols) => {
                let blocked = self.link.borrow_mut().carry_out(&output, subprotocols);
                let blocked = blocked.map(Input::from);
                self.inputs.borrow_mut().extend(blocked);
            }
            line::Output::Scout(order, subprotocols) => self.send_scout(order, subprotocols),
            line::Output::Tabs(bytes) => {
                if let Some(tabs) = &self.tabs {
                    tabs.send(&bytes);
                }
            }
            line::Output::Lead(group) => self.stand(group),
            line::Output::Remember(known) => preferences::keep_text(KNOWN_SERVERS, &known),
        }
    }

    fn stand(self: &Rc<Self>, group: Option<Group>) {
        drop(self.lead.take());
        let Some(group) = group else { return };
        let host = Rc::downgrade(self);
        let name = format!("{}/{}", self.place, group.to_text());
        let lead = Lead::ask(&name, move |is_ours| {
            if let Some(host) = host.upgrade() {
                let role = match is_ours {
                    true => Role::Leader,
                    false => Role::Alone,
                };
                host.input(Input::Line(line::Input::Leads(role)));
            }
        });
        if lead.is_none() {
            let alone = Input::Line(line::Input::Leads(Role::Alone));
            self.inputs.borrow_mut().push_back(alone);
        }
        self.lead.replace(lead);
    }

    fn send_scout(self: &Rc<Self>, order: Scout, subprotocols: Subprotocols) {
        match order {
            Scout::Close => drop(self.scout.take()),
            Scout::Send(frame) => {
                // A scout that is not open any more has said so, or is about to.
                let _ = self.scout.borrow().as_ref().map(|scout| scout.hand(&frame));
            }
            Scout::Open(endpoint) => {
                let host = Rc::downgrade(self);
                let on_event = move |event| {
                    let news = match event {
                        websocket::Event::Opened => ScoutNews::Opened,
                        websocket::Event::Message(message) => ScoutNews::Frame(message.data),
                        websocket::Event::Closed(_) => ScoutNews::Closed,
                    };
                    if let Some(host) = host.upgrade() {
                        host.input(Input::Line(line::Input::Scout(news)));
                    }
                };
                let scout = Socket::open(endpoint.as_str(), subprotocols, on_event).ok();
                if scout.is_none() {
                    let closed = Input::Line(line::Input::Scout(ScoutNews::Closed));
                    self.inputs.borrow_mut().push_back(closed);
                }
                drop(self.scout.replace(scout));
            }
        }
    }

    async fn store(self: Rc<Self>, command: Command) {
        let batch = match &command {
            Command::Write(batch) => Some(batch.number),
            Command::Load | Command::Compact(_) | Command::Persist => None,
        };
        let answer = match self.ask_storage(command).await {
            Ok(None) => return,
            _ if self.is_forgotten.get() => Err(StoreError::Use(FORGOTTEN.to_owned())),
            answer => answer,
        };
        let error = match answer {
            Ok(answer) => return answer.into_iter().for_each(|input| self.input(input)),
            Err(error) => error,
        };
        if let Some(batch) = batch {
            self.input(Input::WriteFailed(batch, error.to_string()));
        }
        if batch.is_none() || matches!(error, StoreError::Closed(_)) {
            self.disconnect_storage(&error.to_string());
        }
    }

    /// Whether this connection is the one that counts: another may have taken its place while it worked.
    fn is_connected_by(&self, store: &Rc<idb::Store>) -> bool {
        let current = self.store.borrow();
        current
            .as_ref()
            .is_some_and(|current| Rc::ptr_eq(current, store))
    }

    /// Gives what to tell the session, if it waits for anything.
    async fn ask_storage(self: &Rc<Self>, command: Command) -> Result<Option<Input>, StoreError> {
        let opened = self.store.borrow().clone();
        let store = match opened {
            _ if command == Command::Persist => {
                return Ok(idb::persist().await.map(Input::StoreLasts));
            }
            Some(store) => store,
            None if self.opening.replace(true) => {
                // One that is under way answers for itself only.
                return match command {
                    Command::Write(_) => Err(StoreError::Use(OPENING.to_owned())),
                    Command::Load | Command::Compact(_) | Command::Persist => Ok(None),
                };
            }
            None => {
                let opened = self.open().await.map(Rc::new);
                self.opening.set(false);
                let opened = opened?;
                *self.store.borrow_mut() = Some(Rc::clone(&opened));
                opened
            }
        };
        Ok(match command {
            Command::Load => {
                self.marks.look_back().await;
                self.session.borrow_mut().guard(self.marks.quarantine());
                let stored = store.load().await?;
                // After a loss all is read again.
                self.is_connected_by(&store)
                    .then_some(Input::Loaded(stored))
            }
            Command::Write(batch) => {
                store.write(&batch.rows, &batch.records).await?;
                if !self.is_connected_by(&store) {
                    return Err(StoreError::Use(CLOSED.to_owned()));
                }
                Some(Input::Written(batch.number))
            }
            Command::Compact(compaction) => {
                // If it fails the rows are still there, and the next load tries again.
                let _ = store.compact(&compaction).await;
                None
            }
            Command::Persist => None,
        })
    }

    async fn open(self: &Rc<Self>) -> Result<idb::Store, StoreError> {
        if self.is_forgotten.get() {
            return Err(StoreError::Use(FORGOTTEN.to_owned()));
        }
        let host = Rc::downgrade(self);
        idb::Store::open(&self.place, move |interference| {
            let Some(host) = host.upgrade() else { return };
            match interference {
                Interference::Blocks => host.input(Input::StoreFailed(BLOCKED.to_owned())),
                Interference::Closes if host.is_forgotten.get() => {
                    host.disconnect_storage(FORGOTTEN);
                }
                Interference::Closes => host.disconnect_storage(CLOSED),
            }
        })
        .await
    }

    /// The list of rooms, in another tab, deletes this one.
    fn forgotten(self: &Rc<Self>) {
        self.is_forgotten.set(true);
        self.disconnect_storage(FORGOTTEN);
    }

    /// The next command opens another connection.
    fn disconnect_storage(self: &Rc<Self>, reason: &str) {
        self.store.take();
        self.input(Input::StoreFailed(reason.to_owned()));
    }

    fn set_timer(self: &Rc<Self>) {
        let Some(wake) = self.session.borrow().wake_at() else {
            return;
        };
        let host = Rc::downgrade(self);
        self.alarm.set(wake, move || {
            if let Some(host) = host.upgrade() {
                host.input(Input::Ticked);
            }
        });
    }
}
