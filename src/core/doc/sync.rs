//! Keeping copies equal over a broadcast that loses, repeats and reorders. Nothing is remembered per peer: whoever
//! lacks something asks with a state vector, and one peer answers with the difference.
//!
//! - A joiner asks. Every peer that has more picks a delay by its rank; the first one answers, and the others, who
//!   see an answer given from the same state as theirs, keep quiet. A long answer is announced and comes in parts;
//!   whoever gets one asks for nothing until it is here or stalls, and then for the rest.
//! - Everybody shows a digest now and then. A digest that equals none of our own recent ones means that the other
//!   has something we lack: we ask. One that we had a moment ago means that the other is behind: they will ask.
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
    ask_at: Option<Millis>,
    asked_at: Option<Millis>,
    beat_at: Option<Millis>,
    beaten_at: Option<Millis>,
    /// The digest that we showed last.
    told: Option<Digest>,
    /// The round trip, and what answers of others took beyond what their rank made them wait: how long it takes until
    /// one is heard that makes ours needless.
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
    pub fn pace(&mut self, rtt_ms: Millis) {
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

    /// `from` sends us `bytes` of updates that we lack: whoever asks again meanwhile would get them twice.
    pub fn announced(&mut self, now: Millis, from: PeerId, bytes: usize) {
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
            self.awaited = None;
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
mod tests {
    use super::*;

    const MINE: Digest = Digest(1);

    fn synced() -> (Sync, fastrand::Rng) {
        let (mut sync, mut rng) = (Sync::default(), fastrand::Rng::with_seed(1));
        sync.joined(0);
        assert_eq!(sync.tick(0, &mut rng), [Action::Ask, Action::Beat]);
        sync.changed(0, MINE);
        (sync, rng)
    }

    fn peer(id: u64) -> PeerId {
        PeerId::from_random(id)
    }

    #[test]
    fn an_unknown_digest_makes_us_ask_and_a_past_one_does_not() {
        let (mut sync, mut rng) = synced();
        sync.changed(100, Digest(2));
        sync.digest_shown(5_000, peer(2), MINE, &mut rng);
        assert_eq!(sync.ask_at, None);
        sync.digest_shown(5_000, peer(2), Digest(9), &mut rng);
        let at = sync.wake_at().unwrap();
        assert_eq!(sync.tick(at, &mut rng), [Action::Ask]);
    }

    #[test]
    fn who_differs_for_long_is_apart_and_who_is_merely_late_is_not() {
        let (mut sync, mut rng) = synced();
        for second in 1..100 {
            let now = second * 1_000;
            sync.changed(now, Digest(second));
            sync.digest_shown(now + 1, peer(2), Digest(1_000 + second), &mut rng);
            sync.digest_shown(now + 1, peer(3), Digest(1_000), &mut rng);
            assert_eq!(sync.apart(), 0, "edits are under way");
        }
        let rest = 99_001;
        sync.digest_shown(rest + APART_MS - 1, peer(2), Digest(1_099), &mut rng);
        assert_eq!(sync.apart(), 0);
        sync.tick(rest + APART_MS - 1, &mut rng);
        sync.digest_shown(rest + APART_MS, peer(2), Digest(1_099), &mut rng);
        assert_eq!(sync.apart(), 1);
        assert_eq!(
            sync.tick(rest + 2 * APART_MS, &mut rng),
            [Action::Ask, Action::Beat]
        );
        sync.changed(rest + 2 * APART_MS, Digest(1_099));
        assert_eq!(sync.apart(), 0);
        assert!(sync.is_in_step(peer(2)) && !sync.is_in_step(peer(3)));
    }

    #[test]
    fn an_answer_from_our_own_state_silences_ours() {
        let (mut sync, mut rng) = synced();
        sync.asked(100, peer(2), vec![], 3, &mut rng);
        sync.answered(100, peer(2), Digest(7), 0);
        assert_eq!(sync.answers.len(), 1);
        sync.answered(100, peer(2), MINE, 0);
        assert!(sync.answers.is_empty());
    }

    #[test]
    fn who_is_being_answered_does_not_ask_again_until_that_stalls() {
        let (mut sync, mut rng) = synced();
        sync.empty = Some(Digest(0));
        sync.announced(1_000, peer(2), 1_000);
        sync.ask_soon(1_000, &mut rng);
        assert_eq!(sync.shown(MINE), Digest(0));
        let mut now = 1_000;
        for part in 1..10 {
            now += ANSWER_STALLS_MS - 1;
            assert!(!sync.tick(now, &mut rng).contains(&Action::Ask));
            sync.heard(now, peer(2));
            sync.arrived(peer(3), 500);
            sync.arrived(peer(2), 100);
            assert_eq!(sync.progress(), Some(part * 10));
        }
        let mut stalled = now + ANSWER_STALLS_MS;
        assert!(sync.tick(stalled, &mut rng).contains(&Action::Ask));
        assert_eq!((sync.progress(), sync.shown(MINE)), (None, MINE));
        // All of it comes: nothing is left to ask for. And one that never ends does not keep us for ever.
        sync.announced(stalled, peer(2), 100);
        sync.ask_soon(stalled, &mut rng);
        sync.arrived(peer(2), 100);
        assert_eq!(sync.asks_at(), None);
        sync.announced(stalled, peer(2), usize::MAX);
        let began = stalled;
        while !sync.tick(stalled, &mut rng).contains(&Action::Ask) {
            sync.arrived(peer(2), 1);
            sync.heard(stalled, peer(2));
            sync.announced(stalled, peer(2), usize::MAX);
            stalled += 500;
        }
        assert_eq!(stalled, began + ANSWER_MS);
    }

    #[test]
    fn the_first_rank_answers_first() {
        let mut rng = fastrand::Rng::with_seed(1);
        for rank in 0..ANSWER_RANKS {
            let (mut first, mut second) = (Sync::default(), Sync::default());
            first.asked(0, peer(9), vec![], rank, &mut rng);
            second.asked(0, peer(9), vec![], rank + 1, &mut rng);
            assert!(first.wake_at().unwrap() + ANSWER_RANK_MS / 2 < second.wake_at().unwrap());
        }
    }

    #[test]
    fn whoever_may_answer_waits_as_long_as_answers_take_to_be_heard() {
        // On a slow line, and beside busy machines: the first rank is heard before the second speaks.
        for (rtt, busy) in [(0, 0), (300, 0), (1_400, 0), (0, 250), (0, 900)] {
            let (mut sync, mut rng) = synced();
            sync.pace(rtt);
            for join in 0..5 {
                let now = 10_000 * (join + 1);
                sync.asked(now, peer(9), vec![], 1, &mut rng);
                let speaks_at = sync.answers.iter().map(|answer| answer.at).min().unwrap();
                let heard_at = now + rtt + busy;
                if join > 0 || busy == 0 {
                    assert!(speaks_at > heard_at, "rtt {rtt}, busy {busy}, join {join}");
                }
                assert!(speaks_at <= now + 2 * ANSWER_RANK_CAP_MS);
                sync.answered(heard_at, peer(9), MINE, 0);
            }
            // The second rank's own wait does not make the next one longer.
            for join in 10..20 {
                let now = 10_000 * join;
                sync.asked(now, peer(9), vec![], 2, &mut rng);
                sync.answered(now + sync.rank_ms(), peer(9), MINE, 1);
            }
            assert!(sync.rank_ms() <= ANSWER_RANK_MS.max(rtt * 5 / 4).max(busy));
        }
    }

    #[test]
    fn an_idle_client_beats_at_most_once_in_ten_seconds() {
        let (mut sync, mut rng) = synced();
        let mut beats = 0;
        while let Some(at) = sync.wake_at().filter(|&at| at <= 600_000) {
            beats += sync.tick(at, &mut rng).len();
        }
        assert!((38..=60).contains(&beats), "{beats} in ten minutes");
    }

    #[test]
    fn a_burst_of_edits_is_followed_by_one_early_beat() {
        let (mut sync, mut rng) = synced();
        for at in (1_000..5_000).step_by(100) {
            sync.edited(at);
        }
        assert_eq!(sync.wake_at(), Some(4_900 + BEAT_AFTER_EDIT_MS));
        assert_eq!(sync.tick(6_900, &mut rng), [Action::Beat]);
        assert!(sync.wake_at().unwrap() > 6_900 + BEAT_MS / 2);
    }

    #[test]
    fn edits_without_a_pause_do_not_hold_the_beat_back_for_ever() {
        let (mut sync, mut rng) = synced();
        let beat = (0..60_000).step_by(500).find(|&at| {
            sync.edited(at);
            !sync.tick(at, &mut rng).is_empty()
        });
        assert!(beat.is_some_and(|at| at <= BEAT_MS));
    }
}
