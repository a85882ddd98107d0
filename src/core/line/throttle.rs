//! Throttles the send rate. If the server closes a connection because this page sent too much, the gap between two
//! frames grows, up to a limit. The gap is halved when a connection ends that lasted long enough.

use crate::limits::{Millis, THROTTLE_CALM_MS, THROTTLE_CAP_MS, THROTTLE_FRAMES, THROTTLE_MS};

#[derive(Debug, Default)]
pub struct Throttle {
    /// Between two frames; 0 for as fast as the browser takes them.
    gap_ms: Millis,
    opened_at: Millis,
    /// Since then.
    frames: u32,
    next_at: Millis,
}

impl Throttle {
    pub fn opened(&mut self, now: Millis) {
        self.opened_at = now;
        self.frames = 0;
    }

    /// The server closed; `limits`: with a code that it has for those who ask too much.
    pub fn closed(&mut self, now: Millis, limits: bool) {
        if limits && self.frames >= THROTTLE_FRAMES {
            self.gap_ms = (self.gap_ms * 2).clamp(THROTTLE_MS, THROTTLE_CAP_MS);
        } else if now >= self.opened_at + THROTTLE_CALM_MS {
            self.gap_ms /= 2;
        }
    }

    pub fn is_slow(&self) -> bool {
        self.gap_ms > 0
    }

    /// When the next frame may go out, if not now.
    pub fn waits_until(&self, now: Millis) -> Option<Millis> {
        (now < self.next_at).then_some(self.next_at)
    }

    pub fn sent(&mut self, now: Millis) {
        self.frames = self.frames.saturating_add(1);
        self.next_at = now + self.gap_ms;
    }
}
