//! A token bucket: so much at once, and so much a second after that.

use crate::limits::Millis;

#[derive(Clone, Debug)]
pub struct Bucket {
    size: u64,
    a_second: u64,
    /// In thousandths, as of `at`.
    left: u64,
    at: Millis,
    /// Earned only after this: tokens were taken that were not there.
    owes_until: Millis,
}

impl Bucket {
    /// A full one.
    pub const fn new(size: u64, a_second: u64) -> Self {
        Self {
            size,
            a_second,
            left: size.saturating_mul(1_000),
            at: 0,
            owes_until: 0,
        }
    }

    fn thousandths(&self, now: Millis) -> u64 {
        let since = self.at.max(self.owes_until);
        let earned = now.saturating_sub(since).saturating_mul(self.a_second);
        let size = self.size.saturating_mul(1_000);
        self.left.saturating_add(earned).min(size)
    }

    /// Whole tokens.
    pub fn left(&self, now: Millis) -> u64 {
        self.thousandths(now) / 1_000
    }

    pub fn is_full(&self, now: Millis) -> bool {
        self.left(now) == self.size
    }

    /// Takes `cost` tokens, or what there is.
    pub fn spend(&mut self, now: Millis, cost: u64) {
        let left = self.thousandths(now);
        self.left = left.saturating_sub(cost.saturating_mul(1_000));
        self.at = now.max(self.at);
    }

    /// Takes `cost` tokens even where there are fewer: the rest is earned before there is one again.
    pub fn overdraw(&mut self, now: Millis, cost: u64) {
        let missing = cost.saturating_sub(self.left(now));
        self.spend(now, cost);
        let earned_ms = missing.saturating_mul(1_000) / self.a_second.max(1);
        self.owes_until = self.owes_until.max(now).saturating_add(earned_ms);
    }

    pub fn empty(&mut self, now: Millis) {
        self.spend(now, u64::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_through_and_then_a_trickle() {
        let mut bucket = Bucket::new(10, 2);
        let mut taken = 0;
        for now in 0..10_000 {
            if bucket.left(now) > 0 {
                bucket.spend(now, 1);
                taken += 1;
            }
        }
        assert_eq!(taken, 10 + 2 * 10 - 1);
        bucket.spend(10_000, u64::MAX);
        assert_eq!(bucket.left(10_000), 0);
        assert!(bucket.is_full(u64::MAX));
        let mut overdrawn = Bucket::new(10, 2);
        overdrawn.overdraw(1_000, 16);
        assert_eq!((overdrawn.left(4_000), overdrawn.left(4_500)), (0, 1));
        // Clocks that go back give nothing.
        bucket.spend(20_000, 3);
        assert_eq!(bucket.left(5_000), bucket.left(20_000));
    }
}
