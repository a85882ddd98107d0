//! What the page says about a session: states, counts and sentences.

use super::Session;
use crate::{
    core::{
        doc::store::Saved,
        socket::{endpoint::Endpoint, machine::State},
    },
    limits::{FRAME_BYTES, Millis},
};

/// What the relay has shown of itself since it opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// It sent our own envelopes back.
    pub own: bool,
    /// It sent us envelopes of others.
    pub others: bool,
}

/// To whom a relay passes a frame on, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    SelfOnly,
    Others,
    All,
    Unknown,
}

impl Audience {
    pub fn name(self) -> &'static str {
        match self {
            Self::SelfOnly => "self",
            Self::Others => "others",
            Self::All => "all",
            Self::Unknown => "unknown",
        }
    }
}

/// The state names that pages and scripts see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    Idle,
    Connecting,
    Open,
    Waiting,
    Offline,
    Failed,
}

impl Connection {
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::Offline => "offline",
            Self::Failed => "failed",
        }
    }
}

impl From<&State> for Connection {
    fn from(state: &State) -> Self {
        match state {
            State::Idle => Self::Idle,
            State::Connecting => Self::Connecting,
            State::Open => Self::Open,
            State::Waiting { .. } => Self::Waiting,
            State::Offline => Self::Offline,
            State::Failed => Self::Failed,
        }
    }
}

/// A session at a glance. Cheap to make: the document's digest is asked for on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub connection: Connection,
    pub relay: Option<Endpoint>,
    pub audience: Audience,
    /// Bytes of one frame, at most.
    pub frame_bytes: usize,
    /// With oneself.
    pub people: usize,
    /// Others who showed the same digest last.
    pub in_step: usize,
    /// Edits that the wanted relay has not been sent, and edits that storage has not taken.
    pub unsent: usize,
    pub unstored: usize,
    pub saved: Saved,
    pub storage_problem: Option<String>,
    /// When the next try comes, while waiting.
    pub retry_at: Option<Millis>,
    close: Option<String>,
}

impl Session {
    pub fn status(&self) -> Status {
        let close = self
            .socket
            .last_close()
            .map(|close| match close.reason.as_str() {
                "" => close.meaning().to_owned(),
                reason => format!("{} (\u{201c}{reason}\u{201d})", close.meaning()),
            });
        Status {
            connection: self.socket.state().into(),
            relay: self.relay.clone(),
            audience: match (self.heard.own, self.heard.others) {
                (true, true) => Audience::All,
                (false, true) => Audience::Others,
                (true, false) => Audience::SelfOnly,
                (false, false) => Audience::Unknown,
            },
            frame_bytes: FRAME_BYTES,
            people: self.people.count(),
            in_step: self.sync.in_step(),
            unsent: self.relay.as_ref().map_or(0, |_| self.unsent),
            unstored: self.store.pending(),
            saved: self.store.saved(),
            storage_problem: self.store.problem().map(str::to_owned),
            retry_at: match self.socket.state() {
                State::Waiting { until_ms, .. } => Some(*until_ms),
                _ => None,
            },
            close,
        }
    }
}

impl Status {
    /// How the connection stands and what follows from it, for people.
    pub fn sentence(&self) -> String {
        let close = self.close.as_deref().unwrap_or("did not answer");
        match self.connection {
            Connection::Idle if self.relay.is_none() => {
                "No relay: everything stays in this browser. Choose one under Share.".to_owned()
            }
            Connection::Idle => "Not connected yet.".to_owned(),
            Connection::Connecting => "Connecting to the relay.".to_owned(),
            Connection::Open => match (self.people, self.in_step) {
                (1, _) => "Connected. Nobody else is here yet.".to_owned(),
                (2, 1) => "Connected, in step with one other.".to_owned(),
                (people, in_step) if in_step + 1 == people => {
                    format!("Connected, in step with {in_step} others.")
                }
                (2, _) => "Connected, exchanging edits with one other.".to_owned(),
                (people, _) => format!("Connected, exchanging edits with {} others.", people - 1),
            },
            Connection::Waiting => format!(
                "The relay {close}. Keep working: edits are kept here and sent when it is back."
            ),
            Connection::Offline => {
                "No network. Keep working: edits are kept here and sent later.".to_owned()
            }
            Connection::Failed => format!("The relay {close}. Choose another one, or try again."),
        }
    }

    /// A word or two for small places.
    pub fn label(&self) -> &'static str {
        match self.connection {
            Connection::Idle => "Local only",
            Connection::Connecting => "Connecting",
            Connection::Open => "Connected",
            Connection::Waiting => "Reconnecting",
            Connection::Offline => "Offline",
            Connection::Failed => "Refused",
        }
    }

    pub fn saved_sentence(&self) -> String {
        let problem = self.storage_problem.as_deref().unwrap_or("unknown");
        match self.saved {
            Saved::Saving => "Saving in this browser.".to_owned(),
            Saved::Saved => "Everything is saved in this browser.".to_owned(),
            Saved::MemoryOnly => format!(
                "This browser gives no storage ({problem}). Export before you close the page."
            ),
            Saved::Failed => format!(
                "The last edits could not be saved ({problem}). It is tried again; export to be safe."
            ),
        }
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
