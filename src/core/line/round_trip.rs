//! How long an answer takes: measured by messages of this page that the server returns, and by peers that answer
//! heartbeats where it returns nothing.

use std::collections::VecDeque;

use crate::limits::Millis;

/// Of our messages, so many are recognised when they come back.
const SENT: usize = 8;

#[derive(Debug, Default)]
pub struct RoundTrip {
    ms: Option<Millis>,
    /// Our latest messages, and when they were sent.
    sent: VecDeque<(u32, Millis)>,
    /// When the heartbeat was sent that peers have not answered.
    asked_at: Option<Millis>,
}

impl RoundTrip {
    /// The last one that was measured over this connection, in milliseconds.
    pub fn ms(&self) -> Option<Millis> {
        self.ms
    }

    pub fn took(&mut self, ms: Millis) {
        self.ms = Some(ms);
    }

    pub fn closed(&mut self) {
        self.asked_at = None;
    }

    pub fn sent(&mut self, now: Millis, seq: u32) {
        self.sent.push_back((seq, now));
        if self.sent.len() > SENT {
            self.sent.pop_front();
        }
    }

    pub fn asked(&mut self, now: Millis) {
        self.asked_at = Some(now);
    }

    /// Messages of these numbers came back. Gives what the first known of them took.
    pub fn returned(&mut self, now: Millis, seqs: &[u32]) -> Option<Millis> {
        let mut sent = self.sent.iter();
        let (back, sent_at) = *sent.find(|(seq, _)| seqs.contains(seq))?;
        self.sent.retain(|(seq, _)| *seq > back);
        Some(now.saturating_sub(sent_at))
    }

    /// A peer answered the heartbeat.
    pub fn answered(&mut self, now: Millis) -> Option<Millis> {
        let asked_at = self.asked_at.take()?;
        Some(now.saturating_sub(asked_at))
    }
}
