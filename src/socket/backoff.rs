//! When to try again. Exponential backoff with full jitter: the wait is uniform between zero and a ceiling that doubles,
//! so that a thousand clients of a restarted relay do not come back at once. A budget bounds what all reasons to
//! try together may do.

use crate::limits::{
    ATTEMPT_REFILL_MS, ATTEMPTS_AT_ONCE, BACKOFF_BASE_MS, BACKOFF_CAP_MS, HIDDEN_BACKOFF_CAP_MS,
    Millis,
};

/// The wait before attempt `attempt` (0 is the first retry), in milliseconds.
pub fn full_jitter(attempt: u32, hidden: bool, rng: &mut fastrand::Rng) -> Millis {
    rng.u64(0..=ceiling(attempt, hidden))
}

/// 0.5 s, 1 s, 2 s … 30 s; up to 5 min for a page that nobody sees.
pub fn ceiling(attempt: u32, hidden: bool) -> Millis {
    let cap = match hidden {
        true => HIDDEN_BACKOFF_CAP_MS,
        false => BACKOFF_CAP_MS,
    };
    BACKOFF_BASE_MS
        .saturating_mul(1_u64.checked_shl(attempt.min(32)).unwrap_or(u64::MAX))
        .min(cap)
}

/// A token bucket for connection attempts. Even if the network flaps, a server sees at most [`ATTEMPTS_AT_ONCE`]
/// automatic attempts, and then one every [`ATTEMPT_REFILL_MS`]. An attempt that a person asks for is made at once; it
/// takes a token too, but an empty bucket stays empty and gets no debt.
#[derive(Debug, Default)]
pub struct Budget {
    /// When the bucket will be full again.
    full_at: Millis,
}

impl Budget {
    /// Pays for one attempt.
    pub fn spend(&mut self, now: Millis) {
        let full_at = self.full_at.max(now) + ATTEMPT_REFILL_MS;
        self.full_at = full_at.min(now + ATTEMPT_REFILL_MS * ATTEMPTS_AT_ONCE);
    }

    /// The earliest moment from `wanted` on at which an attempt is paid for.
    pub fn earliest(&self, wanted: Millis) -> Millis {
        let room = ATTEMPT_REFILL_MS * (ATTEMPTS_AT_ONCE - 1);
        wanted.max(self.full_at.saturating_sub(room))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_double_up_to_the_cap() {
        let ceilings: Vec<_> = (0..9).map(|attempt| ceiling(attempt, false)).collect();
        assert_eq!(
            ceilings,
            [
                500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000
            ]
        );
        assert_eq!(ceiling(u32::MAX, false), BACKOFF_CAP_MS);
        assert_eq!(ceiling(u32::MAX, true), HIDDEN_BACKOFF_CAP_MS);
    }

    #[test]
    fn a_thousand_clients_of_a_restarted_relay_spread_out() {
        let mut rng = fastrand::Rng::with_seed(7);
        for attempt in 2..8 {
            let mut windows = vec![0_usize; (BACKOFF_CAP_MS / 100 + 1) as usize];
            for _ in 0..1_000 {
                windows[(full_jitter(attempt, false, &mut rng) / 100) as usize] += 1;
            }
            let fullest = windows.iter().max().unwrap();
            assert!(
                *fullest as u64 <= 1_000 * 100 / ceiling(attempt, false) * 3 / 2 + 12,
                "attempt {attempt}: {fullest} in one 100 ms window"
            );
        }
    }

    #[test]
    fn the_budget_lets_a_burst_through_and_then_a_trickle() {
        let mut budget = Budget::default();
        let mut now = 1_000;
        let mut in_an_hour = 0;
        while now < 1_000 + 3_600_000 {
            now = budget.earliest(now);
            budget.spend(now);
            in_an_hour += 1;
        }
        assert!((140..=151).contains(&in_an_hour), "{in_an_hour}");
    }
}
