//! Which operations a copy has seen, as one number. It is a sum, so that an edit costs what it adds.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};
use yrs::{IdSet, Snapshot, StateVector};

/// Up to which clock each author's operations are here, and which of them are deleted.
#[derive(Default)]
pub struct Seen {
    authors: HashMap<u64, Author>,
    sum: u128,
}

#[derive(Default)]
struct Author {
    clock: u32,
    /// Start and end of each deleted stretch, in ascending order; none touches the next.
    deleted: Vec<(u32, u32)>,
}

impl Seen {
    /// Walks the whole document.
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut seen = Self::default();
        for (author, &clock) in snapshot.state_map.iter() {
            seen.reached(author.get(), clock);
        }
        seen.deleted_all(&snapshot.delete_set);
        seen
    }

    pub const fn sum(&self) -> u128 {
        self.sum
    }

    /// Operations of these authors were taken in.
    pub fn inserted(&mut self, inserted: &IdSet, state: &StateVector) {
        for author in inserted.client_ids() {
            self.reached(author.get(), state.get(&author));
        }
    }

    fn reached(&mut self, author: u64, clock: u32) {
        let weight = |clock| match clock {
            // Of this author there is nothing.
            0 => 0,
            clock => weight(b"seen", author, clock, 0),
        };
        let before = &mut self.authors.entry(author).or_default().clock;
        let before = std::mem::replace(before, clock);
        self.sum = (self.sum)
            .wrapping_sub(weight(before))
            .wrapping_add(weight(clock));
    }

    pub fn deleted_all(&mut self, deleted: &IdSet) {
        for author in deleted.client_ids() {
            let ranges = deleted.get(&author).into_iter();
            for (range, ()) in ranges.flat_map(|ranges| ranges.iter()) {
                self.deleted(author.get(), range.start, range.end);
            }
        }
    }

    pub fn deleted(&mut self, author: u64, start: u32, end: u32) {
        if start >= end {
            return;
        }
        let stretches = &mut self.authors.entry(author).or_default().deleted;
        // Those that overlap this one or touch it become one with it.
        let first = stretches.partition_point(|(_, last)| *last < start);
        let overlapping = stretches.iter().skip(first);
        let overlapping = overlapping.take_while(|(first, _)| *first <= end);
        let (mut count, mut joined, mut sum) = (0, (start, end), self.sum);
        for &(from, to) in overlapping {
            count += 1;
            joined = (joined.0.min(from), joined.1.max(to));
            sum = sum.wrapping_sub(weight(b"gone", author, from, to));
        }
        self.sum = sum.wrapping_add(weight(b"gone", author, joined.0, joined.1));
        stretches.splice(first..first + count, [joined]);
    }
}

fn weight(kind: &[u8], author: u64, from: u32, to: u32) -> u128 {
    let mut hash = Sha256::new();
    hash.update(kind);
    hash.update(author.to_be_bytes());
    hash.update(from.to_be_bytes());
    hash.update(to.to_be_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    hash.first_chunk().copied().map_or(0, u128::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn stretches_give_the_same_sum_in_whatever_order_and_pieces_they_come(
            pieces in proptest::collection::vec((0..3_u64, 0..60_u32, 0..9_u32), 0..40),
        ) {
            let (mut in_order, mut one_by_one) = (Seen::default(), Seen::default());
            for &(author, start, length) in &pieces {
                in_order.deleted(author, start, start + length);
            }
            for &(author, start, length) in pieces.iter().rev() {
                for clock in (start..start + length).rev() {
                    one_by_one.deleted(author, clock, clock + 1);
                }
            }
            prop_assert_eq!(in_order.sum, one_by_one.sum);
            let all = in_order.authors.values().flat_map(|author| &author.deleted);
            let clocks: usize = all.map(|(start, end)| (end - start) as usize).sum();
            let named: std::collections::HashSet<_> = pieces
                .iter()
                .flat_map(|&(author, start, length)| (start..start + length).map(move |clock| (author, clock)))
                .collect();
            prop_assert_eq!(clocks, named.len());
        }
    }
}
