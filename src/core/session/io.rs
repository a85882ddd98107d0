//! What goes into a session and what comes out of it.

use super::network::Network;
use crate::core::{
    apps::Said,
    doc::{
        presence::{
            Profile,
            slots::{Shows, Slot},
        },
        storage::Stored,
        store::{self, BatchNumber},
        table::{Touched, Write},
        undo::Direction,
    },
    frame::Frame,
    line,
    peer::PeerId,
    socket::{endpoint::Endpoint, machine},
    wire::{
        codec::TooLarge,
        identity::Seed,
        seal::{RoomKey, Salt},
        tag::Tag,
    },
};
use crate::limits::Millis;

#[derive(Clone, Debug)]
pub struct Setup {
    pub tag: Tag,
    pub room_key: RoomKey,
    /// The author of what is written here; and our name on the wire, as long as we do not sign.
    pub me: PeerId,
    /// Drawn for this page load.
    pub salt: Salt,
    /// Seeds every random delay.
    pub seed: u64,
    pub profile: Profile,
    /// What this browser keeps for its person in this room: all its pages have the same. None where it keeps nothing.
    pub person: Option<Seed>,
    /// The preferred one first. Empty: none is wanted.
    pub relays: Vec<Endpoint>,
    /// What earlier sessions remembered of servers, as [`line::Output::Remember`] had it; empty for nothing.
    pub known: String,
    /// The host reaches the browser's other tabs and can tell which one leads: it answers
    /// [`line::Output::Lead`].
    pub shares: bool,
    /// The network code, if it is present from the start: such a page neither signs nor checks signatures. None: the
    /// host loads the code later ([`Input::NetworkCame`]).
    pub network: Option<Network>,
}

#[derive(Clone, Debug)]
pub enum Input {
    /// The room was read from storage.
    Loaded(Stored),
    /// The network code was loaded. The seed is random and secret, and makes the signing key. From now on the page
    /// sends, receives and signs messages.
    NetworkCame(Network, Seed),
    /// A batch is in storage …
    Written(BatchNumber),
    /// … or is not, for this reason.
    WriteFailed(BatchNumber, String),
    /// Storage could not be opened or read, or the connection to it was lost.
    StoreFailed(String),
    /// Whether the browser promises to keep what is stored.
    StoreLasts(bool),
    Line(line::Input),
    /// A person edited; one undoable step.
    Edited(Vec<Write>),
    UndoAsked(Direction),
    /// The edit that a person has begun but not finished, such as a stroke; empty if there is none.
    Drafted(Vec<Write>),
    /// The others are to be shown this in a slot, or nothing any more ([`Input::shows`]).
    Shows(Slot, Option<Vec<u8>>),
    /// The view of somebody else is wanted in place of one's own, or no longer.
    Followed(Option<PeerId>),
    Renamed(Profile),
    /// Other relays, or none, are wanted; the preferred one first.
    RelaysChosen(Vec<Endpoint>),
    /// The page goes away, perhaps for ever.
    Left,
    /// The page came back.
    Returned,
    Ticked,
}

/// What the browser reports of the socket and of itself.
impl From<machine::Input> for Input {
    fn from(input: machine::Input) -> Self {
        Self::Line(line::Input::Socket(input))
    }
}

impl Input {
    pub fn shows<T: Shows>(value: Option<&T>) -> Self {
        Self::Shows(T::SLOT, value.map(T::bytes))
    }
}

/// What a host does next.
#[derive(Clone, Debug, PartialEq)]
pub enum Poll {
    /// Hand this to the relay's socket.
    Send(Frame),
    Do(Output),
    /// Nothing before the next input, or this moment.
    Rest(Option<Millis>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    Line(line::Output),
    Store(store::Command),
    /// Parts of the document changed, by anybody.
    Touched(Vec<Touched>),
    /// A message of a slot that is a stream, from a peer.
    Streamed(PeerId, Slot, Vec<u8>),
    Notice(Notice),
}

/// Something that a person should know now; the interface has the words. Names are of people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// So many changes of the step had been changed again by others, and stayed as they are.
    UndoSkipped(usize),
    App(Said),
    TooLarge(TooLarge),
    /// An undo step is too large to be stored: it is gone after a reload.
    StepTooLarge,
    Came(String),
    Went(String),
    /// This person's page sends more than the limit. Its messages are ignored until it sends less.
    Muted(String),
    /// This person's page sent two different versions of one edit. Its messages are ignored for a while.
    Contradicted(String),
    /// Different people had been sent different versions of an edit. All have both now.
    Mended,
    /// Has a newer version of this program.
    Newer(String),
    /// What was being drawn when the page stopped is here again.
    Recovered,
    StoredRowUnreadable,
    /// What stopped the program the last time was not loaded.
    SetAside,
}
