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
//! | 3 | scout, binary frame of ASCII, 400 B | comes back identical: binary frames stay binary, also where no text came back. Closes the scout: text only |
//! | 6 | scout, binary, 400 B, only after that | comes back identical: the compact form can be used |
//! | 4 | scout, 4 kB | comes back whole: frames of that size can be used. Closes the scout: small ones only |
//! | 5 | scout, 17 kB | the same for the largest size |
//!
//! The risky ones go over the scout, so that a server that closes on them does not end the session. A server may pass a
//! frame's bytes on as text whatever they were: bytes that are no UTF-8 would then fail the connection of everybody who
//! gets them (RFC 6455 §8.1), so none are sent before probe 3 came back as a binary frame. A probe after which our own
//! connection died is not sent again ([`Lesson`]). Texts have a space at each end: trimming shows. Whatever the server
//! does may change; later evidence corrects the profile.
//!
//! How long an answer may take follows the handshake, which is no shorter than a round trip. There is no verdict before
//! the second connection is open and what it said had the time to come back: without it nobody is there to be "others".

use crate::{
    core::{
        frame::Frame,
        line::server::{Audience, Server},
        peer::PeerId,
        wire::{
            codec::PROBE,
            envelope::{self, Envelope, Form, Found, Head},
            tag::Tag,
        },
    },
    limits::{
        FRAME_BYTES, LARGE_FRAME_BYTES, LARGEST_FRAME_BYTES, Millis, PROBE_AGAIN_MS,
        PROBE_PATIENCE_MS, PROFILE_CAP_MS, PROFILE_DEADLINE_MS, PROFILE_SETTLES_MS, ROUND_TRIP_MS,
    },
};

/// What a [`Profiler`] wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// On our own connection.
    Say(Frame),
    /// Open a second connection to the same address.
    OpenScout,
    ScoutSay(Frame),
    CloseScout,
    Finished(Server),
}

/// Which connection something happened on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    Own,
    Scout,
}

/// The probes, by the number in their bodies.
const OWN_TEXT: u8 = 1;
const SCOUT_TEXT: u8 = 2;
const SCOUT_ASCII: u8 = 3;
const SCOUT_LARGE: u8 = 4;
const SCOUT_LARGEST: u8 = 5;
const SCOUT_BINARY: u8 = 6;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scout {
    Connecting,
    /// Waits for this probe, until then.
    Waits(u8, Millis),
    Done,
}

/// What an examination found out before the connection died, for the next one at the same address.
#[derive(Clone, Debug, Default)]
pub struct Lesson {
    /// Probes that are not sent: each as the bit of its number.
    spared: u8,
    /// No second connection is opened.
    is_alone: bool,
    echo: bool,
    cross: bool,
    server: Server,
}

impl Lesson {
    /// Without a second connection: the server ends the first one when another opens.
    pub fn alone(mut self) -> Self {
        self.is_alone = true;
        self
    }

    /// To look again at the audience of a server of which the rest is known.
    pub fn known(server: &Server) -> Self {
        Self {
            spared: u8::MAX,
            server: server.clone(),
            ..Self::default()
        }
    }

    fn spares(&self, number: u8) -> bool {
        self.spared & 1 << number != 0
    }
}

/// One connection's examination.
#[derive(Debug)]
pub struct Profiler {
    tag: Tag,
    me: PeerId,
    nonce: [u8; 4],
    started_at: Millis,
    /// How long an answer may take on this line, at least.
    round_trip_ms: Millis,
    scout: Scout,
    scout_was_open: bool,
    /// When the scout spoke first, and last.
    scouted_at: Millis,
    scout_said_at: Millis,
    /// When the text probes go out again, if nothing came back by then.
    again_at: Option<Millis>,
    heard_any: bool,
    /// What was found out; `echo`: our connection, or the scout's, got its own frames back; `cross`: one of the two
    /// connections heard the other.
    lesson: Lesson,
    /// A binary frame came back as one.
    keeps_binary: bool,
}

impl Profiler {
    /// `nonce` tells this examination's probes from those of others; `handshake_ms` is what opening our connection took;
    /// `lesson` is what the last examination of this server left.
    pub fn start(
        tag: Tag,
        me: PeerId,
        nonce: [u8; 4],
        now: Millis,
        handshake_ms: Millis,
        lesson: Lesson,
    ) -> (Self, Vec<Order>) {
        let round_trip_ms = handshake_ms.min(ROUND_TRIP_MS);
        let is_alone = lesson.is_alone;
        let profiler = Self {
            tag,
            me,
            nonce,
            started_at: now,
            round_trip_ms,
            scout: match is_alone {
                true => Scout::Done,
                false => Scout::Connecting,
            },
            scout_was_open: false,
            scouted_at: now,
            scout_said_at: now,
            again_at: Some(now + PROBE_AGAIN_MS.max(round_trip_ms * 3 / 2)),
            heard_any: lesson.echo || lesson.cross,
            lesson,
            keeps_binary: false,
        };
        let first = Order::Say(profiler.probe(OWN_TEXT));
        let scout = (!is_alone).then_some(Order::OpenScout);
        (profiler, std::iter::once(first).chain(scout).collect())
    }

