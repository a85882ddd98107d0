//! What goes to storage, and what is known to be there. The log is only ever appended to; a snapshot replaces rows
//! that the very transaction it came from has read, never more.
//!
//! ```text
//!  Unread --loaded--> Read --the connection is lost--> Lost --loaded again--> Read
//! ```
//!
//! A batch is written in one transaction and has a number: an answer settles that batch and no other. Several batches
//! are under way only where a page that goes away cannot wait for the first one.

use super::{
    storage::{Compaction, Stored},
    undo::Record,
};
use crate::limits::{LOG_ROWS, Millis, STORE_PATIENCE_MS, STORE_RETRY_MS};

/// Names a batch among all of this page.
pub type BatchNumber = u64;

/// What one transaction writes: rows of the log, and records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub number: BatchNumber,
    pub rows: Vec<Vec<u8>>,
    pub records: Vec<Record>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Read everything, first of all and again after the connection was lost; answer with [`Store::loaded`] or
    /// [`Store::failed`].
    Load,
    /// Write this in one transaction; answer with [`Store::written`] or [`Store::write_failed`].
    Write(Batch),
    /// No answer is needed: if it fails, the rows are still there.
    Compact(Compaction),
    /// Ask the browser to keep what is stored even when it runs out of space; answer with [`Store::lasts`].
    Persist,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// Storage is being opened, or edits are on their way to it.
    Saving,
    /// Everything made here is stored in this browser.
    Saved,
    /// Storage could not be opened, or must not be written; edits live in this page only.
    MemoryOnly,
    /// Storage took edits before, and the last write failed; it is tried again.
    Failed,
}

impl Saved {
    /// The name that pages and scripts see.
    pub fn name(self) -> &'static str {
        match self {
            Self::Saving => "saving",
            Self::Saved => "saved",
            Self::MemoryOnly => "memory-only",
            Self::Failed => "failed",
        }
    }
}

/// Whether what is stored is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Contents {
    #[default]
    Unread,
    Read,
    /// They were read, but the connection was lost since: somebody may have deleted them.
    Lost,
}

const SILENT: &str = "the browser has not answered for ten seconds";

#[derive(Debug, Default)]
pub struct Store {
    contents: Contents,
    /// A newer version of this program owns what is stored.
    is_newer: bool,
    /// Of the snapshot and all rows, those that are on their way included.
    bytes: usize,
    /// What the next batch takes along.
    rows: Vec<Vec<u8>>,
    records: Vec<Record>,
    writing: Vec<Batch>,
    batches: BatchNumber,
    wrote_once: bool,
    retry_at: Option<Millis>,
    /// Since when an answer is outstanding.
    asked_at: Option<Millis>,
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
            (None, _) if self.contents == Contents::Read && self.pending() == 0 => Saved::Saved,
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

    /// Whether the room was read, be it long ago.
    pub fn is_loaded(&self) -> bool {
        self.contents != Contents::Unread
    }

    /// What storage said when it failed last.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Updates not yet known to be stored.
    pub fn pending(&self) -> usize {
        let writing = self.writing.iter().map(|batch| batch.rows.len());
        self.rows.len() + writing.sum::<usize>()
    }

    /// What the document takes in storage: once in a while it is written anew, and takes less.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The room was read. `snapshot` is taken of the document after merging `stored`, for a compaction.
    pub fn loaded(
        &mut self,
        stored: &Stored,
        snapshot: impl FnOnce() -> Vec<u8>,
    ) -> Option<Command> {
        self.contents = Contents::Read;
        self.answered();
        self.is_newer = stored.is_newer;
        self.bytes = stored.updates().chain(&self.rows).map(Vec::len).sum();
        let covers = stored
            .last_row
            .filter(|_| stored.rows.len() >= LOG_ROWS && !stored.is_newer)?;
        let snapshot = snapshot();
        self.bytes = snapshot.len();
        Some(Command::Compact(Compaction {
            snapshot,
            covers,
            replaces: stored.covers,
        }))
    }

    /// Goes on with what was to be written while the room was being read.
    pub fn resume(&mut self) -> Option<Command> {
        self.next()
    }

