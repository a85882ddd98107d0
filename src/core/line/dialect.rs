//! How payloads travel over a connection to servers of one kind. A payload is what the codec makes and reads. Servers
//! that pass on frames as they are get it as a frame ([`raw`]); others have a protocol of their own, with a
//! handshake, subjects and a keep-alive, in whose frames payloads are wrapped.
//!
//! A dialect is a state machine without a socket or a clock. The line tells it what happened, does what it answers, and
//! calls it again when the time comes that it names. It learns of one connection at a time:
//!
//! ```text
//! Opened -> (Frame | Scout | Ticked | ...)* -> Closed
//!           wrap() only after Output::Ready; and right after Closed, for a goodbye
//! ```
//!
//! If an output ends the connection, the line ignores the outputs after it, except [`Output::Remember`].

pub mod raw;

use std::fmt;

use self::raw::Raw;
use super::{Scout, ScoutNews, Subprotocols, server::Server};
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

/// Who speaks.
#[derive(Clone, Debug)]
pub struct Speaker {
    pub tag: Tag,
    pub me: PeerId,
    /// Seeds what is drawn at random.
    pub seed: u64,
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

    /// When [`Input::Ticked`] is due; asked for while the connection is open only. It comes at other moments, too.
    fn wake_at(&self) -> Option<Millis>;
}

/// What happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// The connection is open.
    Opened {
        endpoint: &'a Endpoint,
        /// So long it took, which is no less than a round trip.
        handshake_ms: Millis,
        /// What earlier connections remembered of this server.
        known: Option<&'a Server>,
    },
    /// The connection is closed: by the server or the network, or given up by this page (none).
    Closed(Option<&'a CloseEvent>),
    Frame(&'a Frame),
    /// Of the second connection that it asked for.
    Scout(ScoutNews),
    /// A payload that it gave was read. There were messages in it of this page, and of others; or none of this room.
    Read {
        payload: &'a Frame,
        own: bool,
        others: bool,
    },
    /// The answer to something that was sent came after so many milliseconds.
    RoundTrip(Millis),
    /// Those who were met over this connection fell silent.
    Doubted,
    /// The page is looked at again, or has another network. Timers may have been late meanwhile, and the connection may
    /// have died.
    Woke,
    /// A person waits for a server that passes frames on to no other client: it is to be examined again.
    LookAgain,
    Ticked {
        /// No peer was heard over this connection who has not left.
        is_alone: bool,
    },
}

/// What is to be done, or has been learned.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send a frame of the protocol's own, ahead of every payload.
    Send(Frame),
    /// A payload came, of a peer or of this page.
    Payload(Frame),
    /// What the server is, as far as it is known now; [`Server::default`] until this says more. Sizes and forms are those of
    /// payloads.
    Server(Server),
    /// The server is examined: it is known to which clients it passes frames on ([`Server::audience`]).
    Profiled,
    /// From now on payloads can be published. A server of which that is not said within
    /// [`READY_MS`](crate::limits::READY_MS) is given up.
    Ready,
    /// The server says no, or speaks another protocol: the code decides what follows, the reason is shown.
    Refused(CloseEvent),
    /// What was published over this connection may have reached nobody.
    Lost,
    /// An answer came after so many milliseconds.
    RoundTrip(Millis),
    /// The server gives no sign of life.
    Silent,
    /// Open, use or close a second connection to the same server. It is closed with the first one.
    Scout(Scout),
    /// Keep this of the server for later connections and pages, if it is worth that.
    Remember(Server),
}
