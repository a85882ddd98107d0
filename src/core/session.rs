//! The whole client minus the browser: socket, wire and doc joined. What the simulator runs is what ships.
//!
//! A host feeds [`Input`]s with the time. After each it does what [`Session::poll`] says, until that is to rest; and it feeds
//! [`Input::Ticked`] when the time comes that was named then.
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

pub mod card;
pub mod io;
pub mod lead;
mod lookout;
pub mod message;
pub mod network;
mod outgoing;
mod person;
mod presence;
pub mod relay;
pub mod server;
pub mod status;
mod sync;

pub use io::{Input, Notice, Output, Poll, Scout, ScoutNews, Setup};
use lead::Lead;
use network::Networking;
use presence::Told;
use relay::Relay;

use std::collections::VecDeque;

use super::{
    bucket::Bucket,
    doc::{
        draft::Drafts,
        fork::Forks,
        presence::{
            People, Person, Profile,
            slots::{Lane, Slot},
        },
        quarantine::Quarantine,
        replica::{Replica, ReplicaError},
        step::Step,
        storage::Stored,
        store::{self, Store},
        sync::Sync,
        table::{Change, Touched, Write},
        undo::{Direction, History},
    },
    peer::PeerId,
    tape::Tape,
    wire::{codec::Codec, identity::Seed, tag::Tag},
};
use crate::limits::{
    ANSWERED_BYTES, ANSWERED_BYTES_A_SECOND, ASLEEP_MS, Millis, QUESTION_WAITS_MS,
};

