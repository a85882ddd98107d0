//! The whole client minus the browser: socket, wire and doc joined. What the simulator runs is what ships.
//!
//! The host passes each [`Input`] and the current time to [`Session::handle`]. Then it calls [`Session::poll`] and does
//! what that returns, until it returns [`Poll::Rest`]. At the time given there, the host passes [`Input::Ticked`].
//!
//! ```
//! use duplex::core::{frame::Frame, session::{Input, Output, Poll, Session}};
//!
//! /// Gives the time of the next tick, in milliseconds.
//! fn feed(
//!     session: &mut Session,
//!     now: u64,
//!     input: Input,
//!     socket: &mut Vec<Frame>,
//!     carry_out: impl Fn(Output),
//! ) -> Option<u64> {
//!     session.handle(now, input);
//!     loop {
//!         match session.poll(now, Some(0)) {
//!             Poll::Send(frame) => socket.push(frame),
//!             Poll::Do(output) => carry_out(output),
//!             Poll::Rest(tick_at) => return tick_at,
//!         }
//!     }
//! }
//! ```

mod document;
mod events;
pub mod io;
pub mod message;
pub mod network;
mod outgoing;
mod person;
mod presence;
pub mod status;
mod sync;

pub use io::{Input, Notice, Output, Poll, Setup};
use network::Networking;
use presence::Throttled;

use std::collections::VecDeque;

use super::{
    bucket::Bucket,
    doc::{
        draft::Drafts,
        fork::Forks,
        presence::{
            People, Profile,
            slots::{Lane, Slot},
        },
        replica::Replica,
        store::{self, Store},
        sync::Sync,
        table::Change,
        undo::History,
    },
    line::{Line, log::EventLog},
    peer::PeerId,
    wire::{codec::Codec, identity::Seed, tag::Tag},
};
use crate::limits::{ANSWERED_BYTES, ANSWERED_BYTES_A_SECOND, ASLEEP_MS, Millis};

pub struct Session {
    tag: Tag,
    me: PeerId,
    profile: Profile,
    /// The seed of the person's key; this page's claim, signed with that key; and each peer's claim, with the owner
    /// that it proves if it is valid.
    person: Option<Seed>,
    claim: Vec<u8>,
    claims: Vec<(PeerId, Vec<u8>, Option<PeerId>)>,
    line: Line,
    /// What is known of servers, until the line takes it.
    known: String,
    rng: fastrand::Rng,
    codec: Codec,
    networking: Networking,
    replica: Replica,
    history: History,
    sync: Sync,
    forks: Forks,
    /// Bytes of answers that may still be given.
    answers: Bucket,
    people: People,
    store: Store,
    drafts: Drafts,
    /// For each slot of [`Lane::Latest`]: the current value, and the value that was sent last.
    shown: Vec<(Slot, Throttled<Vec<u8>>)>,
    follows: Option<PeerId>,
    /// Edits that no open socket has taken yet, and the state vector from before the first of them.
    unsent: usize,
    sent_state: Vec<u8>,
    set_aside: Vec<Vec<u8>>,
    /// A page of a newer version was here, and that was said.
    met_newer: bool,
    /// The session may connect: the room was loaded, loading it failed, or relays were chosen.
    is_ready: bool,
    /// `Leave` was sent. Until `Returned`, sending anything would make peers list this page again.
    has_left: bool,
    /// When something came last.
    woke_at: Millis,
    outputs: VecDeque<Output>,
    /// Nothing more is to be sent before the next input.
    is_drained: bool,
}

impl Session {
    /// A session that asks for its stored room first; it connects once that is read.
    pub fn new(setup: Setup) -> Self {
        let replica = Replica::new(setup.me);
        let mut rng = fastrand::Rng::with_seed(setup.seed);
        let mut session = Self {
            tag: setup.tag,
            me: setup.me,
            profile: setup.profile,
            person: setup.person,
            claim: Vec::new(),
            claims: Vec::new(),
            line: Line::new(setup.me, rng.fork(), setup.relays, setup.shares),
            known: setup.known,
            rng,
            codec: Codec::new(setup.tag, setup.room_key, setup.me, setup.salt),
            networking: match setup.network {
                None => Networking::Awaited(Vec::new()),
                Some(network) => Networking::Has {
                    network,
                    signs: false,
                },
            },
            sent_state: replica.state_vector(),
            sync: Sync::new(replica.digest()),
            replica,
            history: History::new(setup.me),
            forks: Forks::default(),
            answers: Bucket::new(ANSWERED_BYTES, ANSWERED_BYTES_A_SECOND),
            people: People::default(),
            store: Store::default(),
            drafts: Drafts::default(),
            shown: Vec::new(),
            follows: None,
            unsent: 0,
            set_aside: Vec::new(),
            met_newer: false,
            is_ready: false,
            has_left: false,
            woke_at: 0,
            outputs: [Output::Store(store::Command::Load)].into(),
            is_drained: true,
        };
        if let Some(network) = session.network() {
            (network.speak)(&mut session);
        }
        session
    }

