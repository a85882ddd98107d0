//! How payloads travel between this page and the others: the socket, the [`Dialect`] that is spoken over it, the tabs of
//! this browser that share it, and the log of what happened. It knows nothing of what payloads say.
//!
//! The host feeds [`Input`]s and does what [`Output`]s say. The session above publishes payloads, and takes [`Event`]s:
//! what came, and what has changed for those who talk.
//!
//! Who holds a socket is decided among the tabs ([`tabs`]):
//!
//! | role | its socket | what it publishes goes to | it hears | next role |
//! |---|---|---|---|---|
//! | Alone | own | the socket, the tabs | the socket, the tabs | Follower, once a leader is heard |
//! | Leader | own, for its followers too | the socket, the tabs | the socket, which it passes on, and the tabs | Follower, if nobody sees it and it is cut off |
//! | Follower | none | its leader, the tabs | the tabs | Leader, once the browser grants it; Alone, if its leader is silent for long |
//!
//! What the owner of a socket may do with it:
//!
//! | connection ([`machine`]) | dialect | payloads go out | a second connection |
//! |---|---|---|---|
//! | any without a socket | has no connection | no: they are dropped, and asked for later | none |
//! | probing, open, stale | before [`Ready`](dialect::Output::Ready) | no: the protocol's own frames only | the dialect's |
//! | probing | ready, and finds out about the server | yes | the dialect's |
//! | open, stale | ready | yes | the dialect's while it has one, else the lookout's |
//! | closed, as the page goes | closed | what is queued, goodbye last | none |

mod connection;
pub mod dialect;
mod io;
pub mod known;
mod liveness;
pub mod log;
mod lookout;
mod round_trip;
mod sending;
pub mod server;
pub mod status;
pub mod tabs;
mod throttle;

pub use io::{Event, Input, Kind, Output, Scout, ScoutNews, Subprotocols, Via};

use std::collections::VecDeque;

use self::{
    connection::Live,
    dialect::Dialect,
    known::Known,
    log::EventLog,
    lookout::Lookout,
    server::Server,
    status::Counters,
    tabs::{Role, TabMessage, Tabs},
    throttle::Throttle,
};
use super::{
    bucket::Bucket,
    peer::PeerId,
    socket::{
        endpoint::Endpoint,
        machine::{self, Machine},
        outbox::Outbox,
    },
    wire::codec::Shape,
};
use crate::limits::{Millis, PONGS, PONGS_A_SECOND};

pub struct Line {
    me: PeerId,
    rng: fastrand::Rng,
    /// Of a message, by its letter.
    kind: fn(u8) -> Kind,
    machine: Machine,
    wanted: Vec<Endpoint>,
    dialects: Vec<Box<dyn Dialect>>,
    /// Which of them is spoken.
    spoken: usize,
    /// What is remembered of servers.
    known: Known,
    /// Of the connection that is open, or was last.
    live: Live,
    /// The server that was opened last.
    opened: Option<Endpoint>,
    /// How payloads are made.
    shape: Shape,
    /// What the log has of the server.
    verdict: Option<Server>,
    tabs: Tabs,
    /// Looks for the others on other relays of the list.
    lookout: Lookout,
    outbox: Outbox,
    /// A payload had to be dropped; once the queue is empty the others are shown what we have.
    overflowed: bool,
    drain_at: Option<Millis>,
    throttle: Throttle,
    /// The page goes away: what waits may go out though the connection counts as closed.
    parting: bool,
    /// When answers to others' heartbeats may be given.
    pongs: Bucket,
    /// The last connection ended before any message of this room came back: the server may speak another protocol.
    mute: bool,
    counters: Counters,
    log: EventLog,
    events: VecDeque<Event>,
}

impl Line {
    /// `relays`: the wanted ones, the preferred one first. `shares`: the host reaches the browser's other tabs. It says
    /// nothing before [`Self::speak`].
    pub fn new(me: PeerId, rng: fastrand::Rng, relays: Vec<Endpoint>, shares: bool) -> Self {
        Self {
            me,
            rng,
            kind: Kind::unknown,
            machine: Machine::new(true),
            wanted: relays,
            dialects: Vec::new(),
            spoken: 0,
            known: Known::default(),
            live: Live::default(),
            opened: None,
            shape: Shape::default(),
            verdict: None,
            tabs: Tabs::new(shares),
            lookout: Lookout::default(),
            outbox: Outbox::default(),
            overflowed: false,
            drain_at: None,
            throttle: Throttle::default(),
            parting: false,
            pongs: Bucket::new(PONGS, PONGS_A_SECOND),
            mute: false,
            counters: Counters::default(),
            log: EventLog::default(),
            events: VecDeque::new(),
        }
    }

    /// What happened on the wire.
    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// Whether what is published now goes to the relay, over this page's socket or its leader's.
    pub fn is_reached(&self) -> bool {
        match self.tabs.role {
            Role::Follower => self.tabs.line().is_some_and(status::LineStatus::is_open),
            Role::Alone | Role::Leader => self.is_open(),
        }
    }

