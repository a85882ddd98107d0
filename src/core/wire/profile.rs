//! What kind of server is this? Found out within two seconds of opening, with a handful of small frames.
//!
//! ```text
//!  our connection    --probe 1-->  server  <--probes 2, 3, 4--   a scout: a second, short-lived connection
//!         ^------------- what comes back, and to whom ------------^
//! ```
//!
//! | probe | on | says |
//! |---|---|---|
//! | 1 | our connection | comes back: the server echoes to the sender. The scout hears it: to everybody |
//! | 2 | scout | we hear it: the server passes frames to others |
//! | 3 | scout, binary, 400 B | comes back identical: the compact form can be used. Closes the scout: text only |
//! | 4 | scout, 4 kB | comes back whole: frames of that size can be used. Closes the scout: small ones only |
//! | 5 | scout, 17 kB | the same for the largest size |
//!
//! The risky ones go over the scout, so that a server that closes on them does not end the session. Texts have a space
//! at each end: trimming shows. Whatever the server does may change; later evidence corrects the profile.

use serde::{Deserialize, Serialize};

use super::{
    codec::Shape,
    envelope::{self, Envelope, Form, Found, Head},
    tag::Tag,
};
use crate::{
    core::{frame::Frame, peer::PeerId},
    limits::{
        FRAME_BYTES, LARGE_FRAME_BYTES, LARGEST_FRAME_BYTES, Millis, PROBE_AGAIN_MS,
        PROBE_PATIENCE_MS, PROFILE_DEADLINE_MS, PROFILE_SETTLES_MS,
    },
};

/// The kind of envelope that probes are. They are not sealed: they say nothing.
pub const PROBE: u8 = b'h';

/// To whom a server passes a frame on, as far as is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// To nobody.
    None,
    #[serde(rename = "self")]
    SelfOnly,
    Others,
    All,
    #[default]
    Unknown,
}

impl Audience {
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SelfOnly => "self",
            Self::Others => "others",
            Self::All => "all",
            Self::Unknown => "unknown",
        }
    }

    fn of(own: bool, others: bool) -> Self {
        match (own, others) {
            (true, true) => Self::All,
            (true, false) => Self::SelfOnly,
            (false, true) => Self::Others,
            (false, false) => Self::None,
        }
    }

    /// Whether our own frames come back.
    pub fn echoes(self) -> bool {
        matches!(self, Self::SelfOnly | Self::All)
    }

    /// Whether two machines can meet.
    pub fn connects(self) -> bool {
        matches!(self, Self::Others | Self::All)
    }
}

/// What is known of a server. Remembered per address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub audience: Audience,
    /// A binary frame came back as it was.
    pub binary: bool,
    /// Text comes back as binary.
    pub flips: bool,
    /// Something stands around what comes back.
    pub decorates: bool,
    /// Spaces at the ends are cut off.
    pub trims: bool,
    /// Several messages come in one frame.
    pub joins: bool,
    /// The server speaks first.
    pub greets: bool,
    /// Bytes of one frame, at most.
    pub frame_bytes: usize,
    /// Of the first probe that came back.
    pub rtt_ms: Option<u32>,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            audience: Audience::Unknown,
            binary: false,
            flips: false,
            decorates: false,
            trims: false,
            joins: false,
            greets: false,
            frame_bytes: FRAME_BYTES,
            rtt_ms: None,
        }
    }
}

impl Profile {
    pub fn shape(&self) -> Shape {
        Shape {
            form: match self.binary {
                true => Form::Binary,
                false => Form::Text,
            },
            frame_bytes: self.frame_bytes,
        }
    }

    /// Frames of ours, or of others in this room, came over this server's connection after all.
    pub fn noticed(&mut self, own: bool, others: bool) {
        let own = own || self.audience.echoes();
        let others = others || self.audience.connects();
        if own || others {
            self.audience = Audience::of(own, others);
        }
    }

    /// Whether it is worth remembering: what connects nobody today may be mended tomorrow.
    pub fn is_worth_keeping(&self) -> bool {
        self.audience.connects()
    }
}

/// What a [`Profiler`] wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// On our own connection.
    Say(Frame),
    /// Open a second connection to the same address.
    OpenScout,
    ScoutSay(Frame),
    CloseScout,
    Finished(Profile),
}

/// Which connection something happened on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    Own,
    Scout,
}

/// The probes, by the number in their bodies.
const OWN_TEXT: u8 = 1;
const SCOUT_TEXT: u8 = 2;
const SCOUT_BINARY: u8 = 3;
const SCOUT_LARGE: u8 = 4;
const SCOUT_LARGEST: u8 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scout {
    Connecting,
    /// Waits for this probe, until then.
    Waits(u8, Millis),
    Done,
}

