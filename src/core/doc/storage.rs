//! What a room's storage does: a log that only grows, a snapshot in the place of rows that went into it, and a person's
//! steps. IndexedDB does it in a browser, memory in the simulation; `tests/storage/contract.rs` says what both owe.

use std::future::Future;

use super::undo::{Record, StepKey};
use crate::core::peer::PeerId;

/// A room as storage holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    pub snapshot: Option<Vec<u8>>,
    /// The last row that went into the snapshot, which tells it from every other one.
    pub covers: Option<u64>,
    /// Log rows in the order they were written, each a Yjs update.
    pub rows: Vec<Vec<u8>>,
    /// The key of the last row read; rows up to it may be replaced by a snapshot.
    pub last_row: Option<u64>,
    /// What this browser's person did and may take back, the latest last.
    pub steps: Vec<(StepKey, Vec<u8>)>,
    /// What pages are, or were, in the middle of ([`super::draft`]).
    pub drafts: Vec<(PeerId, Vec<u8>)>,
    /// Rows that are there and hold no bytes. They stay where they are.
    pub unreadable: usize,
    /// A newer version of this program made the storage what it is: it may be read, and must not be written.
    pub is_newer: bool,
}

impl Stored {
    /// The snapshot, if there is one, and all rows: Yjs updates.
    pub fn updates(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.snapshot.iter().chain(&self.rows)
    }
}

/// One transaction that stores the snapshot and deletes the rows that it covers. It changes nothing if another tab has
/// stored a snapshot since this tab read: the rows that the other snapshot covers are deleted, so only it has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compaction {
    pub snapshot: Vec<u8>,
    /// The last row that it covers.
    pub covers: u64,
    /// What the snapshot covers in whose place it comes.
    pub replaces: Option<u64>,
}

/// One room's storage, shared with all tabs of a browser. A call that fails has changed nothing.
pub trait Storage {
    type Error: std::fmt::Display;

    /// Everything, as of one moment.
    fn load(&self) -> impl Future<Output = Result<Stored, Self::Error>>;

    /// Appends rows, and keeps and drops steps and drafts: all of it or nothing. It outlives the browser's process; a
    /// failing machine may lose the last of it.
    fn write(
        &self,
        rows: &[Vec<u8>],
        records: &[Record],
    ) -> impl Future<Output = Result<(), Self::Error>>;

    /// On the disk before it counts: rows are deleted for it.
    fn compact(&self, compaction: &Compaction) -> impl Future<Output = Result<(), Self::Error>>;
}
