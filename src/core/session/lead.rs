//! Tabs of one browser that want the same relays share one socket. One of them leads: it holds the socket, passes on
//! what the others have for the relay, and tells them what comes and how the line stands. Who leads is decided by the
//! host (a Web Lock); when a leader goes, the next one connects. Where the host has no such thing, every page holds a
//! socket of its own. So does a follower whose leader has been silent for long, for a stopped tab keeps its lock; it
//! follows again once the leader is heard.

use sha2::{Digest as _, Sha256};

use super::{Output, Session, message, status::Line};
use crate::{
    core::{
        frame::Frame,
        peer::PeerId,
        socket::{
            endpoint::Endpoint,
            machine::{self, State},
        },
        wire::envelope,
    },
    limits::{LEAD_ASK_MS, LEAD_SILENT_MS, Millis},
};

/// How a page gets to its relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// By a socket of its own, for itself.
    Alone,
    /// By a socket of its own, for the other tabs too.
    Leader,
    /// Through the leader, if there is one yet.
    Follower,
}

/// Names the relays that tabs have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group(u64);

impl Group {
    pub fn of(relays: &[Endpoint]) -> Self {
        let mut hash = Sha256::new();
        for relay in relays {
            hash.update(relay.as_str());
            hash.update([0]);
        }
        let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = hash.finalize().into();
        Self(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }

    fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    /// For the name of a lock.
    pub fn to_text(self) -> String {
        format!("{:016x}", self.0)
    }
}

/// Format of a line's state; the first builds had none, and began with a small number. A tab whose leader has another one
/// does not hear it, and gets a socket of its own.
const LINE: u8 = 0xf1;

/// What tabs say to each other.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// For every tab of the room.
    Frame(Frame),
    /// For every tab of the room; the leader passes it on to the relay.
    ForRelay(Group, Frame),
    /// From a follower: it is here, and seen by a person or not.
    Here {
        group: Group,
        me: PeerId,
        is_seen: bool,
    },
    /// From the leader: how the line stands.
    Line {
        group: Group,
        leader: PeerId,
        line: Line,
    },
    /// Somebody who waits for the relay asked for another try.
    Retry(Group),
    /// The room is being deleted from this browser. For the host: it is to store nothing more.
    Forgotten,
}

impl Note {
    /// A letter and what belongs to it. Frames are most of it, and copied as they are.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Frame(Frame::Text(text)) => [b"t", text.as_bytes()].concat(),
            Self::Frame(Frame::Binary(bytes)) => [b"b", bytes.as_slice()].concat(),
            Self::ForRelay(group, Frame::Text(text)) => {
                [b"T", &group.to_bytes()[..], text.as_bytes()].concat()
            }
            Self::ForRelay(group, Frame::Binary(bytes)) => {
                [b"B", &group.to_bytes()[..], bytes].concat()
            }
            Self::Here { group, me, is_seen } => {
                let seen = [u8::from(*is_seen)];
                [b"h", &group.to_bytes()[..], &me.to_bytes(), &seen].concat()
            }
            Self::Line {
                group,
                leader,
                line,
            } => {
                // Writing this plain structure to memory cannot fail.
                let line = postcard::to_extend(line, vec![LINE]).unwrap_or_default();
                [b"l", &group.to_bytes()[..], &leader.to_bytes(), &line].concat()
            }
            Self::Retry(group) => [b"r", &group.to_bytes()[..]].concat(),
            Self::Forgotten => b"f".to_vec(),
        }
    }

    /// None for what another version of this program says.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (letter, bytes) = bytes.split_first()?;
        let frame = |bytes: &[u8]| match letter {
            b't' | b'T' => Some(Frame::Text(std::str::from_utf8(bytes).ok()?.to_owned())),
            _ => Some(Frame::Binary(bytes.to_vec())),
        };
        if matches!(letter, b't' | b'b') {
            return Some(Self::Frame(frame(bytes)?));
        }
        if *letter == b'f' {
            return Some(Self::Forgotten);
        }
        let (group, bytes) = bytes.split_first_chunk()?;
        let group = Group(u64::from_be_bytes(*group));
        if matches!(letter, b'T' | b'B') {
            return Some(Self::ForRelay(group, frame(bytes)?));
        }
        if *letter == b'r' {
            return Some(Self::Retry(group));
        }
        let (peer, bytes) = bytes.split_first_chunk()?;
        let peer = PeerId::from_bytes(*peer);
        Some(match letter {
            b'h' => Self::Here {
                group,
                me: peer,
                is_seen: *bytes.first()? == 1,
            },
            b'l' => Self::Line {
                group,
                leader: peer,
                line: match bytes.split_first()? {
                    (&LINE, line) => postcard::from_bytes(line).ok()?,
                    _ => return None,
                },
            },
            _ => return None,
        })
    }
}

