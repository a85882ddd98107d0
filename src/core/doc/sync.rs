//! Keeps copies equal over a broadcast that loses, repeats and reorders messages. The exchange needs no state per peer:
//! a copy that lacks something asks with its state vector, and one peer answers with the difference.
//!
//! - A joiner asks. Every peer with another digest waits for a delay that depends on its rank, then answers. It cancels
//!   its answer if it receives one that was given from its own digest. A long answer is announced and sent in parts.
//!   Its receiver asks nothing until it is complete or stalls; after a stall it asks for the rest.
//! - Every peer sends its digest regularly. If it is not one of our recent digests, the peer may have something that we
//!   lack: we ask. If it is one of our older digests, the peer is behind: it will ask.
//!
//! This engine decides only *when*; the session fills in what is sent.

use std::collections::VecDeque;

use super::replica::Digest;
use crate::{
    core::peer::PeerId,
    limits::{
        ANSWER_MS, ANSWER_RANK_CAP_MS, ANSWER_RANK_MS, ANSWER_RANKS, ANSWER_STALLS_MS, APART_MS,
        ASK_INTERVAL_MS, ASK_PATIENCE_MS, BEAT_AFTER_EDIT_MS, BEAT_MS, CROWD, DIGESTS, Millis,
        PEOPLE, ROUND_TRIP_MS,
    },
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send our state vector and digest.
    Ask,
    /// Send what a copy with this state vector lacks.
    Answer { to: PeerId, state_vector: Vec<u8> },
    /// Send our digest and who we are.
    Beat,
}

#[derive(Debug)]
struct DueAnswer {
    to: PeerId,
    at: Millis,
    state_vector: Vec<u8>,
    /// Nobody else's answer will do.
    is_ours: bool,
}

/// A long answer on its way.
#[derive(Debug)]
struct Awaited {
    from: PeerId,
    bytes: usize,
    arrived: usize,
    /// The rest is asked for then: nothing more of it has come for a while, or it has taken very long.
    until: Millis,
    latest: Millis,
}

/// What a peer showed last.
#[derive(Debug)]
struct Shown {
    peer: PeerId,
    digest: Digest,
    /// First and last time.
    since: Millis,
    at: Millis,
}

#[derive(Debug, Default)]
pub struct Sync {
    /// Our digests, newest last.
    recent: VecDeque<Digest>,
    /// When our digest became what it is.
    changed_at: Millis,
    /// The last digest that each peer showed.
    shown: Vec<Shown>,
    /// Digests that name states we have not been in, and may lack something of.
    unknown: VecDeque<Digest>,
    /// The empty document's digest: whoever shows it has nothing that could be missed.
    empty: Option<Digest>,
    answers: Vec<DueAnswer>,
    /// What a peer said that it sends us now.
    awaited: Option<Awaited>,
    /// Peers whose announcement did not come whole over this connection, the latest last.
    stalled: VecDeque<PeerId>,
    ask_at: Option<Millis>,
    asked_at: Option<Millis>,
    beat_at: Option<Millis>,
    beaten_at: Option<Millis>,
    /// The digest that we showed last.
    told: Option<Digest>,
    /// The round-trip time, and the recent delay of peers' answers beyond the delay of their rank. Both determine how
    /// long we wait for another peer's answer before we send ours.
    rtt_ms: Millis,
    answered_ms: Millis,
    /// Questions of others, and when they were heard.
    questions: VecDeque<(PeerId, Millis)>,
}

impl Sync {
    /// `empty`: the digest of a document with nothing in it.
    pub fn new(empty: Digest) -> Self {
        Self {
            empty: Some(empty),
            ..Self::default()
        }
    }

    /// A message takes so long there and back.
    pub fn set_round_trip(&mut self, rtt_ms: Millis) {
        self.rtt_ms = rtt_ms.min(ROUND_TRIP_MS);
    }

    /// An answer waits so long per rank.
    fn rank_ms(&self) -> Millis {
        let heard_ms = (self.rtt_ms * 5 / 4).max(self.answered_ms * 3 / 2);
        ANSWER_RANK_MS.max(heard_ms).min(ANSWER_RANK_CAP_MS)
    }

