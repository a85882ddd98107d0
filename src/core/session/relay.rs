//! The session's line to the relay: connects, examines the server, keeps what waits to be sent, watches for silence.

use serde::{Deserialize, Serialize};

use super::{
    Output, Scout, Session, lookout::Lookout, message::Body, outgoing::meanings, status::Connection,
};
use crate::{
    core::{
        frame::Frame,
        peer::PeerId,
        socket::{
            close::{CloseEvent, Verdict},
            endpoint::Endpoint,
            machine::{self, Liveness, Machine},
            outbox::Outbox,
        },
        tape::{Event, FrameSeen, Tape},
        wire::{
            codec::Inbound,
            profile::{Lesson, Line, Order, Profile, Profiler},
        },
    },
    limits::{
        HEARTBEAT_PEERS, KNOWN_SERVERS, Millis, USELESS_SOONER, VERIFY_ALONE_MS, VERIFY_CAP_MS,
        VERIFY_MS,
    },
};

/// What is remembered of servers, by address, the latest last.
pub type Known = Vec<(String, Profile)>;

/// Things that the relay did and that cost no more than a count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Frames of other programs or rooms.
    pub strangers: u32,
    /// Envelopes that no member of this room made.
    pub forged: u32,
    /// Envelopes that had come before.
    pub repeated: u32,
}

pub struct Relay {
    pub machine: Machine,
    pub wanted: Vec<Endpoint>,
    pub outbox: Outbox,
    pub server: Profile,
    pub counters: Counters,
    pub rtt_ms: Option<Millis>,
    pub tape: Tape,
    /// The server closes again and again before anything came back.
    pub mute: bool,
    /// Looks for the others on other relays of the list.
    pub lookout: Lookout,
    known: Known,
    profiler: Option<Profiler>,
    /// What examinations found out that did not come to an end, by address.
    lessons: Vec<(String, Lesson)>,
    /// The server that was opened last.
    opened: Option<Endpoint>,
    /// When the server is examined again, if nobody is heard, and how much later each further time.
    verify_at: Option<Millis>,
    verify_ms: Millis,
    /// It is examined because it was known before, or served before.
    verifies: bool,
    /// Frames of ours, and of others, came over this connection.
    heard_own: bool,
    heard_others: bool,
    /// Who was heard over this connection, the latest last.
    peers: Vec<PeerId>,
    /// The last heartbeat's number, and when it went out.
    asked: Option<(u32, Millis)>,
    /// A message had to be dropped; once the queue is empty the others are shown what we have.
    pub overflowed: bool,
    pub drain_at: Option<Millis>,
    /// The page goes away: what waits may go out though the connection counts as closed.
    pub parting: bool,
}

impl Relay {
    pub fn new(wanted: Vec<Endpoint>, known: Known) -> Self {
        Self {
            machine: Machine::new(true),
            wanted,
            outbox: Outbox::default(),
            server: Profile::default(),
            counters: Counters::default(),
            rtt_ms: None,
            tape: Tape::default(),
            mute: false,
            lookout: Lookout::default(),
            known,
            profiler: None,
            lessons: Vec::new(),
            opened: None,
            verify_at: None,
            verify_ms: VERIFY_ALONE_MS,
            verifies: false,
            heard_own: false,
            heard_others: false,
            peers: Vec::new(),
            asked: None,
            overflowed: false,
            drain_at: None,
            parting: false,
        }
    }