/// A page's place among the browser's tabs.
#[derive(Debug)]
pub struct Lead {
    pub role: Role,
    /// The host can tell who leads.
    shares: bool,
    /// Leading was asked for.
    pub stands: bool,
    group: Group,
    /// Who gets to the relay through this page, and whether a person sees that tab.
    followers: Vec<(PeerId, bool)>,
    is_seen: bool,
    /// The leader, and what it said last.
    heard: Option<(PeerId, Line)>,
    /// Since when nothing is heard of a leader, and when it is asked next.
    silent_since: Millis,
    ask_at: Millis,
    /// What this page, as the leader, said last.
    told: Option<Line>,
}

impl Lead {
    pub fn new(shares: bool) -> Self {
        Self {
            role: match shares {
                true => Role::Follower,
                false => Role::Alone,
            },
            shares,
            stands: false,
            group: Group::of(&[]),
            followers: Vec::new(),
            is_seen: true,
            heard: None,
            silent_since: 0,
            ask_at: 0,
            told: None,
        }
    }

    /// When a follower that a person sees asks for its leader.
    pub fn wake_at(&self) -> Option<Millis> {
        (self.role == Role::Follower && self.stands && self.is_seen).then_some(self.ask_at)
    }

    /// This page, or its leader, was not there to be heard.
    pub fn slept(&mut self, now: Millis) {
        (self.silent_since, self.ask_at) = (now, now);
    }

    /// Whether `peer` is a tab that gets to the relay through this one.
    pub fn is_followed_by(&self, peer: PeerId) -> bool {
        self.followers.iter().any(|(tab, _)| *tab == peer)
    }

    /// Notes a follower; says whether anything is new of it.
    fn followed_by(&mut self, peer: PeerId, is_seen: bool) -> bool {
        match self.followers.iter_mut().find(|(tab, _)| *tab == peer) {
            Some((_, seen)) => std::mem::replace(seen, is_seen) != is_seen,
            None => {
                self.followers.push((peer, is_seen));
                true
            }
        }
    }

    fn has_seen_followers(&self) -> bool {
        self.followers.iter().any(|(_, is_seen)| *is_seen)
    }

    pub fn forget(&mut self, is_here: impl Fn(PeerId) -> bool) {
        self.followers.retain(|(peer, _)| is_here(*peer));
    }

    /// How the leader's line stands, for a page that has none of its own.
    pub fn line(&self) -> Option<&Line> {
        let (_, line) = self.heard.as_ref()?;
        (self.role == Role::Follower).then_some(line)
    }
}

impl Session {
    /// Whether what is said now goes to the relay, over this page's socket or its leader's.
    pub(super) fn is_reached(&self) -> bool {
        match self.lead.role {
            Role::Follower => self.lead.line().is_some_and(Line::is_open),
            Role::Alone | Role::Leader => self.relay.machine.is_open(),
        }
    }

    /// Stands for the lead among the tabs that want the same relays, or for none if no relay is wanted.
    pub(super) fn stand(&mut self, now: Millis, out: &mut Vec<Output>) {
        if !self.lead.shares {
            return self.connect(now, out);
        }
        let group = Group::of(&self.relay.wanted);
        let is_wanted = !self.relay.wanted.is_empty();
        self.step_down(now, out);
        self.lead.group = group;
        self.lead.stands = is_wanted;
        self.lead.slept(now);
        if is_wanted {
            out.push(Output::Lead(Some(group)));
            self.show_presence(out);
        }
    }

