//! This client's copy of the document. Nothing outside this module knows that it is a yrs document; one short
//! transaction per call, because a nested one panics on wasm.

mod integrate;
mod nesting;
mod noted;
mod operations;
mod values;

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
    rc::Rc,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use yrs::{
    ClientID, Doc, IdSet, Map, MapPrelim, MapRef, OffsetKind, Options, ReadTxn, StateVector,
    Transact, TransactionMut,
    updates::{decoder::Decode, encoder::Encode},
};

use self::{nesting::Nesting, noted::Noted, operations::Seen};
use super::{
    gate::{self, Passed, Refusal},
    id::Id,
    quarantine::Quarantine,
    table::{Change, Key, Name, Record, Row, Touched, Value, Write},
};
use crate::{core::peer::PeerId, limits::COMPARED_OPERATIONS};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplicaError {
    /// These bytes cannot be read.
    Gate(Refusal),
    /// These bytes stopped the page once.
    SetAside,
    /// These bytes are no update of a document.
    Update,
    /// These bytes are no state vector.
    StateVector,
}

impl From<Refusal> for ReplicaError {
    fn from(refusal: Refusal) -> Self {
        Self::Gate(refusal)
    }
}

/// Names a state of the document: equal exactly when two copies have seen the same operations and hold the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Digest(pub u64);

/// Identifies the operations that a copy has seen. If two copies have the same operations but different digests, the
/// document is forked: one of the operations has two different contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Operations(pub u64);

/// What a batch of writes became.
#[derive(Debug)]
pub struct Commit {
    /// A Yjs update (v1) of this batch alone.
    pub update: Vec<u8>,
    pub changes: Vec<Change>,
}

/// What an update from elsewhere did.
#[derive(Debug, PartialEq, Eq)]
pub struct Applied {
    pub touched: Vec<Touched>,
    /// Values of records that gave way to others.
    pub replaced: Vec<Change>,
    /// The document learned something, even if nothing shows.
    pub news: bool,
    /// Operations are known to be missing: later ones of the same client are here.
    pub incomplete: bool,
    /// If only a part of the update could be merged: that part, as an update.
    pub torn: Option<Vec<u8>>,
}

pub struct Replica {
    doc: Doc,
    tables: HashMap<Name, MapRef>,
    noted: Rc<Noted>,
    /// Operations that arrived before earlier ones of the same client.
    beyond_gaps: IdSet,
    /// None is to be counted anew.
    seen: RefCell<Option<Seen>>,
    digest: Cell<Option<(Operations, Digest)>>,
    quarantine: Quarantine,
    nesting: Nesting,
}

impl Replica {
    /// An update with nothing in it: no author, no deletion.
    pub const EMPTY_UPDATE: [u8; 2] = [0, 0];
    /// The state vector of a copy with nothing in it.
    pub const NOTHING: [u8; 1] = [0];

    /// An empty document. `me` must never have written to any copy before.
    pub fn new(me: PeerId) -> Self {
        let mut options =
            Options::with_guid_and_client_id("duplex".into(), ClientID::new(me.get()));
        options.offset_kind = OffsetKind::Utf16;
        let doc = Doc::with_options(options);
        Self {
            doc,
            tables: HashMap::new(),
            noted: Rc::new(Noted::default()),
            beyond_gaps: IdSet::new(),
            seen: RefCell::new(None),
            digest: Cell::new(None),
            quarantine: Quarantine::default(),
            nesting: Nesting::default(),
        }
    }

    /// From now on takes in nothing that `quarantine` holds.
    pub fn guard(&mut self, quarantine: Quarantine) {
        self.quarantine = quarantine;
    }

    pub fn get(&self, key: &Key) -> Option<Value> {
        let txn = self.doc.transact();
        let row = self.tables.get(&key.table)?.get(&txn, key.id.as_str())?;
        let value = match &key.field {
            None => row,
            Some(field) => row.cast::<MapRef>().ok()?.get(&txn, field.as_str())?,
        };
        values::read(value, &txn)
    }

    /// What a row holds under which keys.
    pub fn row(&self, row: &Row) -> Vec<(Key, Value)> {
        let txn = self.doc.transact();
        let table = self.tables.get(&row.table);
        let entry = table.and_then(|table| table.get(&txn, row.id.as_str()));
        let mut cells = Vec::new();
        if let Some(entry) = entry {
            values::each(entry, &txn, &mut |field, value| {
                let Row { table, id } = row.clone();
                cells.push((Key { table, id, field }, value));
            });
        }
        cells
    }

