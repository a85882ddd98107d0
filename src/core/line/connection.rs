//! The one socket of a line, and the dialect that is spoken over it.

use super::{
    Event, Line, Output, Scout, Subprotocols, Via,
    dialect::{self, Dialect},
    log,
    status::Connection,
};
use crate::{
    core::socket::{close::CloseEvent, endpoint::Endpoint, machine},
    limits::Millis,
};

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
                self.pace.closed(now, event.limits());
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
                    self.choose_dialect(endpoint);
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

    fn choose_dialect(&mut self, endpoint: &Endpoint) {
        let mut dialects = self.dialects.iter();
        let serves = dialects.position(|dialect| dialect.serves(endpoint));
        self.spoken = serves.unwrap_or(self.dialects.len());
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
        self.is_profiled = false;
        self.pace.opened(now);
        self.round_trip.opened();
        self.lookout.opened(now, self.wanted.len());
        self.paced();
        self.opened = Some(endpoint.clone());
        let opened = dialect::Input::Opened {
            endpoint: &endpoint,
            handshake_ms: self.machine.handshake_ms(),
        };
        self.dialect_handles(now, opened);
        self.judge(now);
    }

    /// `close`: what the socket reported. None: this page gave it up.
    fn closed(&mut self, now: Millis, close: Option<&CloseEvent>) {
        self.is_ready = false;
        self.control.clear();
        // What the server says itself counts for more.
        let says_nothing = close.is_none_or(CloseEvent::is_of_another_protocol);
        self.mute = !self.is_profiled && !self.heard_any && says_nothing;
        self.dialect_handles(now, dialect::Input::Closed(close));
        self.examines = false;
        if self.lookout.closed() {
            self.tell(Output::Scout(Scout::Close, &[]));
        }
        self.heard_any = false;
        self.peers.clear();
        self.round_trip.closed();
        self.events.push_back(Event::Closed);
    }

    pub(super) fn dialect_handles(&mut self, now: Millis, input: dialect::Input<'_>) {
        let Some(dialect) = self.dialects.get_mut(self.spoken) else {
            return;
        };
        for output in dialect.handle(now, input) {
            self.dialect_says(now, output);
        }
    }

    fn dialect_says(&mut self, now: Millis, output: dialect::Output) {
        match output {
            dialect::Output::Send(frame) => {
                if self.machine.is_open() {
                    self.control.push_back(frame);
                }
            }
            dialect::Output::Payload(frame) => {
                self.events.push_back(Event::Payload(frame, Via::Relay));
            }
            dialect::Output::Server(server) => {
                let (before, after) = (self.server.shape(), server.shape());
                self.server = server;
                if before.is_beyond(&after) {
                    self.start_afresh();
                }
                self.events.push_back(Event::Shape(after));
            }
            dialect::Output::Profiled => {
                self.is_profiled = true;
                self.mute = false;
                let connects = self.server.audience.may_connect();
                self.log.record(
                    now,
                    log::Event::Verdict {
                        server: self.server.clone(),
                    },
                );
                self.socket(now, machine::Input::Profiled { connects });
                self.judge(now);
            }
            dialect::Output::Ready => {
                self.is_ready = true;
                self.events.push_back(Event::Joined);
            }
            dialect::Output::Lost => self.events.push_back(Event::Met),
            dialect::Output::RoundTrip(rtt_ms) => self.took(now, rtt_ms),
            dialect::Output::Silent => self.socket(now, machine::Input::Distrusted),
            dialect::Output::Scout(scout) => {
                self.lookout.interrupted();
                self.examines = scout != Scout::Close;
                if !self.examines {
                    self.events.push_back(Event::ScoutClosed);
                }
                self.tell(Output::Scout(scout, self.subprotocols()));
            }
            dialect::Output::Remember(known) => self.tell(Output::Remember(known)),
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

    /// Whether the relay is open and known to connect nobody.
    pub(super) fn is_useless(&self) -> bool {
        self.is_open() && !self.server.audience.may_connect()
    }

    /// Looks at once at a server that connected nobody: somebody asks for it, or comes back to the page.
    pub(super) fn examine_useless(&mut self, now: Millis) {
        if self.is_useless() {
            self.dialect_handles(now, dialect::Input::Asked);
        }
    }

    fn took(&mut self, now: Millis, rtt_ms: Millis) {
        self.round_trip.took(rtt_ms);
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
        self.round_trip.ms().unwrap_or(handshake_ms)
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
