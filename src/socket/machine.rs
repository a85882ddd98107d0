//! The connection as a value: inputs in, outputs out. It never opens a socket, reads a clock or sleeps.
//!
//! ```text
//!          Started               Opened            Profiled
//!  Idle ------------> Connecting ------> Probing ----------> Open <--any frame-- Stale
//!    ^                 ^   |  closed, or 8 s    \             |  --no answer-->   |
//!    | closed, or 1 s  |   v                     \  Closed    v                   | 5 s
//!  Closing <-Stopped- (any)  Waiting{until} <-----+-----------+-------------------+
//!                      |        | WentOffline
//!                      +--- Offline          Failed{why} <-- a close that means no; asked again slowly, or by a person
//! ```
//!
//! At any moment there is at most one live socket, named by its generation, and one timer. A half-open socket can
//! stay in CLOSING for a minute, so an abandoned one is never waited for: whatever it still reports carries an old
//! generation and does nothing.

mod state;

pub use self::state::{Failure, State};
use super::{
    backoff::{self, Budget},
    close::{CloseEvent, Verdict},
    endpoint::Endpoint,
    heartbeat::{Due, Heartbeat},
    relays::Relays,
};
use crate::limits::{
    AWAY_MS, BACKOFF_CAP_MS, CLOSING_MS, CONNECT_TIMEOUT_MS, FAILOVER_ATTEMPTS, Millis, PROBING_MS,
    REFUSED_CAP_MS, REFUSED_MS, SHORT_LIFE_MS, SHORT_LIVES, UPTIME_RESETS_BACKOFF_MS,
};

/// Names one socket among all that this machine ever opened.
pub type Generation = u64;

/// Whether an open server is known to answer a heartbeat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Liveness {
    /// Silence proves nothing.
    #[default]
    Unknown,
    Answers,
    /// Somebody else finds out, and tells by [`Input::Distrusted`].
    Elsewhere,
}

#[derive(Clone, Debug)]
pub enum Input {
    /// These servers are wanted, the preferred one first.
    Started(Vec<Endpoint>),
    /// No server is wanted any more.
    Stopped,
    /// The page goes away, perhaps for ever; nothing can be waited for.
    Left,
    /// The page came back, from the back/forward cache or from sleep.
    Returned,
    Hid,
    Showed,
    Opened(Generation),
    /// The browser threw instead of opening a socket.
    Blocked(Generation, String),
    FrameArrived(Generation),
    Closed(Generation, CloseEvent),
    /// The server has been profiled: it connects clients as far as is known, or it connects nobody.
    Profiled {
        connects: bool,
    },
    Judged(Liveness),
    /// There are peers on this connection, or none any more.
    Accompanied(bool),
    /// Others are on this one of the wanted servers.
    FoundAt(Endpoint),
    /// The caller found out that nothing arrives over the live socket any more: it is replaced.
    Distrusted,
    /// The server is open, and no use: it says no in a protocol of its own, or speaks another one.
    Refused(CloseEvent),
    /// The round trip, in milliseconds.
    Measured(Millis),
    WentOffline,
    WentOnline,
    RetryAsked,
    Ticked,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    Open(Generation, Endpoint),
    /// Send a heartbeat.
    Ask(Generation),
    /// Start the closing handshake.
    Close(Generation),
    /// Detach every handler, then close. Never wait for its close event.
    Abandon(Generation),
}

#[derive(Debug)]
pub struct Machine {
    state: State,
    relays: Relays,
    generation: Generation,
    attempt: u32,
    /// Connections in a row that fell silent.
    deaths: u32,
    /// Connections in a row that opened and soon ended.
    short_lives: u32,
    budget: Budget,
    heartbeat: Heartbeat,
    liveness: Liveness,
    /// Whether [`Input::Profiled`] will be told.
    probes: bool,
    /// When the live socket began to connect.
    began_at: Millis,
    opened_at: Option<Millis>,
    handshake_ms: Millis,
    is_accompanied: bool,
    deadline: Option<Millis>,
    online: bool,
    hidden_at: Option<Millis>,
    last_close: Option<CloseEvent>,
}

impl Default for Machine {
    fn default() -> Self {
        Self::new(false)
    }
}

