//! The network part of a session: it sends, receives and checks messages. This code is not part of the first load. The
//! host loads it while storage is read. Until then a page can draw, undo and store, but sends and receives nothing.

use super::{
    Input, Notice, Output, Session,
    message::{self, Body},
};
use crate::{
    core::{
        doc::{
            fork,
            presence::{Listened, slots::Lane},
            replica::Replica,
            sync::Action,
            table::Write,
        },
        frame::Frame,
        line::{
            self,
            dialect::{self, Dialect, Speaker},
            known::Known,
        },
        peer::PeerId,
        socket::machine,
        wire::{
            codec::Message,
            ed25519::ED25519,
            identity::{Identity, Seed, Signatures},
        },
    },
    limits::Millis,
};

#[derive(Clone, Copy, Debug)]
pub struct Network {
    pub signatures: Signatures,
    /// [`Replica::contradicts`].
    pub contradicts: fn(&Replica, &[u8]) -> bool,
    /// [`fork::mended`].
    pub mended: fn(&Replica, &[Vec<u8>]) -> Vec<Write>,
    /// The dialects of servers; the first one counts that serves an address.
    pub dialects: fn(Speaker) -> Vec<Box<dyn Dialect>>,
    pub(super) speak: fn(&mut Session),
    came: fn(&mut Session, Millis, Self, Seed, &mut Vec<Output>),
    handle: fn(&mut Session, Millis, Input, &mut Vec<Output>),
    begin: fn(&mut Session, Millis, &mut Vec<Output>),
    say: fn(&mut Session, Body, &mut Vec<Output>) -> Option<u32>,
    settle: fn(&mut Session, Millis, &mut Vec<Output>),
    next_frame: fn(&mut Session, Millis, usize) -> Option<Frame>,
    wake_at: fn(&Session) -> Option<Millis>,
}

/// The code, for a host to hand in.
pub const NETWORK: Network = Network {
    signatures: ED25519,
    contradicts: Replica::contradicts,
    mended: fork::mended,
    dialects: dialect::all,
    speak: Session::speak,
    came: Session::came,
    handle: Session::handle_network,
    begin: Session::begin_now,
    say: Session::say,
    settle: Session::settle_network,
    next_frame: Session::frame_to_send,
    wake_at: Session::network_wakes_at,
};

impl Network {
    /// The same with other dialects.
    pub const fn speaking(self, dialects: fn(Speaker) -> Vec<Box<dyn Dialect>>) -> Self {
        Self { dialects, ..self }
    }
}

/// Whether the code is here, and what happened before it came.
#[derive(Debug)]
pub(super) enum Networking {
    /// What the browser reported of itself meanwhile, for the socket.
    Awaited(Vec<machine::Input>),
    Has {
        network: Network,
        /// Our name is a key's, and what others say is checked.
        signs: bool,
    },
}

/// Everything here goes by way of [`Network`]: what is called directly is part of the first load.
impl Session {
    pub(super) fn network(&self) -> Option<&Network> {
        match &self.networking {
            Networking::Has { network, .. } => Some(network),
            Networking::Awaited(_) => None,
        }
    }

    pub(super) fn network_came(
        &mut self,
        now: Millis,
        network: Network,
        seed: Seed,
        out: &mut Vec<Output>,
    ) {
        if self.network().is_none() {
            (network.came)(self, now, network, seed, out);
        }
    }

    pub(super) fn pass_to_network(&mut self, now: Millis, input: Input, out: &mut Vec<Output>) {
        match (&mut self.networking, input) {
            (Networking::Has { network, .. }, input) => {
                let handle = network.handle;
                handle(self, now, input, out);
            }
            (Networking::Awaited(early), Input::Line(line::Input::Socket(input))) => {
                early.push(input);
            }
            (Networking::Awaited(_), _) => {}
        }
    }

    pub(super) fn begin(&mut self, now: Millis, out: &mut Vec<Output>) {
        if let Some(network) = self.network() {
            (network.begin)(self, now, out);
        }
    }

    /// An edit goes to the others, if there are any or could be: who comes later asks for what they lack.
    pub(super) fn tell(&mut self, update: Vec<u8>, out: &mut Vec<Output>) {
        if self.people.count() == 1 && !self.line.is_reached() {
            return;
        }
        if let Some(network) = self.network() {
            (network.say)(self, Body::Update(update), out);
        }
    }

    pub(super) fn settle(&mut self, now: Millis, out: &mut Vec<Output>) {
        if let Some(network) = self.network() {
            (network.settle)(self, now, out);
        }
    }

    pub(super) fn network_wake(&self) -> Option<Millis> {
        (self.network()?.wake_at)(self)
    }

    /// The next frame to hand to the relay's socket, which holds `buffered` bytes already.
    pub(super) fn next_frame(&mut self, now: Millis, buffered: usize) -> Option<Frame> {
        (self.network()?.next_frame)(self, now, buffered)
    }
}

impl Session {
    /// What checks who others are, if this page is one that does.
    pub(super) fn checks(&self) -> Option<&Network> {
        match &self.networking {
            Networking::Has {
                network,
                signs: true,
            } => Some(network),
            Networking::Has { signs: false, .. } | Networking::Awaited(_) => None,
        }
    }

