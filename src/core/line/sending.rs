//! What waits to be sent: the protocol's own frames, and payloads.

use super::{
    Event, Line,
    log::{self, FrameSeen},
};
use crate::{
    core::{frame::Frame, wire::envelope},
    limits::Millis,
};

impl Line {
    /// So much waits that a long message would hardly be taken.
    pub fn is_crowded(&self) -> bool {
        self.outbox.is_crowded()
    }

    /// Whether messages of slots are dropped: the send rate is throttled, and other messages are queued.
    pub fn is_slow(&self) -> bool {
        self.throttle.is_slow() && !self.outbox.is_empty()
    }

    /// Something was not published that will be missed: once the queue is empty, [`Event::Drained`].
    pub fn was_withheld(&mut self) {
        self.overflowed = true;
    }

    /// Hands a message's payloads to the other tabs, and queues them for the relay if that is reached. `slot`: of a
    /// message that makes those before it in its slot worth nothing.
    pub fn publish(&mut self, payloads: Vec<Frame>, slot: Option<u8>) {
        for payload in &payloads {
            self.publish_to_tabs(payload.clone());
        }
        if !self.is_open() {
            return;
        }
        match (slot, payloads.as_slice()) {
            (Some(slot), [payload]) => self.outbox.replace(slot, payload.clone()),
            _ => self.overflowed |= self.outbox.push(payloads).is_err(),
        }
    }

    /// The next frame to hand to the relay's socket, which holds `buffered` bytes already.
    pub fn next_frame(&mut self, now: Millis, buffered: usize) -> Option<Frame> {
        if !self.machine.is_open() && !self.parting {
            return None;
        }
        if let Some(until) = self.throttle.waits_until(now)
            && !self.parting
        {
            let is_idle = self.outbox.is_empty() && self.live.control.is_empty();
            self.drain_at = (!is_idle).then_some(until);
            return None;
        }
        let frame = self.next_of_queues(buffered);
        self.drain_at = match self.live.control.is_empty() {
            true => self.outbox.wake_at(now),
            false => self.outbox.blocked_until(now),
        };
        match &frame {
            Some(frame) => {
                self.throttle.sent(now);
                let seen = self.seen_frame(frame);
                self.log.record(now, log::Event::Sent(seen));
            }
            None => {
                self.parting = false;
                if self.overflowed && self.outbox.is_empty() {
                    self.overflowed = false;
                    self.events.push_back(Event::Drained);
                }
            }
        }
        frame
    }

    /// The protocol's own frames, then payloads in its frames.
    fn next_of_queues(&mut self, buffered: usize) -> Option<Frame> {
        if !self.live.control.is_empty() {
            let is_blocked = self.outbox.is_blocked(buffered);
            return self.live.control.pop_front_if(|_| !is_blocked);
        }
        if !self.live.is_ready && !self.parting {
            return None;
        }
        let payload = match self.throttle.is_slow() {
            true => self.outbox.next_reliable_first(buffered),
            false => self.outbox.next(buffered),
        };
        let dialect = self.dialects.get_mut(self.spoken)?;
        self.live.control.extend(dialect.wrap(payload?));
        self.live.control.pop_front()
    }

    pub(super) fn seen_frame(&self, frame: &Frame) -> FrameSeen {
        let kinds = envelope::kinds(frame.as_bytes());
        let names: Vec<_> = kinds.map(|kind| (self.kind)(kind).name).collect();
        FrameSeen::new(frame, &names)
    }
}