    /// All that is in the document: each key with its value, row by row.
    pub fn cells(&self) -> Vec<(Key, Value)> {
        let mut cells = Vec::new();
        for table in self.tables.keys() {
            self.each(table, &mut |id, field, value| {
                let (table, id) = (table.clone(), id.clone());
                cells.push((Key { table, id, field }, value));
            });
        }
        cells
    }

    /// The rows of a table that are one value each, in no order.
    pub fn values(&self, table: &Name) -> Vec<(Id, Value)> {
        let mut values = Vec::new();
        self.each(table, &mut |id, field, value| {
            if field.is_none() {
                values.push((id.clone(), value));
            }
        });
        values
    }

    /// The rows of a table that are records, in no order.
    pub fn records(&self, table: &Name) -> Vec<(Id, Record)> {
        let mut records = Vec::<(Id, Record)>::new();
        self.each(table, &mut |id, field, value| {
            let Some(field) = field else { return };
            match records.last_mut() {
                Some((last, record)) if last == id => record.push(field, value),
                _ => records.push((id.clone(), Record::from_iter([(field, value)]))),
            }
        });
        records
    }

    /// One row of a table of records; empty where there is none.
    pub fn record(&self, table: &Name, id: &Id) -> Record {
        let row = Row {
            table: table.clone(),
            id: id.clone(),
        };
        let fields = self.row(&row).into_iter();
        fields
            .filter_map(|(key, value)| Some((key.field?, value)))
            .collect()
    }

    /// What a table holds, row by row.
    fn each(&self, table: &Name, to: &mut dyn FnMut(&Id, Option<Name>, Value)) {
        let txn = self.doc.transact();
        let Some(table) = self.tables.get(table) else {
            return;
        };
        for (id, row) in table.iter(&txn) {
            if let Ok(id) = Id::parse(id) {
                values::each(row, &txn, &mut |field, value| to(&id, field, value));
            }
        }
    }

    /// How many rows of a table hold something.
    pub fn count(&self, table: &Name) -> u32 {
        let (mut count, mut last) = (0, None);
        self.each(table, &mut |id, _, _| {
            if last.as_ref() != Some(id) {
                count += 1;
                last = Some(id.clone());
            }
        });
        count
    }

    /// The edit that brings the rows of a table which `other` lacks.
    pub fn missing_in(&self, other: &Self, table: &Name) -> Vec<Write> {
        let mut there = HashSet::new();
        other.each(table, &mut |id, _, _| {
            there.insert(id.clone());
        });
        let mut missing = Vec::new();
        self.each(table, &mut |id, field, value| {
            if !there.contains(id) {
                let (table, id) = (table.clone(), id.clone());
                missing.push(Write::put(Key { table, id, field }, value));
            }
        });
        missing
    }

    /// The names of all tables that were ever written to.
    pub fn tables(&self) -> impl Iterator<Item = &Name> {
        self.tables.keys()
    }

    /// Writes all of `writes` in one step. Writes that change nothing are left out; `None` if none is left. Of a key that
    /// is written twice only the last value counts.
    pub fn write(&mut self, writes: &[Write]) -> Option<Commit> {
        let mut changes = Vec::new();
        let mut last = HashMap::with_capacity(writes.len());
        last.extend(
            writes
                .iter()
                .zip(0_usize..)
                .map(|(write, at)| (&write.key, at)),
        );
        for write in writes.iter().filter(|write| write.value.is_some()) {
            self.open(&write.key.table);
        }
        let counts = |at: usize, write: &Write| last.get(&write.key) == Some(&at);
        let writes = (writes.iter().enumerate()).filter(|(at, write)| counts(*at, write));
        for (_, Write { key, value }) in writes {
            let before = self.get(key);
            if before != *value {
                changes.push(Change {
                    key: key.clone(),
                    before,
                    after: value.clone(),
                });
            }
        }
        let update = {
            let mut txn = self.doc.transact_mut();
            for Change { key, before, after } in &changes {
                let Some(table) = self.tables.get(&key.table) else {
                    continue;
                };
                let id = key.id.as_str();
                let (before, after) = (before.as_ref(), after.as_ref());
                match &key.field {
                    None => values::put(&mut txn, table, id, before, after),
                    Some(field) => {
                        let row = table.get(&txn, id);
                        let record = row.and_then(|row| row.cast::<MapRef>().ok());
                        let record = record
                            .unwrap_or_else(|| table.insert(&mut txn, id, MapPrelim::default()));
                        values::put(&mut txn, &record, field.as_str(), before, after);
                    }
                }
            }
            let update = txn.encode_update_v1();
            txn.commit();
            self.count_in(&txn, &update);
            update
        };
        if let Ok(passed) = gate::update(&update) {
            self.nesting.add_own(&passed.types);
        }
        self.noted.touched.take();
        self.noted.replaced.take();
        self.noted.types.take();
        self.digest.set(None);
        (!changes.is_empty()).then_some(Commit { update, changes })
    }