/// One connection's examination.
#[derive(Debug)]
pub struct Profiler {
    tag: Tag,
    me: PeerId,
    nonce: [u8; 4],
    started_at: Millis,
    scout: Scout,
    scout_was_open: bool,
    /// When the scout spoke first.
    scouted_at: Millis,
    repeated: bool,
    heard_any: bool,
    /// Our connection, or the scout's, got its own frames back.
    echo: bool,
    /// One of the two connections heard the other.
    cross: bool,
    profile: Profile,
}

impl Profiler {
    /// `nonce` tells this examination's probes from those of others.
    pub fn start(tag: Tag, me: PeerId, nonce: [u8; 4], now: Millis) -> (Self, Vec<Order>) {
        let profiler = Self {
            tag,
            me,
            nonce,
            started_at: now,
            scout: Scout::Connecting,
            scout_was_open: false,
            scouted_at: now,
            repeated: false,
            heard_any: false,
            echo: false,
            cross: false,
            profile: Profile::default(),
        };
        let first = Order::Say(profiler.probe(OWN_TEXT));
        (profiler, vec![first, Order::OpenScout])
    }

    fn probe(&self, number: u8) -> Frame {
        let mut body = [self.nonce.as_slice(), &[number]].concat();
        match number {
            // As long as the frames that follow: a server may split or cap them.
            SCOUT_BINARY => body.resize(Form::Binary.body_capacity(FRAME_BYTES), number),
            SCOUT_LARGE => body.resize(Form::Text.body_capacity(LARGE_FRAME_BYTES - 2), number),
            SCOUT_LARGEST => {
                body.resize(Form::Text.body_capacity(LARGEST_FRAME_BYTES - 2), number);
            }
            _ => {}
        }
        let head = Head {
            tag: self.tag,
            sender: self.me,
            seq: u32::from(number),
            part: 0,
            parts: 1,
            kind: PROBE,
        };
        let envelope = Envelope { head, body };
        match number {
            SCOUT_BINARY => envelope.write(Form::Binary),
            _ => Frame::Text(format!(" {} ", envelope.to_text())),
        }
    }

    /// Whether the second connection could be opened: without it only an echo is evidence.
    pub fn had_scout(&self) -> bool {
        self.scout_was_open
    }

    pub fn wake_at(&self) -> Millis {
        let end = self.started_at + PROFILE_DEADLINE_MS;
        let again = (!self.repeated && !self.heard_any).then_some(self.started_at + PROBE_AGAIN_MS);
        let settled = (self.scout == Scout::Done && self.heard_any)
            .then_some(self.started_at + PROFILE_SETTLES_MS);
        let patience = match self.scout {
            Scout::Waits(_, until) if self.repeated || self.heard_any => Some(until),
            _ => None,
        };
        [again, settled, patience]
            .into_iter()
            .flatten()
            .fold(end, Millis::min)
    }

    pub fn tick(&mut self, now: Millis) -> Vec<Order> {
        let mut out = Vec::new();
        if !self.repeated && !self.heard_any && now >= self.started_at + PROBE_AGAIN_MS {
            // The first frame may be lost, or taken for a user name.
            self.repeated = true;
            out.push(Order::Say(self.probe(OWN_TEXT)));
            if let Scout::Waits(SCOUT_TEXT, _) = self.scout {
                out.push(Order::ScoutSay(self.probe(SCOUT_TEXT)));
                self.scout = Scout::Waits(SCOUT_TEXT, now + PROBE_PATIENCE_MS);
            }
        }
        if let Scout::Waits(number, until) = self.scout
            && now >= until
            && (self.repeated || self.heard_any)
        {
            self.scout_goes_on(number, now, &mut out);
        }
        self.finish_if_done(now, &mut out);
        out
    }

    pub fn scout_opened(&mut self, now: Millis) -> Vec<Order> {
        let again = self.scout_was_open;
        self.scout_was_open = true;
        self.scouted_at = now;
        let next = match again {
            false => SCOUT_TEXT,
            true => SCOUT_LARGE,
        };
        self.scout = Scout::Waits(next, now + PROBE_PATIENCE_MS);
        vec![Order::ScoutSay(self.probe(next))]
    }

    /// The scout was closed by the server, or could not be opened.
    pub fn scout_closed(&mut self, now: Millis) -> Vec<Order> {
        let mut out = Vec::new();
        match self.scout {
            // It does not take binary frames; what it says to large ones is still to be seen.
            Scout::Waits(SCOUT_BINARY, _) => {
                self.scout = Scout::Connecting;
                out.push(Order::OpenScout);
            }
            _ => self.scout = Scout::Done,
        }
        self.finish_if_done(now, &mut out);
        out
    }

