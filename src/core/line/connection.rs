//! The one socket of a line, and the dialect that is spoken over it.

use std::collections::VecDeque;

use super::{
    Event, Line, Output, Scout, Subprotocols, Via,
    dialect::{self, Dialect},
    log,
    round_trip::RoundTrip,
    server::Server,
    status::Connection,
};
use crate::{
    core::{
        frame::Frame,
        peer::PeerId,
        socket::{close::CloseEvent, endpoint::Endpoint, machine},
    },
    limits::{CONTROL_FRAMES, Millis, READY_MS},
};

/// What belongs to one connection, from its opening to that of the next one.
#[derive(Debug, Default)]
pub(super) struct Live {
    /// The dialect takes payloads …
    pub is_ready: bool,
    /// … which it has to say until then.
    pub ready_by: Option<Millis>,
    /// The dialect has found out about the server.
    pub is_profiled: bool,
    /// There is a second connection, and it is the dialect's.
    pub scouts: bool,
    pub server: Server,
    /// The protocol's own frames.
    pub control: VecDeque<Frame>,
    pub round_trip: RoundTrip,
    /// Messages of this room came.
    pub heard_any: bool,
    /// Who was heard, the latest last.
    pub peers: Vec<PeerId>,
}

impl Line {
    pub(super) fn connect(&mut self, now: Millis) {
        if !self.wanted.is_empty() {
            self.socket(now, machine::Input::Started(self.wanted.clone()));
        }
    }

    pub(super) fn socket(&mut self, now: Millis, input: machine::Input) {
        let was_open = self.machine.is_open();
        let state = self.machine.state().clone();
        let generation = self.machine.generation();
        let mut close = None;
        match &input {
            machine::Input::Opened(opened) if *opened == generation => {
                self.log.record(now, log::Event::Opened);
            }
            machine::Input::Closed(closed, event) if *closed == generation => {
                self.log.record(now, log::Event::closed(event));
                self.throttle.closed(now, event.limits());
                close = Some(event.clone());
            }
            _ => {}
        }
        let outputs = self.machine.handle(now, input, &mut self.rng);
        let is_other = self.machine.generation() != generation;
        if was_open && (!self.machine.is_open() || is_other) {
            self.closed(now, close.as_ref());
        }
        for output in outputs {
            match &output {
                machine::Output::Ask(_) => {
                    self.ask_for_life();
                    continue;
                }
                machine::Output::Open(_, endpoint) => {
                    self.log.record(now, log::Event::opening(endpoint));
                    self.spoken = self.dialect_of(endpoint);
                }
                machine::Output::Abandon(_) => self.log.record(now, log::Event::Abandoned),
                machine::Output::Close(_) => {}
            }
            self.tell(Output::Socket(output, self.subprotocols()));
        }
        if *self.machine.state() != state {
            let state = Connection::from(self.machine.state()).name();
            self.log.record(now, log::Event::State { state });
        }
        if self.machine.is_open() && (!was_open || self.machine.generation() != generation) {
            self.opened(now);
        }
    }

    /// Which dialect is for the server at this address.
    pub(super) fn dialect_of(&self, endpoint: &Endpoint) -> usize {
        let mut dialects = self.dialects.iter();
        let serves = dialects.position(|dialect| dialect.serves(endpoint));
        serves.unwrap_or(self.dialects.len())
    }

    pub(super) fn dialect(&self) -> Option<&dyn Dialect> {
        self.dialects.get(self.spoken).map(|dialect| &**dialect)
    }

    fn subprotocols(&self) -> Subprotocols {
        self.dialect().map_or(&[], Dialect::subprotocols)
    }

    fn opened(&mut self, now: Millis) {
        let Some(endpoint) = self.machine.endpoint().cloned() else {
            return;
        };
        self.events.push_back(Event::Opened);
        if self.opened.as_ref().is_some_and(|last| *last != endpoint) {
            self.start_afresh();
        }
        self.mute = false;
        self.parting = false;
        self.live = Live {
            ready_by: Some(now + READY_MS),
            ..Live::default()
        };
        self.throttle.opened(now);
        self.lookout.opened(now, self.wanted.len());
        self.paced();
        self.opened = Some(endpoint.clone());
        let known = self.known.of(&endpoint).cloned();
        let opened = dialect::Input::Opened {
            endpoint: &endpoint,
            handshake_ms: self.machine.handshake_ms(),
            known: known.as_ref(),
        };
        self.dialect_handles(now, opened);
        self.judge(now);
    }

    /// `close`: what the socket reported. None: this page gave it up.
    fn closed(&mut self, now: Millis, close: Option<&CloseEvent>) {
        // What the server says itself counts for more.
        let last = self.machine.last_close();
        let says_nothing = last.is_none_or(CloseEvent::is_of_another_protocol);
        let is_bare = self.dialect().is_some_and(Dialect::is_bare);
        self.mute = is_bare && !self.live.is_profiled && !self.live.heard_any && says_nothing;
        self.live.is_ready = false;
        self.live.ready_by = None;
        self.dialect_handles(now, dialect::Input::Closed(close));
        // The second connection is the dialect's or the lookout's: both stop using it.
        if std::mem::take(&mut self.live.scouts) | self.lookout.closed() {
            self.tell(Output::Scout(Scout::Close, &[]));
        }
        if !self.parting {
            self.live.control.clear();
        }
        self.live.heard_any = false;
        self.live.peers.clear();
        self.live.round_trip.closed();
        self.events.push_back(Event::Closed);
    }

    pub(super) fn dialect_wakes_at(&self) -> Option<Millis> {
        let wakes_at = self.dialect().and_then(Dialect::wake_at);
        let wakes_at = wakes_at.into_iter().chain(self.live.ready_by);
        wakes_at.min().filter(|_| self.machine.is_open())
    }

