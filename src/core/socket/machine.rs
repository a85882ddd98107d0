//! The connection as a value: inputs in, outputs out. It never opens a socket, reads a clock or sleeps.
//!
//! ```text
//!          Started                Opened                    Closed, or 8 s
//!  Idle ------------> Connecting --------> Open ------> Waiting{until} ----> Connecting …
//!    ^  Stopped           |                 |              |  WentOffline
//!    +--------------------+-----------------+              +------------> Offline --WentOnline--> Connecting
//!                         +-- a close that means no -----------------> Failed --RetryAsked--> Connecting
//! ```
//!
//! At any moment there is at most one live socket, named by its generation. A half-open socket can stay in
//! CLOSING for a minute, so an abandoned one is never waited for: whatever it still reports carries an old
//! generation and does nothing.

use super::{
    backoff,
    close::{CloseEvent, Verdict},
    endpoint::Endpoint,
};
use crate::limits::{BACKOFF_CAP_MS, CONNECT_TIMEOUT_MS, Millis, UPTIME_RESETS_BACKOFF_MS};

/// Names one socket among all that this machine ever opened.
pub type Generation = u64;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// No relay is wanted.
    Idle,
    Connecting,
    Open,
    /// The last try failed; the next one comes at `until_ms`. `attempt` counts from 1.
    Waiting {
        attempt: u32,
        until_ms: Millis,
    },
    /// The browser says that there is no network. A slow retry goes on, since browsers are sometimes wrong.
    Offline,
    /// The server refused us; only a person's "try again" goes on.
    Failed,
}

#[derive(Clone, Debug)]
pub enum Input {
    Started(Endpoint),
    Stopped,
    Opened(Generation),
    Closed(Generation, CloseEvent),
    WentOffline,
    WentOnline,
    RetryAsked,
    Ticked,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    Open(Generation, Endpoint),
    /// Detach every handler, then close. Never wait for its close event.
    Abandon(Generation),
}

#[derive(Debug)]
pub struct Machine {
    state: State,
    endpoint: Option<Endpoint>,
    generation: Generation,
    attempt: u32,
    opened_at: Option<Millis>,
    deadline: Option<Millis>,
    online: bool,
    last_close: Option<CloseEvent>,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            state: State::Idle,
            endpoint: None,
            generation: 0,
            attempt: 0,
            opened_at: None,
            deadline: None,
            online: true,
            last_close: None,
        }
    }
}

impl Machine {
    pub fn state(&self) -> &State {
        &self.state
    }

    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    pub fn endpoint(&self) -> Option<&Endpoint> {
        self.endpoint.as_ref()
    }

    /// How the last connection ended, if one did.
    pub fn last_close(&self) -> Option<&CloseEvent> {
        self.last_close.as_ref()
    }

    /// When [`Input::Ticked`] is due next.
    pub fn wake_at(&self) -> Option<Millis> {
        self.deadline
    }

