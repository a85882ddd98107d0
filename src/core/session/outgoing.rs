//! What a session says: sealed, queued for the relay, and handed to the other tabs.

use super::{
    Notice, Output, Session,
    message::{self, Body},
};
use crate::{
    core::{
        doc::presence::slots::Lane,
        frame::Frame,
        tape::{Event, FrameSeen},
        wire::{codec::Outbound, envelope},
    },
    limits::Millis,
};

impl Session {
    /// Seals a message and queues it for the relay, if that is reached, and for the other tabs. Gives its number.
    pub(super) fn say(&mut self, body: Body, out: &mut Vec<Output>) -> Option<u32> {
        let slot = body.slot().filter(|slot| slot.lane == Lane::Latest);
        let slot = slot.map(|slot| slot.letter);
        let Outbound { seq, frames } = self.seal(body, out)?;
        self.send(frames, slot, out);
        Some(seq)
    }

    /// The same for several that the queue takes together or not at all.
    pub(super) fn say_together(
        &mut self,
        bodies: impl Iterator<Item = Body>,
        out: &mut Vec<Output>,
    ) {
        let mut frames = Vec::new();
        for body in bodies {
            frames.extend(
                self.seal(body, out)
                    .into_iter()
                    .flat_map(|sealed| sealed.frames),
            );
        }
        self.send(frames, None, out);
    }

    fn seal(&mut self, body: Body, out: &mut Vec<Output>) -> Option<Outbound> {
        if self.has_left {
            return None;
        }
        let is_brief = body.slot().is_some();
        // What is worth nothing later does not stand in line where little may be said.
        if is_brief && self.relay.pace.is_slow() && !self.relay.outbox.is_empty() {
            return None;
        }
        let is_edit = matches!(body, Body::Update(_));
        let (kind, body) = body.write();
        let sealed = match is_brief {
            true => self.codec.encode_brief(kind, &body),
            false => self.codec.encode(kind, &body),
        };
        sealed
            .map_err(|error| {
                // Only a person's own edit is worth a word; a long answer will be asked for again.
                if is_edit {
                    out.push(Output::Notice(Notice::TooLarge(error)));
                }
            })
            .ok()
    }

    pub(super) fn send(&mut self, frames: Vec<Frame>, slot: Option<u8>, out: &mut Vec<Output>) {
        for frame in &frames {
            self.tell_tabs(frame.clone(), out);
        }
        if !self.relay.machine.is_open() {
            return;
        }
        match (slot, frames.as_slice()) {
            (Some(slot), [frame]) => self.relay.outbox.replace(slot, frame.clone()),
            _ => self.relay.overflowed |= self.relay.outbox.push(frames).is_err(),
        }
    }

    pub(super) fn part(&mut self, out: &mut Vec<Output>) {
        self.relay.parting = self.relay.machine.is_open();
        self.say(Body::Leave, out);
    }

    /// For [`Session::poll`].
    pub(super) fn frame_to_send(&mut self, now: Millis, buffered: usize) -> Option<Frame> {
        let relay = &mut self.relay;
        if !relay.machine.is_open() && !relay.parting {
            return None;
        }
        if let Some(until) = relay.pace.waits_until(now)
            && !relay.parting
        {
            relay.drain_at = (!relay.outbox.is_empty()).then_some(until);
            return None;
        }
        let frame = match relay.pace.is_slow() {
            true => relay.outbox.next_reliable_first(buffered),
            false => relay.outbox.next(buffered),
        };
        relay.drain_at = relay.outbox.wake_at(now);
        match &frame {
            Some(frame) => {
                relay.pace.sent(now);
                let seen = FrameSeen::new(frame, &meanings(frame));
                relay.tape.record(now, Event::Sent(seen));
            }
            None => {
                relay.parting = false;
                if relay.overflowed && relay.outbox.is_empty() {
                    relay.overflowed = false;
                    self.sync.edited(now);
                }
            }
        }
        frame
    }
}

/// For the tape.
pub(super) fn meanings(frame: &Frame) -> Vec<&'static str> {
    envelope::kinds(frame.as_bytes())
        .map(message::meaning)
        .collect()
}