    /// A way to others opened: ask at once, and show ourselves.
    pub fn joined(&mut self, now: Millis) {
        self.awaited = None;
        self.stalled.clear();
        self.ask_at = Some(now);
        self.beat_at = Some(now);
    }

    /// The question waits so long at the most: until [`Self::ready`].
    pub fn patient(&mut self, now: Millis, patience: Millis) {
        self.ask_at = self.ask_at.map(|at| at.max(now + patience));
    }

    /// What the question waited for is there.
    pub fn ready(&mut self, now: Millis) {
        self.ask_at = self.ask_at.map(|at| at.min(now));
    }

    /// Our document changed, by us or by others.
    pub fn changed(&mut self, now: Millis, digest: Digest) {
        if self.recent.back() != Some(&digest) {
            self.changed_at = now;
            self.recent.push_back(digest);
            if self.recent.len() > DIGESTS {
                self.recent.pop_front();
            }
        }
        self.unknown.retain(|&other| other != digest);
        if self.shown.iter().any(|shown| shown.digest == digest) {
            self.confirm(now);
        }
    }

    /// Others may think that we lack what they have: they are shown that we have it. In a crowd the next beat does that.
    fn confirm(&mut self, now: Millis) {
        let is_told = self.told == self.recent.back().copied();
        if !is_told && self.awaited.is_none() && self.shown.len() <= CROWD as usize {
            let soon = now + ASK_PATIENCE_MS;
            self.beat_at = Some(self.beat_at.map_or(soon, |at| at.min(soon)));
        }
    }

    /// We edited: show the digest soon after the last edit of a burst, in case a frame of it is lost.
    pub fn edited(&mut self, now: Millis) {
        let latest = self.beaten_at.unwrap_or(now) + BEAT_MS;
        self.beat_at = Some((now + BEAT_AFTER_EDIT_MS).min(latest.max(now)));
    }

    /// Somebody should learn soon who we are.
    pub fn introduce(&mut self, now: Millis, rng: &mut fastrand::Rng) {
        let soon = now + rng.u64(0..ASK_PATIENCE_MS);
        self.beat_at = Some(self.beat_at.map_or(soon, |at| at.min(soon)));
    }

    /// A peer showed its digest.
    pub fn digest_shown(
        &mut self,
        now: Millis,
        peer: PeerId,
        digest: Digest,
        rng: &mut fastrand::Rng,
    ) {
        let before = self.shown.iter().position(|shown| shown.peer == peer);
        let before = before.map(|at| self.shown.swap_remove(at));
        let since = before.filter(|shown| shown.digest == digest);
        let shown = Shown {
            peer,
            digest,
            since: since.map_or(now, |shown| shown.since),
            at: now,
        };
        let is_apart = self.is_apart(&shown);
        self.shown.push(shown);
        if is_apart {
            return self.ask_soon(now, rng);
        }
        if self.recent.back() == Some(&digest) {
            self.confirm(now);
        }
        let is_empty = self.empty == Some(digest);
        if is_empty || self.recent.contains(&digest) || self.unknown.contains(&digest) {
            return;
        }
        self.unknown.push_back(digest);
        if self.unknown.len() > DIGESTS {
            self.unknown.pop_front();
        }
        self.ask_soon(now, rng);
    }

    /// We know that operations are missing: an update arrived that builds on them.
    pub fn ask_soon(&mut self, now: Millis, rng: &mut fastrand::Rng) {
        let patience_ms = ASK_PATIENCE_MS.max(self.rtt_ms);
        let patient = now + patience_ms + rng.u64(0..patience_ms);
        let interval_ms = ASK_INTERVAL_MS.max(2 * self.rtt_ms);
        let allowed = self.asked_at.map_or(0, |at| at + interval_ms);
        let at = patient.max(allowed);
        self.ask_at = Some(self.ask_at.map_or(at, |earlier| earlier.min(at)));
    }

