//! What waits to be sent. `WebSocket.send()` takes everything at once, 64 MiB to a stalled peer if need be; so frames
//! are kept here, and handed over only while the browser's own buffer is low.
//!
//! Two lanes: the reliable one keeps order and is bounded; in the volatile one each slot holds the newest frame only,
//! which goes ahead of everything that waits. Both outlive the socket.

use std::collections::VecDeque;

use crate::{
    frame::Frame,
    limits::{
        DRAIN_CAP_MS, DRAIN_MS, HIGH_WATER_BYTES, LOW_WATER_BYTES, Millis, OUTBOX_BYTES,
        OUTBOX_MESSAGES,
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The server takes less than is sent: {messages} messages with {bytes} bytes are waiting.")]
pub struct Full {
    pub messages: usize,
    pub bytes: usize,
}

#[derive(Debug, Default)]
pub struct Outbox {
    reliable: VecDeque<VecDeque<Frame>>,
    volatile: Vec<(u8, Frame)>,
    /// Payload bytes of the reliable lane.
    bytes: usize,
    /// The browser's buffer was above the high water, and has not been below the low one since.
    blocked: bool,
    /// What the browser's buffer held at the last look while blocked, and how long to wait for the next one.
    seen: usize,
    patience_ms: Millis,
}

impl Outbox {
    /// Queues a message, in one frame or several. One that is larger than the whole lane is taken if nothing else waits.
    pub fn push(&mut self, frames: impl IntoIterator<Item = Frame>) -> Result<(), Full> {
        let frames: VecDeque<Frame> = frames.into_iter().collect();
        let bytes: usize = frames.iter().map(Frame::len).sum();
        let fits = self.reliable.len() < OUTBOX_MESSAGES && self.bytes + bytes <= OUTBOX_BYTES;
        if !fits && !self.reliable.is_empty() {
            return Err(Full {
                messages: self.reliable.len(),
                bytes: self.bytes,
            });
        }
        self.bytes += bytes;
        self.reliable.push_back(frames);
        Ok(())
    }

    /// Puts a frame into `slot` of the volatile lane; what waited there is worth nothing any more.
    pub fn replace(&mut self, slot: u8, frame: Frame) {
        self.volatile.retain(|(taken, _)| *taken != slot);
        self.volatile.push((slot, frame));
    }

    /// The next frame to hand to the browser, whose `bufferedAmount` is `buffered` bytes. Ask until there is none.
    pub fn next(&mut self, buffered: usize) -> Option<Frame> {
        if self.is_blocked(buffered) {
            return None;
        }
        self.next_volatile().or_else(|| self.next_reliable())
    }

    /// Looks at the browser's buffer, which holds so many bytes: whether it is to be given nothing more for now.
    pub fn is_blocked(&mut self, buffered: usize) -> bool {
        let limit = if self.blocked {
            LOW_WATER_BYTES + 1
        } else {
            HIGH_WATER_BYTES
        };
        self.blocked = buffered >= limit;
        if self.blocked {
            // A network that takes something is looked at often, a stalled one seldom.
            self.patience_ms = match buffered == self.seen {
                true => (self.patience_ms * 2).min(DRAIN_CAP_MS),
                false => DRAIN_MS,
            };
            self.seen = buffered;
        }
        self.blocked
    }

    /// The same for a server that is spoken to slowly: what must arrive goes first.
    pub fn next_reliable_first(&mut self, buffered: usize) -> Option<Frame> {
        match self.reliable.is_empty() {
            true => self.next(buffered),
            false if self.is_blocked(buffered) => None,
            false => self.next_reliable(),
        }
    }

    fn next_volatile(&mut self) -> Option<Frame> {
        (!self.volatile.is_empty()).then(|| self.volatile.remove(0).1)
    }

    fn next_reliable(&mut self) -> Option<Frame> {
        let message = self.reliable.front_mut()?;
        let frame = message.pop_front();
        if message.is_empty() {
            self.reliable.pop_front();
        }
        self.bytes -= frame.as_ref().map_or(0, Frame::len);
        frame
    }

    /// When to look at `bufferedAmount` again; the browser has no event for it.
    pub fn wake_at(&self, now: Millis) -> Option<Millis> {
        (!self.is_empty())
            .then(|| self.blocked_until(now))
            .flatten()
    }

    /// The same for a host that has something else to send.
    pub fn blocked_until(&self, now: Millis) -> Option<Millis> {
        self.blocked.then_some(now + self.patience_ms)
    }

    /// So much waits that a long message would hardly be taken.
    pub fn is_crowded(&self) -> bool {
        self.reliable.len() > OUTBOX_MESSAGES / 2 || self.bytes > OUTBOX_BYTES / 2
    }

    pub fn is_empty(&self) -> bool {
        self.reliable.is_empty() && self.volatile.is_empty()
    }

    /// Messages of the reliable lane.
    pub fn len(&self) -> usize {
        self.reliable.len()
    }

    /// Throws everything away: the frames were made for a server that refuses them.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(bytes: usize) -> Frame {
        Frame::Binary(vec![0; bytes])
    }

    /// A browser with a peer that takes `rate` bytes per look.
    fn drain(outbox: &mut Outbox, rate: usize) -> (Vec<Frame>, usize) {
        let (mut buffered, mut most, mut sent) = (0_usize, 0, Vec::new());
        for _ in 0..100_000 {
            while let Some(frame) = outbox.next(buffered) {
                buffered += frame.len();
                most = most.max(buffered);
                sent.push(frame);
            }
            if outbox.is_empty() {
                break;
            }
            assert!(outbox.wake_at(0).is_some(), "a blocked outbox wakes");
            buffered = buffered.saturating_sub(rate);
        }
        (sent, most)
    }

    #[test]
    fn everything_goes_in_order_and_the_browser_never_holds_much() {
        let mut outbox = Outbox::default();
        let messages: Vec<Frame> = (0..900_u32)
            .map(|n| Frame::Text(format!("{n:>1000}")))
            .collect();
        for message in &messages {
            outbox.push([message.clone()]).unwrap();
        }
        let (sent, most) = drain(&mut outbox, 3_000);
        assert_eq!(sent, messages);
        assert!(most <= HIGH_WATER_BYTES + 1_000, "{most}");
    }

    #[test]
    fn a_stalled_peer_fills_the_lane_and_no_more() {
        let mut outbox = Outbox::default();
        let pushed = (0..10_000)
            .take_while(|_| outbox.push([frame(100)]).is_ok())
            .count();
        assert_eq!(pushed, OUTBOX_MESSAGES);
        let mut outbox = Outbox::default();
        let pushed = (0..10_000)
            .take_while(|_| outbox.push([frame(10_000)]).is_ok())
            .count();
        assert_eq!(pushed, OUTBOX_BYTES / 10_000);
        assert_eq!(
            drain(&mut outbox, 0).1,
            HIGH_WATER_BYTES.next_multiple_of(10_000)
        );
    }

    #[test]
    fn a_message_larger_than_the_lane_goes_alone() {
        let mut outbox = Outbox::default();
        outbox.push((0..3_000).map(|_| frame(1_000))).unwrap();
        assert!(outbox.push([frame(1)]).is_err());
        assert_eq!(drain(&mut outbox, 50_000).0.len(), 3_000);
    }

    #[test]
    fn the_newest_volatile_frame_goes_ahead() {
        let mut outbox = Outbox::default();
        outbox.push([Frame::from("kept")]).unwrap();
        for n in 0..50 {
            outbox.replace(b'c', Frame::from(format!("cursor {n}")));
        }
        outbox.replace(b'w', Frame::from("ink"));
        let (sent, _) = drain(&mut outbox, 1);
        assert_eq!(sent, ["cursor 49", "ink", "kept"].map(Frame::from));
    }
}
