//! How a connection stands.

use crate::{close::CloseEvent, limits::Millis};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// No connection is wanted.
    Idle,
    Connecting,
    /// Open; it is being found out what kind of server this is. Frames flow already.
    Probing,
    Open,
    /// Open, but a heartbeat was not answered so far.
    Stale,
    /// The last try failed; the next one comes at `until_ms`. `attempt` counts from 1.
    Waiting {
        attempt: u32,
        until_ms: Millis,
    },
    /// The browser says that there is no network. A slow retry goes on, since browsers are sometimes wrong.
    Offline,
    /// Stopped by a person; the closing handshake is under way.
    Closing,
    /// The server said no, and is asked again slowly; or the browser did, and only a person's "try again" goes on.
    Failed {
        why: Failure,
    },
}

/// Why no further try is made soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The server refused us, with this close.
    Refused(CloseEvent),
    /// The browser would not even try, in its own words.
    Blocked(String),
}

impl State {
    /// The name that pages, scripts and styles see.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Probing => "probing",
            Self::Open => "open",
            Self::Stale => "stale",
            Self::Waiting { .. } => "waiting",
            Self::Offline => "offline",
            Self::Closing => "closing",
            Self::Failed { .. } => "failed",
        }
    }

    /// Whether frames can be sent.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Probing | Self::Open | Self::Stale)
    }
}
