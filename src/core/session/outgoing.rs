//! What a session says: sealed, queued for the relay, and handed to the other tabs.

use super::{Notice, Output, Session, message::Body};
use crate::{
    core::{doc::presence::slots::Lane, frame::Frame, wire::codec::Outbound},
    limits::Millis,
};

impl Session {
    /// Seals a message and publishes it. Gives its number.
    pub(super) fn say(&mut self, body: Body, out: &mut Vec<Output>) -> Option<u32> {
        let slot = body.slot().filter(|slot| slot.lane == Lane::Latest);
        let slot = slot.map(|slot| slot.letter);
        let Outbound { seq, frames } = self.seal(body, out)?;
        self.line.publish(frames, slot);
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
        self.line.publish(frames, None);
    }

    /// Sends a message whose echo is used to measure the round-trip time.
    pub(super) fn say_timed(&mut self, now: Millis, body: Body, out: &mut Vec<Output>) {
        if let Some(seq) = self.say(body, out) {
            self.line.published(now, seq);
        }
    }

    fn seal(&mut self, body: Body, out: &mut Vec<Output>) -> Option<Outbound> {
        if self.has_left {
            return None;
        }
        let is_brief = body.slot().is_some();
        if is_brief && self.line.is_slow() {
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

    /// For [`Session::poll`].
    pub(super) fn frame_to_send(&mut self, now: Millis, buffered: usize) -> Option<Frame> {
        let frame = self.line.next_frame(now, buffered);
        let mut out = Vec::new();
        self.route(now, &mut out);
        self.outputs.extend(out);
        frame
    }
}
