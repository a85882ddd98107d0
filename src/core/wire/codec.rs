//! Messages to frames and back: cuts, numbers, finds, joins, and drops what was delivered before.

use std::collections::HashMap;

use super::{
    envelope::{self, Envelope, Found},
    parts::{Missing, Reassembly, Sent},
    replay::ReplayWindow,
    tag::Tag,
};
use crate::{
    core::peer::PeerId,
    limits::{FRAME_BYTES, INBOUND_FRAME_BYTES, MESSAGE_PARTS, Millis, SENDERS},
};

/// A whole message from somebody else in this room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub sender: PeerId,
    pub kind: u8,
    pub body: Vec<u8>,
}

/// What one frame brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Inbound {
    pub messages: Vec<Message>,
    /// The server sent us an envelope of our own: it echoes to the sender.
    pub own: bool,
    /// An envelope of somebody else in this room was there, new or not.
    pub others: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("This is too large to send in one piece: {bytes} bytes.")]
pub struct TooLarge {
    pub bytes: usize,
}

#[derive(Debug)]
struct Sender {
    window: ReplayWindow,
    heard_at: Millis,
}

#[derive(Debug)]
pub struct Codec {
    tag: Tag,
    me: PeerId,
    seq: u32,
    senders: HashMap<PeerId, Sender>,
    reassembly: Reassembly,
    sent: Sent,
}

impl Codec {
    pub fn new(tag: Tag, me: PeerId) -> Self {
        Self {
            tag,
            me,
            seq: 0,
            senders: HashMap::new(),
            reassembly: Reassembly::default(),
            sent: Sent::default(),
        }
    }

    /// The frames of one message, in order; each is one envelope.
    pub fn encode(&mut self, kind: u8, body: &[u8]) -> Result<Vec<String>, TooLarge> {
        let capacity = envelope::body_capacity(FRAME_BYTES);
        let parts = u16::try_from(body.len().div_ceil(capacity).max(1))
            .ok()
            .filter(|&parts| parts <= MESSAGE_PARTS)
            .ok_or(TooLarge { bytes: body.len() })?;
        self.seq += 1;
        let bodies: Vec<&[u8]> = match body {
            [] => vec![&[]],
            _ => body.chunks(capacity).collect(),
        };
        let frames: Vec<String> = (0..parts)
            .zip(bodies)
            .map(|(part, body)| {
                Envelope {
                    tag: self.tag,
                    sender: self.me,
                    seq: self.seq,
                    part,
                    parts,
                    kind,
                    body: body.to_vec(),
                }
                .write()
            })
            .collect();
        if parts > 1 {
            self.sent.keep(self.seq, frames.clone());
        }
        Ok(frames)
    }

    /// Takes one frame, text or binary, of any content.
    pub fn frame_arrived(&mut self, now: Millis, frame: &[u8]) -> Inbound {
        let mut inbound = Inbound::default();
        if frame.len() > INBOUND_FRAME_BYTES {
            return inbound;
        }
        for found in envelope::scan(frame) {
            match found {
                Found::Envelope(e) if e.tag != self.tag => {}
                Found::Envelope(e) if e.sender == self.me => inbound.own = true,
                Found::Envelope(e) => {
                    inbound.others = true;
                    inbound.messages.extend(self.take(now, e));
                }
                Found::Broken => {}
            }
        }
        inbound
    }

    fn take(&mut self, now: Millis, e: Envelope) -> Option<Message> {
        self.make_room_for(e.sender);
        let sender = self.senders.entry(e.sender).or_insert_with(|| Sender {
            window: ReplayWindow::default(),
            heard_at: now,
        });
        sender.heard_at = now;
        if sender.window.has_seen(e.seq) {
            return None;
        }
        let (kind, body) = match e.parts {
            1 => (e.kind, e.body),
            _ => self
                .reassembly
                .take(now, (e.sender, e.seq), e.kind, (e.part, e.parts), e.body)?,
        };
        sender.window.admit(e.seq).then_some(Message {
            sender: e.sender,
            kind,
            body,
        })
    }

    fn make_room_for(&mut self, sender: PeerId) {
        if self.senders.len() < SENDERS || self.senders.contains_key(&sender) {
            return;
        }
        let quietest = self.senders.iter().min_by_key(|(_, s)| s.heard_at);
        if let Some(quietest) = quietest.map(|(&peer, _)| peer) {
            self.senders.remove(&quietest);
        }
    }