    /// The round trip that this examination reckons with.
    pub fn round_trip_ms(&self) -> Millis {
        self.round_trip_ms
    }

    /// Whether a second connection is being opened, or has said its first word only.
    pub fn has_new_scout(&self) -> bool {
        matches!(self.scout, Scout::Connecting | Scout::Waits(SCOUT_TEXT, _))
    }

    /// How long one probe is waited for.
    fn patience_ms(&self) -> Millis {
        PROBE_PATIENCE_MS.max(self.round_trip_ms * 2)
    }

    /// Our own connection died: what is to be known when it is back.
    pub fn lesson(self) -> Lesson {
        let mut lesson = self.lesson;
        if let Scout::Waits(number, _) = self.scout {
            lesson.spared |= match number {
                SCOUT_ASCII | SCOUT_BINARY => 1 << SCOUT_ASCII | 1 << SCOUT_BINARY,
                SCOUT_LARGE | SCOUT_LARGEST => 1 << number | 1 << SCOUT_LARGEST,
                _ => 0,
            };
        }
        lesson
    }

    fn probe(&self, number: u8) -> Frame {
        let mut body = [self.nonce.as_slice(), &[number]].concat();
        match number {
            // As long as the frames that follow: a server may split or cap them.
            SCOUT_BINARY => body.resize(Form::Binary.body_capacity(FRAME_BYTES), number),
            SCOUT_ASCII => body.resize(Form::Text.body_capacity(FRAME_BYTES), number),
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
            SCOUT_ASCII => Frame::Binary(envelope.to_text().into_bytes()),
            _ => Frame::Text(format!(" {} ", envelope.to_text())),
        }
    }

    /// Whether the second connection could be opened: without it only an echo is evidence.
    pub fn had_scout(&self) -> bool {
        self.scout_was_open
    }

    /// The verdict comes then at the latest: what the scout said first has had the time to come back twice.
    fn ends_at(&self) -> Millis {
        let slow = PROFILE_DEADLINE_MS.max(self.round_trip_ms * 6);
        match (self.scout_was_open, self.scout) {
            (false, Scout::Connecting) => self.started_at + PROFILE_CAP_MS,
            (false, _) => self.started_at + slow,
            (true, scout) => {
                let answered = self.scouted_at + 2 * self.patience_ms();
                let until = match scout {
                    // The server may deliver binary frames only: the verdict waits for this probe.
                    Scout::Waits(SCOUT_ASCII | SCOUT_BINARY, until) => until,
                    _ => 0,
                };
                answered.max(self.started_at + slow).max(until)
            }
        }
    }

    pub fn wake_at(&self) -> Millis {
        let again = self.again_at.filter(|_| !self.heard_any);
        let settled = (self.scout == Scout::Done && self.heard_any)
            .then_some(self.started_at + PROFILE_SETTLES_MS);
        let patience = match self.scout {
            Scout::Waits(_, until) if self.may_go_on() => Some(until),
            _ => None,
        };
        [again, settled, patience]
            .into_iter()
            .flatten()
            .fold(self.ends_at(), Millis::min)
    }

    /// Something came back, or was asked for twice.
    fn may_go_on(&self) -> bool {
        self.heard_any || self.again_at.is_none()
    }

    pub fn tick(&mut self, now: Millis) -> Vec<Order> {
        let mut out = Vec::new();
        if !self.heard_any && self.again_at.take_if(|at| *at <= now).is_some() {
            // The first frame may be lost, or taken for a user name.
            out.push(Order::Say(self.probe(OWN_TEXT)));
            if let Scout::Waits(SCOUT_TEXT, _) = self.scout {
                out.push(Order::ScoutSay(self.probe(SCOUT_TEXT)));
                self.scout = Scout::Waits(SCOUT_TEXT, now + self.patience_ms());
            }
        }
        if let Scout::Waits(number, until) = self.scout
            && now >= until
            && self.may_go_on()
        {
            self.scout_goes_on(number, now, &mut out);
        }
        self.finish_if_done(now, &mut out);
        out
    }

    pub fn scout_opened(&mut self, now: Millis) -> Vec<Order> {
        let again = std::mem::replace(&mut self.scout_was_open, true);
        if again {
            // It was closed on a binary frame.
            let mut out = Vec::new();
            self.scout_goes_on(SCOUT_BINARY, now, &mut out);
            return out;
        }
        (self.scouted_at, self.scout_said_at) = (now, now);
        if !self.heard_any {
            // What our connection said before this moment nobody else could hear.
            self.again_at = Some(now + PROBE_AGAIN_MS.max(self.round_trip_ms * 3 / 2));
        }
        self.scout = Scout::Waits(SCOUT_TEXT, now + self.patience_ms());
        vec![Order::ScoutSay(self.probe(SCOUT_TEXT))]
    }

