//! The session's line to the relay: connects, examines the server, keeps what waits to be sent, watches for silence.

use serde::{Deserialize, Serialize};

use super::{
    Output, Scout, Session,
    message::{self, Body},
    status::Connection,
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
            codec::{Inbound, Outbound},
            envelope,
            profile::{Line, Order, Profile, Profiler},
        },
    },
    limits::{HEARTBEAT_PEERS, KNOWN_SERVERS, Millis, VERIFY_MS},
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
    known: Known,
    profiler: Option<Profiler>,
    /// The server that was opened last.
    opened: Option<Endpoint>,
    /// When what is remembered of the server is looked into again, if nobody is heard.
    verify_at: Option<Millis>,
    /// Frames of ours, and of others, came over this connection.
    heard_own: bool,
    heard_others: bool,
    /// Who was heard over this connection, the latest last.
    peers: Vec<PeerId>,
    /// The last heartbeat's number, and when it went out.
    asked: Option<(u32, Millis)>,
    /// A message had to be dropped; once the queue is empty the others are shown what we have.
    pub overflowed: bool,
    drain_at: Option<Millis>,
    /// The page goes away: what waits may go out though the connection counts as closed.
    parting: bool,
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
            known,
            profiler: None,
            opened: None,
            verify_at: None,
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
            self.verify_at,
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
        self.codec.set_shape(self.relay.server.shape());
        if is_known {
            self.relay.verify_at = Some(now + VERIFY_MS);
            self.socket(now, machine::Input::Profiled, out);
            self.judge(now, out);
        } else {
            self.begin_to_examine(now, out);
        }
        self.joined(now, out);
    }

    fn begin_to_examine(&mut self, now: Millis, out: &mut Vec<Output>) {
        let nonce = self.rng.u32(..).to_be_bytes();
        let (profiler, orders) = Profiler::start(self.tag, self.me, nonce, now);
        self.relay.profiler = Some(profiler);
        self.obey(now, orders, out);
    }

    fn closed(&mut self, out: &mut Vec<Output>) {
        self.sent_state = self.replica.state_vector();
        if self.relay.profiler.take().is_some() {
            self.relay.mute = !self.relay.heard_own && !self.relay.heard_others;
            out.push(Output::Scout(Scout::Close));
        }
        let heard_any = self.relay.heard_own || self.relay.heard_others;
        if self.relay.verify_at.take().is_some() && !heard_any {
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
            return;
        }
        self.relay.server = profile;
        self.relay
            .server
            .noticed(self.relay.heard_own, self.relay.heard_others);
        self.relay.rtt_ms = self.relay.server.rtt_ms.map(Millis::from);
        self.codec.set_shape(self.relay.server.shape());
        out.extend(self.relay.learn());
        let verdict = super::card::summary(&self.relay.server);
        self.relay.tape.record(now, Event::verdict(verdict));
        self.socket(now, machine::Input::Profiled, out);
        self.judge(now, out);
    }

    /// The scout's news, while the server is being examined.
    pub(super) fn scouted(&mut self, now: Millis, news: super::ScoutNews, out: &mut Vec<Output>) {
        let Some(profiler) = &mut self.relay.profiler else {
            return;
        };
        let orders = match news {
            super::ScoutNews::Opened => profiler.scout_opened(now),
            super::ScoutNews::Closed => profiler.scout_closed(now),
            super::ScoutNews::Frame(frame) => profiler.frame_arrived(now, Line::Scout, &frame),
        };
        self.obey(now, orders, out);
    }

    pub(super) fn examine(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.relay.verify_at.is_some_and(|at| at <= now) {
            self.relay.verify_at = None;
            // Nobody is heard: perhaps because nobody is here, perhaps because another server answers at this address
            // by now. To ask costs nobody anything.
            if !self.relay.heard_others && self.relay.profiler.is_none() {
                self.begin_to_examine(now, out);
            }
        }
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
        self.socket(now, machine::Input::FrameArrived(generation), out);
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
        if let Some((seq, at)) = relay.asked
            && inbound.own.contains(&seq)
        {
            relay.rtt_ms = Some(now.saturating_sub(at));
        }
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
        self.judge(now, out);
    }

    /// Whether silence would prove anything: only where the server, or somebody behind it, can answer.
    fn judge(&mut self, now: Millis, out: &mut Vec<Output>) {
        let answers = self.relay.server.audience.echoes() || !self.relay.peers.is_empty();
        let liveness = match answers {
            true => Liveness::Answers,
            false => Liveness::Unknown,
        };
        self.socket(now, machine::Input::Judged(liveness), out);
    }

    fn ask_for_life(&mut self, now: Millis, out: &mut Vec<Output>) {
        let peers = match self.relay.server.audience.echoes() {
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

    pub(super) fn ponged(&mut self, now: Millis, to: PeerId) {
        if let Some((_, at)) = self.relay.asked.take_if(|_| to == self.me) {
            self.relay.rtt_ms = Some(now.saturating_sub(at));
        }
    }

    /// Seals a message and queues it for the relay, if that is reached, and for the other tabs. Gives its number.
    pub(super) fn say(&mut self, body: Body, out: &mut Vec<Output>) -> Option<u32> {
        let slot = match body {
            Body::Cursor(_) => Some(b'c'),
            Body::View(_) => Some(b'v'),
            _ => None,
        };
        let Outbound { seq, frames } = self.seal(body, out)?;
        self.send(frames, slot, out);
        Some(seq)
    }

    /// The same for several that the queue takes together or not at all.
    pub(super) fn say_together(
        &mut self,
        bodies: impl Iterator<Item = Body>,
        out: &mut Vec<Output>,
    ) {
        let mut frames = Vec::new();
        for body in bodies {
            frames.extend(
                self.seal(body, out)
                    .into_iter()
                    .flat_map(|sealed| sealed.frames),
            );
        }
        self.send(frames, None, out);
    }

    fn seal(&mut self, body: Body, out: &mut Vec<Output>) -> Option<Outbound> {
        if self.has_left || !self.has_name() {
            return None;
        }
        let is_edit = matches!(body, Body::Update(_));
        let is_brief = body.is_brief();
        let (kind, body) = body.write();
        let sealed = match is_brief {
            true => self.codec.encode_brief(kind, &body),
            false => self.codec.encode(kind, &body),
        };
        sealed
            .map_err(|error| {
                // Only a person's own edit is worth a word; a long answer will be asked for again.
                if is_edit {
                    out.push(Output::Notice(error.into()));
                }
            })
            .ok()
    }

    pub(super) fn send(&mut self, frames: Vec<Frame>, slot: Option<u8>, out: &mut Vec<Output>) {
        for frame in &frames {
            self.tell_tabs(frame.clone(), out);
        }
        if !self.relay.machine.is_open() {
            return;
        }
        match (slot, frames.as_slice()) {
            (Some(slot), [frame]) => self.relay.outbox.replace(slot, frame.clone()),
            _ => self.relay.overflowed |= self.relay.outbox.push(frames).is_err(),
        }
    }

    pub(super) fn part(&mut self, out: &mut Vec<Output>) {
        self.relay.parting = self.relay.machine.is_open();
        self.say(Body::Leave, out);
    }

    /// The next frame to hand to the relay's socket, which holds `buffered` bytes already. Ask after each input,
    /// before its outputs are carried out, until there is none.
    pub fn next_frame(&mut self, now: Millis, buffered: usize) -> Option<Frame> {
        let relay = &mut self.relay;
        if !relay.machine.is_open() && !relay.parting {
            return None;
        }
        let frame = relay.outbox.next(buffered);
        relay.drain_at = relay.outbox.wake_at(now);
        match &frame {
            Some(frame) => relay
                .tape
                .record(now, Event::Sent(FrameSeen::new(frame, &meanings(frame)))),
            None => {
                relay.parting = false;
                if relay.overflowed && relay.outbox.is_empty() {
                    relay.overflowed = false;
                    self.sync.edited(now);
                }
            }
        }
        frame
    }
}

fn meanings(frame: &Frame) -> Vec<&'static str> {
    envelope::kinds(frame.as_bytes())
        .map(message::meaning)
        .collect()
}
