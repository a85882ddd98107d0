//! Messages of several parts: put together on arrival, and kept after sending so that lost parts can be sent again.
//! One lost frame of a hundred must not cost the other ninety-nine.

use std::collections::{BTreeSet, VecDeque};

use crate::{
    core::{frame::Frame, peer::PeerId},
    limits::{
        Millis, PART_PATIENCE_MS, PART_REPEATS, PARTS_PER_REQUEST, REASSEMBLY_BYTES,
        REASSEMBLY_MESSAGES, ROUND_TRIP_MS, SENT_BYTES,
    },
};

/// A request to send parts of a message again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    pub sender: PeerId,
    pub seq: u32,
    /// Counted from 0; at most [`PARTS_PER_REQUEST`] of them.
    pub parts: Vec<u16>,
}

#[derive(Debug)]
struct Unfinished {
    from: (PeerId, u32),
    kind: u8,
    parts: Vec<Option<Vec<u8>>>,
    bytes: usize,
    ask_at: Millis,
    asked: u8,
}

/// Unfinished inbound messages, bounded in number and bytes; the one that waits longest goes first.
#[derive(Debug, Default)]
pub struct Reassembly {
    unfinished: Vec<Unfinished>,
    rtt_ms: Millis,
}

impl Reassembly {
    /// What was asked for comes after so long.
    pub fn set_round_trip(&mut self, rtt_ms: Millis) {
        self.rtt_ms = rtt_ms.min(ROUND_TRIP_MS);
    }

    fn patience_ms(&self) -> Millis {
        PART_PATIENCE_MS.max(self.rtt_ms * 3 / 2)
    }

    /// Takes one part; returns kind and body once the message is whole. Parts that contradict the first one in
    /// kind or count are dropped.
    pub fn take(
        &mut self,
        now: Millis,
        (sender, seq): (PeerId, u32),
        kind: u8,
        (part, parts): (u16, u16),
        body: Vec<u8>,
    ) -> Option<(u8, Vec<u8>)> {
        let from = (sender, seq);
        let ask_at = now + self.patience_ms();
        if !self.unfinished.iter().any(|u| u.from == from) {
            self.unfinished.push(Unfinished {
                from,
                kind,
                parts: vec![None; usize::from(parts)],
                bytes: usize::from(parts) * size_of::<Option<Vec<u8>>>(),
                ask_at,
                asked: 0,
            });
        }
        let at = self.unfinished.iter().position(|u| u.from == from)?;
        let entry = self.unfinished.get_mut(at)?;
        let same_message = entry.kind == kind && entry.parts.len() == usize::from(parts);
        let slot = entry
            .parts
            .get_mut(usize::from(part))
            .filter(|_| same_message)?;
        if slot.is_none() {
            entry.bytes += body.len();
            *slot = Some(body);
            entry.ask_at = ask_at;
            entry.asked = 0;
        }
        if entry.parts.iter().all(Option::is_some) {
            let whole = self.unfinished.swap_remove(at);
            return Some((kind, whole.parts.into_iter().flatten().flatten().collect()));
        }
        self.shed();
        None
    }

    fn shed(&mut self) {
        let bytes = |all: &[Unfinished]| all.iter().map(|u| u.bytes).sum::<usize>();
        while bytes(&self.unfinished) > REASSEMBLY_BYTES
            || self.unfinished.len() > REASSEMBLY_MESSAGES
        {
            let waits = self.unfinished.iter().map(|u| u.ask_at).min();
            match self.unfinished.iter().position(|u| Some(u.ask_at) == waits) {
                Some(oldest) => drop(self.unfinished.swap_remove(oldest)),
                None => return,
            }
        }
    }

    /// When [`Self::overdue`] has something to say.
    pub fn wake_at(&self) -> Option<Millis> {
        self.unfinished.iter().map(|u| u.ask_at).min()
    }

    /// What to ask for again. A message that was asked for too often is given up; the digest will notice.
    pub fn overdue(&mut self, now: Millis, rng: &mut fastrand::Rng) -> Vec<Missing> {
        let patience_ms = self.patience_ms();
        self.unfinished
            .retain(|u| u.ask_at > now || u.asked < PART_REPEATS);
        self.unfinished
            .iter_mut()
            .filter(|u| u.ask_at <= now)
            .map(|u| {
                let (sender, seq) = u.from;
                u.asked += 1;
                // The jitter lets the first of several receivers ask for all of them.
                u.ask_at = now + patience_ms + rng.u64(0..=patience_ms);
                let parts = (0_u16..).zip(&u.parts).filter(|(_, p)| p.is_none());
                Missing {
                    sender,
                    seq,
                    parts: parts.map(|(at, _)| at).take(PARTS_PER_REQUEST).collect(),
                }
            })
            .collect()
    }

    /// Somebody else asked for the same: wait for what they get.
    pub fn asked_by_another(&mut self, now: Millis, sender: PeerId, seq: u32) {
        let ask_at = now + self.patience_ms();
        if let Some(u) = self.unfinished.iter_mut().find(|u| u.from == (sender, seq)) {
            u.ask_at = ask_at;
        }
    }
}

