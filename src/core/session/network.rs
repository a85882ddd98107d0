//! All that a session does with others: what comes from them, what is said to them, and that none of it is taken on
//! trust. The code is no part of the first load: the host fetches it while the room is read, and until it is here a page
//! draws, undoes and stores, but says and hears nothing.

use super::{Input, Notice, Output, Session, lead::Role, message::Body};
use crate::{
    core::{
        doc::{
            fork,
            presence::{
                Listened,
                slots::{Lane, To},
            },
            replica::Replica,
            sync::Action,
            table::Write,
        },
        frame::Frame,
        peer::PeerId,
        socket::machine,
        wire::{
            codec::{Inbound, Message},
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
    came: Session::came,
    handle: Session::handle_network,
    begin: Session::begin_now,
    say: Session::say,
    settle: Session::settle_network,
    next_frame: Session::frame_to_send,
    wake_at: Session::network_wakes_at,
};

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
    fn network(&self) -> Option<Network> {
        match &self.networking {
            Networking::Has { network, .. } => Some(*network),
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
            (Networking::Awaited(early), Input::Socket(input)) => early.push(input),
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
        if self.people.count() == 1 && !self.is_reached() {
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
        self.claim_person(self.person);
        if let Networking::Awaited(early) = before {
            for input in early {
                self.handle_network(now, Input::Socket(input), out);
            }
        }
        // What was asked before was not said.
        self.sync.joined(now);
        self.begin(now, out);
    }

    /// Connects, if there is something to connect for, and it was not done before.
    fn begin_now(&mut self, now: Millis, out: &mut Vec<Output>) {
        let is_idle = *self.relay.machine.state() == machine::State::Idle;
        let may = self.is_ready && !self.has_left;
        if may && is_idle && !self.lead.stands {
            self.stand(now, out);
        }
    }

    fn network_wakes_at(&self) -> Option<Millis> {
        [
            self.relay.wake_at(),
            self.lead.wake_at(),
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
            Input::Socket(machine::Input::RetryAsked) => self.retry(now, out),
            Input::Socket(machine::Input::Hid) => self.seen(now, false, out),
            Input::Socket(machine::Input::Showed) => self.seen(now, true, out),
            Input::Socket(machine::Input::WentOnline) => {
                self.socket(now, machine::Input::WentOnline, out);
                self.examine_useless(now, out);
            }
            Input::Socket(input) => self.socket(now, input, out),
            Input::Scout(news) => self.scouted(now, news, out),
            Input::FrameArrived(frame) => self.frame(now, &frame, out),
            Input::Noted(note) => self.noted(now, note, out),
            Input::Leads(role) => self.leads(now, role, out),
            Input::Shows(slot, Some(body)) if slot.lane == Lane::Stream => {
                self.stream(slot, body, out);
            }
            Input::Shows(..) => self.tell_shown(now, out),
            Input::Followed(leader) => self.follow(now, leader, out),
            Input::Renamed(_) => self.beat(now, out),
            Input::RelaysChosen(_) => match self.relay.wanted.is_empty() {
                false => self.stand(now, out),
                true => {
                    self.socket(now, machine::Input::Stopped, out);
                    self.step_down(now, out);
                }
            },
            Input::Left => {
                self.part(out);
                self.socket(now, machine::Input::Left, out);
                self.step_down(now, out);
            }
            Input::Returned => {
                self.sync.joined(now);
                match self.lead.role {
                    Role::Alone => self.socket(now, machine::Input::Returned, out),
                    Role::Leader | Role::Follower => self.stand(now, out),
                }
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
                Action::Beat => self.beat(now, out),
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
        self.tell_shown(now, out);
    }

    fn settle_network(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.lead(now, out);
        self.tell_news(now, out);
    }

    /// The relay is reached: say what was made meanwhile, then ask and show ourselves.
    pub(super) fn joined(&mut self, now: Millis, out: &mut Vec<Output>) {
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

    /// The others can be reached: asks them, and shows ourselves.
    pub(super) fn met(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.show_again(To::Everyone);
        self.show_again(To::Followers);
        self.people.met(now);
        self.ask(now);
        self.tick_network(now, out);
    }

    pub(super) fn frame(&mut self, now: Millis, frame: &Frame, out: &mut Vec<Output>) {
        let inbound = self.inbound(now, frame);
        self.relayed(now, frame, &inbound, out);
        if !inbound.stranger {
            self.pass_to_followers(frame, out);
        }
        self.messages(now, inbound.messages, out);
    }

    /// A frame came from another tab, made there or passed on.
    pub(super) fn overheard(&mut self, now: Millis, frame: &Frame, out: &mut Vec<Output>) {
        let inbound = self.inbound(now, frame);
        self.messages(now, inbound.messages, out);
    }

    pub(super) fn inbound(&mut self, now: Millis, frame: &Frame) -> Inbound {
        let inbound = self.codec.frame_arrived(now, frame.as_bytes());
        let others = inbound.others.iter();
        others.for_each(|&peer| self.sync.heard(now, peer));
        inbound
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
                if self.answers.left(now) > 0 && !self.relay.outbox.is_crowded() {
                    let again = self.codec.missing_asked(now, &missing);
                    let bytes: usize = again.iter().map(Frame::len).sum();
                    self.answers.overdraw(now, bytes as u64);
                    self.send(again, None, out);
                }
            }
            Body::Ping(to) if to.contains(&self.me) => {
                if self.relay.may_pong(now) {
                    self.say(Body::Pong(from), out);
                }
            }
            Body::Ping(_) => {}
            Body::Pong(to) => self.ponged(now, to, out),
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
        self.relay.forget(|peer| people.get(peer).is_some());
        self.lead.forget(|peer| people.get(peer).is_some());
        self.claims.retain(|(peer, ..)| people.get(*peer).is_some());
        self.follows = self.follows.filter(|&leader| people.get(leader).is_some());
    }
}