impl Machine {
    /// `probes`: an opened connection is [`State::Probing`] until [`Input::Profiled`].
    pub fn new(probes: bool) -> Self {
        Self {
            state: State::Idle,
            relays: Relays::default(),
            generation: 0,
            attempt: 0,
            deaths: 0,
            short_lives: 0,
            budget: Budget::default(),
            heartbeat: Heartbeat::default(),
            liveness: Liveness::Unknown,
            probes,
            began_at: 0,
            opened_at: None,
            handshake_ms: 0,
            is_accompanied: false,
            deadline: None,
            online: true,
            hidden_at: None,
            last_close: None,
        }
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    pub fn is_open(&self) -> bool {
        self.state.is_open()
    }

    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// The server that is tried or used now.
    pub fn endpoint(&self) -> Option<&Endpoint> {
        self.relays.current()
    }

    /// Which of how many wanted servers that is, counted from 0.
    pub fn place(&self) -> (usize, usize) {
        self.relays.place()
    }

    /// How long the live socket took to open, in milliseconds: no less than a round trip.
    pub fn handshake_ms(&self) -> Millis {
        self.handshake_ms
    }

    /// How the last connection ended, if one did.
    pub fn last_close(&self) -> Option<&CloseEvent> {
        self.last_close.as_ref()
    }

    /// When [`Input::Ticked`] is due next.
    pub fn wake_at(&self) -> Option<Millis> {
        let beat = match self.state {
            State::Open if self.is_judged() => Some(self.heartbeat.wake_before_stale()),
            State::Stale if self.is_judged() => Some(self.heartbeat.wake_at()),
            _ => None,
        };
        [self.deadline, beat, self.prefer_at()]
            .into_iter()
            .flatten()
            .min()
    }

    pub fn handle(&mut self, now: Millis, input: Input, rng: &mut fastrand::Rng) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::Started(endpoints) => {
                self.abandon(&mut out);
                self.relays = Relays::new(endpoints);
                self.attempt = 0;
                self.deaths = 0;
                self.short_lives = 0;
                self.connect(now, &mut out);
            }
            Input::Stopped => self.stop(now, &mut out),
            Input::Left => {
                self.abandon(&mut out);
                self.rest(State::Idle);
            }
            Input::Returned => match self.state {
                State::Idle => self.connect(now, &mut out),
                _ => self.returned(now, AWAY_MS, rng, &mut out),
            },
            Input::Hid => self.hidden_at = self.hidden_at.or(Some(now)),
            Input::Showed => {
                let away = self
                    .hidden_at
                    .take()
                    .map_or(0, |hid| now.saturating_sub(hid));
                // What came meanwhile shows that it lived then.
                let away = away.min(self.heartbeat.silent_ms(now));
                self.returned(now, away, rng, &mut out);
            }
            Input::Opened(generation) => {
                if generation == self.generation && self.state == State::Connecting {
                    self.opened(now);
                }
            }
            Input::Blocked(generation, why) => {
                if generation == self.generation && self.state == State::Connecting {
                    let has_others = self.relays.has_others();
                    self.relays.failed(FAILOVER_ATTEMPTS);
                    match has_others {
                        true => self.connect_when_due(now, &mut out),
                        false => self.rest(State::Failed {
                            why: Failure::Blocked(why),
                        }),
                    }
                }
            }
            Input::FrameArrived(generation) => {
                if generation == self.generation && self.is_open() {
                    self.heartbeat.heard(now);
                    self.deaths = 0;
                    if self.state == State::Stale {
                        self.state = State::Open;
                    }
                }
            }
            Input::Closed(generation, event) => {
                if generation == self.generation {
                    self.closed(now, event, rng, &mut out);
                }
            }
            Input::Profiled { connects } => {
                if self.state == State::Probing {
                    self.rest(State::Open);
                }
                if self.is_open() && connects {
                    self.relays.worked();
                } else if self.is_open() && self.online && self.relays.useless() {
                    self.abandon(&mut out);
                    self.connect_when_due(now, &mut out);
                }
            }
            Input::Accompanied(is_accompanied) => self.is_accompanied = is_accompanied,
            Input::FoundAt(endpoint) => {
                if self.is_open() && self.relays.go_to(&endpoint) {
                    self.abandon(&mut out);
                    self.connect_when_due(now, &mut out);
                }
            }
            Input::Distrusted => {
                if self.is_open() {
                    self.die("The connection fell silent.", now, rng, &mut out);
                }
            }
            Input::Refused(why) => {
                if self.is_open() {
                    self.abandon(&mut out);
                    // However long it was open, it did not serve.
                    self.opened_at = None;
                    self.lost(now, why, FAILOVER_ATTEMPTS, rng, &mut out);
                }
            }
            Input::Measured(rtt_ms) => self.heartbeat.measured(rtt_ms),
            Input::Judged(liveness) => {
                if self.liveness != liveness {
                    // Whoever was silent without having to answer is not late yet.
                    self.liveness = liveness;
                    self.heartbeat.heard(now);
                    if self.state == State::Stale {
                        self.state = State::Open;
                    }
                }
            }
            Input::WentOffline => {
                self.online = false;
                if matches!(self.state, State::Waiting { .. }) {
                    self.wait_for_network(now);
                }
            }
            Input::WentOnline => {
                self.online = true;
                self.attempt = 0;
                // Another network: the old connection may have died without a word.
                self.returned(now, AWAY_MS, rng, &mut out);
            }
            Input::RetryAsked => {
                if !self.has_socket() && self.relays.current().is_some() {
                    self.attempt = 0;
                    self.connect(now, &mut out);
                }
            }
            Input::Ticked => self.tick(now, rng, &mut out),
        }
        out
    }

    fn has_socket(&self) -> bool {
        matches!(self.state, State::Connecting | State::Closing) || self.is_open()
    }

    /// Hidden pages do not ask: their timers are late, and nobody is looking.
    fn is_judged(&self) -> bool {
        self.liveness == Liveness::Answers && self.hidden_at.is_none()
    }

    fn rest(&mut self, state: State) {
        self.state = state;
        self.deadline = None;
    }

    fn abandon(&mut self, out: &mut Vec<Output>) {
        if self.has_socket() {
            out.push(Output::Abandon(self.generation));
        }
    }

    fn stop(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.relays = Relays::default();
        if self.is_open() {
            out.push(Output::Close(self.generation));
            self.state = State::Closing;
            self.deadline = Some(now + CLOSING_MS);
        } else if self.state != State::Closing {
            self.abandon(out);
            self.rest(State::Idle);
        }
    }

    fn connect(&mut self, now: Millis, out: &mut Vec<Output>) {
        let Some(endpoint) = self.relays.current().cloned() else {
            return self.rest(State::Idle);
        };
        self.budget.spend(now);
        self.generation += 1;
        self.began_at = now;
        self.opened_at = None;
        self.is_accompanied = false;
        self.liveness = Liveness::Unknown;
        self.state = State::Connecting;
        self.deadline = Some(now + CONNECT_TIMEOUT_MS);
        out.push(Output::Open(self.generation, endpoint));
    }

    /// Connects at once, if the budget has it.
    fn connect_when_due(&mut self, now: Millis, out: &mut Vec<Output>) {
        match self.budget.earliest(now) {
            due if due == now => self.connect(now, out),
            due => {
                self.state = State::Waiting {
                    attempt: self.attempt.max(1),
                    until_ms: due,
                };
                self.deadline = Some(due);
            }
        }
    }

    fn opened(&mut self, now: Millis) {
        self.opened_at = Some(now);
        self.handshake_ms = now.saturating_sub(self.began_at);
        self.heartbeat.heard(now);
        self.heartbeat.measured(self.handshake_ms);
        self.relays.opened(now);
        self.rest(State::Open);
        match self.probes {
            true => {
                self.state = State::Probing;
                self.deadline = Some(now + PROBING_MS);
            }
            false => self.relays.worked(),
        }
    }

    fn closed(
        &mut self,
        now: Millis,
        event: CloseEvent,
        rng: &mut fastrand::Rng,
        out: &mut Vec<Output>,
    ) {
        match self.state {
            State::Closing => self.rest(State::Idle),
            _ if self.has_socket() => self.lost(now, event, 1, rng, out),
            _ => {}
        }
    }

    /// The live socket is gone, and the browser knows.
    /// `weight`: how many ordinary failures this one counts for.
    fn lost(
        &mut self,
        now: Millis,
        event: CloseEvent,
        weight: u32,
        rng: &mut fastrand::Rng,
        out: &mut Vec<Output>,
    ) {
        let verdict = match event.verdict() {
            // It let us meet others: what it minds now may pass.
            Verdict::Stop if self.is_accompanied => Verdict::RetryLater,
            verdict => verdict,
        };
        let lasted = self
            .opened_at
            .is_some_and(|opened| now.saturating_sub(opened) >= UPTIME_RESETS_BACKOFF_MS);
        if lasted {
            self.attempt = 0;
        }
        self.last_close = Some(event.clone());
        let is_short = |opened| now.saturating_sub(opened) < SHORT_LIFE_MS;
        self.short_lives = match self.opened_at {
            Some(opened) if is_short(opened) => self.short_lives + 1,
            Some(_) => 0,
            None => self.short_lives,
        };
        let closes_again_and_again = self.short_lives >= SHORT_LIVES;
        if closes_again_and_again {
            self.short_lives = 0;
        }
        match verdict {
            // All of them were asked; the round goes on, slowly.
            Verdict::Stop if !self.relays.has_others() => {
                self.relays.failed(FAILOVER_ATTEMPTS);
                self.refused(now, event, rng);
            }
            Verdict::RetryLater if !self.relays.has_others() => {
                self.relays.failed(FAILOVER_ATTEMPTS);
                let half = BACKOFF_CAP_MS / 2;
                self.wait(now, half + rng.u64(0..=half));
            }
            _ => {
                // A good connection that ended says nothing against its server; a refusal says all there is to say.
                let counts = match verdict {
                    Verdict::Stop | Verdict::RetryLater => FAILOVER_ATTEMPTS,
                    _ if closes_again_and_again => FAILOVER_ATTEMPTS,
                    _ if lasted => 0,
                    _ => weight,
                };
                match self.relays.failed(counts) && self.online && self.budget.earliest(now) == now
                {
                    true => self.connect(now, out),
                    false => {
                        let hidden = self.hidden_at.is_some();
                        self.wait(now, backoff::full_jitter(self.attempt, hidden, rng));
                    }
                }
            }
        }
    }

    /// The server said no. It may have been a limit that passes: it is asked again, ever more slowly.
    fn refused(&mut self, now: Millis, event: CloseEvent, rng: &mut fastrand::Rng) {
        let doublings = 1_u64.checked_shl(self.attempt).unwrap_or(u64::MAX);
        let span = REFUSED_MS.saturating_mul(doublings).min(REFUSED_CAP_MS);
        self.attempt = self.attempt.saturating_add(1);
        self.state = State::Failed {
            why: Failure::Refused(event),
        };
        let after = span / 2 + rng.u64(0..=span / 2);
        self.deadline = Some(self.budget.earliest(now + after));
    }

    fn wait(&mut self, now: Millis, span: Millis) {
        self.attempt = self.attempt.saturating_add(1);
        if !self.online {
            return self.wait_for_network(now);
        }
        let until_ms = self.budget.earliest(now + span);
        self.deadline = Some(until_ms);
        self.state = State::Waiting {
            attempt: self.attempt,
            until_ms,
        };
    }

    fn wait_for_network(&mut self, now: Millis) {
        self.state = State::Offline;
        self.deadline = Some(self.budget.earliest(now + BACKOFF_CAP_MS));
    }

    /// Somebody looks again after `away` milliseconds: within a second it is clear how things stand.
    fn returned(
        &mut self,
        now: Millis,
        away: Millis,
        rng: &mut fastrand::Rng,
        out: &mut Vec<Output>,
    ) {
        match self.state {
            State::Waiting { .. }
            | State::Offline
            | State::Failed {
                why: Failure::Refused(_),
            } if self.online => self.connect_when_due(now, out),
            State::Open | State::Stale => match self.liveness {
                Liveness::Answers => {
                    let doubts = self.heartbeat.doubt(now);
                    out.extend(doubts.then_some(Output::Ask(self.generation)));
                }
                // Nothing can tell whether it is alive. After a while away a new one is cheaper than doubt.
                Liveness::Unknown if away >= AWAY_MS => {
                    let why = "The connection was not watched for a while.";
                    self.die(why, now, rng, out);
                }
                Liveness::Unknown | Liveness::Elsewhere => {}
            },
            _ => {}
        }
    }

    fn tick(&mut self, now: Millis, rng: &mut fastrand::Rng, out: &mut Vec<Output>) {
        if self.prefer_at().is_some_and(|at| at <= now) {
            self.abandon(out);
            self.relays.prefer();
            return self.connect(now, out);
        }
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.deadline = None;
            match self.state {
                State::Connecting => {
                    self.abandon(out);
                    let silence = CloseEvent::ours("The server did not answer.");
                    self.lost(now, silence, FAILOVER_ATTEMPTS, rng, out);
                }
                State::Waiting { .. } | State::Offline | State::Failed { .. } => {
                    self.connect(now, out);
                }
                State::Probing => self.state = State::Open,
                State::Closing => {
                    self.abandon(out);
                    self.state = State::Idle;
                }
                State::Idle | State::Open | State::Stale => {}
            }
        }
        if matches!(self.state, State::Open | State::Stale) && self.is_judged() {
            match self.heartbeat.due(now) {
                Due::Nothing => {}
                Due::Ask => out.push(Output::Ask(self.generation)),
                Due::Stale => self.state = State::Stale,
                Due::Dead => self.die("The server fell silent.", now, rng, out),
            }
        }
    }

    /// A socket that gives no sign of life is replaced at once; its successors, if they fall silent too, later.
    fn die(&mut self, why: &str, now: Millis, rng: &mut fastrand::Rng, out: &mut Vec<Output>) {
        self.abandon(out);
        self.last_close = Some(CloseEvent::ours(why));
        self.deaths = self.deaths.saturating_add(1);
        match self.deaths == 1 && self.online && self.budget.earliest(now) == now {
            true => self.connect(now, out),
            false => {
                let hidden = self.hidden_at.is_some();
                self.wait(now, backoff::full_jitter(self.deaths, hidden, rng));
            }
        }
    }

    /// When the preferred server is to be tried again, while another one serves; not while others are met there.
    fn prefer_at(&self) -> Option<Millis> {
        (matches!(self.state, State::Open | State::Stale) && !self.is_accompanied)
            .then(|| self.relays.prefer_at())
            .flatten()
    }
}

#[cfg(test)]
mod tests;