    /// Tells the dialect, which knows of nothing but what happens on an open connection, and of its end.
    pub(super) fn dialect_handles(&mut self, now: Millis, input: dialect::Input<'_>) {
        let is_open = self.machine.is_open();
        if !is_open && !matches!(input, dialect::Input::Closed(_)) {
            return;
        }
        let generation = self.machine.generation();
        let Some(dialect) = self.dialects.get_mut(self.spoken) else {
            return;
        };
        for output in dialect.handle(now, input) {
            let is_over = !self.machine.is_open() || self.machine.generation() != generation;
            // What an answer says of a connection that is no more is not for the next one.
            if is_open && is_over && !matches!(output, dialect::Output::Remember(_)) {
                continue;
            }
            self.dialect_says(now, output);
        }
    }

    fn dialect_says(&mut self, now: Millis, output: dialect::Output) {
        match output {
            dialect::Output::Send(frame) => {
                self.live.control.push_back(frame);
                if self.live.control.len() > CONTROL_FRAMES {
                    let why = "The server asks more than it takes answers.";
                    self.socket(now, machine::Input::Refused(CloseEvent::ours(why)));
                }
            }
            dialect::Output::Payload(frame) => {
                let via = Via::Relay(self.machine.generation());
                self.events.push_back(Event::Payload(frame, via));
            }
            dialect::Output::Server(server) => {
                self.live.server = server;
                self.reshape();
            }
            dialect::Output::Profiled => {
                self.live.is_profiled = true;
                self.mute = false;
                let server = &self.live.server;
                if self.verdict.as_ref() != Some(server) {
                    self.verdict = Some(server.clone());
                    let server = server.clone();
                    self.log.record(now, log::Event::Verdict { server });
                }
                let connects = self.live.server.audience.may_connect();
                self.socket(now, machine::Input::Profiled { connects });
                self.judge(now);
            }
            dialect::Output::Ready => {
                self.reshape();
                self.live.is_ready = true;
                self.live.ready_by = None;
                self.events.push_back(Event::Joined);
            }
            dialect::Output::Refused(why) => self.socket(now, machine::Input::Refused(why)),
            dialect::Output::Lost => self.events.push_back(Event::Met),
            dialect::Output::RoundTrip(rtt_ms) => self.took(now, rtt_ms),
            dialect::Output::Silent => self.fell_silent(now),
            dialect::Output::Scout(scout) => {
                self.lookout.interrupted();
                self.live.scouts = scout != Scout::Close;
                if !self.live.scouts {
                    self.events.push_back(Event::ScoutClosed);
                }
                self.tell(Output::Scout(scout, self.subprotocols()));
            }
            dialect::Output::Remember(server) => self.remember(server),
        }
    }

    /// A connection that served is made anew; one that never did gives way to the next relay.
    fn fell_silent(&mut self, now: Millis) {
        let input = match self.live.is_ready {
            true => machine::Input::Distrusted,
            false => machine::Input::Refused(CloseEvent::ours("The server fell silent.")),
        };
        self.socket(now, input);
    }

    pub(super) fn give_up_unready(&mut self, now: Millis) {
        if self.live.ready_by.take_if(|by| *by <= now).is_some() {
            self.fell_silent(now);
        }
    }

    fn remember(&mut self, server: Server) {
        let is_news = |endpoint: &Endpoint| self.known.learn(endpoint, server);
        if self.opened.as_ref().is_some_and(is_news) {
            self.tell(Output::Remember(self.known.to_text()));
        }
    }

    /// Payloads are made as the server at hand takes them.
    fn reshape(&mut self) {
        let shape = self.live.server.shape();
        if self.shape.is_beyond(&shape) {
            self.start_afresh();
        }
        if self.shape != shape {
            self.shape = shape;
            self.events.push_back(Event::Shape(shape));
        }
    }

    /// Payloads that were made for one server or form say nothing to another, or do harm there: what they held is asked
    /// for again.
    fn start_afresh(&mut self) {
        if !self.outbox.is_empty() {
            self.outbox.clear();
            self.overflowed = true;
        }
    }

    /// Whether the relay is open, and known to pass frames on to no other client.
    pub(super) fn is_useless(&self) -> bool {
        self.is_open() && !self.live.server.audience.may_connect()
    }

    /// Examines a server again that passed frames on to no other client: a person asks for it, or comes back to the page.
    pub(super) fn look_again(&mut self, now: Millis) {
        if self.is_useless() {
            self.dialect_handles(now, dialect::Input::LookAgain);
        }
    }

    /// The page is looked at again, or has another network.
    pub(super) fn woke(&mut self, now: Millis) {
        self.dialect_handles(now, dialect::Input::Woke);
        self.look_again(now);
    }

    fn took(&mut self, now: Millis, rtt_ms: Millis) {
        self.live.round_trip.took(rtt_ms);
        self.socket(now, machine::Input::Measured(rtt_ms));
        self.paced();
    }

    /// The answer to something that was published came after so long.
    pub(super) fn measured(&mut self, now: Millis, rtt_ms: Millis) {
        self.took(now, rtt_ms);
        self.dialect_handles(now, dialect::Input::RoundTrip(rtt_ms));
    }

    pub(super) fn round_trip_ms(&self) -> Millis {
        let handshake_ms = self.machine.handshake_ms();
        self.live.round_trip.ms().unwrap_or(handshake_ms)
    }

    /// Engines that wait for others wait as long as the line takes.
    pub(super) fn paced(&mut self) {
        let rtt_ms = match self.tabs.line() {
            Some(line) => line.rtt_ms.unwrap_or_default(),
            None => self.round_trip_ms(),
        };
        self.events.push_back(Event::Paced(rtt_ms));
    }
}
