//! Leader election among the tabs of one browser that use the same relays, and the messages between these tabs. The
//! leader holds the only socket. It forwards payloads of its followers to the relay, and sends them the relay's
//! payloads and the status of the connection. The host elects the leader (with a Web Lock); when a leader goes, the
//! next one connects. If the host cannot elect, every page opens its own socket. So does a follower whose leader is
//! silent for long, because a suspended tab keeps its lock. The page becomes a follower again when the leader sends its
//! status.

use sha2::{Digest as _, Sha256};

use super::{Event, Line, Output, Via, status::LineStatus};
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
const LINE: u8 = 0xf2;

/// What tabs say to each other.
#[derive(Clone, Debug, PartialEq)]
pub enum TabMessage {
    /// For every tab of the room.
    Payload(Frame),
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
        line: LineStatus,
    },
    /// Somebody who waits for the relay asked for another try.
    Retry(Group),
}

/// From the host of one page to those of the others: the room is being deleted from this browser, and nothing more of it
/// is to be stored. A letter, as all that tabs say begins with one.
pub const ROOM_FORGOTTEN: &[u8] = b"f";

impl TabMessage {
    /// A letter and what belongs to it. Frames are most of it, and copied as they are.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Payload(Frame::Text(text)) => [b"t", text.as_bytes()].concat(),
            Self::Payload(Frame::Binary(bytes)) => [b"b", bytes.as_slice()].concat(),
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
            return Some(Self::Payload(frame(bytes)?));
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
pub struct Tabs {
    pub role: Role,
    /// The host can tell who leads.
    shares: bool,
    /// It asked the host to be elected.
    pub campaigns: bool,
    group: Group,
    /// Who gets to the relay through this page, and whether a person sees that tab.
    followers: Vec<(PeerId, bool)>,
    is_seen: bool,
    /// The leader, and what it said last.
    heard: Option<(PeerId, LineStatus)>,
    /// Since when nothing is heard of a leader, and when it is asked next.
    silent_since: Millis,
    ask_at: Millis,
    /// What this page, as the leader, said last.
    told: Option<LineStatus>,
}

impl Tabs {
    pub fn new(shares: bool) -> Self {
        Self {
            role: match shares {
                true => Role::Follower,
                false => Role::Alone,
            },
            shares,
            campaigns: false,
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
        (self.role == Role::Follower && self.campaigns && self.is_seen).then_some(self.ask_at)
    }

    /// This page, or its leader, was not there to be heard.
    pub fn slept(&mut self, now: Millis) {
        (self.silent_since, self.ask_at) = (now, now);
    }

    pub fn group(&self) -> Group {
        self.group
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
    pub fn line(&self) -> Option<&LineStatus> {
        let (_, line) = self.heard.as_ref()?;
        (self.role == Role::Follower).then_some(line)
    }
}

impl Line {
    /// Asks to be elected by the tabs that want the same relays; by none if no relay is wanted.
    pub(super) fn campaign(&mut self, now: Millis) {
        if !self.tabs.shares {
            return self.connect(now);
        }
        let group = Group::of(&self.wanted);
        let is_wanted = !self.wanted.is_empty();
        self.resign(now);
        self.tabs.group = group;
        self.tabs.campaigns = is_wanted;
        self.tabs.slept(now);
        if is_wanted {
            self.tell(Output::Lead(Some(group)));
            self.show_presence();
        }
    }

    /// Gives up the lead, or the wish for it, and the socket.
    pub(super) fn resign(&mut self, now: Millis) {
        if !self.tabs.shares {
            return;
        }
        self.tabs.role = Role::Follower;
        self.tabs.campaigns = false;
        self.tabs.heard = None;
        self.tabs.told = None;
        self.tabs.followers.clear();
        self.tell(Output::Lead(None));
        self.socket(now, machine::Input::Left);
    }

    /// The host has decided.
    pub(super) fn leads(&mut self, now: Millis, role: Role) {
        if self.tabs.campaigns {
            self.tabs.role = role;
            let before = self.tabs.heard.take();
            self.missed(before.map(|(leader, _)| leader));
            // Whoever was led by somebody else answers.
            self.tabs.told = None;
            self.connect(now);
        }
    }

    /// Reports that the former leader's tab is gone: a leader usually loses the lead because its tab was closed, and
    /// its goodbye could not be received. If the tab still exists, its next message shows that.
    fn missed(&mut self, leader: Option<PeerId>) {
        self.events.extend(leader.map(Event::TabGone));
    }

    /// Visibility is one for all tabs that share a socket: while a person sees one of them, the leader's is in use.
    pub(super) fn seen(&mut self, now: Millis, is_seen: bool) {
        if is_seen && !std::mem::replace(&mut self.tabs.is_seen, is_seen) {
            self.tabs.slept(now);
        }
        self.tabs.is_seen = is_seen;
        self.show_presence();
        self.judge_visibility(now);
        if is_seen {
            self.woke(now);
        }
    }

    /// Asks for the leader, and goes on without one that does not answer for long.
    pub(super) fn watch_leader(&mut self, now: Millis) {
        if self.tabs.wake_at().is_none_or(|at| at > now) {
            return;
        }
        self.tabs.ask_at = now + LEAD_ASK_MS;
        if now.saturating_sub(self.tabs.silent_since) >= LEAD_SILENT_MS {
            return self.leads(now, Role::Alone);
        }
        self.show_presence();
    }

    fn judge_visibility(&mut self, now: Millis) {
        let is_seen = self.tabs.is_seen || self.tabs.has_seen_followers();
        let input = match is_seen {
            true => machine::Input::Showed,
            false => machine::Input::Hid,
        };
        self.socket(now, input);
    }

    fn show_presence(&mut self) {
        if self.tabs.role == Role::Follower && self.tabs.campaigns {
            self.tell_tabs(&TabMessage::Here {
                group: self.tabs.group,
                me: self.me,
                is_seen: self.tabs.is_seen,
            });
        }
    }

    pub(super) fn tell_tabs(&mut self, message: &TabMessage) {
        self.tell(Output::Tabs(message.to_bytes()));
    }

    /// To the other tabs, and to the relay if this page is not the one who sends it there.
    pub(super) fn publish_to_tabs(&mut self, payload: Frame) {
        self.tell_tabs(&match self.tabs.role {
            Role::Follower => TabMessage::ForRelay(self.tabs.group, payload),
            Role::Alone | Role::Leader => TabMessage::Payload(payload),
        });
    }

    /// What came from the relay, for those who have no socket.
    pub(super) fn pass_to_followers(&mut self, payload: &Frame) {
        if !self.tabs.followers.is_empty() {
            self.tell_tabs(&TabMessage::Payload(payload.clone()));
        }
    }

    pub(super) fn tab_said(&mut self, now: Millis, message: TabMessage) {
        let is_leader = self.tabs.role == Role::Leader;
        let ours = self.tabs.group;
        if let TabMessage::Here { me: tab, .. } | TabMessage::Line { leader: tab, .. } = message {
            self.events.push_back(Event::Tab(tab));
        }
        match message {
            TabMessage::Payload(payload) => {
                self.events.push_back(Event::Payload(payload, Via::Tab));
            }
            TabMessage::ForRelay(group, payload) => {
                if is_leader && group == ours {
                    self.pass_to_relay(&payload);
                }
                let via = match is_leader && !self.is_open() {
                    true => Via::CutOff,
                    false => Via::Tab,
                };
                self.events.push_back(Event::Payload(payload, via));
            }
            TabMessage::Here { group, me, is_seen } if is_leader && group == ours => {
                self.tabs.told = None;
                if self.tabs.followed_by(me, is_seen) {
                    self.judge_visibility(now);
                }
            }
            TabMessage::Line {
                group,
                leader,
                line,
            } if !is_leader && group == ours => self.line_told(now, leader, line),
            TabMessage::Retry(group) if is_leader && group == ours => self.retry(now),
            TabMessage::Here { .. } | TabMessage::Line { .. } | TabMessage::Retry(_) => {}
        }
    }

    fn pass_to_relay(&mut self, payload: &Frame) {
        if !self.is_open() {
            return;
        }
        let mut kinds = envelope::kinds(payload.as_bytes());
        let is_volatile = kinds.all(|kind| (self.kind)(kind).is_volatile);
        if !is_volatile || self.outbox.is_empty() {
            self.overflowed |= self.outbox.push([payload.clone()]).is_err();
        }
    }

    /// The leader said how its line stands.
    fn line_told(&mut self, now: Millis, leader: PeerId, line: LineStatus) {
        self.tabs.silent_since = now;
        if self.tabs.role == Role::Alone && self.tabs.campaigns {
            // It is there after all, and two sockets are one too many.
            self.tabs.role = Role::Follower;
            self.socket(now, machine::Input::Left);
        }
        let before = self.tabs.heard.as_ref().map(|(leader, _)| *leader);
        let was_open = self.is_reached();
        let line = line.arrived(now);
        self.events.push_back(Event::Shape(line.server.shape()));
        if line.is_open() && line.unsent == 0 {
            self.events.push_back(Event::Sent);
        }
        self.tabs.heard = Some((leader, line));
        self.paced();
        if before != Some(leader) {
            self.missed(before);
            self.show_presence();
        }
        if self.is_reached() && !was_open {
            self.events.push_back(Event::Met);
        }
    }

    /// Called after each input. Sends the followers the status of the line if it has changed. If this page is hidden
    /// and waits to reconnect, and a follower is visible, this page gives up the lead, because browsers throttle hidden
    /// pages. `unsent`: edits that no socket has taken.
    pub fn lead(&mut self, now: Millis, unsent: usize) {
        let is_heard = !self.tabs.followers.is_empty() || self.tabs.told.is_none();
        if self.tabs.role != Role::Leader || !is_heard {
            return;
        }
        let is_cut_off = matches!(self.machine.state(), State::Waiting { .. });
        if is_cut_off && !self.tabs.is_seen && self.tabs.has_seen_followers() {
            return self.campaign(now);
        }
        self.tell_line(now, unsent);
    }

    fn tell_line(&mut self, now: Millis, unsent: usize) {
        let line = self.own_status(unsent);
        if self.tabs.told.as_ref() != Some(&line) {
            self.tell_tabs(&TabMessage::Line {
                group: self.tabs.group,
                leader: self.me,
                line: line.leaving(now),
            });
            self.tabs.told = Some(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_message_comes_back() {
        let group = Group::of(&[]);
        let frames = [
            Frame::from("hällo"),
            Frame::from(vec![0, 255]),
            Frame::from(""),
        ];
        for frame in frames {
            for message in [
                TabMessage::Payload(frame.clone()),
                TabMessage::ForRelay(group, frame),
            ] {
                assert_eq!(TabMessage::read(&message.to_bytes()), Some(message));
            }
        }
        let me = PeerId::from_random(77);
        for message in [
            TabMessage::Retry(group),
            TabMessage::Here {
                group,
                me,
                is_seen: true,
            },
        ] {
            assert_eq!(TabMessage::read(&message.to_bytes()), Some(message));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = TabMessage::read(&bytes);
        }
    }
}