    /// A step was made or taken back, or a draft grew.
    pub fn record(&mut self, records: Vec<Record>) -> Option<Command> {
        for record in records {
            // Only the newest is worth anything.
            self.records.retain(|other| !record.supersedes(other));
            self.records.push(record);
        }
        self.next()
    }

    /// An update has to be kept.
    pub fn keep(&mut self, update: Vec<u8>) -> Option<Command> {
        self.bytes += update.len();
        self.rows.push(update);
        self.next()
    }

    /// A batch is in storage.
    pub fn written(&mut self, number: BatchNumber) -> Option<Command> {
        let batch = self.take(number)?;
        if self.contents == Contents::Lost {
            // The deletion that lost the connection may have removed this batch, too.
            self.put_back(batch);
            return None;
        }
        // If an older one fails, its records are not to come back over these.
        for older in &mut self.writing {
            if older.number < number {
                older
                    .records
                    .retain(|record| !is_superseded(record, batch.records.iter()));
            }
        }
        self.wrote_once = true;
        self.answered();
        self.next()
    }

    /// A batch was not written, for `reason`. It is tried again with what came since.
    pub fn write_failed(&mut self, now: Millis, number: BatchNumber, reason: String) {
        if let Some(batch) = self.take(number) {
            self.put_back(batch);
            self.complain(now, reason);
        }
    }

    /// A batch has to be written with what came since.
    fn put_back(&mut self, mut batch: Batch) {
        let later = self
            .writing
            .iter()
            .filter(|other| other.number > batch.number);
        let later = later.flat_map(|other| &other.records).chain(&self.records);
        batch
            .records
            .retain(|record| !is_superseded(record, later.clone()));
        batch.rows.append(&mut self.rows);
        batch.records.append(&mut self.records);
        (self.rows, self.records) = (batch.rows, batch.records);
    }

    /// The room could not be opened or read, or the connection to it was lost. It is read again before anything is
    /// written: what was stored may be gone.
    pub fn failed(&mut self, now: Millis, reason: String) {
        if self.contents == Contents::Read {
            self.contents = Contents::Lost;
        }
        self.complain(now, reason);
    }

    fn take(&mut self, number: BatchNumber) -> Option<Batch> {
        let mut writing = self.writing.iter();
        let at = writing.position(|batch| batch.number == number)?;
        Some(self.writing.remove(at))
    }

    fn complain(&mut self, now: Millis, reason: String) {
        self.problem = Some(reason);
        self.asked_at = None;
        self.retry_at = Some(now + STORE_RETRY_MS);
    }

    fn answered(&mut self) {
        self.problem = None;
        self.asked_at = None;
        self.retry_at = None;
    }

    /// The page goes away: whatever waits is written now, beside what is being written.
    pub fn hurry(&mut self) -> Option<Command> {
        self.batch()
    }

    /// After each input: notes since when an answer is outstanding.
    pub fn watch(&mut self, now: Millis) {
        let is_reading = self.contents != Contents::Read && self.retry_at.is_none();
        match is_reading || !self.writing.is_empty() {
            true => drop(self.asked_at.get_or_insert(now)),
            false => self.asked_at = None,
        }
    }

    pub fn wake_at(&self) -> Option<Millis> {
        let asked = self.asked_at.filter(|_| self.problem.is_none());
        let silent = asked.map(|at| at + STORE_PATIENCE_MS);
        self.retry_at.into_iter().chain(silent).min()
    }

    pub fn tick(&mut self, now: Millis) -> Option<Command> {
        if self.problem.is_none()
            && self
                .asked_at
                .is_some_and(|at| at + STORE_PATIENCE_MS <= now)
        {
            // It may still answer; nothing is asked twice.
            self.problem = Some(SILENT.to_owned());
        }
        self.retry_at.take_if(|at| *at <= now)?;
        match self.contents {
            Contents::Read => self.next(),
            Contents::Unread | Contents::Lost => Some(Command::Load),
        }
    }

    fn next(&mut self) -> Option<Command> {
        let is_free = self.writing.is_empty() && self.retry_at.is_none();
        is_free.then(|| self.batch())?
    }

    fn batch(&mut self) -> Option<Command> {
        let may_write = self.contents == Contents::Read && !self.is_newer;
        if !may_write || (self.rows.is_empty() && self.records.is_empty()) {
            return None;
        }
        self.batches += 1;
        let batch = Batch {
            number: self.batches,
            rows: std::mem::take(&mut self.rows),
            records: std::mem::take(&mut self.records),
        };
        self.writing.push(batch.clone());
        Some(Command::Write(batch))
    }
}

