//! Storage in memory: what survives a page of the simulation, and IndexedDB's twin in the contract's tests.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    ops::Range,
};

use crate::core::{
    doc::{
        storage::{Compaction, Storage, Stored},
        undo::{Record, StepKey},
    },
    peer::PeerId,
};

#[derive(Debug, Default)]
pub struct Disk {
    kept: RefCell<Kept>,
    calls: Cell<usize>,
    /// The calls that fail, counted from the first one.
    pub fails: RefCell<Range<usize>>,
}

#[derive(Debug, Default)]
struct Kept {
    snapshot: Option<Vec<u8>>,
    covers: Option<u64>,
    rows: BTreeMap<u64, Vec<u8>>,
    next_key: u64,
    steps: BTreeMap<StepKey, Vec<u8>>,
    drafts: BTreeMap<PeerId, Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is full")]
pub struct Full;

impl Disk {
    /// What is stored, whether calls fail or not.
    pub fn read(&self) -> Stored {
        let kept = self.kept.borrow();
        Stored {
            snapshot: kept.snapshot.clone(),
            covers: kept.covers,
            rows: kept.rows.values().cloned().collect(),
            last_row: kept.rows.keys().next_back().copied(),
            steps: (kept.steps.iter())
                .map(|(key, bytes)| (*key, bytes.clone()))
                .collect(),
            drafts: (kept.drafts.iter())
                .map(|(page, bytes)| (*page, bytes.clone()))
                .collect(),
            unreadable: 0,
            is_newer: false,
        }
    }

    /// Stores this in place of all.
    pub fn put(&self, stored: Stored) {
        let first = stored.covers.map_or(1, |covers| covers + 1);
        let rows: BTreeMap<u64, Vec<u8>> = (first..).zip(stored.rows).collect();
        *self.kept.borrow_mut() = Kept {
            next_key: rows.keys().next_back().copied().unwrap_or(first),
            snapshot: stored.snapshot,
            covers: stored.covers,
            rows,
            steps: stored.steps.into_iter().collect(),
            drafts: stored.drafts.into_iter().collect(),
        };
    }

    /// Somebody clears the site's data.
    pub fn clear(&self) {
        self.kept.take();
    }

    /// How many calls there were.
    pub fn calls(&self) -> usize {
        self.calls.get()
    }

    fn call(&self) -> Result<(), Full> {
        let number = self.calls.replace(self.calls.get() + 1);
        match self.fails.borrow().contains(&number) {
            true => Err(Full),
            false => Ok(()),
        }
    }
}

impl Storage for Disk {
    type Error = Full;

    async fn load(&self) -> Result<Stored, Full> {
        self.call()?;
        Ok(self.read())
    }

    async fn write(&self, rows: &[Vec<u8>], records: &[Record]) -> Result<(), Full> {
        self.call()?;
        let mut kept = self.kept.borrow_mut();
        for row in rows {
            kept.next_key += 1;
            let key = kept.next_key;
            kept.rows.insert(key, row.clone());
        }
        for record in records {
            match record {
                Record::Keep(key, bytes) => drop(kept.steps.insert(*key, bytes.clone())),
                Record::Drop(key) => drop(kept.steps.remove(key)),
                Record::KeepDraft(page, bytes) => drop(kept.drafts.insert(*page, bytes.clone())),
                Record::DropDraft(page) => drop(kept.drafts.remove(page)),
            }
        }
        Ok(())
    }

    async fn compact(&self, compaction: &Compaction) -> Result<(), Full> {
        self.call()?;
        let mut kept = self.kept.borrow_mut();
        if kept.covers == compaction.replaces {
            kept.snapshot = Some(compaction.snapshot.clone());
            kept.covers = Some(compaction.covers);
            kept.rows = kept.rows.split_off(&(compaction.covers + 1));
        }
        Ok(())
    }
}

/// The value of a future that never waits, as those of a [`Disk`].
pub fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => Some(value),
        std::task::Poll::Pending => None,
    }
}
