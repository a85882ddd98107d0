//! The loop around a [`Session`]: gives it the time, events and storage, and does what it says. Decides nothing.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use super::{
    clock::{self, Timeout},
    idb,
    lifecycle::{self, Listener},
    link::{Link, Report},
    tabs::Tabs,
    task,
};
use crate::{
    core::{
        doc::{schema::Touched, store::Command},
        peer::PeerId,
        session::{Input, Notice, Output, Session, Setup, Via},
    },
    limits::Millis,
};

/// What the user interface hears of.
pub enum Event {
    Touched(Vec<Touched>),
    Wet(PeerId, Vec<u8>),
    Notice(Notice),
    /// Status, people or what can be undone may be different now.
    Changed,
}

pub struct Host {
    session: RefCell<Session>,
    inputs: RefCell<VecDeque<Input>>,
    running: Cell<bool>,
    link: RefCell<Link>,
    tabs: Option<Tabs>,
    store: RefCell<Option<Rc<idb::Store>>>,
    /// The room's name in storage and among tabs; gives away neither name nor key.
    place: String,
    timer: RefCell<Option<(Millis, Timeout)>>,
    listeners: RefCell<Vec<Listener>>,
    on_event: Box<dyn Fn(Event)>,
}

impl Host {
    /// Starts a session. `place` names its storage and its tab channel.
    pub fn start(setup: Setup, place: String, on_event: impl Fn(Event) + 'static) -> Rc<Self> {
        let (session, outputs) = Session::new(setup);
        let host = Rc::new_cyclic(|host: &std::rc::Weak<Self>| {
            let tell = {
                let host = host.clone();
                move |input| {
                    if let Some(host) = host.upgrade() {
                        Self::input(&host, input);
                    }
                }
            };
            let tell_frame = tell.clone();
            let link = Link::new({
                let tell = tell.clone();
                move |report| match report {
                    Report::Machine(input) => tell(Input::Socket(input)),
                    Report::Message(message) => {
                        tell(Input::FrameArrived(Via::Relay, message.data.into_bytes()))
                    }
                }
            });
            Self {
                session: RefCell::new(session),
                inputs: RefCell::default(),
                running: Cell::new(false),
                link: RefCell::new(link),
                tabs: Tabs::join(&place, move |frame| {
                    tell_frame(Input::FrameArrived(Via::Tabs, frame.into_bytes()));
                }),
                store: RefCell::new(None),
                place,
                timer: RefCell::new(None),
                listeners: RefCell::default(),
                on_event: Box::new(on_event),
            }
        });
        let told = Rc::downgrade(&host);
        let watching = lifecycle::watch(move |input| {
            if let Some(host) = told.upgrade() {
                host.input(input);
            }
        });
        host.listeners.replace(watching);
        host.carry_out(outputs);
        host
    }

    /// Feeds the session. What is fed while it is being fed waits for its turn.
    pub fn input(self: &Rc<Self>, input: Input) {
        self.inputs.borrow_mut().push_back(input);
        if self.running.replace(true) {
            return;
        }
        loop {
            let next = self.inputs.borrow_mut().pop_front();
            let Some(input) = next else { break };
            let outputs = self.session.borrow_mut().handle(clock::now(), input);
            self.carry_out(outputs);
        }
        self.running.set(false);
        self.set_timer();
        (self.on_event)(Event::Changed);
    }

    /// Looks at the session.
    pub fn read<T>(&self, look: impl FnOnce(&Session) -> T) -> T {
        look(&self.session.borrow())
    }

    /// Ends everything: the page is about to show another room.
    pub fn stop(self: &Rc<Self>) {
        self.input(Input::Left);
        self.listeners.borrow_mut().clear();
    }

    fn carry_out(self: &Rc<Self>, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Socket(output) => {
                    let refused = self.link.borrow_mut().carry_out(output);
                    let refused = refused.map(Input::Socket);
                    self.inputs.borrow_mut().extend(refused);
                }
                Output::Send(frame) => {
                    // A frame that the socket does not take is not lost: the digest brings it up again.
                    let _ = self.link.borrow().send_text(&frame);
                    if let Some(tabs) = &self.tabs {
                        tabs.send(&frame);
                    }
                }
                Output::Store(command) => task::spawn(Rc::clone(self).store(command)),
                Output::Touched(touched) => (self.on_event)(Event::Touched(touched)),
                Output::Wet(from, ink) => (self.on_event)(Event::Wet(from, ink)),
                Output::Notice(notice) => (self.on_event)(Event::Notice(notice)),
            }
        }
    }

    async fn store(self: Rc<Self>, command: Command) {
        let opened = self.store.borrow().clone();
        let store = match opened {
            Some(store) => Ok(store),
            None => idb::Store::open(&self.place).await.map(Rc::new),
        };
        let answer = match store {
            Ok(store) => {
                *self.store.borrow_mut() = Some(Rc::clone(&store));
                match command {
                    Command::Load => store.load().await.map(|stored| Some(Input::Loaded(stored))),
                    Command::Append(rows) => {
                        store.append(&rows).await.map(|()| Some(Input::Appended))
                    }
                    Command::Compact { snapshot, through } => {
                        // If it fails the rows are still there, and the next load tries again.
                        let _ = store.compact(&snapshot, through).await;
                        Ok(None)
                    }
                }
            }
            Err(error) => Err(error),
        };
        match answer {
            Ok(None) => {}
            Ok(Some(input)) => self.input(input),
            Err(error) => {
                // A connection that failed once may have been closed by the browser: open a new one next time.
                *self.store.borrow_mut() = None;
                self.input(Input::StoreFailed(error.to_string()));
            }
        }
    }

    fn set_timer(self: &Rc<Self>) {
        let wake = self.session.borrow().wake_at();
        let mut timer = self.timer.borrow_mut();
        if wake == timer.as_ref().map(|(at, _)| *at) {
            return;
        }
        *timer = wake.map(|at| {
            let host = Rc::downgrade(self);
            let ring = move || {
                if let Some(host) = host.upgrade() {
                    host.timer.borrow_mut().take();
                    host.input(Input::Ticked);
                }
            };
            // One more, because a browser may ring a fraction of a millisecond early.
            (
                at,
                Timeout::after(at.saturating_sub(clock::now()) + 1, ring),
            )
        });
    }
}
