//! The document of a session, with its store, history and drafts.

use super::{Notice, Output, Session};
use crate::{
    core::doc::{
        quarantine::Quarantine,
        replica::{Replica, ReplicaError},
        step::Step,
        storage::Stored,
        table::{Change, Touched, Write},
        undo::Direction,
    },
    limits::Millis,
};

impl Session {
    pub fn replica(&self) -> &Replica {
        &self.replica
    }

    /// Before anything is loaded: takes in nothing that `quarantine` holds.
    pub fn guard(&mut self, quarantine: Quarantine) {
        self.replica.guard(quarantine);
    }

    /// Stored pieces of the document that the quarantine holds, each a Yjs update.
    pub fn set_aside(&self) -> &[Vec<u8>] {
        &self.set_aside
    }

    /// What the document takes in storage.
    pub fn stored_bytes(&self) -> u64 {
        self.store.bytes() as u64
    }

    pub fn can(&self, direction: Direction) -> bool {
        self.history.can(direction)
    }

    pub(super) fn loaded(&mut self, now: Millis, stored: Stored, out: &mut Vec<Output>) {
        let mut touched = Vec::new();
        let mut unreadable = stored.unreadable > 0;
        self.set_aside.clear();
        for update in stored.updates() {
            match self.replica.apply(update) {
                Ok(applied) => {
                    unreadable |= applied.torn.is_some();
                    touched.extend(applied.touched);
                }
                Err(ReplicaError::SetAside) => self.set_aside.push(update.clone()),
                Err(_) => unreadable = true,
            }
        }
        if self.unsent == 0 {
            self.sent_state = self.replica.state_vector();
        }
        let is_again = self.store.is_loaded();
        // What was not taken in is kept where it is: a snapshot would throw it away.
        let compaction = self.store.loaded(&stored, || self.replica.snapshot());
        if self.set_aside.is_empty() && !unreadable {
            out.extend(compaction.map(Output::Store));
        }
        if unreadable {
            out.push(Output::Notice(Notice::StoredRowUnreadable));
        }
        if !self.set_aside.is_empty() {
            out.push(Output::Notice(Notice::SetAside));
        }
        if is_again && let Some(lost) = self.replica.beyond(stored.updates()) {
            // Somebody deleted what was stored. All that this page has goes there before anything is called saved.
            out.extend(self.store.keep(lost).map(Output::Store));
        }
        self.history.loaded(&stored.steps);
        let is_here = |change: &Change| self.replica.get(&change.key).is_some();
        self.drafts.loaded(now, &stored.drafts, is_here);
        out.extend(self.store.resume().map(Output::Store));
        self.record(out);
        if !touched.is_empty() {
            out.push(Output::Touched(touched));
        }
        self.sync.changed(now, self.replica.digest());
        self.ask(now);
        self.is_ready = true;
        self.begin(now, out);
    }

    /// One undoable step. Says whether anything changed.
    pub(super) fn edit(&mut self, now: Millis, writes: &[Write], out: &mut Vec<Output>) -> bool {
        #[cfg(feature = "ahead")]
        let writes = &crate::core::ahead::extended(writes);
        let Some(step) = self.write(now, writes, out) else {
            return false;
        };
        if self.history.did(step) {
            out.push(Output::Notice(Notice::StepTooLarge));
        }
        self.record(out);
        true
    }

    /// Finishes what pages that stopped were in the middle of. A page that is here does so itself, and what is in the
    /// document already was finished.
    pub(super) fn take_up_drafts(&mut self, now: Millis, out: &mut Vec<Output>) {
        for (page, draft) in self.drafts.due(now) {
            if self.people.get(page).is_some() {
                continue;
            }
            let left = draft
                .into_iter()
                .filter(|change| self.replica.get(&change.key).is_none());
            let left = left.map(|change| Write {
                key: change.key,
                value: change.after,
            });
            if self.edit(now, &left.collect::<Vec<_>>(), out) {
                out.push(Output::Notice(Notice::Recovered));
            }
            self.drafts.finished(page);
        }
    }

    pub(super) fn write(
        &mut self,
        now: Millis,
        writes: &[Write],
        out: &mut Vec<Output>,
    ) -> Option<Step> {
        let commit = self.replica.write(writes)?;
        if !self.line.is_reached() {
            self.unsent += 1;
        }
        let touched = commit
            .changes
            .iter()
            .map(|change| Touched::Row(change.key.row()));
        let mut touched: Vec<_> = touched.collect();
        touched.dedup();
        out.push(Output::Touched(touched));
        out.extend(self.store.keep(commit.update.clone()).map(Output::Store));
        out.extend(self.store.edited().map(Output::Store));
        self.tell(commit.update, out);
        self.sync.changed(now, self.replica.digest());
        self.sync.edited(now);
        Some(commit.changes)
    }

    pub(super) fn undo(&mut self, now: Millis, direction: Direction, out: &mut Vec<Output>) {
        let Some(inverse) = self.history.step(direction, &self.replica) else {
            return;
        };
        self.write(now, &inverse.writes, out);
        self.record(out);
        if inverse.skipped > 0 {
            out.push(Output::Notice(Notice::UndoSkipped(inverse.skipped)));
        }
    }

    fn record(&mut self, out: &mut Vec<Output>) {
        let records = self.history.records();
        out.extend(self.store.record(records).map(Output::Store));
    }
}