    fn came(&mut self, now: Millis, network: Network, seed: Seed, out: &mut Vec<Output>) {
        let here = Networking::Has {
            network,
            signs: true,
        };
        let before = std::mem::replace(&mut self.networking, here);
        self.drafts.renamed(self.me);
        // Whose they are could not be heard until now.
        self.drafts.wait_again(now);
        let identity = Identity::new(network.signatures, seed);
        self.me = identity.name();
        self.codec.identify(identity);
        self.speak();
        self.claim_person(self.person);
        if let Networking::Awaited(early) = before {
            for input in early {
                self.handle_network(now, input.into(), out);
            }
        }
        // What was asked before was not said.
        self.sync.joined(now);
        self.begin(now, out);
    }

    /// Connects, if there is something to connect for, and it was not done before.
    fn begin_now(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.is_ready && !self.has_left {
            self.line.begin(now);
            self.route(now, out);
        }
    }

    /// The line has its dialects.
    fn speak(&mut self) {
        let Some(dialects) = self.network().map(|network| network.dialects) else {
            return;
        };
        let speaker = Speaker {
            tag: self.tag,
            me: self.me,
            seed: self.rng.u64(..),
        };
        let known = Known::read(&std::mem::take(&mut self.known));
        let dialects = dialects(speaker);
        self.line.speak(self.me, known, message::kind, dialects);
    }

    fn network_wakes_at(&self) -> Option<Millis> {
        [
            self.line.wake_at(),
            self.codec.wake_at(),
            self.drafts.wake_at(),
            self.sync.wake_at(),
            self.forks.wake_at(),
            self.people.wake_at(),
            self.shown_wakes_at(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// What an input is for others. Its effect on this page itself is [`Session::handle`]'s.
    fn handle_network(&mut self, now: Millis, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::Line(input) => self.line.handle(now, input),
            Input::Shows(slot, Some(body)) if slot.lane == Lane::Stream => {
                self.stream(slot, body, out);
            }
            Input::Shows(..) => self.tell_shown(now, out),
            Input::Followed(leader) => self.follow(now, leader, out),
            Input::Renamed(_) => self.beat(now, out),
            Input::RelaysChosen(_) => self.line.begin_again(now),
            Input::Left => {
                self.line.part();
                self.say(Body::Leave, out);
                self.line.leave(now);
            }
            Input::Returned => {
                self.sync.joined(now);
                self.line.come_back(now);
                // Where it was away when this code came.
                self.begin_now(now, out);
            }
            Input::Ticked => self.tick_network(now, out),
            Input::Loaded(_)
            | Input::NetworkCame(..)
            | Input::Written(_)
            | Input::WriteFailed(..)
            | Input::StoreFailed(_)
            | Input::StoreLasts(_)
            | Input::Edited(_)
            | Input::UndoAsked(_)
            | Input::Drafted(_) => {}
        }
    }

    pub(super) fn tick_network(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.line.tick(now);
        self.route(now, out);
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
                Action::Beat => self.beat(now, out),
            }
        }
        self.mend(now, out);
        if self.people.forget_silent(now) {
            self.forget_absent();
            self.line.doubt(now);
        }
        self.take_up_drafts(now, out);
        self.tell_shown(now, out);
    }

    fn settle_network(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.route(now, out);
        self.tell_news(now, out);
        self.line.lead(now, self.unsent);
        self.route(now, out);
    }

    pub(super) fn messages(&mut self, now: Millis, messages: Vec<Message>, out: &mut Vec<Output>) {
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
                level,
            } => {
                let owner = self.owner_of(from, claim);
                self.showed(now, from, profile, follows, owner, out);
                self.sync.digest_shown(now, from, digest, &mut self.rng);
                self.compare(now, from, operations, digest);
                self.level_shown(from, level, out);
            }
            Body::Shown(slot, body) => self.shown_by(from, slot, body, out),
            Body::Missing(missing) => {
                // Bounded by the answer budget and the outbox, as an answer is.
                if self.answers.left(now) > 0 && !self.line.is_crowded() {
                    let again = self.codec.missing_asked(now, &missing);
                    let bytes: usize = again.iter().map(Frame::len).sum();
                    self.answers.overdraw(now, bytes as u64);
                    self.line.publish(again, None);
                }
            }
            Body::Ping(to) if to.contains(&self.me) => {
                if self.line.may_answer(now) {
                    self.say(Body::Pong(from), out);
                }
            }
            Body::Ping(_) => {}
            Body::Pong(to) if to == self.me => self.line.heartbeat_answered(now),
            Body::Pong(_) => {}
            #[cfg(feature = "ahead")]
            Body::Later => {}
            Body::Leave => {
                self.people.left(now, from);
                self.forget_absent();
            }
        }
    }

    pub(super) fn forget_absent(&mut self) {
        let people = &self.people;
        self.sync.retain(|peer| people.get(peer).is_some());
        self.line.forget(|peer| people.get(peer).is_some());
        self.claims.retain(|(peer, ..)| people.get(*peer).is_some());
        self.follows = self.follows.filter(|&leader| people.get(leader).is_some());
    }
}
