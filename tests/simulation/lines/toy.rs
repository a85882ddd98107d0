//! A second dialect, which shows what the first one does not need: a small publish/subscribe protocol with a handshake, a
//! subprotocol, frames of its own around each payload, two for a long one, and its own keep-alive.
//!
//! ```text
//! client                            server
//!    <------------------ HELLO <longest line> --
//!    -- SUB room ----------------------------->
//!    <--------------------- OK, or NO <reason> --
//!    -- PUB room, then the payload's line(s) -->     each on a frame of its own; the last begins with "."
//!    <-- MSG, then the same --------------------     to the others, never to the sender
//!    -- PING --------------------------------->     every 5 s
//!    <------------------------------------- PONG
//! ```

use duplex::{
    core::{
        frame::Frame,
        line::{
            Subprotocols,
            dialect::{self, Dialect, Input, Output, Speaker},
            server::{Audience, Server},
        },
        socket::{close::CloseEvent, endpoint::Endpoint},
    },
    limits::Millis,
};

pub const SUBPROTOCOLS: Subprotocols = &["toy.v1"];
const PING_MS: Millis = 5_000;

/// The toy's servers are known by their path.
pub fn is_toy(endpoint: &Endpoint) -> bool {
    endpoint.as_str().ends_with("/toy")
}

pub fn dialects(speaker: Speaker) -> Vec<Box<dyn Dialect>> {
    let mut all = dialect::all(speaker);
    all.insert(0, Box::new(Toy::default()));
    all
}

#[derive(Debug, Default)]
struct Toy {
    longest: usize,
    /// Lines of a payload that is not whole yet.
    arriving: Option<String>,
    ping_at: Option<Millis>,
    asked_at: Option<Millis>,
}

impl Dialect for Toy {
    fn serves(&self, endpoint: &Endpoint) -> bool {
        is_toy(endpoint)
    }

    fn subprotocols(&self) -> Subprotocols {
        SUBPROTOCOLS
    }

    fn keeps_alive(&self) -> bool {
        true
    }

    fn handle(&mut self, now: Millis, input: Input<'_>) -> Vec<Output> {
        match input {
            Input::Opened { .. } => {
                *self = Self {
                    ping_at: Some(now + PING_MS),
                    ..Self::default()
                };
                Vec::new()
            }
            Input::Closed(_) => {
                self.ping_at = None;
                Vec::new()
            }
            Input::Frame(frame) => {
                let line = std::str::from_utf8(frame.as_bytes()).unwrap_or_default();
                self.line_came(now, line)
            }
            Input::Ticked { .. } => {
                if self.ping_at.take_if(|at| *at <= now).is_none() {
                    return Vec::new();
                }
                match self.asked_at {
                    Some(_) => vec![Output::Silent],
                    None => self.ping(now),
                }
            }
            // The answer to what was asked before may have come and gone while nobody read.
            Input::Woke => self.ping(now),
            Input::Scout(_)
            | Input::Read { .. }
            | Input::RoundTrip(_)
            | Input::Doubted
            | Input::LookAgain => Vec::new(),
        }
    }

    fn wrap(&mut self, payload: Frame) -> Vec<Frame> {
        let text = String::from_utf8_lossy(payload.as_bytes()).into_owned();
        let (first, rest) = text.split_at(text.len().min(self.longest / 2));
        let first = match rest {
            "" => vec![format!(".{first}")],
            rest => vec![format!("-{first}"), format!(".{rest}")],
        };
        let lines = std::iter::once("PUB room".to_owned()).chain(first);
        lines.map(Frame::Text).collect()
    }

    fn wake_at(&self) -> Option<Millis> {
        self.ping_at
    }
}

impl Toy {
    fn ping(&mut self, now: Millis) -> Vec<Output> {
        self.ping_at = Some(now + PING_MS);
        self.asked_at = Some(now);
        vec![Output::Send("PING".into())]
    }

    fn line_came(&mut self, now: Millis, line: &str) -> Vec<Output> {
        if let Some(longest) = line.strip_prefix("HELLO ") {
            self.longest = longest.parse().unwrap_or(500);
            let server = Server {
                audience: Audience::Others,
                frame_bytes: self.longest,
                ..Server::default()
            };
            return vec![Output::Server(server), Output::Send("SUB room".into())];
        }
        if let Some(more) = line.strip_prefix('-') {
            self.arriving.get_or_insert_default().push_str(more);
            return Vec::new();
        }
        if let Some(end) = line.strip_prefix('.') {
            let payload = self.arriving.take().unwrap_or_default() + end;
            return vec![Output::Payload(Frame::Text(payload))];
        }
        if let Some(why) = line.strip_prefix("NO ") {
            let close = CloseEvent {
                code: 3003,
                ..CloseEvent::ours(why)
            };
            return vec![Output::Refused(close)];
        }
        match line {
            "OK" => vec![Output::Profiled, Output::Ready],
            "PONG" => {
                let asked_at = self.asked_at.take();
                let took = asked_at.map(|asked_at| now.saturating_sub(asked_at));
                took.map(Output::RoundTrip).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }
}
