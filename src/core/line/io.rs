//! What goes into a line and what comes out of it.

use super::tabs::{Group, Role};
use crate::{
    core::{
        frame::Frame,
        peer::PeerId,
        socket::{
            endpoint::Endpoint,
            machine::{self, Generation},
        },
        wire::codec::Shape,
    },
    limits::Millis,
};

/// What the host reports.
#[derive(Clone, Debug)]
pub enum Input {
    Socket(machine::Input),
    Scout(ScoutNews),
    /// From the relay.
    Frame(Frame),
    /// From another tab of the same browser ([`tabs`](super::tabs)).
    Tab(Vec<u8>),
    /// The role that the host assigned after [`Output::Lead`].
    Leads(Role),
}

/// What the host does.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Open, close or abandon the relay's socket. These subprotocols are offered when it is opened.
    Socket(machine::Output, Subprotocols),
    Scout(Scout, Subprotocols),
    /// Send this to the other tabs.
    Tabs(Vec<u8>),
    /// Queue for the lead of this group, in place of any other; or give up what there is.
    Lead(Option<Group>),
    /// Keep this for later pages ([`known`](super::known)).
    Remember(String),
}

pub type Subprotocols = &'static [&'static str];

/// What is wanted of the scout, a second connection that lives a second or two.
#[derive(Clone, Debug, PartialEq)]
pub enum Scout {
    /// In place of the one before, if there is one.
    Open(Endpoint),
    Send(Frame),
    Close,
}

/// What the scout reports.
#[derive(Clone, Debug, PartialEq)]
pub enum ScoutNews {
    Opened,
    Frame(Frame),
    /// By the server, or it could not be opened.
    Closed,
}

/// What the session hears.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// For the host.
    Do(Output),
    /// A payload came. [`Line::read`](super::Line::read) is told what was in it.
    Payload(Frame, Via),
    /// A tab of this browser is there.
    Tab(PeerId),
    /// A tab of this browser is gone.
    TabGone(PeerId),
    /// A connection was opened: nothing that comes over it goes on where the last one stopped.
    Opened,
    /// This page's socket takes payloads from now on.
    Joined,
    /// The others can be reached, perhaps in another way than before: what was said may have to be said again.
    Met,
    /// This page's socket is closed.
    Closed,
    /// How payloads are made from now on.
    Shape(Shape),
    /// A round trip takes so many milliseconds.
    Paced(Millis),
    /// A heartbeat is due, which these peers answer; if none, the server does. [`Line::heartbeat_sent`](super::Line) is told.
    Heartbeat(Vec<PeerId>),
    /// The dialect's second connection is closed. While it is open, answers come over it, too.
    ScoutClosed,
    /// A greeting is to be sent over the scout ([`Line::greet`](super::Line::greet)).
    Greet,
    /// The leader has sent all that this page made.
    Sent,
    /// Payloads had to be dropped, and those that could be kept are sent.
    Drained,
}

/// Which way a payload came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// From the relay, over this connection.
    Relay(Generation),
    /// From another tab.
    Tab,
    /// From a follower, while this leader cannot pass it on.
    CutOff,
    /// From another relay of the list.
    Scout,
}

/// What a kind of message is to a line.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// A word or two, for the log.
    pub name: &'static str,
    /// The newest message makes those before it worth nothing.
    pub is_volatile: bool,
}

impl Kind {
    /// Of a message of which nothing is known.
    pub(super) fn unknown(_: u8) -> Self {
        Self {
            name: "",
            is_volatile: false,
        }
    }
}