    /// Merges a Yjs update (v1) from another copy or from storage.
    pub fn apply(&mut self, update: &[u8]) -> Result<Applied, ReplicaError> {
        let passed = gate::update(update)?;
        if self.quarantine.holds(update) {
            return Err(ReplicaError::SetAside);
        }
        if passed.is_unusual {
            self.quarantine.taking(update);
        }
        let applied = self.take_in(update, &passed);
        if passed.is_unusual {
            self.quarantine.survived();
        }
        applied
    }

    fn take_in(&mut self, update: &[u8], passed: &Passed) -> Result<Applied, ReplicaError> {
        self.nesting.add(&passed.types)?;
        for name in &passed.roots {
            Name::parse(name).iter().for_each(|table| self.open(table));
        }
        let marks = &self.noted.marks;
        marks.set(marks.get() || passed.marks);
        let integrated = self.integrate(update, passed)?;
        let waiting = self.doc.transact().has_missing_updates();
        let mut touched = self.noted.touched.take();
        touched.dedup();
        for (id, depth) in self.noted.types.take() {
            self.nesting.found(id, depth);
        }
        let marks = &self.noted.marks;
        if marks.replace(marks.get() && waiting) {
            touched = vec![Touched::Everything];
        }
        if integrated.news {
            self.digest.set(None);
        }
        Ok(Applied {
            touched,
            replaced: self.noted.replaced.take(),
            news: integrated.news,
            incomplete: !self.beyond_gaps.is_empty() || waiting,
            torn: integrated.torn,
        })
    }

    /// Reads a table from now on. Not inside of a transaction.
    fn open(&mut self, table: &Name) {
        if !self.tables.contains_key(table) {
            let map = self.doc.get_or_insert_map(table.as_str());
            self.noted.observe(table, &map);
            self.tables.insert(table.clone(), map);
        }
    }

    /// Which operations this copy has, up to each client's first gap: what a
    /// peer needs to know to send the rest.
    pub fn state_vector(&self) -> Vec<u8> {
        self.doc.transact().state_vector().encode_v1()
    }

    /// What a copy with `state_vector` lacks, as an update; `None` if this copy has no insertion that the other
    /// has not. Deletions come along in any update.
    pub fn diff(&self, state_vector: &[u8]) -> Result<Option<Vec<u8>>, ReplicaError> {
        let theirs = decode_state_vector(state_vector)?;
        let txn = self.doc.transact();
        let mine = txn.state_vector();
        let ahead = |(client, &clock): (&ClientID, &u32)| clock > theirs.get(client);
        let more = mine.iter().any(ahead) || !self.beyond_gaps.is_empty();
        // A state vector does not cover operations beyond a gap, so a copy that lacks them gets all operations of that
        // client. The client is removed from the state vector, because yrs treats a clock of 0 and a missing client
        // differently.
        let whole = |client: &ClientID| self.beyond_gaps.get(client).is_some();
        let theirs = theirs.iter().filter(|(client, _)| !whole(client));
        let theirs = theirs.map(|(client, &clock)| (*client, clock)).collect();
        Ok(more.then(|| txn.encode_diff_v1(&theirs)))
    }

    /// An update as several of about `bytes` each, for copies that take them in in this order.
    pub fn cut(update: Vec<u8>, bytes: usize) -> Vec<Vec<u8>> {
        match update.len() > bytes {
            true => gate::cut(&update, bytes).unwrap_or_else(|_| vec![update]),
            false => vec![update],
        }
    }

    /// Whether a copy with `state_vector` has insertions that this one lacks.
    pub fn lacks(&self, state_vector: &[u8]) -> Result<bool, ReplicaError> {
        let theirs = decode_state_vector(state_vector)?;
        let mine = self.doc.transact().state_vector();
        Ok(theirs
            .iter()
            .any(|(client, &clock)| clock > mine.get(client)))
    }