    pub fn handle(&mut self, now: Millis, input: Input, rng: &mut fastrand::Rng) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::Started(endpoint) => {
                self.abandon(&mut out);
                self.endpoint = Some(endpoint);
                self.attempt = 0;
                self.connect(now, &mut out);
            }
            Input::Stopped => {
                self.abandon(&mut out);
                self.rest(State::Idle);
            }
            Input::Opened(generation) => {
                if generation == self.generation && self.state == State::Connecting {
                    self.opened_at = Some(now);
                    self.rest(State::Open);
                }
            }
            Input::Closed(generation, event) => {
                if generation == self.generation && self.has_socket() {
                    self.closed(now, event, rng);
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
                if matches!(self.state, State::Offline | State::Waiting { .. }) {
                    self.attempt = 0;
                    self.connect(now, &mut out);
                }
            }
            Input::RetryAsked => {
                if !self.has_socket() && self.endpoint.is_some() {
                    self.attempt = 0;
                    self.connect(now, &mut out);
                }
            }
            Input::Ticked => {
                if self.deadline.is_some_and(|deadline| deadline <= now) {
                    self.due(now, rng, &mut out);
                }
            }
        }
        out
    }

    fn has_socket(&self) -> bool {
        matches!(self.state, State::Connecting | State::Open)
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

    fn connect(&mut self, now: Millis, out: &mut Vec<Output>) {
        let Some(endpoint) = self.endpoint.clone() else {
            return self.rest(State::Idle);
        };
        self.generation += 1;
        self.opened_at = None;
        self.state = State::Connecting;
        self.deadline = Some(now + CONNECT_TIMEOUT_MS);
        out.push(Output::Open(self.generation, endpoint));
    }

    fn closed(&mut self, now: Millis, event: CloseEvent, rng: &mut fastrand::Rng) {
        let verdict = event.verdict();
        self.last_close = Some(event);
        if self
            .opened_at
            .is_some_and(|opened| now.saturating_sub(opened) >= UPTIME_RESETS_BACKOFF_MS)
        {
            self.attempt = 0;
        }
        match verdict {
            Verdict::Stop => self.rest(State::Failed),
            Verdict::Retry => self.wait(now, backoff::full_jitter(self.attempt, rng)),
            Verdict::RetryLater => {
                let half = BACKOFF_CAP_MS / 2;
                self.wait(now, half + rng.u64(0..=half));
            }
        }
    }

    fn wait(&mut self, now: Millis, span: Millis) {
        self.attempt = self.attempt.saturating_add(1);
        if !self.online {
            return self.wait_for_network(now);
        }
        let until_ms = now + span;
        self.deadline = Some(until_ms);
        self.state = State::Waiting {
            attempt: self.attempt,
            until_ms,
        };
    }

    fn wait_for_network(&mut self, now: Millis) {
        self.state = State::Offline;
        self.deadline = Some(now + BACKOFF_CAP_MS);
    }

    fn due(&mut self, now: Millis, rng: &mut fastrand::Rng, out: &mut Vec<Output>) {
        match self.state {
            State::Connecting => {
                self.abandon(out);
                let event = CloseEvent {
                    code: 1006,
                    reason: "The server did not answer.".to_owned(),
                    was_clean: false,
                };
                self.closed(now, event, rng);
            }
            State::Waiting { .. } | State::Offline => self.connect(now, out),
            State::Idle | State::Open | State::Failed => self.deadline = None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(code: u16) -> CloseEvent {
        CloseEvent {
            code,
            reason: String::new(),
            was_clean: false,
        }
    }

    fn started() -> (Machine, fastrand::Rng) {
        let (mut machine, mut rng) = (Machine::default(), fastrand::Rng::with_seed(1));
        let endpoint = Endpoint::parse("ws://localhost/", false).unwrap();
        let out = machine.handle(0, Input::Started(endpoint.clone()), &mut rng);
        assert_eq!(out, [Output::Open(1, endpoint)]);
        (machine, rng)
    }

    #[test]
    fn a_lost_connection_is_opened_again_without_a_click() {
        let (mut machine, mut rng) = started();
        machine.handle(10, Input::Opened(1), &mut rng);
        assert!(machine.is_open());
        machine.handle(20, Input::Closed(1, close(1006)), &mut rng);
        let wake = machine.wake_at().unwrap();
        assert!(wake <= 1_020, "the first retry comes within a second");
        let out = machine.handle(wake, Input::Ticked, &mut rng);
        assert!(matches!(out.as_slice(), [Output::Open(2, _)]));
    }

    #[test]
    fn events_of_an_abandoned_socket_do_nothing() {
        let (mut machine, mut rng) = started();
        let out = machine.handle(CONNECT_TIMEOUT_MS, Input::Ticked, &mut rng);
        assert_eq!(out, [Output::Abandon(1)]);
        let wake = machine.wake_at().unwrap();
        machine.handle(wake, Input::Ticked, &mut rng);
        machine.handle(wake, Input::Opened(1), &mut rng);
        assert_eq!(*machine.state(), State::Connecting);
        machine.handle(wake, Input::Closed(1, close(1000)), &mut rng);
        assert_eq!(*machine.state(), State::Connecting);
    }

    #[test]
    fn a_refusal_waits_for_a_person() {
        let (mut machine, mut rng) = started();
        machine.handle(5, Input::Closed(1, close(4403)), &mut rng);
        assert_eq!(*machine.state(), State::Failed);
        assert_eq!(machine.wake_at(), None);
        let out = machine.handle(9, Input::RetryAsked, &mut rng);
        assert!(matches!(out.as_slice(), [Output::Open(2, _)]));
    }

    #[test]
    fn without_network_it_waits_and_comes_back_at_once() {
        let (mut machine, mut rng) = started();
        machine.handle(5, Input::WentOffline, &mut rng);
        machine.handle(6, Input::Closed(1, close(1006)), &mut rng);
        assert_eq!(*machine.state(), State::Offline);
        let out = machine.handle(7, Input::WentOnline, &mut rng);
        assert!(matches!(out.as_slice(), [Output::Open(2, _)]));
    }

    #[test]
    fn random_walks_never_hold_two_sockets() {
        for seed in 0..500 {
            let mut rng = fastrand::Rng::with_seed(seed);
            let mut machine = Machine::default();
            let (mut live, mut now) = (None, 0);
            for _ in 0..200 {
                now += rng.u64(0..10_000);
                let generation = machine.generation.saturating_sub(rng.u64(0..2));
                let input = match rng.u8(0..8) {
                    0 => Input::Started(Endpoint::parse("ws://localhost/", false).unwrap()),
                    1 if rng.u8(0..10) == 0 => Input::Stopped,
                    2 => Input::Opened(generation),
                    3 => Input::Closed(
                        generation,
                        close(*rng.choice(&[1000, 1006, 1008, 1013]).unwrap()),
                    ),
                    4 => Input::WentOffline,
                    5 => Input::WentOnline,
                    6 => Input::RetryAsked,
                    _ => Input::Ticked,
                };
                if let Input::Closed(closed, _) = &input
                    && live == Some(*closed)
                {
                    live = None;
                }
                for output in machine.handle(now, input, &mut rng) {
                    match output {
                        Output::Open(generation, _) => {
                            assert_eq!(live, None, "seed {seed}: a second socket");
                            live = Some(generation);
                        }
                        Output::Abandon(generation) => {
                            assert_eq!(live, Some(generation), "seed {seed}");
                            live = None;
                        }
                    }
                }
                assert_eq!(live.is_some(), machine.has_socket(), "seed {seed}");
            }
        }
    }
}
