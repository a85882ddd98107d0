//! A relay and the ways to and from it: what is delivered to whom, and when. The simulation plays it on a virtual clock, and
//! `cargo xtask relay` on sockets.

use std::str::FromStr;

/// Milliseconds.
pub type Millis = u64;

/// To whom the relay passes a frame on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    SelfOnly,
    Others,
    All,
}

impl FromStr for Audience {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "self" => Ok(Self::SelfOnly),
            "others" => Ok(Self::Others),
            "all" => Ok(Self::All),
            _ => Err("it is self, others or all"),
        }
    }
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
    /// What each frame takes.
    pub latency_ms: Millis,
    /// A bit for each client: those with the same one hear each other.
    pub halves: u32,
}

impl Relay {
    /// The delays after which `to` gets a frame of `from`: none, one, or two.
    pub fn deliveries(&self, from: u64, to: u64, rng: &mut fastrand::Rng) -> Vec<Millis> {
        let passes = match self.audience {
            Audience::SelfOnly => from == to,
            Audience::Others => from != to,
            Audience::All => true,
        };
        let half = |client: u64| self.halves >> (client % 32) & 1;
        if !self.up || !passes || half(from) != half(to) || rng.f64() < self.faults.lose {
            return Vec::new();
        }
        let copies = 1 + usize::from(rng.f64() < self.faults.duplicate);
        (0..copies)
            .map(|_| self.latency_ms + rng.u64(0..=self.faults.reorder_ms))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relay(audience: Audience) -> Relay {
        Relay {
            audience,
            faults: Faults::NONE,
            up: true,
            latency_ms: 5,
            halves: 0,
        }
    }

    fn gets(relay: &Relay, from: u64, to: u64) -> Vec<Millis> {
        relay.deliveries(from, to, &mut fastrand::Rng::with_seed(1))
    }

    #[test]
    fn a_frame_goes_to_its_audience_within_a_half() {
        for (name, own, others) in [
            ("self", true, false),
            ("others", false, true),
            ("all", true, true),
        ] {
            let mut relay = relay(name.parse().unwrap());
            assert_eq!(gets(&relay, 1, 1).len(), usize::from(own), "{name}");
            assert_eq!(gets(&relay, 1, 2).len(), usize::from(others), "{name}");
            relay.halves = 1 << 2;
            assert_eq!(gets(&relay, 1, 2), [0; 0], "{name}");
        }
        assert!("nobody".parse::<Audience>().is_err());
    }

    #[test]
    fn faults_lose_double_and_delay() {
        let mut relay = relay(Audience::Others);
        assert_eq!(gets(&relay, 1, 2), [5]);
        relay.faults.duplicate = 1.0;
        relay.faults.reorder_ms = 400;
        let delays = gets(&relay, 1, 2);
        assert!(delays.len() == 2 && delays[0] != delays[1], "{delays:?}");
        relay.faults.lose = 1.0;
        assert_eq!(gets(&relay, 1, 2), [0; 0]);
    }
}
