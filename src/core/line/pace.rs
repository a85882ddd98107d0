//! How fast a server is spoken to. One that closes on whoever says too much is spoken to ever more slowly, until a
//! connection lasts.

use crate::limits::{Millis, PACE_CALM_MS, PACE_CAP_MS, PACE_FRAMES, PACE_MS};

#[derive(Debug, Default)]
pub struct Pace {
    /// Between two frames; 0 for as fast as the browser takes them.
    gap_ms: Millis,
    opened_at: Millis,
    /// Since then.
    frames: u32,
    next_at: Millis,
}

impl Pace {
    pub fn opened(&mut self, now: Millis) {
        self.opened_at = now;
        self.frames = 0;
    }

    /// The server closed; `limits`: with a code that it has for those who ask too much.
    pub fn closed(&mut self, now: Millis, limits: bool) {
        if limits && self.frames >= PACE_FRAMES {
            self.gap_ms = (self.gap_ms * 2).clamp(PACE_MS, PACE_CAP_MS);
        } else if now >= self.opened_at + PACE_CALM_MS {
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
