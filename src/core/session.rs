//! The whole client minus the browser: socket, wire and doc joined. What the simulator runs is what ships.
//!
//! The host feeds [`Input`]s with the time, carries out [`Output`]s, and ticks at [`Session::wake_at`].

pub mod card;
pub mod io;
pub mod lead;
mod lookout;
pub mod message;
mod person;
mod presence;
pub mod relay;
pub mod status;
mod sync;
pub mod trust;

pub use io::{Input, Notice, Output, Scout, ScoutNews, Setup};
use lead::{Lead, Role};
use message::Body;
use presence::Told;
use relay::Relay;
use trust::Trusting;

use super::{
    bucket::Bucket,
    doc::{
        draft::Drafts,
        fork::Forks,
        presence::{Listened, People, Profile, Viewport},
        quarantine::Quarantine,
        replica::{Replica, ReplicaError},
        schema::{Change, Touched, Write},
        storage::Stored,
        store::{self, Store},
        sync::{Action, Sync},
        undo::{Direction, History, Step},
    },
    frame::Frame,
    peer::PeerId,
    socket::machine,
    tape::Tape,
    wire::{
        codec::{Codec, Inbound, Message},
        identity::Seed,
        tag::Tag,
    },
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
    trusting: Trusting,
    replica: Replica,
    history: History,
    sync: Sync,
    forks: Forks,
    /// Bytes of answers that may still be given.
    answers: Bucket,
    people: People,
    store: Store,
    drafts: Drafts,
    cursor: Told<(f64, f64)>,
    view: Told<Viewport>,
    follows: Option<PeerId>,
    /// Edits that no open socket has taken yet, and the state vector from before the first of them.
    unsent: usize,
    sent_state: Vec<u8>,
    set_aside: Vec<Vec<u8>>,
    /// There is something to connect for: the room was read, or cannot be, or a relay was chosen.
    is_ready: bool,
    /// The page said goodbye, and has not come back: a word now would make others take it for here again.
    has_left: bool,
    /// When something came last.
    woke_at: Millis,
}