/// Our own recent messages of several parts, as envelopes ready to be sent again.
#[derive(Debug, Default)]
pub struct Sent {
    messages: VecDeque<(u32, Vec<Frame>)>,
    bytes: usize,
}

impl Sent {
    pub fn keep(&mut self, seq: u32, envelopes: Vec<Frame>) {
        self.bytes += Self::size(&envelopes);
        self.messages.push_back((seq, envelopes));
        while self.bytes > SENT_BYTES && self.messages.len() > 1 {
            if let Some((_, oldest)) = self.messages.pop_front() {
                self.bytes -= Self::size(&oldest);
            }
        }
    }

    fn size(envelopes: &[Frame]) -> usize {
        envelopes.iter().map(Frame::len).sum()
    }

    /// The asked parts of message `seq`, as far as they are still known.
    pub fn again(&self, seq: u32, parts: &[u16]) -> Vec<Frame> {
        let message = self.messages.iter().find(|(sent, _)| *sent == seq);
        message.map_or_else(Vec::new, |(_, envelopes)| {
            let parts: BTreeSet<_> = parts.iter().take(PARTS_PER_REQUEST).collect();
            let part = |&&at: &&u16| envelopes.get(usize::from(at)).cloned();
            parts.iter().filter_map(part).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: (PeerId, u32) = (PeerId::FIRST, 3);

    #[test]
    fn parts_in_any_order_with_duplicates_make_the_message_once() {
        let mut r = Reassembly::default();
        assert_eq!(r.take(0, WHO, b'u', (2, 3), vec![5]), None);
        assert_eq!(r.take(0, WHO, b'u', (0, 3), vec![1, 2]), None);
        assert_eq!(r.take(0, WHO, b'u', (0, 3), vec![9, 9]), None);
        assert_eq!(
            r.take(0, WHO, b'u', (1, 3), vec![3, 4]),
            Some((b'u', vec![1, 2, 3, 4, 5]))
        );
        assert_eq!(r.wake_at(), None);
    }

    #[test]
    fn a_part_that_contradicts_the_first_is_dropped() {
        let mut r = Reassembly::default();
        r.take(0, WHO, b'u', (0, 2), vec![1]);
        assert_eq!(r.take(0, WHO, b'q', (1, 2), vec![2]), None);
        assert_eq!(r.take(0, WHO, b'u', (1, 3), vec![2]), None);
        assert_eq!(
            r.take(0, WHO, b'u', (1, 2), vec![2]),
            Some((b'u', vec![1, 2]))
        );
    }

    #[test]
    fn missing_parts_are_asked_for_and_given_up_in_the_end() {
        let (mut r, mut rng) = (Reassembly::default(), fastrand::Rng::with_seed(1));
        r.take(0, WHO, b'u', (1, 3), vec![1]);
        assert!(r.overdue(PART_PATIENCE_MS - 1, &mut rng).is_empty());
        for _ in 0..PART_REPEATS {
            let now = r.wake_at().unwrap();
            let asked = r.overdue(now, &mut rng);
            assert_eq!(
                asked,
                [Missing {
                    sender: WHO.0,
                    seq: 3,
                    parts: vec![0, 2]
                }]
            );
        }
        let now = r.wake_at().unwrap();
        assert!(r.overdue(now, &mut rng).is_empty());
        assert_eq!(r.wake_at(), None);
    }

    #[test]
    fn on_a_slow_line_parts_are_not_asked_for_while_they_are_under_way() {
        for rtt in [0, 400, 900, 1_405, 3_000] {
            let (mut r, mut rng) = (Reassembly::default(), fastrand::Rng::with_seed(1));
            r.set_round_trip(rtt);
            r.take(0, WHO, b'u', (0, 2), vec![1]);
            let asked = r.wake_at().unwrap();
            assert!(
                asked > rtt && asked <= PART_PATIENCE_MS.max(2 * rtt),
                "{asked}"
            );
            assert_eq!(r.overdue(asked, &mut rng).len(), 1);
            assert!(
                r.wake_at().unwrap() > asked + rtt,
                "the answer takes as long"
            );
        }
    }

    #[test]
    fn unfinished_messages_are_bounded() {
        let mut r = Reassembly::default();
        for seq in 0..1_000 {
            r.take(u64::from(seq), (WHO.0, seq), b'u', (0, 2), vec![0; 200_000]);
        }
        assert!(r.unfinished.len() <= REASSEMBLY_BYTES / 200_000);
        assert!(r.unfinished.iter().any(|u| u.from == (WHO.0, 999)));
    }

    #[test]
    fn sent_messages_are_bounded_and_come_again_by_part() {
        let mut sent = Sent::default();
        for seq in 0..200 {
            sent.keep(seq, vec!["x".repeat(100_000).into(), "y".into()]);
        }
        assert!(sent.bytes <= SENT_BYTES);
        assert_eq!(sent.again(199, &[1, 7]), [Frame::from("y")]);
        assert!(sent.again(0, &[0]).is_empty());
    }
}
