//! The relay and the ways to and from it: what is delivered to whom, and when.

use crate::limits::Millis;

/// To whom the relay passes a frame on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    SelfOnly,
    Others,
    All,
}

/// What the network does to frames. Probabilities from 0 to 1, per frame and receiver.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Faults {
    pub lose: f64,
    pub duplicate: f64,
    /// Frames are late by up to this, each by its own, and so overtake each other.
    pub reorder_ms: Millis,
}

impl Faults {
    pub const NONE: Self = Self {
        lose: 0.0,
        duplicate: 0.0,
        reorder_ms: 0,
    };
}

#[derive(Clone, Copy, Debug)]
pub struct Relay {
    pub audience: Audience,
    pub faults: Faults,
    /// A relay that is down takes no connections.
    pub up: bool,
    /// A bit for each client: those with the same one hear each other.
    pub halves: u32,
}

impl Relay {
    /// The delays after which `to` gets a frame of `from`: none, one, or two.
    pub fn deliveries(&self, from: usize, to: usize, rng: &mut fastrand::Rng) -> Vec<Millis> {
        let passes = match self.audience {
            Audience::SelfOnly => from == to,
            Audience::Others => from != to,
            Audience::All => true,
        };
        let half = |client: usize| self.halves >> (client % 32) & 1;
        if !self.up || !passes || half(from) != half(to) || rng.f64() < self.faults.lose {
            return Vec::new();
        }
        let copies = 1 + usize::from(rng.f64() < self.faults.duplicate);
        (0..copies)
            .map(|_| 5 + rng.u64(0..=self.faults.reorder_ms))
            .collect()
    }
}
