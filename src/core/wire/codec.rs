//! Messages to frames and back: cuts, numbers, signs, seals; finds, opens, checks, joins, and drops what was delivered
//! before.

use super::{
    envelope::{self, Envelope, Form, Found, Head},
    identity::{self, Identity, Introduction, Proof, PublicKey},
    parts::{Missing, Reassembly, Sent},
    replay::ReplayWindow,
    seal::{self, RoomKey, Salt, SessionKey},
    tag::Tag,
};
use crate::{
    core::{bucket::Bucket, frame::Frame, peer::PeerId},
    limits::{
        FRAME_BYTES, INBOUND_FRAME_BYTES, MESSAGE_PARTS, Millis, NEW_SENDERS, NEW_SENDERS_A_SECOND,
        SENDERS, SPLIT_BYTES,
    },
};

/// The kind of envelope that probes are. They are not sealed: they say nothing.
pub const PROBE: u8 = b'h';

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
    /// Sequence numbers of our own messages that the server sent back, of this connection and none twice.
    pub own: Vec<u32>,
    /// Our own messages, or new ones of members, came: the server passes frames on. Anything else proves nothing.
    pub is_life: bool,
    /// Whose envelopes were there, new or not, besides our own.
    pub others: Vec<PeerId>,
    /// Envelopes that nobody with the room's key made, or that were changed on the way.
    pub forged: u32,
    /// Envelopes that had been delivered before.
    pub repeated: u32,
    /// Nothing of this room was in the frame.
    pub stranger: bool,
}

/// A message has so many bytes, more than one may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLarge {
    pub bytes: usize,
}

/// How frames are made for the server at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub form: Form,
    /// Bytes of one frame, at most.
    pub frame_bytes: usize,
}

impl Shape {
    /// Whether frames of this shape are more than a server takes that takes `other`.
    pub fn is_beyond(&self, other: &Self) -> bool {
        let is_form_beyond = self.form == Form::Binary && other.form == Form::Text;
        self.frame_bytes > other.frame_bytes || is_form_beyond
    }
}

/// What every server takes.
impl Default for Shape {
    fn default() -> Self {
        Self {
            form: Form::Text,
            frame_bytes: FRAME_BYTES,
        }
    }
}

/// A message, numbered and cut.
#[derive(Debug, PartialEq, Eq)]
pub struct Outbound {
    pub seq: u32,
    pub frames: Vec<Frame>,
}

#[derive(Debug)]
struct Sender {
    peer: PeerId,
    window: ReplayWindow,
    key: SessionKey,
    /// Of a sender that signs, and was introduced while we could check that.
    public: Option<PublicKey>,
    heard_at: Millis,
}

#[derive(Debug)]
pub struct Codec {
    tag: Tag,
    me: PeerId,
    room_key: RoomKey,
    salt: Salt,
    key: SessionKey,
    /// What signs our messages, and checks those of others.
    identity: Option<Identity>,
    shape: Shape,
    seq: u32,
    /// The latest of our own numbers that came back, or that was sent over an earlier connection.
    echoed: u32,
    senders: Vec<Sender>,
    /// What checking new names may cost.
    introductions: Bucket,
    reassembly: Reassembly,
    sent: Sent,
    /// The beginning of an envelope whose end has to come with the next frame.
    split: Vec<u8>,
}

impl Codec {
    /// `salt` is drawn at random for this page load.
    pub fn new(tag: Tag, room_key: RoomKey, me: PeerId, salt: Salt) -> Self {
        Self {
            tag,
            me,
            salt,
            key: room_key.session(me, salt),
            identity: None,
            room_key,
            shape: Shape::default(),
            seq: 0,
            echoed: 0,
            senders: Vec::new(),
            introductions: Bucket::new(NEW_SENDERS, NEW_SENDERS_A_SECOND),
            reassembly: Reassembly::default(),
            sent: Sent::default(),
            split: Vec::new(),
        }
    }

    /// From now on speaks under the identity's name.
    pub fn identify(&mut self, identity: Identity) {
        self.me = identity.name();
        self.key = self.room_key.session(self.me, self.salt);
        self.sent = Sent::default();
        self.identity = Some(identity);
    }

    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Another server, or the same one better known. What was sent in larger frames cannot be sent again.
    pub fn set_shape(&mut self, shape: Shape) {
        if shape.frame_bytes < self.shape.frame_bytes || shape.form != self.shape.form {
            self.sent = Sent::default();
        }
        self.shape = shape;
    }

