//! What came over the connection, whom it lets us meet, and whether it lives.

use super::{
    Event, Line, Via,
    dialect::{self, Dialect},
};
use crate::{
    core::{
        frame::Frame,
        peer::PeerId,
        socket::machine::{self, Generation, Liveness},
        wire::codec::Inbound,
    },
    limits::{HEARTBEAT_PEERS, Millis},
};

impl Line {
    /// This is what the codec found in a payload. Whether its messages are for this page.
    pub fn read(&mut self, now: Millis, via: Via, payload: &Frame, inbound: &Inbound) -> bool {
        match via {
            Via::Relay(generation) => self.relayed(now, generation, payload, inbound),
            Via::Scout => return self.found(now, inbound),
            Via::Tab | Via::CutOff => {}
        }
        true
    }

    fn relayed(&mut self, now: Millis, generation: Generation, payload: &Frame, inbound: &Inbound) {
        if !inbound.stranger {
            self.pass_to_followers(payload);
        }
        if generation != self.machine.generation() || !self.machine.is_open() {
            // It says nothing of the connection that there is now.
            return;
        }
        if inbound.is_life {
            self.socket(now, machine::Input::FrameArrived(generation));
        }
        self.counters.add(inbound);
        // What came back of a tab behind this one is our own.
        let is_ours = |&peer: &PeerId| self.tabs.is_followed_by(peer);
        let own = !inbound.own.is_empty() || inbound.others.iter().any(is_ours);
        let others = !inbound.others.iter().all(is_ours);
        self.live.heard_any |= own || others;
        for message in &inbound.messages {
            if !self.tabs.is_followed_by(message.sender) {
                self.live.peers.retain(|&known| known != message.sender);
                self.live.peers.push(message.sender);
            }
        }
        self.dialect_handles(
            now,
            dialect::Input::Read {
                payload,
                own,
                others,
            },
        );
        if let Some(rtt_ms) = self.live.round_trip.returned(now, &inbound.own) {
            self.measured(now, rtt_ms);
        }
        self.judge(now);
    }

    pub(super) fn keeps_alive(&self) -> bool {
        self.dialect().is_some_and(Dialect::keeps_alive)
    }

    /// Nobody else was heard over this connection who has not left since.
    pub(super) fn is_alone(&self) -> bool {
        self.live.peers.is_empty()
    }

    /// Whether silence would prove anything: only where the server, or somebody behind it, can answer.
    pub(super) fn judge(&mut self, now: Millis) {
        let is_alone = self.is_alone();
        let liveness = match self.live.server.echoes || !is_alone {
            _ if self.keeps_alive() => Liveness::Elsewhere,
            true => Liveness::Answers,
            false => Liveness::Unknown,
        };
        self.socket(now, machine::Input::Judged(liveness));
        self.socket(now, machine::Input::Accompanied(!is_alone));
    }

    pub(super) fn ask_for_life(&mut self) {
        let peers = match self.live.server.echoes {
            true => Vec::new(),
            false => self
                .live
                .peers
                .iter()
                .rev()
                .take(HEARTBEAT_PEERS)
                .copied()
                .collect(),
        };
        self.events.push_back(Event::Heartbeat(peers));
    }

    pub fn heartbeat_sent(&mut self, now: Millis) {
        self.live.round_trip.asked(now);
    }

    /// By a peer.
    pub fn heartbeat_answered(&mut self, now: Millis) {
        if let Some(rtt_ms) = self.live.round_trip.answered(now) {
            self.measured(now, rtt_ms);
        }
    }

    /// Whether one more heartbeat of a peer may be answered: all answers share one budget.
    pub fn may_answer(&mut self, now: Millis) -> bool {
        let may = self.pongs.left(now) > 0;
        self.pongs.spend(now, 1);
        may
    }

    /// A message of this number was published: if it comes back, it tells how long the line is.
    pub fn published(&mut self, now: Millis, seq: u32) {
        self.live.round_trip.sent(now, seq);
    }

    /// Others are gone: those of whom `is_here` says no.
    pub fn forget(&mut self, is_here: impl Fn(PeerId) -> bool) {
        self.live.peers.retain(|&peer| is_here(peer));
        self.tabs.forget(is_here);
    }

    /// Peers fell silent.
    pub fn doubt(&mut self, now: Millis) {
        if self.is_alone() {
            self.dialect_handles(now, dialect::Input::Doubted);
        }
    }
}