    /// A peer asked. `rank` counts those who answer before us.
    pub fn asked(
        &mut self,
        now: Millis,
        peer: PeerId,
        state_vector: Vec<u8>,
        rank: u64,
        rng: &mut fastrand::Rng,
    ) {
        let rank_ms = self.rank_ms();
        let at = now + rank.min(ANSWER_RANKS) * rank_ms + rng.u64(0..rank_ms / 4);
        self.questions.retain(|(of, _)| *of != peer);
        self.questions.push_back((peer, now));
        if self.questions.len() > DIGESTS {
            self.questions.pop_front();
        }
        self.due(peer, at, state_vector, false);
    }

    /// A peer asked us, and nobody else, for all that a copy with this state vector lacks. However often it asks, one
    /// answer is due.
    pub fn asked_for_all(
        &mut self,
        now: Millis,
        peer: PeerId,
        state_vector: Vec<u8>,
        rng: &mut fastrand::Rng,
    ) {
        let at = now + rng.u64(0..ANSWER_RANK_MS);
        self.due(peer, at, state_vector, true);
    }

    fn due(&mut self, to: PeerId, at: Millis, state_vector: Vec<u8>, is_ours: bool) {
        self.answers
            .retain(|answer| (answer.to, answer.is_ours) != (to, is_ours));
        if self.answers.len() < 2 * PEOPLE {
            self.answers.push(DueAnswer {
                to,
                at,
                state_vector,
                is_ours,
            });
        }
    }

    /// Somebody of this rank answered `to` from the state `digest`: if that is ours, we have nothing to add.
    pub fn answered(&mut self, now: Millis, to: PeerId, digest: Digest, rank: u64) {
        if let Some(at) = self.questions.iter().position(|(of, _)| *of == to)
            && let Some((_, asked_at)) = self.questions.remove(at)
        {
            let waited_ms = rank.min(ANSWER_RANKS) * self.rank_ms();
            let took_ms = now.saturating_sub(asked_at).saturating_sub(waited_ms);
            // A busy moment is remembered for some answers.
            self.answered_ms = took_ms.max(self.answered_ms * 7 / 8);
        }
        if self.recent.back() == Some(&digest) {
            self.answers
                .retain(|answer| answer.is_ours || answer.to != to);
        }
    }

    /// One peer alone was asked for all that it has.
    pub fn asked_one(&mut self, now: Millis) {
        self.asked_at = Some(now);
    }

    /// `from` sends us `bytes` of updates that we lack: a peer that asks again meanwhile would get them twice. Updates
    /// that we did not ask for are not waited for, nor those of a peer whose last announcement stalled.
    pub fn announced(&mut self, now: Millis, from: PeerId, bytes: usize) {
        let was_asked = self.asked_at.is_some_and(|at| now <= at + ANSWER_MS);
        if !was_asked || self.stalled.contains(&from) {
            return;
        }
        // Announcing it again does not make it take longer.
        let before = self.awaited.as_ref().map(|before| before.latest);
        let latest = before.unwrap_or(now + ANSWER_MS);
        self.awaited = Some(Awaited {
            from,
            bytes,
            arrived: 0,
            until: (now + self.stalls_ms()).min(latest),
            latest,
        });
    }

    fn stalls_ms(&self) -> Millis {
        ANSWER_STALLS_MS.max(3 * self.rtt_ms)
    }

    fn awaited_from(&mut self, from: PeerId) -> Option<&mut Awaited> {
        self.awaited.as_mut().filter(|awaited| awaited.from == from)
    }

    /// A piece of something came: on a slow line a part of an answer is made of many.
    pub fn heard(&mut self, now: Millis, from: PeerId) {
        let until = now + self.stalls_ms();
        if let Some(awaited) = self.awaited_from(from) {
            awaited.until = until.min(awaited.latest);
        }
    }

    /// An update came.
    pub fn arrived(&mut self, from: PeerId, bytes: usize) {
        let Some(awaited) = self.awaited_from(from) else {
            return;
        };
        awaited.arrived = awaited.arrived.saturating_add(bytes);
        if awaited.arrived >= awaited.bytes {
            // What its parts lacked of each other is here; what is lacking still, the next digest shows.
            self.awaited = None;
            self.ask_at = None;
            self.unknown.clear();
            self.confirm(self.changed_at);
        }
    }

