//! Delivered once: a sliding window over one sender's sequence numbers (the anti-replay window of RFC 4303 §3.4.3).

/// Sequence numbers remembered behind the newest one.
const WINDOW: u32 = 1_024;

#[derive(Clone, Debug)]
pub struct ReplayWindow {
    newest: u32,
    /// Bit `seq % WINDOW` says that `seq` was seen, for the `WINDOW` numbers up to `newest`.
    seen: [u64; (WINDOW / 64) as usize],
}

impl Default for ReplayWindow {
    fn default() -> Self {
        Self {
            newest: 0,
            seen: [0; (WINDOW / 64) as usize],
        }
    }
}

impl ReplayWindow {
    /// Whether `seq` is new; if so it is remembered. A number older than the window counts as seen.
    pub fn admit(&mut self, seq: u32) -> bool {
        if self.has_seen(seq) {
            return false;
        }
        if seq > self.newest {
            let forget = (seq - self.newest).min(WINDOW);
            for step in 1..=forget {
                self.set(self.newest.wrapping_add(step), false);
            }
            self.newest = seq;
        }
        self.set(seq, true);
        true
    }

    /// Whether `seq` was admitted, or is too old to tell.
    pub fn has_seen(&self, seq: u32) -> bool {
        if seq > self.newest {
            return false;
        }
        self.newest - seq >= WINDOW || self.word(seq) & Self::bit(seq) != 0
    }

    fn bit(seq: u32) -> u64 {
        1 << (seq % 64)
    }

    fn word(&self, seq: u32) -> u64 {
        let at = (seq % WINDOW / 64) as usize;
        self.seen.get(at).copied().unwrap_or_default()
    }

    fn set(&mut self, seq: u32, seen: bool) {
        if let Some(word) = self.seen.get_mut((seq % WINDOW / 64) as usize) {
            match seen {
                true => *word |= Self::bit(seq),
                false => *word &= !Self::bit(seq),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_is_delivered_twice_and_nothing_recent_is_refused(
            seqs in proptest::collection::vec(1_u32..3_000, 1..400),
        ) {
            let (mut window, mut delivered, mut newest) = (ReplayWindow::default(), HashSet::new(), 0);
            for seq in seqs {
                let admitted = window.admit(seq);
                prop_assert!(!(admitted && delivered.contains(&seq)), "{} twice", seq);
                if !delivered.contains(&seq) && (seq > newest || newest - seq < WINDOW) {
                    prop_assert!(admitted, "{} refused, newest {}", seq, newest);
                }
                delivered.insert(seq);
                newest = newest.max(seq);
            }
        }
    }

    #[test]
    fn a_far_jump_forgets_all_before() {
        let mut window = ReplayWindow::default();
        assert!(window.admit(5));
        assert!(window.admit(u32::MAX));
        assert!(!window.admit(5));
        assert!(window.admit(u32::MAX - 1));
    }
}