    /// What happened on the wire.
    pub fn log(&self) -> &EventLog {
        self.line.log()
    }

    pub fn wake_at(&self) -> Option<Millis> {
        let store = self.store.wake_at().into_iter();
        store.chain(self.network_wake()).min()
    }

    /// Takes an input; [`Self::poll`] says what comes of it.
    pub fn handle(&mut self, now: Millis, input: Input) {
        let mut out = Vec::new();
        if now.saturating_sub(self.woke_at) > ASLEEP_MS {
            self.people.slept(now);
            self.line.slept(now);
        }
        self.woke_at = now;
        match input {
            Input::Loaded(stored) => self.loaded(now, stored, &mut out),
            Input::NetworkCame(network, seed) => self.network_came(now, network, seed, &mut out),
            Input::Written(batch) => out.extend(self.store.written(batch).map(Output::Store)),
            Input::WriteFailed(batch, reason) => self.store.write_failed(now, batch, reason),
            Input::StoreFailed(reason) => {
                self.store.failed(now, reason);
                // A room that cannot be read must not keep people apart.
                self.is_ready = true;
                self.begin(now, &mut out);
            }
            Input::StoreLasts(lasts) => self.store.lasts(lasts),
            Input::Edited(writes) => {
                self.edit(now, &writes, &mut out);
                self.drafts.committed(self.me, &writes);
            }
            Input::Drafted(draft) => {
                let draft = draft.into_iter().map(|write| Change {
                    key: write.key,
                    before: None,
                    after: write.value,
                });
                let kept = self.drafts.drew(self.me, &draft.collect());
                out.extend(
                    self.store
                        .record(kept.into_iter().collect())
                        .map(Output::Store),
                );
            }
            Input::UndoAsked(direction) => self.undo(now, direction, &mut out),
            Input::Ticked => {
                self.pass_to_network(now, Input::Ticked, &mut out);
                out.extend(self.store.tick(now).map(Output::Store));
            }
            Input::Left => {
                self.pass_to_network(now, Input::Left, &mut out);
                out.extend(self.store.hurry().map(Output::Store));
                self.has_left = true;
            }
            input => {
                self.note(&input);
                self.pass_to_network(now, input, &mut out);
            }
        }
        self.settle(now, &mut out);
        if self.drafts.has_finished() && self.store.pending() == 0 {
            let dropped = self.drafts.dropped();
            out.extend(self.store.record(dropped).map(Output::Store));
        }
        self.store.watch(now);
        self.outputs.extend(out);
        self.is_drained = false;
    }

    /// The next step for the host. `buffered`: bytes in the send buffer of the relay's socket; `None` without a socket.
    /// Frames come before outputs, because an output may close the socket that the frames are for.
    pub fn poll(&mut self, now: Millis, buffered: Option<usize>) -> Poll {
        if !self.is_drained {
            if let Some(frame) = buffered.and_then(|buffered| self.next_frame(now, buffered)) {
                return Poll::Send(frame);
            }
            // The outbox would count another call as another look at the socket's buffer, and double its polling
            // interval.
            self.is_drained = true;
        }
        match self.outputs.pop_front() {
            Some(output) => Poll::Do(output),
            None => Poll::Rest(self.wake_at()),
        }
    }

    /// Stores what this page itself needs of an input, before the network code handles it.
    fn note(&mut self, input: &Input) {
        match input {
            Input::Shows(slot, value) if slot.lane == Lane::Latest => {
                self.show(*slot, value.clone());
            }
            Input::Renamed(profile) => self.profile = Profile::new(&profile.name, profile.color),
            Input::RelaysChosen(relays) => {
                self.line.want(relays);
                self.is_ready = true;
            }
            Input::Returned => self.has_left = false,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
