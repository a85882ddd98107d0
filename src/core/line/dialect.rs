//! How payloads travel over a connection to servers of one kind. A payload is what the codec makes and reads. Servers
//! that pass on frames as they are get it as a frame ([`raw`]); others have a protocol of their own, with a
//! handshake, subjects and a keep-alive, in whose frames payloads are wrapped.
//!
//! A dialect is a state machine without a socket or a clock. The line tells it what happened, does what it answers, and
//! calls it again when the time comes that it names. It learns of one connection at a time:
//!
//! ```text
//! Opened -> (Frame | Scout | Ticked | ...)* -> Closed
//!           wrap() only after Output::Ready; once more right after Closed, for a goodbye
//! ```

pub mod raw;

use std::fmt;

use self::raw::Raw;
use super::{Known, Scout, ScoutNews, Subprotocols, server::Server};
use crate::{
    core::{
        frame::Frame,
        peer::PeerId,
        socket::{close::CloseEvent, endpoint::Endpoint},
        wire::tag::Tag,
    },
    limits::Millis,
};

/// All dialects; the first one counts that serves an address. A new one is a file beside this and a line here.
pub fn all(speaker: Speaker) -> Vec<Box<dyn Dialect>> {
    vec![Box::new(Raw::new(speaker))]
}

/// Who speaks, and what earlier pages remembered of servers.
#[derive(Clone, Debug)]
pub struct Speaker {
    pub tag: Tag,
    pub me: PeerId,
    /// Seeds what is drawn at random.
    pub seed: u64,
    pub known: Known,
}

pub trait Dialect: fmt::Debug {
    /// Whether this is the one for the server at that address. A line takes the first of its dialects that says so.
    fn serves(&self, endpoint: &Endpoint) -> bool;

    /// What is offered in the opening handshake (RFC 6455, section 1.9), the preferred one first.
    fn subprotocols(&self) -> Subprotocols {
        &[]
    }

    /// A payload is a frame, from the first one on: nothing has to be said before, and nothing stands around it.
    fn is_bare(&self) -> bool {
        false
    }

    /// It finds out itself whether the server still answers ([`Output::Silent`]); no heartbeats are sent as payloads.
    fn keeps_alive(&self) -> bool {
        false
    }

    /// Takes what happened, and says what is to be done, in this order.
    fn handle(&mut self, now: Millis, input: Input<'_>) -> Vec<Output>;

    /// The frames that publish a payload.
    fn wrap(&mut self, payload: Frame) -> Vec<Frame> {
        vec![payload]
    }

    /// When [`Input::Ticked`] is due, while the connection is open.
    fn wake_at(&self) -> Option<Millis>;
}

/// What happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// The connection is open. To do that took so many milliseconds, which is no less than a round trip.
    Opened {
        endpoint: &'a Endpoint,
        handshake_ms: Millis,
    },
    /// The connection is closed: by the server or the network, or given up by this page (none).
    Closed(Option<&'a CloseEvent>),
    Frame(&'a Frame),
    /// Of the second connection that it asked for.
    Scout(ScoutNews),
    /// Messages were read in the payloads of a frame: of this page, of others.
    Read {
        own: bool,
        others: bool,
    },
    /// The answer to something that was sent came after so many milliseconds.
    RoundTrip(Millis),
    /// Those who were met over this connection fell silent.
    Doubted,
    /// Somebody waits for a server that connects nobody.
    Asked,
    Ticked {
        /// Nobody else is met over this connection.
        is_alone: bool,
    },
}

/// What is to be done, or has been learned.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send a frame of the protocol's own, ahead of every payload.
    Send(Frame),
    /// A payload came, from somebody else or from here.
    Payload(Frame),
    /// What the server is, as far as it is known now.
    Server(Server),
    /// The server has been found out about: it connects clients, or connects nobody ([`Server::audience`]).
    Profiled,
    /// From now on payloads can be published.
    Ready,
    /// What was published over this connection may have reached nobody.
    Lost,
    /// An answer came after so many milliseconds.
    RoundTrip(Millis),
    /// The server gives no sign of life.
    Silent,
    /// Open, use or close a second connection to the same server.
    Scout(Scout),
    /// Keep this for later pages.
    Remember(Known),
}
