//! How a line stands, for people and for the other tabs.

use serde::{Deserialize, Serialize};

use super::{Line, server::Server};
use crate::{
    core::{
        socket::{
            close::CloseEvent,
            endpoint::Endpoint,
            machine::{Failure, State},
        },
        wire::codec::Inbound,
    },
    limits::Millis,
};

/// The state names that pages and scripts see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Connection {
    Idle,
    Connecting,
    Probing,
    Open,
    Stale,
    Waiting,
    Offline,
    Failed,
}

impl Connection {
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Probing => "probing",
            Self::Open => "open",
            Self::Stale => "stale",
            Self::Waiting => "waiting",
            Self::Offline => "offline",
            Self::Failed => "failed",
        }
    }
}

impl From<&State> for Connection {
    fn from(state: &State) -> Self {
        match state {
            State::Idle | State::Closing => Self::Idle,
            State::Connecting => Self::Connecting,
            State::Probing => Self::Probing,
            State::Open => Self::Open,
            State::Stale => Self::Stale,
            State::Waiting { .. } => Self::Waiting,
            State::Offline => Self::Offline,
            State::Failed { .. } => Self::Failed,
        }
    }
}

/// Things that the relay did and that cost no more than a count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Frames of other programs or rooms.
    pub strangers: u32,
    /// Envelopes that no member of this room made.
    pub forged: u32,
    /// Envelopes that had come before.
    pub repeated: u32,
}

impl Counters {
    pub(super) fn add(&mut self, inbound: &Inbound) {
        self.strangers += u32::from(inbound.stranger);
        self.forged += inbound.forged;
        self.repeated += inbound.repeated;
    }
}

/// How the line to the relay stands: this page's own, or that of the tab which holds the socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineStatus {
    pub connection: Connection,
    /// The one that is tried or used now.
    pub relay: Option<Endpoint>,
    /// Which of how many wanted ones that is, counted from 0.
    pub place: (usize, usize),
    /// What is known of it.
    pub server: Server,
    pub rtt_ms: Option<Millis>,
    pub counters: Counters,
    /// Edits that the wanted relay has not been sent.
    pub unsent: usize,
    /// When the next try comes, while waiting.
    pub retry_at: Option<Millis>,
    /// How the last connection ended, if one did.
    pub ending: Option<Ending>,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// The browser could not open it, for this reason of its own.
    Blocked(String),
    Closed(CloseEvent),
    /// It opens, but closes before anything comes back; the server may have said why.
    Mute(Option<CloseEvent>),
}

impl LineStatus {
    pub fn is_open(&self) -> bool {
        matches!(
            self.connection,
            Connection::Probing | Connection::Open | Connection::Stale
        )
    }

    /// For a page with another clock: moments become spans from now on …
    pub fn leaving(&self, now: Millis) -> Self {
        let mut line = self.clone();
        line.retry_at = line.retry_at.map(|at| at.saturating_sub(now));
        line
    }

    /// … and spans moments again.
    pub fn arrived(mut self, now: Millis) -> Self {
        self.retry_at = self.retry_at.map(|span| now.saturating_add(span));
        self
    }
}

impl Line {
    /// `unsent`: edits that no open socket has taken yet. Whether it is that of another tab.
    pub fn status(&self, unsent: usize) -> (LineStatus, bool) {
        match self.tabs.line() {
            Some(line) => {
                let unsent = if line.is_open() { 0 } else { unsent };
                let line = line.clone();
                (LineStatus { unsent, ..line }, true)
            }
            None => (self.own_status(unsent), false),
        }
    }

    /// Of this page's own socket.
    pub(super) fn own_status(&self, unsent: usize) -> LineStatus {
        let machine = &self.machine;
        let last_close = || machine.last_close().cloned();
        let ending = match machine.state() {
            State::Failed {
                why: Failure::Blocked(why),
            } => Some(Ending::Blocked(why.clone())),
            State::Failed {
                why: Failure::Refused(close),
            } => Some(Ending::Closed(close.clone())),
            _ if self.mute => Some(Ending::Mute(last_close())),
            _ => last_close().map(Ending::Closed),
        };
        LineStatus {
            connection: match machine.is_open() && !self.live.is_ready {
                true => Connection::Connecting,
                false => machine.state().into(),
            },
            relay: machine
                .endpoint()
                .filter(|_| !self.wanted.is_empty())
                .or(self.wanted.first())
                .cloned(),
            place: machine.place(),
            server: self.live.server.clone(),
            rtt_ms: self.live.round_trip.ms(),
            counters: self.counters,
            unsent: match self.wanted.is_empty() {
                true => 0,
                false => unsent + self.outbox.len(),
            },
            retry_at: match machine.state() {
                State::Waiting { until_ms, .. } => Some(*until_ms),
                State::Failed {
                    why: Failure::Refused(_),
                } => machine.wake_at(),
                _ => None,
            },
            ending,
        }
    }
}