impl Session {
    /// A session that asks for its stored room first; it connects once that is read.
    pub fn new(setup: Setup) -> (Self, Vec<Output>) {
        let replica = Replica::new(setup.me);
        let session = Self {
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
            trusting: match setup.fetches_trust {
                true => Trusting::Awaited(None),
                false => Trusting::Without,
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
            cursor: Told::default(),
            view: Told::default(),
            follows: None,
            unsent: 0,
            set_aside: Vec::new(),
            is_ready: false,
            has_left: false,
            woke_at: 0,
        };
        (session, vec![Output::Store(store::Command::Load)])
    }

    pub fn replica(&self) -> &Replica {
        &self.replica
    }

    /// Before anything is loaded: takes in only what `quarantine` admits.
    pub fn guard(&mut self, quarantine: Quarantine) {
        self.replica.guard(quarantine);
    }

    /// Stored pieces of the document that the quarantine holds, each a Yjs update.
    pub fn set_aside(&self) -> &[Vec<u8>] {
        &self.set_aside
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

    /// That view, once it was told.
    pub fn led_view(&self) -> Option<Viewport> {
        self.people.view_of(self.me, self.follows?)
    }

    /// What happened on the wire.
    pub fn tape(&self) -> &Tape {
        &self.relay.tape
    }

    pub fn can(&self, direction: Direction) -> bool {
        self.history.can(direction)
    }

    pub fn wake_at(&self) -> Option<Millis> {
        let view = self.view.wake_at().filter(|_| self.shows_view());
        [
            self.relay.wake_at(),
            self.lead.wake_at(),
            self.trusting.wake_at(),
            self.codec.wake_at(),
            self.sync.wake_at(),
            self.forks.wake_at(),
            self.people.wake_at(),
            self.store.wake_at(),
            self.drafts.wake_at(),
            self.cursor.wake_at(),
            view,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    pub fn handle(&mut self, now: Millis, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        if now.saturating_sub(self.woke_at) > ASLEEP_MS {
            self.people.slept(now);
            self.lead.slept(now);
        }
        self.woke_at = now;
        self.wait_for_trust(now, &mut out);
        match input {
            Input::Loaded(stored) => self.loaded(now, stored, &mut out),
            Input::TrustCame(came) => self.trust_came(now, came, &mut out),
            Input::Written(batch) => out.extend(self.store.written(batch).map(Output::Store)),
            Input::WriteFailed(batch, reason) => self.store.write_failed(now, batch, reason),
            Input::StoreFailed(reason) => {
                self.store.failed(now, reason);
                // A room that cannot be read must not keep people apart.
                self.is_ready = true;
                self.begin(now, &mut out);
            }
            Input::StoreLasts(lasts) => self.store.lasts(lasts),
            Input::Socket(machine::Input::RetryAsked) => self.retry(now, &mut out),
            Input::Socket(machine::Input::Hid) => self.seen(now, false, &mut out),
            Input::Socket(machine::Input::Showed) => self.seen(now, true, &mut out),
            Input::Socket(machine::Input::WentOnline) => {
                self.socket(now, machine::Input::WentOnline, &mut out);
                self.examine_useless(now, &mut out);
            }
            Input::Socket(input) => self.socket(now, input, &mut out),
            Input::Scout(news) => self.scouted(now, news, &mut out),
            Input::FrameArrived(frame) => self.frame(now, &frame, &mut out),
            Input::Noted(note) => self.noted(now, note, &mut out),
            Input::Leads(role) => self.leads(now, role, &mut out),
            Input::Edited(writes) => {
                self.edit(now, &writes, &mut out);
                self.drafts.committed(self.me, &writes);
            }
            Input::Drafted(draft) => {
                let draft = draft.into_iter().map(|write| Change {
                    cell: write.cell,
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
            Input::Inked(ink) => self.say_if_heard(Body::Wet(ink), &mut out),
            Input::Pointed(cursor) => {
                self.cursor.now = cursor;
                self.tell_place(now, &mut out);
            }
            Input::PenSeen(peer, at) => self.people.pointed(peer, Some(at)),
            Input::Looked(view) => {
                self.view.now = Some(view);
                self.tell_place(now, &mut out);
            }
            Input::Followed(leader) => self.follow(now, leader, &mut out),
            Input::Renamed(profile) => {
                self.profile = Profile::new(&profile.name, profile.color);
                self.beat(&mut out);
            }
            Input::RelaysChosen(relays) => {
                self.relay.wanted = relays;
                self.is_ready = true;
                match self.relay.wanted.is_empty() {
                    false if !self.has_name() => {}
                    false => self.stand(now, &mut out),
                    true => {
                        self.socket(now, machine::Input::Stopped, &mut out);
                        self.step_down(now, &mut out);
                    }
                }
            }
            Input::Left => {
                self.part(&mut out);
                self.socket(now, machine::Input::Left, &mut out);
                self.step_down(now, &mut out);
                out.extend(self.store.hurry().map(Output::Store));
                self.has_left = true;
            }
            Input::Returned => {
                self.has_left = false;
                self.sync.joined(now);
                match self.lead.role {
                    _ if !self.has_name() => {}
                    Role::Alone => self.socket(now, machine::Input::Returned, &mut out),
                    Role::Leader | Role::Follower => self.stand(now, &mut out),
                }
            }
            Input::Ticked => self.tick(now, &mut out),
        }
        self.lead(now, &mut out);
        self.tell_news(now, &mut out);
        if self.drafts.has_finished() && self.store.pending() == 0 {
            let dropped = self.drafts.dropped();
            out.extend(self.store.record(dropped).map(Output::Store));
        }
        self.store.watch(now);
        out
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
        let is_here = |change: &Change| self.replica.get(&change.cell).is_some();
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

    /// Connects, if there is something to connect for, it is known who we are, and it was not done before.
    fn begin(&mut self, now: Millis, out: &mut Vec<Output>) {
        let is_idle = *self.relay.machine.state() == machine::State::Idle;
        let may = self.is_ready && self.has_name() && !self.has_left;
        if may && is_idle && !self.lead.stands {
            self.stand(now, out);
        }
    }

    /// The relay is reached: say what was made meanwhile, then ask and show ourselves.
    fn joined(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.unsent > 0 {
            self.unsent = 0;
            if let Ok(Some(update)) = self.replica.diff(&self.sent_state) {
                self.say(Body::Update(update), out);
            } else {
                self.say(Body::Update(self.replica.deletions()), out);
            }
        }
        self.met(now, out);
    }

    /// Asks what there is, and shows ourselves. What storage has need not come again, and a scout would get all of it too.
    fn ask(&mut self, now: Millis) {
        self.sync.joined(now);
        if self.relay.is_examined() || !self.store.is_loaded() {
            self.sync.patient(now, QUESTION_WAITS_MS);
        }
    }

    /// The others can be reached: asks them, and shows ourselves.
    fn met(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.cursor.told = None;
        self.view.told = None;
        self.people.met(now);
        self.ask(now);
        self.tick(now, out);
    }

    fn frame(&mut self, now: Millis, frame: &Frame, out: &mut Vec<Output>) {
        let inbound = self.inbound(now, frame);
        self.relayed(now, frame, &inbound, out);
        if !inbound.stranger {
            self.pass_to_followers(frame, out);
        }
        self.messages(now, inbound.messages, out);
    }

    /// A frame came from another tab, made there or passed on.
    fn overheard(&mut self, now: Millis, frame: &Frame, out: &mut Vec<Output>) {
        let inbound = self.inbound(now, frame);
        self.messages(now, inbound.messages, out);
    }

    fn inbound(&mut self, now: Millis, frame: &Frame) -> Inbound {
        let inbound = self.codec.frame_arrived(now, frame.as_bytes());
        let others = inbound.others.iter();
        others.for_each(|&peer| self.sync.heard(now, peer));
        inbound
    }

    fn messages(&mut self, now: Millis, messages: Vec<Message>, out: &mut Vec<Output>) {
        for message in messages {
            let bytes = message.body.len();
            let Some(body) = Body::read(message.kind, message.body) else {
                continue;
            };
            if body != Body::Leave {
                self.heard(now, message.sender);
            }
            match self.people.listen(now, message.sender, bytes) {
                Listened::Taken => {}
                Listened::Mutes => {
                    let name = self.name(message.sender);
                    out.push(Output::Notice(Notice::Muted(name)));
                    continue;
                }
                Listened::Muted if body != Body::Leave => continue,
                Listened::Muted => {}
            }
            self.message(now, message.sender, body, out);
        }
    }

    fn message(&mut self, now: Millis, from: PeerId, body: Body, out: &mut Vec<Output>) {
        match body {
            Body::Ask {
                state_vector,
                digest,
            } => self.asked(now, from, state_vector, digest),
            Body::Answer {
                to,
                digest,
                update,
                more,
            } => {
                self.merge(now, &update, out);
                let rank = self.people.rank(from, to) + u64::from(self.me < from);
                self.sync.answered(now, to, digest, rank);
                if to == self.me {
                    if more > 0 {
                        self.sync.announced(now, from, more);
                    }
                    self.forks.answered(from, more.saturating_add(update.len()));
                }
                self.copy_arrived(now, from, update, out);
            }
            Body::Part(update) => {
                self.merge(now, &update, out);
                self.sync.arrived(from, update.len());
                self.copy_arrived(now, from, update, out);
            }
            Body::Whole(of) if of == self.me => {
                let nothing = Replica::NOTHING.to_vec();
                self.sync.asked_for_all(now, from, nothing, &mut self.rng);
            }
            Body::Whole(_) => {}
            Body::Update(update) => self.edited(now, from, &update, out),
            Body::Beat {
                operations,
                digest,
                profile,
                follows,
                claim,
            } => {
                let owner = self.owner_of(from, claim);
                self.showed(now, from, profile, follows, owner, out);
                self.sync.digest_shown(now, from, digest, &mut self.rng);
                self.compare(now, from, operations, digest);
            }
            Body::Cursor(cursor) => self.people.pointed(from, cursor),
            Body::View(view) => self.people.looked(from, view),
            Body::Wet(ink) => out.push(Output::Wet(from, ink)),
            Body::Missing(missing) => {
                let again = self.codec.missing_asked(now, &missing);
                self.send(again, None, out);
            }
            Body::Ping(to) if to.contains(&self.me) => {
                self.say(Body::Pong(from), out);
            }
            Body::Ping(_) => {}
            Body::Pong(to) => self.ponged(now, to, out),
            Body::Leave => {
                self.people.left(now, from);
                self.forget_absent();
            }
        }
    }

    /// One undoable step. Says whether anything changed.
    pub(super) fn edit(&mut self, now: Millis, writes: &[Write], out: &mut Vec<Output>) -> bool {
        let Some(step) = self.write(now, writes, out) else {
            return false;
        };
        self.history.did(step);
        self.record(out);
        true
    }

    /// Finishes what pages that stopped were in the middle of. A page that is here does so itself, and what is in the
    /// document already was finished.
    fn take_up_drafts(&mut self, now: Millis, out: &mut Vec<Output>) {
        for (page, draft) in self.drafts.due(now) {
            if self.people.get(page).is_some() {
                continue;
            }
            let left = draft
                .into_iter()
                .filter(|change| self.replica.get(&change.cell).is_none());
            let left = left.map(|change| Write {
                cell: change.cell,
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
            .map(|change| Touched::from(&change.cell));
        let mut touched: Vec<_> = touched.collect();
        touched.dedup();
        out.push(Output::Touched(touched));
        out.extend(self.store.keep(commit.update.clone()).map(Output::Store));
        out.extend(self.store.edited().map(Output::Store));
        self.say(Body::Update(commit.update), out);
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

    fn tick(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.socket(now, machine::Input::Ticked, out);
        self.watch_leader(now, out);
        self.examine(now, out);
        for missing in self.codec.overdue(now, &mut self.rng) {
            self.say(Body::Missing(missing), out);
        }
        for action in self.sync.tick(now, &mut self.rng) {
            match action {
                Action::Ask => {
                    let ask = Body::Ask {
                        state_vector: self.replica.state_vector(),
                        digest: self.replica.digest(),
                    };
                    self.say(ask, out);
                }
                Action::Answer { to, state_vector } => self.answer(now, to, &state_vector, out),
                Action::Beat => self.beat(out),
            }
        }
        self.mend(now, out);
        if self.people.forget_silent(now) {
            self.forget_absent();
            self.relay.doubt(now);
        }
        if self.relay.machine.is_open() {
            self.judge(now, out);
        }
        self.take_up_drafts(now, out);
        out.extend(self.store.tick(now).map(Output::Store));
        self.tell_place(now, out);
    }

    fn forget_absent(&mut self) {
        let people = &self.people;
        self.sync.retain(|peer| people.get(peer).is_some());
        self.relay.forget(|peer| people.get(peer).is_some());
        self.lead.forget(|peer| people.get(peer).is_some());
        self.claims.retain(|(peer, ..)| people.get(*peer).is_some());
        self.follows = self.follows.filter(|&leader| people.get(leader).is_some());
    }
}

#[cfg(test)]
mod tests;
