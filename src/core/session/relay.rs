//! The session's line to the relay: connects, examines the server, keeps what waits to be sent, watches for silence.

mod examination;
mod pace;

use std::collections::VecDeque;

use self::pace::Pace;
use super::{
    Output, Scout, Session,
    lookout::Lookout,
    message::Body,
    outgoing::meanings,
    status::{Connection, Counters},
};
use crate::{
    core::{
        bucket::Bucket,
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
            profile::{Lesson, Line, Profile, Profiler},
        },
    },
    limits::{
        HEARTBEAT_PEERS, KNOWN_SERVERS, Millis, PONGS, PONGS_A_SECOND, VERIFY_ALONE_MS, VERIFY_MS,
    },
};

/// Of our messages, so many are recognised when they come back.
const SAID: usize = 8;

/// A server whose connection died so often while a second one was opened gets no second one.
const SCOUT_DEATHS: u32 = 2;

/// What is remembered of servers, by address, the latest last.
pub type Known = Vec<(String, Profile)>;

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
    /// Servers whose connection died while a second one was opened, and how often in a row.
    ended_by_scouts: Vec<(String, u32)>,
    /// The server that was opened last.
    opened: Option<Endpoint>,
    /// The round trip that the last examination reckoned with.
    assumed_ms: Millis,
    /// When answers to others' heartbeats may be given.
    pongs: Bucket,
    /// Our latest messages, and when they were sent.
    said: VecDeque<(u32, Millis)>,
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
    pub pace: Pace,
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
            ended_by_scouts: Vec::new(),
            opened: None,
            assumed_ms: 0,
            pongs: Bucket::new(PONGS, PONGS_A_SECOND),
            said: VecDeque::new(),
            verify_at: None,
            verify_ms: VERIFY_ALONE_MS,
            verifies: false,
            heard_own: false,
            heard_others: false,
            peers: Vec::new(),
            asked: None,
            overflowed: false,
            drain_at: None,
            pace: Pace::default(),
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

    /// Whether one more heartbeat of a peer may be answered: all answers share one budget.
    pub fn may_pong(&mut self, now: Millis) -> bool {
        let may = self.pongs.left(now) > 0;
        self.pongs.spend(now, 1);
        may
    }

    /// A message went out: if it comes back, it tells how long the line is.
    pub fn was_said(&mut self, now: Millis, seq: u32) {
        self.said.push_back((seq, now));
        if self.said.len() > SAID {
            self.said.pop_front();
        }
    }

    fn heard_from(&mut self, peer: PeerId) {
        self.peers.retain(|&known| known != peer);
        self.peers.push(peer);
    }

    /// Nobody else was heard over this connection who has not left since.
    pub fn is_alone(&self) -> bool {
        self.peers.is_empty()
    }

    /// Those who were met here fell silent: perhaps they crashed, perhaps the server passes nothing on any more.
    pub fn doubt(&mut self, now: Millis) {
        if self.is_alone() && self.profiler.is_none() {
            self.verify_ms = VERIFY_ALONE_MS;
            self.verify_at = Some(now);
        }
    }

    /// Frames that were made for one server or form say nothing to another, or do harm there: what they held is asked for
    /// again.
    fn start_afresh(&mut self) {
        if !self.outbox.is_empty() {
            self.outbox.clear();
            self.overflowed = true;
        }
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
                self.relay.pace.closed(now, close.limits());
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
        let endpoint = self.relay.machine.endpoint().cloned();
        let before = std::mem::replace(&mut self.relay.opened, endpoint);
        let is_other = before.is_some() && before != self.relay.opened;
        let shape = self.relay.server.shape();
        let relay = &self.relay;
        let known = relay
            .machine
            .endpoint()
            .and_then(|endpoint| relay.known(endpoint));
        let is_known = known.is_some();
        self.relay.server = known.cloned().unwrap_or_default();
        self.relay.mute = false;
        self.relay.pace.opened(now);
        self.relay.said.clear();
        self.relay.rtt_ms = self.relay.server.rtt_ms.map(Millis::from);
        if is_other || self.relay.server.shape() != shape {
            self.relay.start_afresh();
        }
        self.codec.set_shape(self.relay.server.shape());
        self.relay.verify_ms = VERIFY_ALONE_MS;
        self.relay.verifies = false;
        self.relay.lookout.opened(now, self.relay.wanted.len());
        self.pace();
        if let Some(rtt_ms) = self.relay.rtt_ms {
            self.socket(now, machine::Input::Measured(rtt_ms), out);
        }
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
        if self.is_useless() && self.relay.profiler.is_none() && self.is_slower_than_assumed() {
            self.relay.verify_at = Some(now);
        }
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

    fn closed(&mut self, out: &mut Vec<Output>) {
        self.sent_state = self.replica.state_vector();
        if let Some(profiler) = self.relay.profiler.take() {
            let heard_any = self.relay.heard_own || self.relay.heard_others;
            // What the server says itself counts for more.
            self.relay.mute = !heard_any
                && self
                    .relay
                    .machine
                    .last_close()
                    .is_none_or(CloseEvent::is_of_another_protocol);
            self.relay.count_scouts(profiler.has_new_scout());
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
        // Any message of ours that comes back tells how long the line is.
        let returned = relay
            .said
            .iter()
            .find(|(seq, _)| inbound.own.contains(seq))
            .copied();
        relay
            .said
            .retain(|(seq, _)| returned.is_none_or(|(back, _)| *seq > back));
        let answered = relay
            .asked
            .take_if(|(seq, _)| inbound.own.contains(seq))
            .or(returned);
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