    /// A new connection: no frame of it goes on where one of the last stopped.
    pub fn reconnected(&mut self) {
        self.split.clear();
        // A server with a history sends what we said before to whoever comes.
        self.echoed = self.seq;
    }

    /// Cuts a message into frames and seals them, in order; each is one envelope.
    pub fn encode(&mut self, kind: u8, body: &[u8]) -> Result<Outbound, TooLarge> {
        self.encode_as(self.shape, kind, body, Introduction::Made)
    }

    /// For another server than the one at hand.
    pub fn encode_for(
        &mut self,
        shape: Shape,
        kind: u8,
        body: &[u8],
    ) -> Result<Outbound, TooLarge> {
        self.encode_as(shape, kind, body, Introduction::Made)
    }

    /// Like [`Self::encode`], but without the public key, for frequent messages. Receivers that do not know the key
    /// drop them.
    pub fn encode_brief(&mut self, kind: u8, body: &[u8]) -> Result<Outbound, TooLarge> {
        self.encode_as(self.shape, kind, body, Introduction::Omitted)
    }

    fn encode_as(
        &mut self,
        Shape { form, frame_bytes }: Shape,
        kind: u8,
        body: &[u8],
        introduction: Introduction,
    ) -> Result<Outbound, TooLarge> {
        let too_large = || TooLarge { bytes: body.len() };
        let overhead = seal::OVERHEAD
            + match (&self.identity, introduction) {
                (None, _) => 0,
                (Some(_), Introduction::Made) => identity::OVERHEAD,
                (Some(_), Introduction::Omitted) => identity::BRIEF_OVERHEAD,
            };
        let capacity = form
            .body_capacity(frame_bytes)
            .saturating_sub(overhead)
            .max(1);
        let parts = u16::try_from(body.len().div_ceil(capacity).max(1))
            .ok()
            .filter(|&parts| parts <= MESSAGE_PARTS)
            .ok_or_else(too_large)?;
        // A page that sends four thousand million messages has to be loaded again: a number never comes twice.
        self.seq = self.seq.checked_add(1).ok_or_else(too_large)?;
        let bodies: Vec<&[u8]> = match body {
            [] => vec![&[]],
            _ => body.chunks(capacity).collect(),
        };
        let mut frames = Vec::with_capacity(bodies.len());
        for (part, body) in (0..parts).zip(bodies) {
            let head = Head {
                tag: self.tag,
                sender: self.me,
                seq: self.seq,
                part,
                parts,
                kind,
            };
            let signed = self
                .identity
                .as_ref()
                .map(|identity| identity.signed(&head, body, introduction));
            let body = self.key.seal(&head, signed.as_deref().unwrap_or(body));
            let body = body.ok_or_else(too_large)?;
            frames.push(Envelope { head, body }.write(form));
        }
        if parts > 1 {
            self.sent.keep(self.seq, frames.clone());
        }
        Ok(Outbound {
            seq: self.seq,
            frames,
        })
    }

    /// Takes one frame of any content.
    pub fn frame_arrived(&mut self, now: Millis, frame: &[u8]) -> Inbound {
        let mut inbound = Inbound::default();
        if frame.len() > INBOUND_FRAME_BYTES {
            inbound.stranger = true;
            return inbound;
        }
        let goes_on = !self.split.is_empty() && !envelope::is_binary(frame);
        let joined = goes_on.then(|| [&self.split, frame].concat());
        let frame = joined.as_deref().unwrap_or(frame);
        let mut ours = false;
        for found in envelope::scan(frame) {
            match found {
                Found::Envelope(e) if e.head.tag != self.tag => {}
                Found::Envelope(e) if e.head.kind == PROBE => {
                    ours = true;
                    inbound.is_life |= e.head.sender == self.me;
                }
                Found::Envelope(e) if e.head.sender == self.me => {
                    ours = true;
                    if e.head.seq > self.echoed && e.head.seq <= self.seq {
                        self.echoed = e.head.seq;
                        inbound.own.push(e.head.seq);
                        inbound.is_life = true;
                    }
                }
                Found::Envelope(e) => {
                    ours = true;
                    self.take(now, e, &mut inbound);
                }
                Found::Broken => {}
            }
        }
        let unfinished = envelope::unfinished(frame);
        inbound.stranger = !ours && unfinished.len() <= 1;
        self.split = match unfinished.len() <= SPLIT_BYTES {
            true => unfinished.to_vec(),
            false => Vec::new(),
        };
        inbound
    }

