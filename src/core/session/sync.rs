//! What keeps this copy equal to the others': questions and answers, and the mending of what somebody forked.

use super::{Notice, Output, Session, message::Body, network::Network};
use crate::{
    core::{
        apps,
        doc::replica::{Digest, Operations, Replica},
        peer::PeerId,
    },
    limits::{ANSWER_COST_BYTES, ANSWER_PART_BYTES, LONG_ANSWER_BYTES, Millis, QUESTION_WAITS_MS},
};

impl Session {
    /// Schedules a question and a beat. The question waits until storage is loaded, so that peers do not send what is
    /// stored here. It also waits while a second connection is open, because the answer would arrive on both.
    pub(super) fn ask(&mut self, now: Millis) {
        self.sync.joined(now);
        if self.line.has_scout() || !self.store.is_loaded() {
            self.sync.patient(now, QUESTION_WAITS_MS);
        }
    }

    pub(super) fn asked(
        &mut self,
        now: Millis,
        from: PeerId,
        state_vector: Vec<u8>,
        digest: Digest,
    ) {
        // Who is about to get all of it has nothing to add to what others answer.
        if digest == self.replica.digest() || self.is_arriving() {
            return;
        }
        match self.replica.lacks(&state_vector) {
            Ok(true) => self.sync.ask_soon(now, &mut self.rng),
            Ok(false) => {}
            Err(_) => return,
        }
        let rank = self.people.rank(self.me, from);
        self.sync
            .asked(now, from, state_vector, rank, &mut self.rng);
    }

    /// Takes an update from elsewhere into the document and the log. One that does not read is dropped: the digest
    /// will show that something is missing.
    pub(super) fn merge(&mut self, now: Millis, update: &[u8], out: &mut Vec<Output>) {
        let Ok(applied) = self.replica.apply(update) else {
            return;
        };
        if applied.incomplete {
            self.sync.ask_soon(now, &mut self.rng);
        }
        if applied.news || applied.incomplete {
            let kept = applied.torn.unwrap_or_else(|| update.to_vec());
            out.extend(self.store.keep(kept).map(Output::Store));
        }
        if applied.news {
            self.sync.changed(now, self.replica.digest());
        }
        if !applied.touched.is_empty() {
            out.push(Output::Touched(applied.touched));
        }
        if !applied.replaced.is_empty() {
            let (writes, notices) = apps::settled(&applied.replaced, &self.history, &self.replica);
            self.write(now, &writes, out);
            let notices = notices.into_iter().map(Notice::App);
            out.extend(notices.map(Output::Notice));
        }
    }

    pub(super) fn answer(
        &mut self,
        now: Millis,
        to: PeerId,
        state_vector: &[u8],
        out: &mut Vec<Output>,
    ) {
        // No answer if the outbox is more than half full or the answer budget is used up. Our next digest makes the
        // peer ask again.
        if self.answers.left(now) == 0 || self.line.is_crowded() {
            self.line.was_withheld();
            return;
        }
        let Ok(diff) = self.replica.diff(state_vector) else {
            return;
        };
        let digest = self.replica.digest();
        let update = diff.unwrap_or_else(|| self.replica.deletions());
        self.answers
            .overdraw(now, ANSWER_COST_BYTES + update.len() as u64);
        if update.len() <= LONG_ANSWER_BYTES {
            let answer = Body::Answer {
                to,
                digest,
                update,
                more: 0,
            };
            self.say(answer, out);
            return;
        }
        // The announcement reaches other peers before the parts do, so that they cancel their own answers.
        let parts = Replica::cut(update, ANSWER_PART_BYTES);
        let announced = Body::Answer {
            to,
            digest,
            update: Replica::EMPTY_UPDATE.to_vec(),
            more: parts.iter().map(Vec::len).sum(),
        };
        let parts = parts.into_iter().map(Body::Part);
        self.say_together(std::iter::once(announced).chain(parts), out);
    }

    /// Somebody edited, and must not have said something else of the same edit.
    pub(super) fn edited(
        &mut self,
        now: Millis,
        from: PeerId,
        update: &[u8],
        out: &mut Vec<Output>,
    ) {
        let contradicts = |network: &Network| (network.contradicts)(&self.replica, update);
        if !self.checks().is_some_and(contradicts) {
            return self.merge(now, update, out);
        }
        self.people.mute(now, from);
        out.push(Output::Notice(Notice::Contradicted(self.name(from))));
    }

    /// Somebody shows what they have seen, and what they hold.
    pub(super) fn compare(
        &mut self,
        now: Millis,
        peer: PeerId,
        operations: Operations,
        theirs: Digest,
    ) {
        let mine = self.replica.digest();
        let is_forked = self.replica.operations() == operations && mine != theirs;
        let is_stuck = self.sync.is_apart_from(peer);
        if (is_forked || is_stuck) && !self.is_arriving() {
            let rank = self.people.rank(self.me, self.me);
            self.forks.noticed(now, peer, mine, theirs, rank);
        }
    }

    pub(super) fn mend(&mut self, now: Millis, out: &mut Vec<Output>) {
        let Some(peer) = self.forks.tick(now, self.replica.digest()) else {
            return;
        };
        match self.replica.recount() {
            // It was we who miscounted.
            true => self.sync.changed(now, self.replica.digest()),
            false => {
                self.sync.asked_one(now);
                self.say(Body::Whole(peer), out);
            }
        }
    }

    /// An update arrived that may belong to the copy requested for a fork. The repair is not an undo step.
    pub(super) fn copy_arrived(
        &mut self,
        now: Millis,
        from: PeerId,
        update: Vec<u8>,
        out: &mut Vec<Output>,
    ) {
        if let Some(copy) = self.forks.arrived(from, update)
            && let Some(network) = self.checks()
            && let writes = (network.mended)(&self.replica, &copy)
            && self.write(now, &writes, out).is_some()
        {
            out.push(Output::Notice(Notice::Mended));
        }
    }
}