    pub fn frame_arrived(&mut self, now: Millis, line: Line, frame: &Frame) -> Vec<Order> {
        let mut out = Vec::new();
        let found: Vec<Envelope> = envelope::scan(frame.as_bytes())
            .filter_map(|found| match found {
                Found::Envelope(e) if e.head.tag == self.tag => Some(e),
                _ => None,
            })
            .collect();
        if found.is_empty() {
            self.profile.greets |= line == Line::Own && !self.heard_any;
            return out;
        }
        self.profile.joins |= found.len() > 1;
        for envelope in &found {
            let Some(number) = self.number_of(envelope) else {
                continue;
            };
            self.heard_any = true;
            let from = match number {
                OWN_TEXT => Line::Own,
                _ => Line::Scout,
            };
            self.echo |= from == line;
            self.cross |= from != line;
            if self.profile.rtt_ms.is_none() {
                // There and back, whichever of our connections it came back on.
                let said_at = match from {
                    Line::Own => self.started_at,
                    Line::Scout => self.scouted_at,
                };
                self.profile.rtt_ms = u32::try_from(now.saturating_sub(said_at)).ok();
            }
            let sent = self.probe(number);
            self.compare(number, &sent, frame, found.len());
            if matches!(self.scout, Scout::Waits(waited, _) if waited == number) {
                self.scout_goes_on(number, now, &mut out);
            }
        }
        self.finish_if_done(now, &mut out);
        out
    }

    /// Which of our probes this is.
    fn number_of(&self, envelope: &Envelope) -> Option<u8> {
        let is_ours = envelope.head.kind == PROBE && envelope.head.sender == self.me;
        let number = envelope.body.strip_prefix(&self.nonce)?.first()?;
        is_ours.then_some(*number)
    }

    fn compare(&mut self, number: u8, sent: &Frame, got: &Frame, envelopes: usize) {
        let profile = &mut self.profile;
        match (sent, got) {
            (Frame::Binary(_), _) => profile.binary = sent == got,
            (Frame::Text(sent), _) => {
                profile.flips |= matches!(got, Frame::Binary(_));
                let same = sent.as_bytes() == got.as_bytes();
                let trimmed = sent.trim().as_bytes() == got.as_bytes();
                profile.trims |= trimmed;
                profile.decorates |= !same && !trimmed && envelopes == 1;
            }
        }
        match number {
            SCOUT_LARGE => profile.frame_bytes = profile.frame_bytes.max(LARGE_FRAME_BYTES),
            SCOUT_LARGEST => profile.frame_bytes = LARGEST_FRAME_BYTES,
            _ => {}
        }
    }

    fn scout_goes_on(&mut self, done: u8, now: Millis, out: &mut Vec<Order>) {
        let next = match done {
            // What nobody heard as text is not worth trying as anything else.
            SCOUT_TEXT if self.heard_any => Some(SCOUT_BINARY),
            SCOUT_BINARY => Some(SCOUT_LARGE),
            SCOUT_LARGE if self.profile.frame_bytes == LARGE_FRAME_BYTES => Some(SCOUT_LARGEST),
            _ => None,
        };
        match next {
            Some(next) => {
                self.scout = Scout::Waits(next, now + PROBE_PATIENCE_MS);
                out.push(Order::ScoutSay(self.probe(next)));
            }
            None => {
                self.scout = Scout::Done;
                out.push(Order::CloseScout);
            }
        }
    }