    /// Gives up the lead, and the socket with it.
    pub(super) fn step_down(&mut self, now: Millis, out: &mut Vec<Output>) {
        if !self.lead.shares {
            return;
        }
        self.lead.role = Role::Follower;
        self.lead.stands = false;
        self.lead.heard = None;
        self.lead.told = None;
        self.lead.followers.clear();
        out.push(Output::Lead(None));
        self.socket(now, machine::Input::Left, out);
    }

    /// The host has decided.
    pub(super) fn leads(&mut self, now: Millis, role: Role, out: &mut Vec<Output>) {
        if self.lead.stands {
            self.lead.role = role;
            let before = self.lead.heard.take();
            self.missed(now, before.map(|(leader, _)| leader));
            self.connect(now, out);
            // Whoever was led by somebody else answers.
            self.tell_line(now, out);
        }
    }

    /// A leader that has lost the lead has gone, as a rule without a word that could be heard. One that is still there
    /// says so.
    fn missed(&mut self, now: Millis, leader: Option<PeerId>) {
        if leader.is_some_and(|leader| self.people.left(now, leader)) {
            self.forget_absent();
        }
    }

    /// Visibility is one for all tabs that share a socket: while a person sees one of them, the leader's is in use.
    pub(super) fn seen(&mut self, now: Millis, is_seen: bool, out: &mut Vec<Output>) {
        if is_seen && !std::mem::replace(&mut self.lead.is_seen, is_seen) {
            self.lead.slept(now);
        }
        self.lead.is_seen = is_seen;
        self.show_presence(out);
        self.judge_visibility(now, out);
        if is_seen {
            self.examine_useless(now, out);
        }
    }

    /// Asks for the leader, and goes on without one that does not answer for long.
    pub(super) fn watch_leader(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.lead.wake_at().is_none_or(|at| at > now) {
            return;
        }
        self.lead.ask_at = now + LEAD_ASK_MS;
        if now.saturating_sub(self.lead.silent_since) >= LEAD_SILENT_MS {
            return self.leads(now, Role::Alone, out);
        }
        self.show_presence(out);
    }

    fn judge_visibility(&mut self, now: Millis, out: &mut Vec<Output>) {
        let is_seen = self.lead.is_seen || self.lead.has_seen_followers();
        let input = match is_seen {
            true => machine::Input::Showed,
            false => machine::Input::Hid,
        };
        self.socket(now, input, out);
    }

    pub(super) fn show_presence(&self, out: &mut Vec<Output>) {
        if self.lead.role == Role::Follower && self.lead.stands {
            let here = Note::Here {
                group: self.lead.group,
                me: self.me,
                is_seen: self.lead.is_seen,
            };
            out.push(Output::Tabs(here));
        }
    }

    /// To the other tabs, and to the relay if `self` is not the one who sends it there.
    pub(super) fn tell_tabs(&self, frame: Frame, out: &mut Vec<Output>) {
        out.push(Output::Tabs(match self.lead.role {
            Role::Follower => Note::ForRelay(self.lead.group, frame),
            Role::Alone | Role::Leader => Note::Frame(frame),
        }));
    }

    /// What came from the relay, for those who have no socket.
    pub(super) fn pass_to_followers(&self, frame: &Frame, out: &mut Vec<Output>) {
        if !self.lead.followers.is_empty() {
            out.push(Output::Tabs(Note::Frame(frame.clone())));
        }
    }

