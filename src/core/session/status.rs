//! What the page says about a session: states, counts and sentences.

use serde::{Deserialize, Serialize};

use super::{Session, server};
use crate::{
    core::{
        doc::store::Saved,
        socket::{
            close::CloseEvent,
            endpoint::Endpoint,
            machine::{Failure, State},
        },
        wire::profile::{Audience, Profile},
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

/// How the line to the relay stands: this page's own, or that of the tab which holds the socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub connection: Connection,
    /// The one that is tried or used now.
    pub relay: Option<Endpoint>,
    /// Which of how many wanted ones that is, counted from 0.
    pub place: (usize, usize),
    /// What is known of it.
    pub server: Profile,
    pub rtt_ms: Option<Millis>,
    pub counters: Counters,
    /// Edits that the wanted relay has not been sent.
    pub unsent: usize,
    /// When the next try comes, while waiting.
    pub retry_at: Option<Millis>,
    close: Option<String>,
}

impl Line {
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

/// A session at a glance. Cheap to make: the document's digest is asked for on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub line: Line,
    /// The line is that of another tab of this browser.
    pub is_shared: bool,
    /// Entries of the tape so far.
    pub taped: usize,
    /// People, with oneself. All tabs of one browser are one of them.
    pub people: usize,
    /// Nothing was ever made here, as far as this browser knows.
    pub is_empty: bool,
    /// Other people of whom all pages showed the same digest last.
    pub in_step: usize,
    /// How much is here of a room that is on its way, in percent.
    pub arrived: Option<u8>,
    /// Others whose copy differs from this one for longer than edits take to arrive.
    pub apart: usize,
    /// Edits that storage has not taken.
    pub unstored: usize,
    pub saved: Saved,
    /// A newer version of this program stored the room.
    pub is_newer: bool,
    /// Whether the browser promises to keep what is stored; none until it has said.
    pub lasts: Option<bool>,
    pub storage_problem: Option<String>,
}

impl Session {
    pub fn status(&self) -> Status {
        let line = match self.lead.line() {
            Some(line) => Line {
                unsent: if line.is_open() { 0 } else { self.unsent },
                ..line.clone()
            },
            None => self.own_line(),
        };
        Status {
            line,
            is_shared: self.lead.line().is_some(),
            taped: self.relay.tape.total(),
            people: 1 + self.people.persons().count(),
            is_empty: self.sync.is_empty(),
            in_step: {
                let is_in_step = |page| self.sync.is_in_step(page);
                let others = self.people.persons();
                others
                    .filter(|(page, _)| self.people.all_pages(*page, is_in_step))
                    .count()
            },
            arrived: self.sync.progress(),
            // What others lack may still wait here.
            apart: match self.relay.outbox.is_empty() {
                true => self.sync.apart(),
                false => 0,
            },
            unstored: self.store.pending(),
            saved: self.store.saved(),
            is_newer: self.store.is_newer(),
            lasts: self.store.is_lasting(),
            storage_problem: self.store.problem().map(str::to_owned),
        }
    }

    /// A long answer is on its way.
    pub fn is_arriving(&self) -> bool {
        self.sync.progress().is_some()
    }

    /// Of this page's own socket.
    pub(super) fn own_line(&self) -> Line {
        let relay = &self.relay;
        let close = match relay.machine.state() {
            State::Failed {
                why: Failure::Blocked(why),
            } => Some(format!("could not be opened by this browser ({why})")),
            State::Failed {
                why: Failure::Refused(close),
            } => Some(close.in_words()),
            _ if relay.mute => Some(format!(
                "opens, but closes before anything comes back{}: it is not a server that echoes",
                relay
                    .machine
                    .last_close()
                    .map(CloseEvent::quoted)
                    .unwrap_or_default(),
            )),
            _ => relay.machine.last_close().map(CloseEvent::in_words),
        };
        Line {
            connection: relay.machine.state().into(),
            relay: relay
                .machine
                .endpoint()
                .filter(|_| !relay.wanted.is_empty())
                .or(relay.wanted.first())
                .cloned(),
            place: relay.machine.place(),
            server: relay.server.clone(),
            rtt_ms: relay.rtt_ms,
            counters: relay.counters,
            unsent: match relay.wanted.is_empty() {
                true => 0,
                false => self.unsent + relay.outbox.len(),
            },
            retry_at: match relay.machine.state() {
                State::Waiting { until_ms, .. } => Some(*until_ms),
                State::Failed {
                    why: Failure::Refused(_),
                } => relay.machine.wake_at(),
                _ => None,
            },
            close,
        }
    }
}

impl Status {
    /// Whether what is said can reach another machine, as far as is known.
    pub fn reaches_others(&self) -> bool {
        self.line.server.audience.may_connect()
    }

    /// The relay is open, and is known to connect nobody.
    pub fn is_useless(&self) -> bool {
        self.line.connection == Connection::Open && !self.reaches_others()
    }

    /// What stands in the way, for a place where all of it can be read; none while all is well, or soon will be.
    pub fn trouble(&self) -> Option<String> {
        let is_unstored = matches!(self.saved, Saved::MemoryOnly | Saved::Failed);
        let is_refused = self.line.connection == Connection::Failed;
        let sentences = [
            is_unstored.then(|| self.saved_sentence()),
            (is_refused || (self.is_useless() && self.people == 1)).then(|| self.sentence()),
        ];
        let sentences: Vec<_> = sentences.into_iter().flatten().collect();
        (!sentences.is_empty()).then(|| sentences.join(" "))
    }

    /// Whether somebody who waits can ask for another try, or for another look at the server.
    pub fn can_retry(&self) -> bool {
        match self.line.connection {
            Connection::Waiting | Connection::Offline | Connection::Failed => true,
            Connection::Open => self.is_useless(),
            _ => false,
        }
    }

    /// How the connection stands and what follows from it, for people.
    pub fn sentence(&self) -> String {
        let line = &self.line;
        let close = line.close.as_deref().unwrap_or("did not answer");
        match line.connection {
            Connection::Idle if line.relay.is_none() => {
                "No relay: everything stays in this browser. Choose one under Share.".to_owned()
            }
            Connection::Idle => "Not connected yet.".to_owned(),
            Connection::Connecting => "Connecting to the relay.".to_owned(),
            Connection::Probing => "Connected. Finding out what kind of server this is.".to_owned(),
            Connection::Stale => {
                "The relay has gone quiet. If it stays so, the connection is made anew.".to_owned()
            }
            Connection::Open if !line.server.audience.connects() && self.people == 1 => {
                server::audience(line.server.audience).to_owned()
            }
            Connection::Open if line.place.0 > 0 && self.people == 1 => format!(
                "Connected to {}, the {} relay of this link, because another one before it did not serve. Nobody is here; somebody may be there, and is looked for now and then.",
                line.relay.as_ref().map_or("another relay", Endpoint::host),
                ordinal(line.place.0),
            ),
            Connection::Open if line.place.0 > 0 => format!(
                "{} This is {}, the {} relay of the link; whoever is on one before it is looked for now and then.",
                self.company(),
                line.relay.as_ref().map_or("another relay", Endpoint::host),
                ordinal(line.place.0),
            ),
            Connection::Open => self.company(),
            Connection::Waiting => format!(
                "The relay {close}. Keep working: edits are kept here and sent when it is back."
            ),
            Connection::Offline => {
                "No network. Keep working: edits are kept here and sent later.".to_owned()
            }
            Connection::Failed if line.retry_at.is_some() => format!(
                "The relay {close}. It is asked again now and then. Edits are kept here; try again now, or choose another one under Share."
            ),
            Connection::Failed => {
                format!("The relay {close}. Choose another one under Share, or try again.")
            }
        }
    }

    /// Who is here, and how far everybody has the same.
    fn company(&self) -> String {
        match (self.arrived, self.people, self.in_step) {
            (Some(percent), ..) => format!("Connected. {percent} % of the room is here."),
            (_, 1, _) if self.is_empty => {
                "Connected. Nobody else is here yet; what others made here comes with one of them."
                    .to_owned()
            }
            (_, 1, _) => "Connected. Nobody else is here yet.".to_owned(),
            _ if self.apart > 0 => {
                "Connected, but out of step for a while: what differs is asked for again."
                    .to_owned()
            }
            (_, 2, 1) => "Connected, in step with one other.".to_owned(),
            (_, people, in_step) if in_step + 1 == people => {
                format!("Connected, in step with {in_step} others.")
            }
            (_, 2, _) => "Connected, exchanging edits with one other.".to_owned(),
            (_, people, _) => format!("Connected, exchanging edits with {} others.", people - 1),
        }
    }

    /// A word or two for small places.
    pub fn label(&self) -> &'static str {
        let audience = self.line.server.audience;
        match self.line.connection {
            Connection::Idle => "Local only",
            Connection::Connecting => "Connecting",
            Connection::Probing => "Connecting",
            Connection::Open if audience == Audience::None => "No echo",
            Connection::Open if audience == Audience::SelfOnly => "Echo only",
            Connection::Open => "Connected",
            Connection::Stale => "Checking",
            Connection::Waiting => "Reconnecting",
            Connection::Offline => "Offline",
            Connection::Failed => "Refused",
        }
    }

    pub fn saved_sentence(&self) -> String {
        let problem = self.storage_problem.as_deref().unwrap_or("unknown");
        match self.saved {
            Saved::Saving if self.unstored == 0 => "Opening this browser\u{2019}s storage.".to_owned(),
            Saved::Saving => "Saving in this browser.".to_owned(),
            Saved::Saved => match self.lasts {
                Some(true) => "Everything is saved in this browser, and it promises to keep it.",
                Some(false) => "Everything is saved in this browser, for as long as it has space.",
                None => "Everything is saved in this browser.",
            }
            .to_owned(),
            Saved::MemoryOnly if self.is_newer => {
                "A newer version of Duplex stored this room. Load the page again to get it; until then edits stay in this page."
                    .to_owned()
            }
            Saved::MemoryOnly => format!(
                "This browser gives no storage ({problem}). Export before you close the page."
            ),
            Saved::Failed => format!(
                "The last edits could not be saved ({problem}). It is tried again; export to be safe."
            ),
        }
    }
}

fn ordinal(place: usize) -> String {
    match place + 1 {
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        number => format!("{number}th"),
    }
}

impl Saved {
    /// The name that pages and scripts see.
    pub fn name(self) -> &'static str {
        match self {
            Self::Saving => "saving",
            Self::Saved => "saved",
            Self::MemoryOnly => "memory-only",
            Self::Failed => "failed",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Saving => "Saving",
            Self::Saved => "Saved",
            Self::MemoryOnly => "Not stored",
            Self::Failed => "Not saved",
        }
    }
}