    /// When [`Self::overdue`] has something to say.
    pub fn wake_at(&self) -> Option<Millis> {
        self.reassembly.wake_at()
    }

    /// Parts that are missing for too long.
    pub fn overdue(&mut self, now: Millis, rng: &mut fastrand::Rng) -> Vec<Missing> {
        self.reassembly.overdue(now, rng)
    }

    /// Somebody asked for parts: the frames to send again, if the message is ours and still known.
    pub fn missing_asked(&mut self, now: Millis, missing: &Missing) -> Vec<String> {
        if missing.sender == self.me {
            return self.sent.again(missing.seq, &missing.parts);
        }
        self.reassembly
            .asked_by_another(now, missing.sender, missing.seq);
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Codec, Codec) {
        let tag = Tag::derive("room", None);
        (
            Codec::new(tag, PeerId::from_random(1)),
            Codec::new(tag, PeerId::from_random(2)),
        )
    }

    fn bodies(inbound: Inbound) -> Vec<Vec<u8>> {
        inbound.messages.into_iter().map(|m| m.body).collect()
    }

    #[test]
    fn a_frame_that_comes_twice_is_delivered_once() {
        let (mut a, mut b) = pair();
        let frames = a.encode(b'u', b"hello").unwrap();
        assert_eq!(bodies(b.frame_arrived(0, frames[0].as_bytes())), [b"hello"]);
        assert!(bodies(b.frame_arrived(0, frames[0].as_bytes())).is_empty());
    }

    #[test]
    fn a_long_message_comes_whole_and_again_not() {
        let (mut a, mut b) = pair();
        let body: Vec<u8> = (0..5_000_u32).map(|i| i as u8).collect();
        let frames = a.encode(b'u', &body).unwrap();
        assert!(frames.len() > 10 && frames.iter().all(|f| f.len() <= FRAME_BYTES));
        let got: Vec<_> = frames
            .iter()
            .rev()
            .chain(&frames)
            .flat_map(|f| bodies(b.frame_arrived(0, f.as_bytes())))
            .collect();
        assert_eq!(got, [body]);
    }

    #[test]
    fn lost_parts_are_asked_for_and_sent_again() {
        let (mut a, mut b) = pair();
        let mut rng = fastrand::Rng::with_seed(1);
        let frames = a.encode(b'u', &[7; 2_000]).unwrap();
        for (at, frame) in frames.iter().enumerate() {
            if at % 3 != 0 {
                assert!(bodies(b.frame_arrived(0, frame.as_bytes())).is_empty());
            }
        }
        let asked = b.overdue(b.wake_at().unwrap(), &mut rng);
        let again = a.missing_asked(0, &asked[0]);
        let got: Vec<_> = again
            .iter()
            .flat_map(|f| bodies(b.frame_arrived(0, f.as_bytes())))
            .collect();
        assert_eq!(got, [vec![7; 2_000]]);
    }

    #[test]
    fn other_rooms_and_own_echoes_are_not_messages() {
        let (mut a, mut b) = pair();
        let frame = a.encode(b'u', b"x").unwrap().remove(0);
        assert_eq!(
            a.frame_arrived(0, frame.as_bytes()),
            Inbound {
                own: true,
                ..Inbound::default()
            }
        );
        b.tag = Tag::derive("elsewhere", None);
        assert_eq!(b.frame_arrived(0, frame.as_bytes()), Inbound::default());
    }

    #[test]
    fn remembered_senders_are_bounded() {
        let (_, mut b) = pair();
        for id in 10..5_000 {
            let mut stranger = Codec::new(b.tag, PeerId::from_random(id));
            let frame = stranger.encode(b'u', b"x").unwrap().remove(0);
            assert_eq!(b.frame_arrived(id, frame.as_bytes()).messages.len(), 1);
        }
        assert!(b.senders.len() <= SENDERS);
    }

    #[test]
    fn a_message_beyond_all_parts_is_refused() {
        let (mut a, _) = pair();
        let bytes = envelope::body_capacity(FRAME_BYTES) * usize::from(MESSAGE_PARTS) + 1;
        assert_eq!(a.encode(b'u', &vec![0; bytes]), Err(TooLarge { bytes }));
    }
}
