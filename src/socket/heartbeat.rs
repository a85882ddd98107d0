//! Whether an open connection is still alive. A half-open one fires no event at all: only silence shows it.
//!
//! After [`HEARTBEAT_MS`] without a sign of life something is sent that has to come back; what that is, and whether
//! anything can come back at all, the caller knows: a server that passes frames to others only never answers a client
//! that is alone. Without such knowledge silence proves nothing and no verdict is given. How long an answer may take
//! follows the measured round trip: a slow line is not a dead one.

use crate::limits::{
    HEARTBEAT_MS, HEARTBEAT_PATIENCE_MS, HEARTBEAT_STALE_MS, Millis, RETURN_PATIENCE_MS,
    ROUND_TRIP_MS, ROUND_TRIP_SLACK_MS,
};

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    Nothing,
    /// Send something that will be answered.
    Ask,
    /// Asked, and no answer so far.
    Stale,
    /// Asked, and no answer for too long.
    Dead,
}

#[derive(Debug, Default)]
pub struct Heartbeat {
    heard_at: Millis,
    asked: Option<Asked>,
    rtt_ms: Millis,
}

#[derive(Debug)]
struct Asked {
    stale_at: Millis,
    dead_at: Millis,
}

impl Heartbeat {
    /// A frame came, or the connection opened.
    pub fn heard(&mut self, now: Millis) {
        self.heard_at = now;
        self.asked = None;
    }

    /// What an answer takes, or at least no less than that.
    pub fn measured(&mut self, rtt_ms: Millis) {
        self.rtt_ms = rtt_ms.min(ROUND_TRIP_MS);
    }

    fn asked(&self, now: Millis, patience_ms: Millis) -> Asked {
        let late_ms = 2 * self.rtt_ms + ROUND_TRIP_SLACK_MS;
        let patience_ms = patience_ms.max(late_ms);
        Asked {
            stale_at: now + HEARTBEAT_STALE_MS.max(late_ms).min(patience_ms),
            dead_at: now + patience_ms,
        }
    }

    /// The page is looked at again: the answer has to come within a second, or what the line allows. True if something
    /// is to be sent.
    pub fn doubt(&mut self, now: Millis) -> bool {
        let quick = self.asked(now, RETURN_PATIENCE_MS);
        match &self.asked {
            Some(asked) if asked.dead_at <= quick.dead_at => false,
            _ => {
                self.asked = Some(quick);
                true
            }
        }
    }

    /// How long nothing came.
    pub fn silent_ms(&self, now: Millis) -> Millis {
        now.saturating_sub(self.heard_at)
    }

    pub fn wake_at(&self) -> Millis {
        match &self.asked {
            None => self.heard_at + HEARTBEAT_MS,
            Some(asked) => asked.dead_at,
        }
    }

    /// When [`Due::Stale`] or what comes after it is due next, given that it was or was not told yet.
    pub fn wake_before_stale(&self) -> Millis {
        self.asked
            .as_ref()
            .map_or_else(|| self.wake_at(), |asked| asked.stale_at)
    }

    pub fn due(&mut self, now: Millis) -> Due {
        match &self.asked {
            None if now >= self.heard_at + HEARTBEAT_MS => {
                self.asked = Some(self.asked(now, HEARTBEAT_PATIENCE_MS));
                Due::Ask
            }
            None => Due::Nothing,
            Some(asked) if now >= asked.dead_at => Due::Dead,
            Some(asked) if now >= asked.stale_at => Due::Stale,
            Some(_) => Due::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_asks_then_doubts_then_gives_up() {
        let mut heart = Heartbeat::default();
        heart.heard(100);
        assert_eq!(heart.due(100 + HEARTBEAT_MS - 1), Due::Nothing);
        let asked = heart.wake_at();
        assert_eq!(heart.due(asked), Due::Ask);
        assert_eq!(heart.due(heart.wake_before_stale()), Due::Stale);
        assert_eq!(heart.due(heart.wake_at()), Due::Dead);
        assert_eq!(
            heart.wake_at() - 100,
            20_000,
            "half-open is seen within 20 s"
        );
    }

    #[test]
    fn any_frame_is_life() {
        let mut heart = Heartbeat::default();
        assert_eq!(heart.due(HEARTBEAT_MS), Due::Ask);
        heart.heard(HEARTBEAT_MS + 10);
        assert_eq!(
            heart.due(HEARTBEAT_MS + HEARTBEAT_PATIENCE_MS),
            Due::Nothing
        );
    }

    #[test]
    fn a_slow_line_gets_the_time_that_it_takes() {
        for rtt in [0, 300, 450, 900, 1_405, 4_000, 60_000] {
            let mut heart = Heartbeat::default();
            heart.measured(rtt);
            assert!(heart.doubt(1_000));
            let late = 1_000 + 2 * rtt.min(ROUND_TRIP_MS);
            assert_eq!(heart.due(late), Due::Nothing, "{rtt}");
            assert!(heart.wake_at() <= late + RETURN_PATIENCE_MS, "{rtt}");
            heart.heard(2_000);
            let asked = heart.wake_at();
            assert_eq!(heart.due(asked), Due::Ask);
            assert_ne!(heart.due(asked + 2 * rtt.min(ROUND_TRIP_MS)), Due::Dead);
            assert_eq!(
                heart.due(heart.wake_at()),
                Due::Dead,
                "silence ends all the same"
            );
        }
    }

    #[test]
    fn a_page_that_returns_decides_within_a_second() {
        let mut heart = Heartbeat::default();
        assert!(heart.doubt(5_000));
        assert!(!heart.doubt(5_100), "asked once is enough");
        assert_eq!(heart.due(5_000 + RETURN_PATIENCE_MS), Due::Dead);
    }
}