    pub(super) fn noted(&mut self, now: Millis, note: Note, out: &mut Vec<Output>) {
        let is_leader = self.lead.role == Role::Leader;
        if let Note::Here { me: tab, .. } | Note::Line { leader: tab, .. } = note {
            self.heard(now, tab);
        }
        match note {
            Note::Frame(frame) => self.overheard(now, &frame, out),
            Note::ForRelay(group, frame) => {
                if is_leader && group == self.lead.group {
                    self.pass_to_relay(&frame);
                }
                let is_cut_off = is_leader && !self.relay.machine.is_open();
                let before = is_cut_off.then(|| self.replica.digest());
                self.overheard(now, &frame, out);
                if before.is_some_and(|before| before != self.replica.digest()) {
                    self.unsent += 1;
                }
            }
            Note::Here { group, me, is_seen } if is_leader && group == self.lead.group => {
                self.lead.told = None;
                if self.lead.followed_by(me, is_seen) {
                    self.judge_visibility(now, out);
                }
            }
            Note::Line {
                group,
                leader,
                line,
            } if !is_leader && group == self.lead.group => self.line_told(now, leader, line, out),
            Note::Retry(group) if is_leader && group == self.lead.group => self.retry(now, out),
            Note::Here { .. } | Note::Line { .. } | Note::Retry(_) | Note::Forgotten => {}
        }
    }

    fn pass_to_relay(&mut self, frame: &Frame) {
        if !self.relay.machine.is_open() {
            return;
        }
        let is_volatile = envelope::kinds(frame.as_bytes()).all(message::is_volatile);
        if !is_volatile || self.relay.outbox.is_empty() {
            self.relay.overflowed |= self.relay.outbox.push([frame.clone()]).is_err();
        }
    }

    /// The leader said how its line stands.
    fn line_told(&mut self, now: Millis, leader: PeerId, line: Line, out: &mut Vec<Output>) {
        self.lead.silent_since = now;
        if self.lead.role == Role::Alone && self.lead.stands {
            // It is there after all, and two sockets are one too many.
            self.lead.role = Role::Follower;
            self.socket(now, machine::Input::Left, out);
        }
        let before = self.lead.heard.as_ref().map(|(leader, _)| *leader);
        let was_open = self.is_reached();
        self.codec.set_shape(line.server.shape());
        let line = line.arrived(now);
        if line.is_open() && line.unsent == 0 {
            self.unsent = 0;
            self.sent_state = self.replica.state_vector();
        }
        self.lead.heard = Some((leader, line));
        self.pace();
        if before != Some(leader) {
            self.missed(now, before);
            self.show_presence(out);
        }
        if self.is_reached() && !was_open {
            self.met(now, out);
        }
    }

    pub(super) fn retry(&mut self, now: Millis, out: &mut Vec<Output>) {
        match self.lead.role {
            Role::Follower => out.push(Output::Tabs(Note::Retry(self.lead.group))),
            Role::Alone | Role::Leader if self.is_useless() => self.examine_useless(now, out),
            Role::Alone | Role::Leader => self.socket(now, machine::Input::RetryAsked, out),
        }
    }

    /// After each input: tells the followers what is new of the line, and lets one of them lead that a person sees, if
    /// nobody sees this page and it is cut off; browsers slow down what nobody sees.
    pub(super) fn lead(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.lead.role != Role::Leader || self.lead.followers.is_empty() {
            return;
        }
        let is_cut_off = matches!(self.relay.machine.state(), State::Waiting { .. });
        if is_cut_off && !self.lead.is_seen && self.lead.has_seen_followers() {
            return self.stand(now, out);
        }
        self.tell_line(now, out);
    }

    fn tell_line(&mut self, now: Millis, out: &mut Vec<Output>) {
        let line = self.own_line();
        if self.lead.role == Role::Leader && self.lead.told.as_ref() != Some(&line) {
            out.push(Output::Tabs(Note::Line {
                group: self.lead.group,
                leader: self.me,
                line: line.leaving(now),
            }));
            self.lead.told = Some(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_note_comes_back() {
        let group = Group::of(&[]);
        let frames = [
            Frame::from("hällo"),
            Frame::from(vec![0, 255]),
            Frame::from(""),
        ];
        for frame in frames {
            for note in [Note::Frame(frame.clone()), Note::ForRelay(group, frame)] {
                assert_eq!(Note::read(&note.to_bytes()), Some(note));
            }
        }
        let me = PeerId::from_random(77);
        for note in [
            Note::Retry(group),
            Note::Forgotten,
            Note::Here {
                group,
                me,
                is_seen: true,
            },
        ] {
            assert_eq!(Note::read(&note.to_bytes()), Some(note));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Note::read(&bytes);
        }
    }
}
