//! Exponential backoff with full jitter: the wait is uniform between zero and a ceiling that doubles, so that a
//! thousand clients of a restarted relay do not come back at once.

use crate::limits::{BACKOFF_BASE_MS, BACKOFF_CAP_MS, Millis};

/// The wait before attempt `attempt` (0 is the first retry), in milliseconds.
pub fn full_jitter(attempt: u32, rng: &mut fastrand::Rng) -> Millis {
    rng.u64(0..=ceiling(attempt))
}

/// 0.5 s, 1 s, 2 s … 30 s.
pub fn ceiling(attempt: u32) -> Millis {
    BACKOFF_BASE_MS
        .saturating_mul(1_u64.checked_shl(attempt.min(32)).unwrap_or(u64::MAX))
        .min(BACKOFF_CAP_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_double_up_to_the_cap() {
        let ceilings: Vec<_> = (0..9).map(ceiling).collect();
        assert_eq!(
            ceilings,
            [
                500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000
            ]
        );
        assert_eq!(ceiling(u32::MAX), BACKOFF_CAP_MS);
    }

    #[test]
    fn a_thousand_clients_spread_over_the_whole_wait() {
        let mut rng = fastrand::Rng::with_seed(7);
        let mut tenths = [0_usize; 10];
        for _ in 0..1_000 {
            let wait = full_jitter(6, &mut rng);
            tenths[(wait * 10 / (BACKOFF_CAP_MS + 1)) as usize] += 1;
        }
        assert!(
            tenths.iter().all(|&n| (60..=140).contains(&n)),
            "{tenths:?}"
        );
    }
}
