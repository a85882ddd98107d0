//! What goes to storage, and what is known to be there. The log is only ever appended to; a snapshot replaces rows
//! that the very transaction it came from has read, never more.

use super::{
    storage::{Compaction, Stored},
    undo::Record,
};
use crate::limits::{LOG_ROWS, Millis, STORE_RETRY_MS};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Read everything, first of all and again after a failure; answer with [`Store::loaded`] or [`Store::failed`].
    Load,
    /// Append these rows in one transaction; answer with [`Store::appended`] or [`Store::failed`].
    Append(Vec<Vec<u8>>),
    /// No answer is needed: if it fails, the rows are still there.
    Compact(Compaction),
    /// No answer is needed: if it fails, an undo after a reload finds fewer steps.
    Record(Vec<Record>),
    /// Ask the browser to keep what is stored even when it runs out of space; answer with [`Store::lasts`].
    Persist,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// Edits are on their way to storage.
    Saving,
    /// Everything made here is stored in this browser.
    Saved,
    /// Storage could not be opened, or must not be written; edits live in this page only.
    MemoryOnly,
    /// Storage took edits before, and the last write failed; it is tried again.
    Failed,
}

#[derive(Debug, Default)]
pub struct Store {
    loaded: bool,
    /// A newer version of this program owns what is stored.
    is_newer: bool,
    /// Steps that were made before the room was read.
    records: Vec<Record>,
    waiting: Vec<Vec<u8>>,
    writing: Option<Vec<Vec<u8>>>,
    wrote_once: bool,
    retry_at: Option<Millis>,
    problem: Option<String>,
    asked_to_last: bool,
    lasts: Option<bool>,
}

impl Store {
    pub fn saved(&self) -> Saved {
        match (&self.problem, self.wrote_once) {
            _ if self.is_newer => Saved::MemoryOnly,
            (Some(_), true) => Saved::Failed,
            (Some(_), false) => Saved::MemoryOnly,
            (None, _) if self.is_idle() => Saved::Saved,
            (None, _) => Saved::Saving,
        }
    }

    /// Somebody made something here that is worth keeping.
    pub fn edited(&mut self) -> Option<Command> {
        let first = !std::mem::replace(&mut self.asked_to_last, true);
        first.then_some(Command::Persist)
    }

    /// Whether the browser promises to keep what is stored, if it was asked and has answered.
    pub fn is_lasting(&self) -> Option<bool> {
        self.lasts
    }

    /// The browser's answer.
    pub fn lasts(&mut self, lasts: bool) {
        self.lasts = Some(lasts);
    }

    /// Whether a newer version of this program stored the room: this one reads it and writes nothing.
    pub fn is_newer(&self) -> bool {
        self.is_newer
    }

    /// Whether the room was read.
    pub fn is_loaded(&self) -> bool {
        self.loaded
    }

    /// What storage said when it failed last.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Updates not yet known to be stored.
    pub fn pending(&self) -> usize {
        self.waiting.len() + self.writing.as_ref().map_or(0, Vec::len)
    }

    fn is_idle(&self) -> bool {
        self.pending() == 0
    }

    /// The room was read. `snapshot` is taken of the document after merging `stored`, for a compaction.
    pub fn loaded(
        &mut self,
        stored: &Stored,
        snapshot: impl FnOnce() -> Vec<u8>,
    ) -> Option<Command> {
        self.loaded = true;
        self.problem = None;
        self.is_newer = stored.is_newer;
        let covers = stored
            .last_row
            .filter(|_| stored.rows.len() >= LOG_ROWS && !stored.is_newer)?;
        Some(Command::Compact(Compaction {
            snapshot: snapshot(),
            covers,
            replaces: stored.covers,
        }))
    }

    /// Goes on with what was to be written while the room was being read.
    pub fn resume(&mut self) -> impl Iterator<Item = Command> {
        let records = self.record(Vec::new());
        self.next().into_iter().chain(records)
    }

    /// A step was made or taken back.
    pub fn record(&mut self, records: Vec<Record>) -> Option<Command> {
        if self.is_newer {
            return None;
        }
        self.records.extend(records);
        let is_due = self.loaded && !self.records.is_empty();
        is_due.then(|| Command::Record(std::mem::take(&mut self.records)))
    }

    /// An update has to be kept.
    pub fn keep(&mut self, update: Vec<u8>) -> Option<Command> {
        self.waiting.push(update);
        match self.retry_at {
            Some(_) => None,
            None => self.next(),
        }
    }

    pub fn appended(&mut self) -> Option<Command> {
        self.writing = None;
        self.wrote_once = true;
        self.problem = None;
        self.next()
    }

    /// A read or a write failed, for `reason`. Nothing is dropped: what was being written is tried again.
    pub fn failed(&mut self, now: Millis, reason: String) {
        self.problem = Some(reason);
        if let Some(mut rows) = self.writing.take() {
            rows.append(&mut self.waiting);
            self.waiting = rows;
        }
        self.retry_at = Some(now + STORE_RETRY_MS);
    }