pub struct Session {
    tag: Tag,
    me: PeerId,
    profile: Profile,
    /// The person's key, what shows with it that this page is theirs, and what others have shown so, checked.
    person: Option<Seed>,
    claim: Vec<u8>,
    claims: Vec<(PeerId, Vec<u8>, Option<PeerId>)>,
    relay: Relay,
    lead: Lead,
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
    /// What we show, and what the others were told of it. Not of streams.
    shown: Vec<(Slot, Told<Vec<u8>>)>,
    follows: Option<PeerId>,
    /// Edits that no open socket has taken yet, and the state vector from before the first of them.
    unsent: usize,
    sent_state: Vec<u8>,
    set_aside: Vec<Vec<u8>>,
    /// A page of a newer version was here, and that was said.
    met_newer: bool,
    /// There is something to connect for: the room was read, or cannot be, or a relay was chosen.
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
        Self {
            tag: setup.tag,
            me: setup.me,
            profile: setup.profile,
            person: setup.person,
            claim: Vec::new(),
            claims: Vec::new(),
            relay: Relay::new(setup.relays, setup.known),
            lead: Lead::new(setup.shares),
            rng: fastrand::Rng::with_seed(setup.seed),
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
        }
    }

    pub fn replica(&self) -> &Replica {
        &self.replica
    }

    /// Before anything is loaded: takes in nothing that `quarantine` holds.
    pub fn guard(&mut self, quarantine: Quarantine) {
        self.replica.guard(quarantine);
    }

    /// Stored pieces of the document that the quarantine holds, each a Yjs update.
    pub fn set_aside(&self) -> &[Vec<u8>] {
        &self.set_aside
    }

    /// What the document takes in storage.
    pub fn stored_bytes(&self) -> u64 {
        self.store.bytes() as u64
    }

    pub fn people(&self) -> &People {
        &self.people
    }

    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    pub fn me(&self) -> PeerId {
        self.me
    }

    /// Whose view is wanted in place of one's own.
    pub fn follows(&self) -> Option<PeerId> {
        self.follows
    }

    /// Whose view that is in the end.
    pub fn leader(&self) -> Option<&Person> {
        self.people.leader_of(self.me, self.follows?)
    }

    /// What happened on the wire.
    pub fn tape(&self) -> &Tape {
        &self.relay.tape
    }

    pub fn can(&self, direction: Direction) -> bool {
        self.history.can(direction)
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
            self.lead.slept(now);
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

    /// What a host does next. `buffered`: bytes that its socket to the relay holds already; none while it has no socket.
    /// What is to be sent comes first, for the socket it is for may be closed next.
    pub fn poll(&mut self, now: Millis, buffered: Option<usize>) -> Poll {
        if !self.is_drained {
            if let Some(frame) = buffered.and_then(|buffered| self.next_frame(now, buffered)) {
                return Poll::Send(frame);
            }
            // Asking again would count as looking at the socket's buffer again.
            self.is_drained = true;
        }
        match self.outputs.pop_front() {
            Some(output) => Poll::Do(output),
            None => Poll::Rest(self.wake_at()),
        }
    }

    /// What this page itself keeps of what is otherwise for others.
    fn note(&mut self, input: &Input) {
        match input {
            Input::Shows(slot, value) if slot.lane == Lane::Latest => {
                self.show(*slot, value.clone());
            }
            Input::Renamed(profile) => self.profile = Profile::new(&profile.name, profile.color),
            Input::RelaysChosen(relays) => {
                self.relay.wanted.clone_from(relays);
                self.is_ready = true;
            }
            Input::Returned => self.has_left = false,
            _ => {}
        }
    }

    fn loaded(&mut self, now: Millis, stored: Stored, out: &mut Vec<Output>) {
        let mut touched = Vec::new();
        let mut unreadable = stored.unreadable > 0;
        self.set_aside.clear();
        for update in stored.updates() {
            match self.replica.apply(update) {
                Ok(applied) => {
                    unreadable |= applied.torn.is_some();
                    touched.extend(applied.touched);
                }
                Err(ReplicaError::SetAside) => self.set_aside.push(update.clone()),
                Err(_) => unreadable = true,
            }
        }
        if self.unsent == 0 {
            self.sent_state = self.replica.state_vector();
        }
        let is_again = self.store.is_loaded();
        // What was not taken in is kept where it is: a snapshot would throw it away.
        let compaction = self.store.loaded(&stored, || self.replica.snapshot());
        if self.set_aside.is_empty() && !unreadable {
            out.extend(compaction.map(Output::Store));
        }
        if unreadable {
            out.push(Output::Notice(Notice::StoredRowUnreadable));
        }
        if !self.set_aside.is_empty() {
            out.push(Output::Notice(Notice::SetAside));
        }
        if is_again && let Some(lost) = self.replica.beyond(stored.updates()) {
            // Somebody deleted what was stored. All that this page has goes there before anything is called saved.
            out.extend(self.store.keep(lost).map(Output::Store));
        }
        self.history.loaded(&stored.steps);
        let is_here = |change: &Change| self.replica.get(&change.key).is_some();
        self.drafts.loaded(now, &stored.drafts, is_here);
        out.extend(self.store.resume().map(Output::Store));
        self.record(out);
        if !touched.is_empty() {
            out.push(Output::Touched(touched));
        }
        self.sync.changed(now, self.replica.digest());
        self.ask(now);
        self.is_ready = true;
        self.begin(now, out);
    }

    /// Asks what there is, and shows ourselves. What storage has need not come again, and a scout would get all of it too.
    fn ask(&mut self, now: Millis) {
        self.sync.joined(now);
        if self.relay.is_examined() || !self.store.is_loaded() {
            self.sync.patient(now, QUESTION_WAITS_MS);
        }
    }

    /// One undoable step. Says whether anything changed.
    pub(super) fn edit(&mut self, now: Millis, writes: &[Write], out: &mut Vec<Output>) -> bool {
        #[cfg(feature = "ahead")]
        let writes = &crate::core::ahead::extended(writes);
        let Some(step) = self.write(now, writes, out) else {
            return false;
        };
        self.history.did(step);
        self.record(out);
        true
    }

    /// Finishes what pages that stopped were in the middle of. A page that is here does so itself, and what is in the
    /// document already was finished.
    pub(super) fn take_up_drafts(&mut self, now: Millis, out: &mut Vec<Output>) {
        for (page, draft) in self.drafts.due(now) {
            if self.people.get(page).is_some() {
                continue;
            }
            let left = draft
                .into_iter()
                .filter(|change| self.replica.get(&change.key).is_none());
            let left = left.map(|change| Write {
                key: change.key,
                value: change.after,
            });
            if self.edit(now, &left.collect::<Vec<_>>(), out) {
                out.push(Output::Notice(Notice::Recovered));
            }
            self.drafts.finished(page);
        }
    }

    fn write(&mut self, now: Millis, writes: &[Write], out: &mut Vec<Output>) -> Option<Step> {
        let commit = self.replica.write(writes)?;
        if !self.is_reached() {
            self.unsent += 1;
        }
        let touched = commit
            .changes
            .iter()
            .map(|change| Touched::Row(change.key.row()));
        let mut touched: Vec<_> = touched.collect();
        touched.dedup();
        out.push(Output::Touched(touched));
        out.extend(self.store.keep(commit.update.clone()).map(Output::Store));
        out.extend(self.store.edited().map(Output::Store));
        self.tell(commit.update, out);
        self.sync.changed(now, self.replica.digest());
        self.sync.edited(now);
        Some(commit.changes)
    }

    fn undo(&mut self, now: Millis, direction: Direction, out: &mut Vec<Output>) {
        let Some(inverse) = self.history.step(direction, &self.replica) else {
            return;
        };
        self.write(now, &inverse.writes, out);
        self.record(out);
        if inverse.skipped > 0 {
            out.push(Output::Notice(Notice::UndoSkipped(inverse.skipped)));
        }
    }

    fn record(&mut self, out: &mut Vec<Output>) {
        let records = self.history.records();
        out.extend(self.store.record(records).map(Output::Store));
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
