//! Messages to frames and back: cuts, numbers, signs, seals; finds, opens, checks, joins, and drops what was delivered
//! before.

use super::{
    envelope::{self, Envelope, Form, Found, Head},
    identity::{self, Identity, Introduction, Proof, PublicKey},
    parts::{Missing, Reassembly, Sent},
    profile::PROBE,
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

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("This is too large to send in one piece: {bytes} bytes.")]
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

    /// One of many messages in a row: who has not been introduced yet does without it.
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
    pub fn pace(&mut self, rtt_ms: Millis) {
        self.reassembly.pace(rtt_ms);
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
mod tests {
    use super::*;
    use crate::core::wire::ed25519::ED25519;

    fn codec(room: &str, me: u64) -> Codec {
        Codec::new(
            Tag::derive(room, None),
            RoomKey::derive(room, None),
            PeerId::from_random(me),
            [9, 9, 9, me as u8],
        )
    }

    fn pair() -> (Codec, Codec) {
        (codec("room", 1), codec("room", 2))
    }

    fn bodies(inbound: Inbound) -> Vec<Vec<u8>> {
        inbound.messages.into_iter().map(|m| m.body).collect()
    }

    fn one(codec: &mut Codec, body: &[u8]) -> Frame {
        codec.encode(b'u', body).unwrap().frames.remove(0)
    }

    #[test]
    fn a_frame_that_comes_twice_is_delivered_once() {
        let (mut a, mut b) = pair();
        let frame = one(&mut a, b"hello");
        assert_eq!(bodies(b.frame_arrived(0, frame.as_bytes())), [b"hello"]);
        let again = b.frame_arrived(0, frame.as_bytes());
        assert_eq!((again.messages.len(), again.repeated), (0, 1));
    }

    #[test]
    fn a_long_message_comes_whole_and_again_not() {
        for form in [Form::Text, Form::Binary] {
            let (mut a, mut b) = pair();
            let frame_bytes = FRAME_BYTES;
            a.set_shape(Shape { form, frame_bytes });
            let body: Vec<u8> = (0..5_000_u32).map(|i| i as u8).collect();
            let frames = a.encode(b'u', &body).unwrap().frames;
            assert!(frames.len() > 10 && frames.iter().all(|f| f.len() <= FRAME_BYTES));
            let got: Vec<_> = frames
                .iter()
                .rev()
                .chain(&frames)
                .flat_map(|f| bodies(b.frame_arrived(0, f.as_bytes())))
                .collect();
            assert_eq!(got, [body]);
        }
    }

    #[test]
    fn lost_parts_are_asked_for_and_sent_again() {
        let (mut a, mut b) = pair();
        let mut rng = fastrand::Rng::with_seed(1);
        let frames = a.encode(b'u', &[7; 2_000]).unwrap().frames;
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
    fn five_hundred_envelopes_in_one_frame_all_arrive() {
        let (mut a, mut b) = pair();
        let frame: String = (0..500_u32)
            .map(|n| match one(&mut a, &n.to_be_bytes()) {
                Frame::Text(text) => text + "\n",
                Frame::Binary(_) => unreachable!("text until told otherwise"),
            })
            .collect();
        let expected: Vec<_> = (0..500_u32).map(|n| n.to_be_bytes().to_vec()).collect();
        assert_eq!(bodies(b.frame_arrived(0, frame.as_bytes())), expected);
    }

    #[test]
    fn an_envelope_that_a_server_split_over_frames_arrives() {
        let (mut a, mut b) = pair();
        let stream: Vec<u8> = (0..20_u8)
            .flat_map(|n| one(&mut a, &[n; 30]).as_bytes().to_vec())
            .collect();
        for size in [1, 7, 64, 100] {
            let mut b = codec("room", 3);
            let got: Vec<_> = stream
                .chunks(size)
                .flat_map(|f| bodies(b.frame_arrived(0, f)))
                .collect();
            assert_eq!(
                got,
                (0..20).map(|n| vec![n; 30]).collect::<Vec<_>>(),
                "in pieces of {size}"
            );
        }
        // The end never comes: the next whole envelope is found all the same.
        let cut = one(&mut a, b"cut");
        b.frame_arrived(0, &cut.as_bytes()[..30]);
        let whole = one(&mut a, b"whole");
        assert_eq!(bodies(b.frame_arrived(0, whole.as_bytes())), [b"whole"]);
        b.frame_arrived(0, &cut.as_bytes()[..30]);
        b.reconnected();
        assert!(b.frame_arrived(0, b"other programs' text").stranger);
    }

    #[test]
    fn every_byte_may_end_a_binary_envelope() {
        let (mut a, mut b) = pair();
        a.set_shape(Shape {
            form: Form::Binary,
            frame_bytes: FRAME_BYTES,
        });
        let mut ends = std::collections::HashSet::new();
        for n in 0..5_000_u32 {
            let frame = one(&mut a, &n.to_be_bytes());
            ends.extend(frame.as_bytes().last().copied());
            let got = bodies(b.frame_arrived(0, frame.as_bytes()));
            assert_eq!(got, [n.to_be_bytes()], "a tilde at the end begins no text");
        }
        assert_eq!(ends.len(), 256);
    }

    #[test]
    fn other_rooms_and_own_echoes_are_not_messages() {
        let (mut a, mut b) = pair();
        let frame = one(&mut a, b"x");
        let echoed = a.frame_arrived(0, frame.as_bytes());
        assert_eq!((echoed.own, echoed.messages), (vec![1], Vec::new()));
        b.tag = Tag::derive("elsewhere", None);
        assert!(b.frame_arrived(0, frame.as_bytes()).stranger);
    }

    #[test]
    fn only_what_members_or_we_ourselves_bring_now_is_life() {
        let (mut a, mut b) = pair();
        let frame = one(&mut a, b"x");
        let is_life =
            |codec: &mut Codec, frame: &Frame| codec.frame_arrived(0, frame.as_bytes()).is_life;
        assert!(is_life(&mut b, &frame), "of a member");
        assert!(!is_life(&mut b, &frame), "a recording");
        assert!(is_life(&mut a, &frame), "our own echo");
        assert!(!is_life(&mut a, &frame), "once more");
        let (early, late) = (one(&mut a, b"y"), one(&mut a, b"z"));
        a.reconnected();
        assert!(!is_life(&mut a, &early), "the history of a server");
        assert!(!is_life(&mut a, &late));
        for other in ["", "tick", "~dx1.", "ping 7"] {
            assert!(!is_life(&mut b, &Frame::from(other)));
        }
        let mut stranger = codec("elsewhere", 9);
        assert!(!is_life(&mut b, &one(&mut stranger, b"x")));
        let next = one(&mut a, b"now");
        assert!(is_life(&mut a, &next));
    }

    #[test]
    fn what_strangers_forge_costs_a_counter_and_no_memory() {
        let (_, mut b) = pair();
        for id in 10..2_000 {
            let mut stranger = codec("room", id);
            stranger.key =
                RoomKey::derive("room", Some(b"wrong")).session(PeerId::from_random(id), [0; 4]);
            let inbound = b.frame_arrived(id, one(&mut stranger, b"x").as_bytes());
            assert_eq!((inbound.messages.len(), inbound.forged), (0, 1));
        }
        assert!(b.senders.is_empty());
    }

    #[test]
    fn a_forged_part_does_not_spoil_a_message() {
        let (mut a, mut b) = pair();
        let frames = a.encode(b'u', &[7; 700]).unwrap().frames;
        let mut stranger = codec("room", 1);
        stranger.key =
            RoomKey::derive("room", Some(b"wrong")).session(PeerId::from_random(1), [9, 9, 9, 1]);
        let forged = stranger.encode(b'u', &[8; 700]).unwrap().frames;
        let got: Vec<_> = forged[..1]
            .iter()
            .chain(&frames)
            .flat_map(|f| bodies(b.frame_arrived(0, f.as_bytes())))
            .collect();
        assert_eq!(got, [vec![7; 700]]);
    }

    #[test]
    fn remembered_senders_are_bounded() {
        let (_, mut b) = pair();
        for id in 10..5_000 {
            let mut member = codec("room", id);
            let now = id * 1_000;
            assert_eq!(
                b.frame_arrived(now, one(&mut member, b"x").as_bytes())
                    .messages
                    .len(),
                1
            );
        }
        assert!(b.senders.len() <= SENDERS);
    }

    #[test]
    fn who_makes_up_names_pushes_nobody_out_and_is_hardly_listened_to() {
        let (mut a, mut b) = pair();
        let (mut names, mut heard) = (10, 0);
        for second in 0..120 {
            // Somebody who is here says so every twelve seconds.
            if second % 12 == 0 {
                let beat = one(&mut a, b"here");
                assert_eq!(
                    bodies(b.frame_arrived(second * 1_000, beat.as_bytes())),
                    [b"here"]
                );
                assert_eq!(b.frame_arrived(second * 1_000, beat.as_bytes()).repeated, 1);
            }
            for ms in 0..50 {
                names += 1;
                let mut made_up = codec("room", names);
                let frame = one(&mut made_up, b"x");
                let inbound = b.frame_arrived(second * 1_000 + ms, frame.as_bytes());
                heard += inbound.messages.len() as u64;
            }
        }
        assert!(heard <= NEW_SENDERS + 121 * NEW_SENDERS_A_SECOND, "{heard}");
    }

    #[test]
    fn a_message_beyond_all_parts_is_refused() {
        let (mut a, _) = pair();
        let bytes = Form::Text.body_capacity(FRAME_BYTES) * usize::from(MESSAGE_PARTS) + 1;
        assert_eq!(a.encode(b'u', &vec![0; bytes]), Err(TooLarge { bytes }));
    }

    #[test]
    fn who_signs_is_heard_once_introduced_and_in_parts() {
        let (mut a, mut b) = pair();
        a.identify(Identity::new(ED25519, [1; 32]));
        b.identify(Identity::new(ED25519, [2; 32]));
        let brief = a.encode_brief(b'c', b"here").unwrap().frames.remove(0);
        let inbound = b.frame_arrived(0, brief.as_bytes());
        assert_eq!((inbound.messages.len(), inbound.forged), (0, 0));
        assert!(inbound.others.is_empty(), "nobody is known to be here");
        let long = vec![7; 5 * FRAME_BYTES];
        let frames = a.encode(b'u', &long).unwrap().frames;
        assert!(frames.len() > 5 && frames.iter().all(|frame| frame.len() <= FRAME_BYTES));
        let mut came = Vec::new();
        for frame in frames.iter().rev() {
            came.extend(bodies(b.frame_arrived(0, frame.as_bytes())));
        }
        assert_eq!(came, [long]);
        let brief = a.encode_brief(b'c', b"there").unwrap().frames.remove(0);
        assert_eq!(bodies(b.frame_arrived(0, brief.as_bytes())), [b"there"]);
        // A page that could not get the code takes it as it is.
        let mut c = codec("room", 3);
        assert_eq!(bodies(c.frame_arrived(0, brief.as_bytes())), [b"there"]);
    }
}