    /// How much of a long answer is here, in percent.
    pub fn progress(&self) -> Option<u8> {
        let awaited = self.awaited.as_ref()?;
        Some((awaited.arrived as f64 / awaited.bytes as f64 * 100.0) as u8)
    }

    /// The digest to show of `ours`: while a long answer arrives that of nothing, so that nobody asks for what is on
    /// its way to us.
    pub fn shown(&self, ours: Digest) -> Digest {
        self.empty
            .filter(|_| self.awaited.is_some())
            .unwrap_or(ours)
    }

    /// Forgets every peer for which `is_here` is false.
    pub fn retain(&mut self, is_here: impl Fn(PeerId) -> bool) {
        self.shown.retain(|shown| is_here(shown.peer));
        self.answers.retain(|answer| is_here(answer.to));
    }

    /// There is nothing in the document, and never was.
    pub fn is_empty(&self) -> bool {
        self.recent
            .back()
            .is_none_or(|mine| Some(*mine) == self.empty)
    }

    /// Whether a peer showed our own digest last.
    pub fn is_in_step(&self, peer: PeerId) -> bool {
        let mine = self.recent.back();
        let mut shown = self.shown.iter();
        shown.any(|shown| shown.peer == peer && Some(&shown.digest) == mine)
    }

    /// How many peers have had something else than we for long, while neither they nor we changed anything: what is
    /// merely under way arrives sooner.
    pub fn apart(&self) -> usize {
        self.shown
            .iter()
            .filter(|shown| self.is_apart(shown))
            .count()
    }

    pub fn is_apart_from(&self, peer: PeerId) -> bool {
        let shown = self.shown.iter().find(|shown| shown.peer == peer);
        shown.is_some_and(|shown| self.is_apart(shown))
    }

    fn is_apart(&self, shown: &Shown) -> bool {
        let both_rest = shown.since.max(self.changed_at);
        // Who shows nothing may be about to get everything.
        let mine = self.recent.back();
        let differs =
            mine.is_some_and(|mine| *mine != shown.digest) && self.empty != Some(shown.digest);
        differs && shown.at >= both_rest + APART_MS
    }

    pub fn wake_at(&self) -> Option<Millis> {
        let answers = self.answers.iter().map(|answer| answer.at).min();
        [self.asks_at(), self.beat_at, answers]
            .into_iter()
            .flatten()
            .min()
    }

    fn asks_at(&self) -> Option<Millis> {
        match &self.awaited {
            Some(awaited) => Some(awaited.until),
            None => self.ask_at,
        }
    }

    pub fn tick(&mut self, now: Millis, rng: &mut fastrand::Rng) -> Vec<Action> {
        let mut actions = Vec::new();
        let due = self.answers.extract_if(.., |answer| answer.at <= now);
        actions.extend(due.map(
            |DueAnswer {
                 to, state_vector, ..
             }| Action::Answer { to, state_vector },
        ));
        if self.asks_at().is_some_and(|at| at <= now) {
            if let Some(awaited) = self.awaited.take() {
                self.stalled.push_back(awaited.from);
                if self.stalled.len() > DIGESTS {
                    self.stalled.pop_front();
                }
            }
            self.ask_at = None;
            self.asked_at = Some(now);
            // What made us ask is settled by the answer; if that is lost, the next digest brings it up again.
            self.unknown.clear();
            actions.push(Action::Ask);
        }
        if self.beat_at.is_some_and(|at| at <= now) {
            self.beaten_at = Some(now);
            self.told = match self.awaited {
                None => self.recent.back().copied(),
                Some(_) => None,
            };
            self.beat_at = Some(now + BEAT_MS - rng.u64(0..BEAT_MS / 10));
            actions.push(Action::Beat);
        }
        actions
    }
}

#[cfg(test)]
mod tests;