    /// The scout was closed by the server, or could not be opened.
    pub fn scout_closed(&mut self, now: Millis) -> Vec<Order> {
        let mut out = Vec::new();
        match self.scout {
            // It does not take binary frames; what it says to large ones is still to be seen.
            Scout::Waits(SCOUT_ASCII | SCOUT_BINARY, _) => {
                self.scout = Scout::Connecting;
                out.push(Order::OpenScout);
            }
            _ => self.scout = Scout::Done,
        }
        self.finish_if_done(now, &mut out);
        out
    }

    pub fn frame_arrived(&mut self, now: Millis, line: On, frame: &Frame) -> Vec<Order> {
        let mut out = Vec::new();
        let found: Vec<Envelope> = envelope::scan(frame.as_bytes())
            .filter_map(|found| match found {
                Found::Envelope(e) if e.head.tag == self.tag => Some(e),
                _ => None,
            })
            .collect();
        if found.is_empty() {
            self.lesson.server.greets |= line == On::Own && !self.heard_any;
            return out;
        }
        self.lesson.server.joins |= found.len() > 1;
        for envelope in &found {
            let Some(number) = self.number_of(envelope) else {
                continue;
            };
            self.heard_any = true;
            let from = match number {
                OWN_TEXT => On::Own,
                _ => On::Scout,
            };
            self.lesson.echo |= from == line;
            self.lesson.cross |= from != line;
            if self.lesson.server.rtt_ms.is_none() {
                // There and back, whichever of our connections it came back on.
                let said_at = match from {
                    On::Own => self.started_at,
                    On::Scout if number == SCOUT_TEXT => self.scouted_at,
                    On::Scout => self.scout_said_at,
                };
                self.lesson.server.rtt_ms = u32::try_from(now.saturating_sub(said_at)).ok();
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
        let server = &mut self.lesson.server;
        match (sent, got) {
            (Frame::Binary(_), _) if number == SCOUT_ASCII => self.keeps_binary = sent == got,
            (Frame::Binary(_), _) => server.binary = sent == got,
            (Frame::Text(sent), _) => {
                server.flips |= matches!(got, Frame::Binary(_));
                let same = sent.as_bytes() == got.as_bytes();
                let trimmed = sent.trim().as_bytes() == got.as_bytes();
                server.trims |= trimmed;
                server.decorates |= !same && !trimmed && envelopes == 1;
            }
        }
        match number {
            SCOUT_LARGE => server.frame_bytes = server.frame_bytes.max(LARGE_FRAME_BYTES),
            SCOUT_LARGEST => server.frame_bytes = LARGEST_FRAME_BYTES,
            _ => {}
        }
    }

    fn scout_goes_on(&mut self, done: u8, now: Millis, out: &mut Vec<Order>) {
        let mut next = self.after(done);
        while let Some(number) = next.filter(|&number| self.lesson.spares(number)) {
            next = self.after(number);
        }
        match next {
            Some(next) => {
                self.scout = Scout::Waits(next, now + self.patience_ms());
                self.scout_said_at = now;
                out.push(Order::ScoutSay(self.probe(next)));
            }
            None => {
                self.scout = Scout::Done;
                out.push(Order::CloseScout);
            }
        }
    }

    /// What follows a probe.
    fn after(&self, done: u8) -> Option<u8> {
        match done {
            // What nobody heard as text may be heard as binary.
            SCOUT_TEXT => Some(SCOUT_ASCII),
            SCOUT_ASCII if !self.heard_any => None,
            SCOUT_ASCII if self.keeps_binary => Some(SCOUT_BINARY),
            SCOUT_ASCII | SCOUT_BINARY => Some(SCOUT_LARGE),
            SCOUT_LARGE if self.lesson.server.frame_bytes == LARGE_FRAME_BYTES => {
                Some(SCOUT_LARGEST)
            }
            _ => None,
        }
    }

    fn finish_if_done(&mut self, now: Millis, out: &mut Vec<Order>) {
        let settled = now >= self.started_at + PROFILE_SETTLES_MS && self.heard_any;
        if !(self.scout == Scout::Done && settled || now >= self.ends_at()) {
            return;
        }
        if self.scout != Scout::Done {
            self.scout = Scout::Done;
            out.push(Order::CloseScout);
        }
        let Lesson {
            echo,
            cross,
            server,
            ..
        } = &mut self.lesson;
        server.echoes = *echo;
        server.audience = match self.scout_was_open || *cross {
            true => Audience::of(*echo, *cross),
            // Without a second connection there is nobody to be "others".
            false => Audience::Unknown,
        };
        // Decoration and flips spoil the compact form even where one frame got through.
        server.binary &= !server.decorates && !server.flips;
        out.push(Order::Finished(server.clone()));
    }
}

#[cfg(test)]
mod tests;