    fn finish_if_done(&mut self, now: Millis, out: &mut Vec<Order>) {
        let since = now.saturating_sub(self.started_at);
        let settled = since >= PROFILE_SETTLES_MS && self.heard_any;
        if !(self.scout == Scout::Done && settled || since >= PROFILE_DEADLINE_MS) {
            return;
        }
        if self.scout != Scout::Done {
            self.scout = Scout::Done;
            out.push(Order::CloseScout);
        }
        self.profile.audience = match (self.scout_was_open, self.heard_any) {
            (true, _) => Audience::of(self.echo, self.cross),
            // Without a second connection there is nobody to be "others".
            (false, true) => Audience::SelfOnly,
            (false, false) => Audience::Unknown,
        };
        // Decoration and flips spoil the compact form even where one frame got through.
        self.profile.binary &= !self.profile.decorates && !self.profile.flips;
        out.push(Order::Finished(self.profile.clone()));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// A server: given a frame and who sent it, what whom gets. `None` closes the sender's connection.
    type Server = fn(Line, &Frame) -> Option<Vec<(Line, Frame)>>;

    fn examine(server: Server, greeting: Option<&str>) -> (Profile, Millis, usize) {
        let (tag, me) = (Tag::derive("room", None), PeerId::from_random(3));
        let (mut profiler, orders) = Profiler::start(tag, me, [1, 2, 3, 4], 1_000);
        let (mut orders, mut now, mut frames) = (VecDeque::from(orders), 1_000, 0);
        if let Some(greeting) = greeting {
            orders.extend(profiler.frame_arrived(now, Line::Own, &Frame::from(greeting)));
        }
        loop {
            let Some(order) = orders.pop_front() else {
                now = profiler.wake_at().max(now);
                orders.extend(profiler.tick(now));
                continue;
            };
            now += 3;
            let (line, frame) = match order {
                Order::Say(frame) => (Line::Own, frame),
                Order::ScoutSay(frame) => (Line::Scout, frame),
                Order::OpenScout => {
                    orders.extend(profiler.scout_opened(now));
                    continue;
                }
                Order::CloseScout => continue,
                Order::Finished(profile) => return (profile, now - 1_000, frames),
            };
            frames += 1;
            match server(line, &frame) {
                Some(deliveries) => {
                    for (to, frame) in deliveries {
                        orders.extend(profiler.frame_arrived(now, to, &frame));
                    }
                }
                None if line == Line::Scout => orders.extend(profiler.scout_closed(now)),
                None => {}
            }
        }
    }

    fn other(line: Line) -> Line {
        match line {
            Line::Own => Line::Scout,
            Line::Scout => Line::Own,
        }
    }

    fn both(frame: Frame) -> Vec<(Line, Frame)> {
        vec![(Line::Own, frame.clone()), (Line::Scout, frame)]
    }

    #[test]
    fn verbatim_servers_are_told_apart_by_their_audience() {
        for (server, audience) in [
            (
                (|from, f| Some(vec![(from, f.clone())])) as Server,
                Audience::SelfOnly,
            ),
            (
                |from, f| Some(vec![(other(from), f.clone())]),
                Audience::Others,
            ),
            (|_, f| Some(both(f.clone())), Audience::All),
        ] {
            let (profile, took, frames) = examine(server, None);
            let expected = Profile {
                audience,
                binary: true,
                frame_bytes: LARGEST_FRAME_BYTES,
                rtt_ms: profile.rtt_ms,
                ..Profile::default()
            };
            assert_eq!(profile, expected);
            assert!(took <= 2_000 && frames <= 7, "{took} ms, {frames} frames");
        }
    }

    #[test]
    fn a_server_that_never_answers_is_known_within_two_seconds() {
        let (profile, took, frames) = examine(|_, _| Some(Vec::new()), Some("INFO {}"));
        assert_eq!(profile.audience, Audience::None);
        assert!(profile.greets);
        assert!(took <= 2_000 && frames <= 7, "{took} ms, {frames} frames");
    }

    #[test]
    fn a_server_that_closes_on_binary_gets_text() {
        let (profile, ..) = examine(
            |_, f| matches!(f, Frame::Text(_)).then(|| both(f.clone())),
            None,
        );
        assert_eq!(profile.audience, Audience::All);
        assert!(!profile.binary);
        assert_eq!(profile.frame_bytes, LARGEST_FRAME_BYTES);
    }

    #[test]
    fn a_server_with_a_cap_of_8_kib_gets_the_size_below_it() {
        let capped: Server = |_, f| (f.len() <= 8_192).then(|| both(f.clone()));
        let (profile, ..) = examine(capped, None);
        assert!(profile.binary);
        assert_eq!(profile.frame_bytes, LARGE_FRAME_BYTES);
    }

    #[test]
    fn a_chat_that_trims_caps_and_takes_text_only_gets_small_text() {
        let (profile, ..) = examine(
            |_, f| match f {
                Frame::Text(text) if text.len() <= 512 => Some(both(Frame::from(text.trim()))),
                _ => None,
            },
            None,
        );
        assert!(profile.trims && !profile.decorates && !profile.binary);
        assert_eq!(profile.frame_bytes, FRAME_BYTES);
    }

    #[test]
    fn decoration_and_flips_are_seen() {
        let decorated: Server = |from, f| {
            let text = String::from_utf8_lossy(f.as_bytes());
            Some(vec![(
                from,
                Frame::from(format!("Message text was: {text}")),
            )])
        };
        let (profile, ..) = examine(decorated, None);
        assert!(profile.decorates && !profile.binary);
        let flipped: Server =
            |from, f| Some(vec![(other(from), Frame::Binary(f.as_bytes().to_vec()))]);
        let (profile, ..) = examine(flipped, None);
        assert!(profile.flips && !profile.binary && !profile.decorates);
    }

    #[test]
    fn later_evidence_corrects_the_profile() {
        let mut profile = Profile {
            audience: Audience::None,
            ..Profile::default()
        };
        profile.noticed(true, false);
        assert_eq!(profile.audience, Audience::SelfOnly);
        profile.noticed(false, true);
        assert_eq!(profile.audience, Audience::All);
    }
}