    fn take(&mut self, now: Millis, e: Envelope, inbound: &mut Inbound) {
        let head = e.head;
        let body = match self.open(now, &head, &e.body) {
            Opened::Believed(body) => body,
            Opened::Unproven => return,
            Opened::Forged => {
                inbound.forged += 1;
                return;
            }
        };
        inbound.others.push(head.sender);
        let Some(sender) = self.senders.iter_mut().find(|s| s.peer == head.sender) else {
            return;
        };
        sender.heard_at = now;
        if sender.window.has_seen(head.seq) {
            inbound.repeated += 1;
            return;
        }
        inbound.is_life = true;
        let from = (head.sender, head.seq);
        let whole = match head.parts {
            1 => Some((head.kind, body)),
            _ => self
                .reassembly
                .take(now, from, head.kind, (head.part, head.parts), body),
        };
        if let Some((kind, body)) = whole {
            sender.window.admit(head.seq);
            inbound.messages.push(Message {
                sender: head.sender,
                kind,
                body,
            });
        }
    }

    /// The plain body, if it was this sender who sealed it. Only then the sender is remembered.
    fn open(&mut self, now: Millis, head: &Head, sealed: &[u8]) -> Opened {
        let known = self.senders.iter_mut().find(|s| s.peer == head.sender);
        if let Some(sender) = known {
            // A sender that is known under another salt is either an old recording or a stranger collision: the one that
            // we know stays.
            let body = sender.key.open(head, sealed);
            return check(self.identity.as_ref(), head, body, &mut sender.public);
        }
        let Some(salt) = seal::salt_of(sealed) else {
            return Opened::Forged;
        };
        let (key, mut public) = (self.room_key.session(head.sender, salt), None);
        let Some(body) = key.open(head, sealed) else {
            return Opened::Forged;
        };
        if self.introductions.left(now) == 0 {
            // An honest one says so again, in a message that is asked for or in the next beat.
            return Opened::Unproven;
        }
        let opened = check(self.identity.as_ref(), head, Some(body), &mut public);
        if !matches!(opened, Opened::Unproven) {
            self.introductions.spend(now, 1);
        }
        if let Opened::Believed(_) = opened {
            self.make_room();
            self.senders.push(Sender {
                peer: head.sender,
                window: ReplayWindow::default(),
                key,
                public,
                heard_at: now,
            });
        }
        opened
    }

    fn make_room(&mut self) {
        if self.senders.len() < SENDERS {
            return;
        }
        let senders = self.senders.iter().enumerate();
        let quietest = senders.min_by_key(|(_, sender)| sender.heard_at);
        if let Some(quietest) = quietest.map(|(at, _)| at) {
            self.senders.swap_remove(quietest);
        }
    }

    /// An answer takes so long on this line.
    pub fn set_round_trip(&mut self, rtt_ms: Millis) {
        self.reassembly.set_round_trip(rtt_ms);
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
    pub fn missing_asked(&mut self, now: Millis, missing: &Missing) -> Vec<Frame> {
        if missing.sender == self.me {
            return self.sent.again(missing.seq, &missing.parts);
        }
        self.reassembly
            .asked_by_another(now, missing.sender, missing.seq);
        Vec::new()
    }
}

/// What became of an envelope.
enum Opened {
    Believed(Vec<u8>),
    /// It was signed by somebody who has not been introduced.
    Unproven,
    Forged,
}

/// `public` is the sender's key, if it is known, and afterwards.
fn check(
    identity: Option<&Identity>,
    head: &Head,
    body: Option<Vec<u8>>,
    public: &mut Option<PublicKey>,
) -> Opened {
    let Some(body) = body else {
        return Opened::Forged;
    };
    if !head.sender.is_keyed() {
        return Opened::Believed(body);
    }
    let Some(identity) = identity else {
        return identity::unchecked(&body).map_or(Opened::Forged, Opened::Believed);
    };
    match identity.proof(head, &body, public.as_ref()) {
        Proof::Good(body, key) => {
            *public = Some(key);
            Opened::Believed(body)
        }
        Proof::Unknown => Opened::Unproven,
        Proof::Forged => Opened::Forged,
    }
}

#[cfg(test)]
mod tests;