fn is_superseded<'a>(record: &Record, mut later: impl Iterator<Item = &'a Record>) -> bool {
    later.any(|newer| newer.supersedes(record))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::peer::PeerId;

    /// The page that the drafts are of.
    const ME: PeerId = PeerId::FIRST;

    fn draft(byte: u8) -> Record {
        Record::KeepDraft(ME, vec![byte])
    }

    fn records(command: Option<Command>) -> Vec<Record> {
        match command {
            Some(Command::Write(batch)) => batch.records,
            _ => Vec::new(),
        }
    }

    #[test]
    fn an_answer_of_a_lost_connection_stores_nothing_and_stops_no_retry() {
        let mut store = opened();
        let first = batch(store.keep(vec![1])).unwrap();
        store.failed(0, "deleted".to_owned());
        assert_eq!(store.written(first.0), None);
        assert_ne!(store.saved(), Saved::Saved);
        assert_eq!(store.tick(STORE_RETRY_MS), Some(Command::Load));
        assert_eq!(store.loaded(&Stored::default(), Vec::new), None);
        let again = batch(store.resume()).unwrap();
        assert_eq!(again.1, first.1, "the same rows");
        store.written(again.0);
        assert_eq!(store.saved(), Saved::Saved);
    }

    /// A page that goes away writes a second batch beside the first.
    #[test]
    fn an_older_batch_that_fails_brings_no_old_draft_back() {
        for (newer, second_is_first) in [
            (draft(2), true),
            (draft(2), false),
            (Record::DropDraft(ME), true),
            (Record::DropDraft(ME), false),
        ] {
            let mut store = opened();
            let older = store.record(vec![draft(1)]);
            assert_eq!(records(older), [draft(1)]);
            store.record(vec![newer.clone()]);
            assert_eq!(records(store.hurry()), [newer]);
            let mut left = Vec::new();
            if second_is_first {
                left.extend(records(store.written(2)));
            }
            store.write_failed(0, 1, "frozen".to_owned());
            left.extend(records(store.tick(STORE_RETRY_MS)));
            if !second_is_first {
                left.extend(records(store.written(2)));
            }
            assert_eq!(left, []);
        }
    }

    fn opened() -> Store {
        let mut store = Store::default();
        assert_eq!(store.loaded(&Stored::default(), Vec::new), None);
        store
    }

    /// What a command writes: the batch's number, and each of its rows as a byte.
    fn batch(command: Option<Command>) -> Option<(BatchNumber, Vec<u8>)> {
        match command? {
            Command::Write(batch) => Some((batch.number, batch.rows.concat())),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn updates_are_written_one_batch_at_a_time() {
        let mut store = opened();
        assert_eq!(store.saved(), Saved::Saved);
        assert_eq!(batch(store.keep(vec![1])), Some((1, vec![1])));
        assert_eq!(store.keep(vec![2]), None);
        assert_eq!(store.keep(vec![3]), None);
        assert_eq!(store.saved(), Saved::Saving);
        assert_eq!(batch(store.written(1)), Some((2, vec![2, 3])));
        assert_eq!(store.written(2), None);
        assert_eq!(store.saved(), Saved::Saved);
    }

    #[test]
    fn an_answer_settles_its_own_batch_and_no_other() {
        for first_answer in [1, 2] {
            let mut store = opened();
            store.keep(vec![1]);
            store.keep(vec![2]);
            assert_eq!(batch(store.hurry()), Some((2, vec![2])));
            assert_eq!(store.hurry(), None);
            store.written(first_answer);
            assert_eq!((store.saved(), store.pending()), (Saved::Saving, 1));
            // The other one was aborted by a page that froze.
            let lost = 3 - first_answer;
            store.write_failed(0, lost, "aborted".into());
            assert_eq!((store.saved(), store.pending()), (Saved::Failed, 1));
            store.written(lost);
            store.write_failed(0, 9, "of another life".into());
            assert_eq!(store.pending(), 1, "answers that nobody waits for");
            let again = batch(store.tick(STORE_RETRY_MS));
            assert_eq!(again, Some((3, vec![lost as u8])));
            store.written(3);
            assert_eq!(store.saved(), Saved::Saved);
        }
    }

    #[test]
    fn a_failed_write_loses_nothing_and_is_tried_again() {
        let mut store = opened();
        store.keep(vec![1]);
        store.keep(vec![2]);
        store.write_failed(0, 1, "disk full".into());
        assert_eq!(store.saved(), Saved::MemoryOnly);
        assert_eq!(store.keep(vec![3]), None);
        assert_eq!(store.pending(), 3);
        assert_eq!(store.tick(STORE_RETRY_MS - 1), None);
        let again = batch(store.tick(STORE_RETRY_MS));
        assert_eq!(again, Some((2, vec![1, 2, 3])));
        store.written(2);
        assert_eq!(store.saved(), Saved::Saved);
        store.keep(vec![4]);
        store.write_failed(0, 3, "disk full".into());
        assert_eq!(store.saved(), Saved::Failed);
    }

    #[test]
    fn records_are_tried_again_too_and_only_the_newest_draft_of_a_page_is_kept() {
        let other = Record::KeepDraft(PeerId::from_random(7), vec![0]);
        let mut store = Store::default();
        assert_eq!(store.record(vec![draft(1), other.clone()]), None, "unread");
        assert_eq!(store.record(vec![draft(2)]), None);
        store.loaded(&Stored::default(), Vec::new);
        let Some(Command::Write(written)) = store.resume() else {
            panic!("what waited is written");
        };
        assert_eq!(written.records, [other.clone(), draft(2)]);
        store.record(vec![Record::DropDraft(ME)]);
        store.write_failed(0, written.number, "aborted".into());
        let Some(Command::Write(again)) = store.tick(STORE_RETRY_MS) else {
            panic!("it is tried again");
        };
        assert_eq!(again.records, [other, Record::DropDraft(ME)]);
        assert_eq!(store.pending(), 0, "records are no edits");
    }

    #[test]
    fn a_room_that_could_not_be_read_is_read_again_before_anything_is_written() {
        let mut store = Store::default();
        assert_eq!(store.saved(), Saved::Saving);
        store.failed(0, "storage is blocked".into());
        assert_eq!(store.keep(vec![1]), None);
        assert_eq!(store.saved(), Saved::MemoryOnly);
        assert_eq!(store.tick(STORE_RETRY_MS), Some(Command::Load));
        assert_eq!(store.loaded(&Stored::default(), Vec::new), None);
        assert_eq!(batch(store.resume()), Some((1, vec![1])));
    }

    #[test]
    fn after_a_lost_connection_it_is_read_again_too() {
        let mut store = opened();
        store.keep(vec![1]);
        store.written(1);
        store.failed(0, "the site's data was deleted".into());
        assert_eq!(store.keep(vec![2]), None);
        assert_eq!((store.hurry(), store.saved()), (None, Saved::Failed));
        assert_eq!(store.tick(STORE_RETRY_MS), Some(Command::Load));
        store.loaded(&Stored::default(), Vec::new);
        assert_eq!(batch(store.keep(vec![9])), Some((2, vec![2, 9])));
    }

    #[test]
    fn storage_that_does_not_answer_is_not_called_saved_and_is_named_after_ten_seconds() {
        let mut store = Store::default();
        store.watch(500);
        assert_eq!(store.saved(), Saved::Saving);
        assert_eq!(store.wake_at(), Some(500 + STORE_PATIENCE_MS));
        assert_eq!(store.tick(500 + STORE_PATIENCE_MS), None);
        assert_eq!(
            (store.saved(), store.problem()),
            (Saved::MemoryOnly, Some(SILENT))
        );
        store.watch(20_000);
        assert_eq!(store.wake_at(), None, "it was said");
        store.loaded(&Stored::default(), Vec::new);
        assert_eq!(store.saved(), Saved::Saved);
        store.keep(vec![1]);
        store.written(1);
        store.keep(vec![2]);
        store.watch(30_000);
        store.tick(30_000 + STORE_PATIENCE_MS);
        assert_eq!((store.saved(), store.pending()), (Saved::Failed, 1));
        store.written(2);
        assert_eq!(store.saved(), Saved::Saved, "it answers after all");
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
        assert_eq!(store.resume(), None);
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