    /// Nothing waits to be sent.
    pub fn is_drained(&self) -> bool {
        self.outbox.is_empty()
    }

    /// Other relays, or none, are wanted; the preferred one first.
    pub fn want(&mut self, relays: &[Endpoint]) {
        relays.clone_into(&mut self.wanted);
    }

    fn is_open(&self) -> bool {
        self.live.is_ready && self.machine.is_open()
    }
}

/// All below is no part of the first load.
impl Line {
    /// From now on speaks these dialects, under this name. `known`: of servers, as [`Output::Remember`] had it. `kind` tells
    /// messages by their letters.
    pub fn speak(
        &mut self,
        me: PeerId,
        known: Known,
        kind: fn(u8) -> Kind,
        dialects: Vec<Box<dyn Dialect>>,
    ) {
        self.me = me;
        self.known = known;
        self.kind = kind;
        self.dialects = dialects;
    }

    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn tell(&mut self, output: Output) {
        self.events.push_back(Event::Do(output));
    }

    pub fn wake_at(&self) -> Option<Millis> {
        [
            self.machine.wake_at(),
            self.dialect_wakes_at(),
            // A queue that waits for another socket waits for nothing else.
            self.drain_at.filter(|_| self.machine.is_open()),
            self.lookout.wake_at(),
            self.tabs.wake_at(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    pub fn handle(&mut self, now: Millis, input: Input) {
        match input {
            Input::Socket(machine::Input::RetryAsked) => self.retry(now),
            Input::Socket(machine::Input::Hid) => self.seen(now, false),
            Input::Socket(machine::Input::Showed) => self.seen(now, true),
            Input::Socket(machine::Input::WentOnline) => {
                self.socket(now, machine::Input::WentOnline);
                self.woke(now);
            }
            Input::Socket(input) => self.socket(now, input),
            Input::Scout(news) if self.live.scouts => {
                // Of one that closed nothing comes any more; the dialect may open another.
                self.live.scouts = news != ScoutNews::Closed;
                self.dialect_handles(now, dialect::Input::Scout(news));
            }
            Input::Scout(news) => self.looked_out(now, news),
            Input::Frame(frame) => {
                let seen = self.seen_frame(&frame);
                self.log.record(now, log::Event::Received(seen));
                if self.keeps_alive() {
                    let generation = self.machine.generation();
                    self.socket(now, machine::Input::FrameArrived(generation));
                }
                self.dialect_handles(now, dialect::Input::Frame(&frame));
            }
            Input::Tab(bytes) => {
                if let Some(message) = TabMessage::read(&bytes) {
                    self.tab_said(now, message);
                }
            }
            Input::Leads(role) => self.leads(now, role),
        }
    }

    pub fn tick(&mut self, now: Millis) {
        self.socket(now, machine::Input::Ticked);
        self.watch_leader(now);
        let is_alone = self.is_alone();
        self.dialect_handles(now, dialect::Input::Ticked { is_alone });
        self.give_up_unready(now);
        self.look_out(now);
        if self.machine.is_open() {
            self.judge(now);
        }
    }

    /// Connects, if it was not done before.
    pub fn begin(&mut self, now: Millis) {
        if *self.machine.state() == machine::State::Idle && !self.tabs.campaigns {
            self.campaign(now);
        }
    }

    /// Connects to other relays than before, or to none.
    pub fn begin_again(&mut self, now: Millis) {
        match self.wanted.is_empty() {
            false => self.campaign(now),
            true => {
                self.socket(now, machine::Input::Stopped);
                self.resign(now);
            }
        }
    }

    /// The page goes away: what is queued may still go out.
    pub fn part(&mut self) {
        self.parting = self.is_open();
    }

    pub fn leave(&mut self, now: Millis) {
        self.socket(now, machine::Input::Left);
        self.resign(now);
    }

    pub fn come_back(&mut self, now: Millis) {
        match self.tabs.role {
            Role::Alone => {
                self.socket(now, machine::Input::Returned);
                self.woke(now);
            }
            Role::Leader | Role::Follower => self.campaign(now),
        }
    }

    /// A person asks to reconnect now.
    fn retry(&mut self, now: Millis) {
        match self.tabs.role {
            Role::Follower => self.tell_tabs(&TabMessage::Retry(self.tabs.group())),
            Role::Alone | Role::Leader if self.is_useless() => self.look_again(now),
            Role::Alone | Role::Leader => self.socket(now, machine::Input::RetryAsked),
        }
    }
    /// This page, or the others, were asleep.
    pub fn slept(&mut self, now: Millis) {
        self.tabs.slept(now);
    }

    /// The dialect has a second connection: answers that come now come over both.
    pub fn has_scout(&self) -> bool {
        self.live.scouts
    }
}

#[cfg(test)]
mod tests;