    /// Whether an update gives an operation that this copy has another meaning, as far as it can be told at little cost.
    /// One that this copy knows to be deleted has none.
    pub fn contradicts(&self, update: &[u8]) -> bool {
        let Ok(theirs) = gate::blocks(update) else {
            return false;
        };
        let txn = self.doc.transact();
        let state = txn.state_vector();
        let is_known = |block: &gate::Block| {
            let author = ClientID::new(block.author);
            block.has_content() && !block.has_map && block.clock < u64::from(state.get(&author))
        };
        let theirs: Vec<_> = theirs.into_iter().filter(is_known).collect();
        if theirs.is_empty() {
            return false;
        }
        let mut from = state.clone();
        for block in &theirs {
            let clock = u32::try_from(block.clock).unwrap_or(u32::MAX);
            from.set_min(ClientID::new(block.author), clock);
        }
        // All that its authors did since is written out for it.
        let compared = from
            .iter()
            .map(|(author, &clock)| u64::from(state.get(author).saturating_sub(clock)));
        if compared.sum::<u64>() > COMPARED_OPERATIONS {
            return false;
        }
        let mine = txn.encode_diff_v1(&from);
        let mut mine = gate::blocks(&mine).unwrap_or_default();
        let place = |block: &gate::Block| (block.author, block.clock, block.length);
        mine.retain(gate::Block::has_content);
        mine.sort_unstable_by_key(place);
        theirs.iter().any(|theirs| {
            let same = mine.binary_search_by_key(&place(theirs), place);
            let mine = same.ok().and_then(|at| mine.get(at));
            mine.is_some_and(|mine| mine.bytes != theirs.bytes)
        })
    }

    /// Only the deletions, as an update: what two copies with equal state vectors may still differ in.
    pub fn deletions(&self) -> Vec<u8> {
        let txn = self.doc.transact();
        txn.encode_diff_v1(&txn.state_vector())
    }

    /// What a copy made of `updates` lacks of this one, as an update; none if it lacks nothing.
    pub fn beyond<'a>(&self, updates: impl IntoIterator<Item = &'a Vec<u8>>) -> Option<Vec<u8>> {
        let mut other = Self::new(PeerId::FIRST);
        for update in updates {
            // What does not read is not there.
            let _ = other.apply(update);
        }
        let lacking = || self.diff(&other.state_vector()).ok().flatten();
        (other.digest() != self.digest()).then(|| lacking().unwrap_or_else(|| self.deletions()))
    }

    /// The whole document as one update, with what is still waiting for earlier operations.
    pub fn snapshot(&self) -> Vec<u8> {
        self.doc
            .transact()
            .encode_state_as_update_v1(&StateVector::default())
    }

    pub fn digest(&self) -> Digest {
        self.digests().1
    }

    pub fn operations(&self) -> Operations {
        self.digests().0
    }

    /// Counts anew what is in the document; says whether that gives another digest.
    pub fn recount(&self) -> bool {
        let before = self.digest.take();
        self.noted.state_hash.forget();
        self.seen.take();
        before.is_some_and(|before| before != self.digests())
    }

    fn digests(&self) -> (Operations, Digest) {
        if let Some(digests) = self.digest.get() {
            return digests;
        }
        let operations = self.hash_of_operations();
        let mut hash = Sha256::new();
        hash.update(operations.to_be_bytes());
        hash.update(self.noted.state_hash.count(self).to_be_bytes());
        let digests = (Operations(operations), Digest(short(hash)));
        self.digest.set(Some(digests));
        digests
    }

    /// Counts what a transaction did, which is this update.
    fn count_in(&self, txn: &TransactionMut, update: &[u8]) {
        let mut seen = self.seen.borrow_mut();
        let Some(known) = &mut *seen else { return };
        let Ok(blocks) = gate::blocks(update) else {
            return drop(seen.take());
        };
        known.inserted(txn.insert_set(), &txn.state_vector());
        known.deleted_all(txn.delete_set());
        // Operations below something deleted come in as a stretch, and no deletion is told of them.
        for block in blocks.iter().filter(|block| block.is_stretch()) {
            let clock = |clock| u32::try_from(clock).unwrap_or(u32::MAX);
            let end = block.clock.saturating_add(block.length);
            known.deleted(block.author, clock(block.clock), clock(end));
        }
    }

    fn hash_of_operations(&self) -> u64 {
        let mut seen = self.seen.borrow_mut();
        let seen = seen.get_or_insert_with(|| Seen::of(&self.doc.transact().snapshot()));
        let mut beyond = Seen::default();
        beyond.deleted_all(&self.beyond_gaps);
        let mut hash = Sha256::new();
        hash.update(seen.sum().to_be_bytes());
        hash.update(beyond.sum().to_be_bytes());
        short(hash)
    }
}

fn short(hash: Sha256) -> u64 {
    let hash: [u8; 32] = hash.finalize().into();
    hash.first_chunk()
        .map_or(0, |part| u64::from_be_bytes(*part))
}

fn decode_state_vector(bytes: &[u8]) -> Result<StateVector, ReplicaError> {
    gate::state_vector(bytes)?;
    StateVector::decode_v1(bytes).map_err(|_| ReplicaError::StateVector)
}

#[cfg(test)]
mod tests;