    pub fn wake_at(&self) -> Option<Millis> {
        [
            self.machine.wake_at(),
            self.profiler.as_ref().map(Profiler::wake_at),
            self.drain_at,
            self.verify_at.filter(|_| self.machine.is_open()),
            self.lookout.wake_at(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Whether it is being found out what the server does.
    pub fn is_examined(&self) -> bool {
        self.profiler.is_some()
    }

    pub fn forget(&mut self, is_here: impl Fn(PeerId) -> bool) {
        self.peers.retain(|&peer| is_here(peer));
    }

    fn heard_from(&mut self, peer: PeerId) {
        self.peers.retain(|&known| known != peer);
        self.peers.push(peer);
    }

    /// Nobody else was heard over this connection who has not left since.
    pub fn is_alone(&self) -> bool {
        self.peers.is_empty()
    }

    /// The next examination of this connection, if nobody is heard until then.
    fn verify_later(&mut self, now: Millis) {
        self.verify_at = Some(now + self.verify_ms);
        self.verify_ms = (self.verify_ms * 2).min(VERIFY_CAP_MS);
    }

    /// Those who were met here fell silent: perhaps they crashed, perhaps the server passes nothing on any more.
    pub fn doubt(&mut self, now: Millis) {
        if self.is_alone() && self.profiler.is_none() {
            self.verify_ms = VERIFY_ALONE_MS;
            self.verify_at = Some(now);
        }
    }

    fn lesson(&mut self) -> Lesson {
        let Some(address) = self.opened.as_ref().map(Endpoint::as_str) else {
            return Lesson::default();
        };
        let mut lessons = self.lessons.iter();
        let at = lessons.position(|(known, _)| known == address);
        at.map(|at| self.lessons.swap_remove(at).1)
            .unwrap_or_default()
    }

    fn known(&self, endpoint: &Endpoint) -> Option<&Profile> {
        let address = endpoint.as_str();
        self.known
            .iter()
            .find(|(known, _)| known == address)
            .map(|(_, profile)| profile)
    }

    /// Remembers what the server at hand is, if that is worth it, or forgets what was wrong.
    fn learn(&mut self) -> Option<Output> {
        let address = self.opened.as_ref()?.as_str().to_owned();
        let before = self.known.clone();
        self.known.retain(|(known, _)| *known != address);
        if self.server.is_worth_keeping() {
            self.known.push((address, self.server.clone()));
        }
        let surplus = self.known.len().saturating_sub(KNOWN_SERVERS);
        self.known.drain(..surplus);
        (self.known != before).then(|| Output::Remember(self.known.clone()))
    }
}

impl Session {
    pub(super) fn connect(&mut self, now: Millis, out: &mut Vec<Output>) {
        if !self.relay.wanted.is_empty() {
            let wanted = self.relay.wanted.clone();
            self.socket(now, machine::Input::Started(wanted), out);
        }
    }

    pub(super) fn socket(&mut self, now: Millis, input: machine::Input, out: &mut Vec<Output>) {
        let was_open = self.relay.machine.is_open();
        let state = self.relay.machine.state().clone();
        let generation = self.relay.machine.generation();
        match &input {
            machine::Input::Opened(opened) if *opened == generation => {
                self.relay.tape.record(now, Event::Opened)
            }
            machine::Input::Closed(closed, close) if *closed == generation => {
                self.relay.tape.record(now, Event::closed(close));
                if was_open {
                    self.refused_something(close, out);
                }
            }
            _ => {}
        }
        let outputs = self.relay.machine.handle(now, input, &mut self.rng);
        if was_open
            && (!self.relay.machine.is_open() || self.relay.machine.generation() != generation)
        {
            self.closed(out);
        }
        for output in outputs {
            match &output {
                machine::Output::Ask(_) => {
                    self.ask_for_life(now, out);
                    continue;
                }
                machine::Output::Open(_, endpoint) => {
                    self.relay.tape.record(now, Event::opening(endpoint))
                }
                machine::Output::Abandon(_) => self.relay.tape.record(now, Event::Abandoned),
                machine::Output::Close(_) => {}
            }
            out.push(Output::Socket(output));
        }
        if *self.relay.machine.state() != state {
            let state = Connection::from(self.relay.machine.state()).name();
            self.relay.tape.record(now, Event::State { state });
        }
        if self.relay.machine.is_open()
            && (!was_open || self.relay.machine.generation() != generation)
        {
            self.opened(now, out);
        }
    }

    /// A close that says that the server does not take what it gets: what was known of it is wrong, and the next
    /// connection begins with what every server takes.
    fn refused_something(&mut self, close: &CloseEvent, out: &mut Vec<Output>) {
        if matches!(close.verdict(), Verdict::SmallerFrames | Verdict::TextOnly) {
            self.relay.server = Profile::default();
            self.relay.outbox.clear();
            self.codec.set_shape(self.relay.server.shape());
            out.extend(self.relay.learn());
        }
    }

    fn opened(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.codec.reconnected();
        self.relay.opened = self.relay.machine.endpoint().cloned();
        let relay = &self.relay;
        let known = relay
            .machine
            .endpoint()
            .and_then(|endpoint| relay.known(endpoint));
        let is_known = known.is_some();
        self.relay.server = known.cloned().unwrap_or_default();
        self.relay.rtt_ms = None;
        self.codec.set_shape(self.relay.server.shape());
        self.relay.verify_ms = VERIFY_ALONE_MS;
        self.relay.verifies = false;
        self.relay.lookout.opened(now, self.relay.wanted.len());
        self.pace();
        if is_known {
            self.relay.verify_at = Some(now + VERIFY_MS);
            let profiled = machine::Input::Profiled { connects: true };
            self.socket(now, profiled, out);
            self.judge(now, out);
        } else {
            let lesson = self.relay.lesson();
            self.begin_to_examine(now, lesson, out);
        }
        self.joined(now, out);
    }

    /// A round trip, or what opening the connection took, which is no shorter.
    pub(super) fn round_trip_ms(&self) -> Millis {
        let handshake_ms = self.relay.machine.handshake_ms();
        self.relay.rtt_ms.unwrap_or(handshake_ms)
    }

    /// The answer to something that was sent came after so long.
    fn measured(&mut self, now: Millis, rtt_ms: Millis, out: &mut Vec<Output>) {
        self.relay.rtt_ms = Some(rtt_ms);
        self.socket(now, machine::Input::Measured(rtt_ms), out);
        self.pace();
    }

    /// Engines that wait for others wait as long as the line takes.
    pub(super) fn pace(&mut self) {
        let rtt_ms = match self.lead.line() {
            Some(line) => line.rtt_ms.unwrap_or_default(),
            None => self.round_trip_ms(),
        };
        self.sync.pace(rtt_ms);
        self.codec.pace(rtt_ms);
    }

    fn begin_to_examine(&mut self, now: Millis, lesson: Lesson, out: &mut Vec<Output>) {
        self.relay.lookout.interrupted();
        let nonce = self.rng.u32(..).to_be_bytes();
        let handshake_ms = self.relay.machine.handshake_ms();
        let (profiler, orders) =
            Profiler::start(self.tag, self.me, nonce, now, handshake_ms, lesson);
        self.relay.verify_at = None;
        self.relay.profiler = Some(profiler);
        self.obey(now, orders, out);
    }

    /// Whether the relay is open and known to connect nobody.
    pub(super) fn is_useless(&self) -> bool {
        self.relay.machine.is_open() && !self.relay.server.audience.may_connect()
    }

    /// Looks at once at a server that connected nobody: somebody asks for it, or comes back to the page.
    pub(super) fn examine_useless(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.is_useless() && self.relay.profiler.is_none() {
            self.relay.verifies = true;
            self.begin_to_examine(now, Lesson::default(), out);
        }
    }

    fn closed(&mut self, out: &mut Vec<Output>) {
        self.sent_state = self.replica.state_vector();
        if let Some(profiler) = self.relay.profiler.take() {
            self.relay.mute = !self.relay.heard_own && !self.relay.heard_others;
            out.push(Output::Scout(Scout::Close));
            if let Some(address) = self.relay.opened.as_ref().map(Endpoint::as_str) {
                self.relay.lessons.retain(|(known, _)| known != address);
                let lesson = (address.to_owned(), profiler.lesson());
                self.relay.lessons.push(lesson);
                let surplus = self.relay.lessons.len().saturating_sub(KNOWN_SERVERS);
                self.relay.lessons.drain(..surplus);
            }
        }
        if self.relay.lookout.closed() {
            out.push(Output::Scout(Scout::Close));
        }
        let heard_any = self.relay.heard_own || self.relay.heard_others;
        let was_tried = self.relay.verify_ms > VERIFY_ALONE_MS;
        if self.relay.verify_at.take().is_some() && !was_tried && !heard_any {
            // It hung up on what it used to take: another server may answer at this address by now.
            self.relay.server = Profile::default();
            out.extend(self.relay.learn());
        }
        self.relay.heard_own = false;
        self.relay.heard_others = false;
        self.relay.peers.clear();
        self.relay.asked = None;
    }

    fn obey(&mut self, now: Millis, orders: Vec<Order>, out: &mut Vec<Output>) {
        for order in orders {
            match order {
                // A probe that does not fit a full queue is one that did not come back.
                Order::Say(frame) => drop(self.relay.outbox.push([frame])),
                Order::OpenScout => {
                    let endpoint = self.relay.machine.endpoint().cloned();
                    out.extend(endpoint.map(|endpoint| Output::Scout(Scout::Open(endpoint))));
                }
                Order::ScoutSay(frame) => out.push(Output::Scout(Scout::Send(frame))),
                Order::CloseScout => {
                    out.push(Output::Scout(Scout::Close));
                    if self.store.is_loaded() {
                        self.sync.ready(now);
                    }
                }
                Order::Finished(profile) => self.profiled(now, profile, out),
            }
        }
    }

    fn profiled(&mut self, now: Millis, profile: Profile, out: &mut Vec<Output>) {
        let profiler = self.relay.profiler.take();
        self.relay.mute = false;
        let was_known = self.relay.server.is_worth_keeping();
        if was_known && !profiler.is_some_and(|profiler| profiler.had_scout()) {
            // Nothing was learned that outweighs what is known.
            return self.relay.verify_later(now);
        }
        let is_news = self.relay.server != profile;
        self.relay.server = profile;
        // What came before this examination says nothing of what a server does now that fell silent.
        if !std::mem::take(&mut self.relay.verifies) {
            self.relay
                .server
                .noticed(self.relay.heard_own, self.relay.heard_others);
        }
        if let Some(rtt_ms) = self.relay.server.rtt_ms {
            self.measured(now, rtt_ms.into(), out);
        }
        self.codec.set_shape(self.relay.server.shape());
        out.extend(self.relay.learn());
        if is_news {
            let verdict = super::card::summary(&self.relay.server);
            self.relay.tape.record(now, Event::verdict(verdict));
        }
        let connects = self.relay.server.audience.may_connect();
        match connects {
            true => self.relay.verify_later(now),
            false => {
                let sooner = now + self.relay.verify_ms / USELESS_SOONER;
                self.relay.verify_later(now);
                self.relay.verify_at = Some(sooner);
            }
        }
        self.socket(now, machine::Input::Profiled { connects }, out);
        self.judge(now, out);
    }

    /// The scout's news, while the server is being examined.
    pub(super) fn scouted(&mut self, now: Millis, news: super::ScoutNews, out: &mut Vec<Output>) {
        let Some(profiler) = &mut self.relay.profiler else {
            return self.looked_out(now, news, out);
        };
        let orders = match news {
            super::ScoutNews::Opened => profiler.scout_opened(now),
            super::ScoutNews::Closed => profiler.scout_closed(now),
            super::ScoutNews::Frame(frame) => profiler.frame_arrived(now, Line::Scout, &frame),
        };
        self.obey(now, orders, out);
    }

    pub(super) fn examine(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.relay.machine.is_open() && self.relay.verify_at.take_if(|at| *at <= now).is_some() {
            // Nobody is heard: perhaps because nobody is here, perhaps because the server passes nothing on any more, or
            // another one answers at this address by now. To ask costs nobody anything.
            let was_tried = self.relay.verify_ms > VERIFY_ALONE_MS;
            if !self.relay.is_alone() {
                self.relay.verify_later(now);
            } else if self.relay.profiler.is_none() {
                let lesson = match was_tried && self.relay.server.audience.connects() {
                    true => Lesson::known(&self.relay.server),
                    false => Lesson::default(),
                };
                self.relay.verifies = true;
                self.begin_to_examine(now, lesson, out);
            }
        }
        self.look_out(now, out);
        if let Some(profiler) = &mut self.relay.profiler {
            let orders = profiler.tick(now);
            self.obey(now, orders, out);
        }
    }

    /// A frame came from the relay, and this is what the codec made of it.
    pub(super) fn relayed(
        &mut self,
        now: Millis,
        frame: &Frame,
        inbound: &Inbound,
        out: &mut Vec<Output>,
    ) {
        let generation = self.relay.machine.generation();
        if inbound.is_life {
            self.socket(now, machine::Input::FrameArrived(generation), out);
        }
        let seen = FrameSeen::new(frame, &meanings(frame));
        let relay = &mut self.relay;
        relay.tape.record(now, Event::Received(seen));
        relay.counters.strangers += u32::from(inbound.stranger);
        relay.counters.forged += inbound.forged;
        relay.counters.repeated += inbound.repeated;
        // What came back of a tab behind this one is our own.
        let is_ours = |&peer: &PeerId| self.lead.is_followed_by(peer);
        let own = !inbound.own.is_empty() || inbound.others.iter().any(is_ours);
        let others = !inbound.others.iter().all(is_ours);
        relay.heard_own |= own;
        relay.heard_others |= others;
        let answered = relay.asked.take_if(|(seq, _)| inbound.own.contains(seq));
        for message in &inbound.messages {
            if !self.lead.is_followed_by(message.sender) {
                relay.heard_from(message.sender);
            }
        }
        if let Some(profiler) = &mut relay.profiler {
            let orders = profiler.frame_arrived(now, Line::Own, frame);
            self.obey(now, orders, out);
        } else {
            let before = self.relay.server.audience;
            let server = &mut self.relay.server;
            server.noticed(own, others);
            if server.audience != before {
                out.extend(self.relay.learn());
            }
        }
        if let Some((_, at)) = answered {
            self.measured(now, now.saturating_sub(at), out);
        }
        self.judge(now, out);
    }

    /// Whether silence would prove anything: only where the server, or somebody behind it, can answer.
    pub(super) fn judge(&mut self, now: Millis, out: &mut Vec<Output>) {
        let is_alone = self.relay.is_alone();
        let liveness = match self.relay.server.echoes || !is_alone {
            true => Liveness::Answers,
            false => Liveness::Unknown,
        };
        self.socket(now, machine::Input::Judged(liveness), out);
        self.socket(now, machine::Input::Accompanied(!is_alone), out);
    }

    fn ask_for_life(&mut self, now: Millis, out: &mut Vec<Output>) {
        let peers = match self.relay.server.echoes {
            true => Vec::new(),
            false => self
                .relay
                .peers
                .iter()
                .rev()
                .take(HEARTBEAT_PEERS)
                .copied()
                .collect(),
        };
        let seq = self.say(Body::Ping(peers), out);
        self.relay.asked = seq.map(|seq| (seq, now));
    }

    pub(super) fn ponged(&mut self, now: Millis, to: PeerId, out: &mut Vec<Output>) {
        if let Some((_, at)) = self.relay.asked.take_if(|_| to == self.me) {
            self.measured(now, now.saturating_sub(at), out);
        }
    }
}