    /// The page goes away: whatever waits is written now, beside what is being written.
    pub fn hurry(&mut self) -> Option<Command> {
        if !self.loaded || self.is_newer || self.waiting.is_empty() {
            return None;
        }
        let rows = std::mem::take(&mut self.waiting);
        self.writing
            .get_or_insert_default()
            .extend(rows.iter().cloned());
        Some(Command::Append(rows))
    }

    pub fn wake_at(&self) -> Option<Millis> {
        self.retry_at
    }

    pub fn tick(&mut self, now: Millis) -> Option<Command> {
        self.retry_at.filter(|&at| at <= now)?;
        self.retry_at = None;
        match self.loaded {
            true => self.next(),
            false => Some(Command::Load),
        }
    }

    fn next(&mut self) -> Option<Command> {
        if !self.loaded || self.is_newer || self.writing.is_some() || self.waiting.is_empty() {
            return None;
        }
        let rows = std::mem::take(&mut self.waiting);
        self.writing = Some(rows.clone());
        Some(Command::Append(rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> Store {
        let mut store = Store::default();
        assert_eq!(store.loaded(&Stored::default(), Vec::new), None);
        store
    }

    #[test]
    fn updates_are_appended_one_batch_at_a_time() {
        let mut store = opened();
        assert_eq!(store.saved(), Saved::Saved);
        assert_eq!(store.keep(vec![1]), Some(Command::Append(vec![vec![1]])));
        assert_eq!(store.keep(vec![2]), None);
        assert_eq!(store.keep(vec![3]), None);
        assert_eq!(store.saved(), Saved::Saving);
        assert_eq!(
            store.appended(),
            Some(Command::Append(vec![vec![2], vec![3]]))
        );
        assert_eq!(store.appended(), None);
        assert_eq!(store.saved(), Saved::Saved);
    }

    #[test]
    fn a_page_that_goes_away_writes_what_waits_at_once() {
        let mut store = opened();
        store.keep(vec![1]);
        store.keep(vec![2]);
        assert_eq!(store.hurry(), Some(Command::Append(vec![vec![2]])));
        assert_eq!(store.hurry(), None);
        store.failed(0, "aborted".into());
        let again = Some(Command::Append(vec![vec![1], vec![2]]));
        assert_eq!(store.tick(STORE_RETRY_MS), again, "neither is lost");
    }

    #[test]
    fn a_failed_write_loses_nothing_and_is_tried_again() {
        let mut store = opened();
        store.keep(vec![1]);
        store.keep(vec![2]);
        store.failed(0, "disk full".into());
        assert_eq!(store.saved(), Saved::MemoryOnly);
        assert_eq!(store.keep(vec![3]), None);
        assert_eq!(store.pending(), 3);
        assert_eq!(store.tick(STORE_RETRY_MS - 1), None);
        let again = Some(Command::Append(vec![vec![1], vec![2], vec![3]]));
        assert_eq!(store.tick(STORE_RETRY_MS), again);
        store.appended();
        assert_eq!(store.saved(), Saved::Saved);
        store.keep(vec![4]);
        store.failed(0, "disk full".into());
        assert_eq!(store.saved(), Saved::Failed);
    }

    #[test]
    fn a_room_that_could_not_be_read_is_read_again_before_anything_is_written() {
        let mut store = Store::default();
        store.failed(0, "storage is blocked".into());
        assert_eq!(store.keep(vec![1]), None);
        assert_eq!(store.saved(), Saved::MemoryOnly);
        assert_eq!(store.tick(STORE_RETRY_MS), Some(Command::Load));
        assert_eq!(store.loaded(&Stored::default(), Vec::new), None);
        let resumed: Vec<_> = store.resume().collect();
        assert_eq!(resumed, [Command::Append(vec![vec![1]])]);
    }

    #[test]
    fn only_a_long_log_is_compacted_and_only_what_was_read() {
        let mut store = Store::default();
        let mut stored = Stored {
            rows: vec![vec![0]; LOG_ROWS - 1],
            last_row: Some(7_000),
            ..Stored::default()
        };
        assert_eq!(store.loaded(&stored, || vec![9]), None);
        stored.rows.push(vec![0]);
        let compact = Command::Compact(Compaction {
            snapshot: vec![9],
            covers: 7_000,
            replaces: None,
        });
        assert_eq!(store.loaded(&stored, || vec![9]), Some(compact));
    }

    #[test]
    fn what_a_newer_version_stored_is_read_and_never_written() {
        let mut store = Store::default();
        let stored = Stored {
            rows: vec![vec![0]; LOG_ROWS],
            last_row: Some(9),
            is_newer: true,
            ..Stored::default()
        };
        assert_eq!(store.loaded(&stored, || vec![9]), None);
        assert_eq!(store.resume().count(), 0);
        assert_eq!(store.keep(vec![1]), None);
        assert_eq!(store.hurry(), None);
        assert_eq!(store.saved(), Saved::MemoryOnly);
    }

    #[test]
    fn the_browser_is_asked_once_to_keep_what_is_stored() {
        let mut store = opened();
        assert_eq!(store.is_lasting(), None);
        assert_eq!(store.edited(), Some(Command::Persist));
        assert_eq!(store.edited(), None);
        store.lasts(false);
        assert_eq!(store.is_lasting(), Some(false));
    }
}
