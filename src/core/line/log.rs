//! What happened on the wire, for people who want to see: a bounded ring of events, exportable as JSON Lines.
//!
//! It never holds a secret: entries carry sizes and names of kinds, no bodies, and addresses without their queries.
//! Bodies on the wire are sealed anyway; what they say is not repeated here.

use std::collections::VecDeque;

use serde::Serialize;

use super::server::Server;
use crate::{
    core::{
        frame::Frame,
        socket::{close::CloseEvent, endpoint::Endpoint},
    },
    limits::{LOG_BYTES, LOG_ENTRIES, LOG_TEXT_BYTES, Millis},
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Milliseconds since the page was opened.
    pub at_ms: Millis,
    #[serde(flatten)]
    pub event: Event,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Opening {
        relay: String,
    },
    Opened,
    Sent(FrameSeen),
    Received(FrameSeen),
    Closed {
        code: u16,
        reason: String,
        clean: bool,
        /// Completes "The relay …".
        meaning: &'static str,
    },
    /// We gave the connection up.
    Abandoned,
    /// The connection's state changed.
    State {
        state: &'static str,
    },
    /// What was found out about the server.
    Verdict {
        server: Server,
    },
}

/// A frame, without what was in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FrameSeen {
    pub form: &'static str,
    pub bytes: usize,
    /// What it was for, in a word or two.
    pub meaning: &'static str,
    /// Further messages in the same frame.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: usize,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

impl FrameSeen {
    pub fn new(frame: &Frame, meanings: &[&'static str]) -> Self {
        Self {
            form: match frame {
                Frame::Text(_) => "text",
                Frame::Binary(_) => "binary",
            },
            bytes: frame.len(),
            meaning: meanings.first().copied().unwrap_or("not ours"),
            more: meanings.len().saturating_sub(1),
        }
    }
}

impl Event {
    /// The address without its query, which may hold a token.
    pub fn opening(endpoint: &Endpoint) -> Self {
        let whole = endpoint.as_str();
        let relay = match whole.split_once('?') {
            Some((address, _)) => format!("{address}?\u{2026}"),
            None => whole.to_owned(),
        };
        Self::Opening { relay: cut(relay) }
    }

    pub fn closed(close: &CloseEvent) -> Self {
        Self::Closed {
            code: close.code,
            reason: cut(close.reason.clone()),
            clean: close.was_clean,
            meaning: close.meaning(),
        }
    }

    fn bytes(&self) -> usize {
        size_of::<Entry>()
            + match self {
                Self::Opening { relay: text } | Self::Closed { reason: text, .. } => text.len(),
                Self::Opened
                | Self::Sent(_)
                | Self::Received(_)
                | Self::Abandoned
                | Self::Verdict { .. }
                | Self::State { .. } => 0,
            }
    }
}

fn cut(mut text: String) -> String {
    let end = text.floor_char_boundary(LOG_TEXT_BYTES);
    text.truncate(end);
    text
}

#[derive(Debug, Default)]
pub struct EventLog {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// Entries that had to make room.
    dropped: usize,
}

impl EventLog {
    pub fn record(&mut self, at_ms: Millis, event: Event) {
        self.bytes += event.bytes();
        self.entries.push_back(Entry { at_ms, event });
        while self.entries.len() > LOG_ENTRIES || self.bytes > LOG_BYTES {
            let Some(oldest) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= oldest.event.bytes();
            self.dropped += 1;
        }
    }

    /// The last `count` entries, oldest first.
    pub fn last(&self, count: usize) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .skip(self.entries.len().saturating_sub(count))
    }

    /// How many entries there have ever been.
    pub fn total(&self) -> usize {
        self.dropped + self.entries.len()
    }

    /// One JSON object a line.
    pub fn to_jsonl(&self) -> String {
        let lines = self
            .entries
            .iter()
            .filter_map(|entry| serde_json::to_string(entry).ok());
        lines.fold(String::new(), |all, line| all + &line + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_is_bounded() {
        let mut log = EventLog::default();
        for at in 0..10_000 {
            log.record(at, Event::closed(&CloseEvent::ours(&"x".repeat(10_000))));
        }
        assert!(log.entries.len() <= LOG_ENTRIES && log.bytes <= LOG_BYTES);
        assert_eq!(log.total(), 10_000);
        assert_eq!(log.last(1).next().map(|entry| entry.at_ms), Some(9_999));
    }

    #[test]
    fn no_query_of_an_address_is_kept() {
        let endpoint = Endpoint::parse("wss://host/path?token=secret", false).unwrap();
        let mut log = EventLog::default();
        log.record(1, Event::opening(&endpoint));
        assert_eq!(
            log.to_jsonl(),
            "{\"at_ms\":1,\"event\":\"opening\",\"relay\":\"wss://host/path?\u{2026}\"}\n"
        );
    }

    #[test]
    fn every_line_is_json() {
        let mut log = EventLog::default();
        let seen = FrameSeen::new(&Frame::from("hello"), &["edit", "cursor"]);
        log.record(1, Event::Sent(seen));
        log.record(2, Event::closed(&CloseEvent::ours("because \"so\"")));
        log.record(3, Event::State { state: "waiting" });
        let server = Server::default();
        log.record(4, Event::Verdict { server });
        for line in log.to_jsonl().lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(value["at_ms"].is_u64() && value["event"].is_string());
        }
        assert!(log.to_jsonl().contains("\"audience\":\"unknown\""));
    }
}
