//! This client's copy of the document. Nothing outside this module knows that it is a yrs document; one short
//! transaction per call, because a nested one panics on wasm.

mod integrate;

use std::{
    cell::{Cell as StdCell, RefCell},
    collections::HashMap,
    rc::Rc,
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use yrs::{
    Any, ClientID, DeepObservable, Doc, IdSet, Map, MapPrelim, MapRef, Observable, OffsetKind,
    Options, Out, ReadTxn, StateVector, Transact, TransactionMut,
    types::{EntryChange, Event, PathSegment},
    updates::{decoder::Decode, encoder::Encode},
};

use super::{
    contents::Tally,
    gate::{self, OperationId, Passed, Refusal},
    quarantine::Quarantine,
    schema::{Cell, Change, Field, Fields, INK, Id, TODO, Touched, Value, Write},
};
use crate::{
    core::peer::PeerId,
    limits::{COMPARED_OPERATIONS, NESTED_TYPES},
};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplicaError {
    #[error("These bytes cannot be read. {0}")]
    Gate(#[from] Refusal),
    #[error("These bytes stopped the page once.")]
    SetAside,
    #[error("These bytes are no update of a document.")]
    Update,
    #[error("These bytes are no state vector.")]
    StateVector,
}

/// Names a state of the document: equal exactly when two copies have seen the same operations and hold the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Digest(pub u64);

/// Names the operations that a copy has seen. Copies that differ all the same are forked: one of the operations has two
/// meanings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Operations(pub u64);

/// What a batch of writes became.
#[derive(Debug)]
pub struct Commit {
    /// A Yjs update (v1) of this batch alone.
    pub update: Vec<u8>,
    pub changes: Vec<Change>,
}

/// The title of an item that gave way to one from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overwritten {
    pub item: Id,
    pub title: String,
    pub revision: String,
    /// The revision that came in its place.
    pub by: String,
}

impl Overwritten {
    /// The id of an item of its own, the same on every page.
    pub fn own_id(&self) -> Option<Id> {
        let mut hash = Sha256::new();
        for part in [self.item.as_str(), "\0", &self.revision] {
            hash.update(part);
        }
        Id::parse(&format!("{:016x}", short(hash))).ok()
    }
}

/// What an update from elsewhere did.
#[derive(Debug, PartialEq, Eq)]
pub struct Applied {
    pub touched: Vec<Touched>,
    pub overwritten: Vec<Overwritten>,
    /// The document learned something, even if nothing shows.
    pub news: bool,
    /// Operations are known to be missing: later ones of the same client are here.
    pub incomplete: bool,
    /// What the update was good for, if not for all that it said.
    pub torn: Option<Vec<u8>>,
}

pub struct Replica {
    doc: Doc,
    ink: MapRef,
    todo: MapRef,
    touched: Rc<RefCell<Vec<Touched>>>,
    overwritten: Rc<RefCell<Vec<Overwritten>>>,
    /// Marks of formatted text are here or wait for earlier operations: entries must not be named one by one.
    marks: Rc<StdCell<bool>>,
    /// Operations that arrived before earlier ones of the same client.
    beyond_gaps: IdSet,
    tally: Tally,
    digest: StdCell<Option<(Operations, Digest)>>,
    quarantine: Quarantine,
    nested: Vec<OperationId>,
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
        let ink = doc.get_or_insert_map(INK);
        let todo = doc.get_or_insert_map(TODO);
        let touched = Rc::new(RefCell::new(Vec::new()));
        let overwritten = Rc::new(RefCell::new(Vec::new()));
        let marks = Rc::new(StdCell::new(false));
        let tally = Tally::default();
        let (sink, blind, counted) = (Rc::clone(&touched), Rc::clone(&marks), tally.clone());
        ink.observe("touched", move |txn, event| {
            if blind.get() {
                return counted.forget();
            }
            for (key, change) in event.keys(txn) {
                let Ok(id) = Id::parse(key) else { continue };
                let [before, after] = sides(change).map(|side| side.cloned().and_then(value_of));
                counted.ink_changed(&id, before, after);
                sink.borrow_mut().push(Touched::Ink(id));
            }
        });
        let (sink, blind, counted) = (Rc::clone(&touched), Rc::clone(&marks), tally.clone());
        let lost = Rc::clone(&overwritten);
        todo.observe_deep("touched", move |txn, events| {
            counted.todo_changed();
            if blind.get() {
                return;
            }
            for event in events.iter() {
                let Event::Map(event) = event else { continue };
                let mut sink = sink.borrow_mut();
                let mut touch = |key: &str| {
                    sink.extend(Id::parse(key).ok().map(Touched::Todo));
                };
                match event.path().front() {
                    Some(PathSegment::Key(key)) => {
                        touch(key);
                        let changes = event.keys(txn);
                        let sides = |field: Field| match changes.get(field.key())? {
                            EntryChange::Updated(before, after) => {
                                Some([before, after].map(|side| value_of(side.clone())))
                            }
                            _ => None,
                        };
                        if let (
                            Some([Some(Value::Text(title)), _]),
                            Some([Some(Value::Text(revision)), Some(Value::Text(by))]),
                            Ok(item),
                        ) = (sides(Field::Title), sides(Field::Revision), Id::parse(key))
                        {
                            lost.borrow_mut().push(Overwritten {
                                item,
                                title: title.to_string(),
                                revision: revision.to_string(),
                                by: by.to_string(),
                            });
                        }
                    }
                    Some(PathSegment::Index(_)) => {}
                    None => event.keys(txn).keys().for_each(|key| touch(key)),
                }
            }
        });
        Self {
            doc,
            ink,
            todo,
            touched,
            overwritten,
            marks,
            beyond_gaps: IdSet::new(),
            tally,
            digest: StdCell::new(None),
            quarantine: Quarantine::default(),
            nested: Vec::new(),
        }
    }

    /// From now on takes in only what `quarantine` admits.
    pub fn guard(&mut self, quarantine: Quarantine) {
        self.quarantine = quarantine;
    }

    pub fn get(&self, cell: &Cell) -> Option<Value> {
        let txn = self.doc.transact();
        match cell {
            Cell::Ink(id) => value_of(self.ink.get(&txn, id.as_str())?),
            Cell::Todo(id, field) => {
                let item = self.todo.get(&txn, id.as_str())?.cast::<MapRef>().ok()?;
                value_of(item.get(&txn, field.key())?)
            }
        }
    }

    /// The bytes of one stroke.
    pub fn ink(&self, id: &Id) -> Option<Arc<[u8]>> {
        match self.get(&Cell::Ink(id.clone()))? {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// All strokes, in no order.
    pub fn inks(&self) -> Vec<(Id, Arc<[u8]>)> {
        let txn = self.doc.transact();
        let ink = self.ink.iter(&txn).filter_map(|(key, value)| {
            match (Id::parse(key), value_of(value)) {
                (Ok(id), Some(Value::Bytes(bytes))) => Some((id, bytes)),
                _ => None,
            }
        });
        ink.collect()
    }

    /// All to-do items with their fields, in no order.
    pub fn todos(&self) -> Vec<(Id, Fields)> {
        let txn = self.doc.transact();
        let items = self.todo.iter(&txn).filter_map(|(key, value)| {
            let item = value.cast::<MapRef>().ok()?;
            let read = |field: Field| value_of(item.get(&txn, field.key())?);
            Some((Id::parse(key).ok()?, Fields::read(read)))
        });
        items.collect()
    }

    /// Writes all of `writes` in one step. Writes that change nothing are left out; `None` if none is left. Of a cell that
    /// is written twice only the last value counts.
    pub fn write(&mut self, writes: &[Write]) -> Option<Commit> {
        let mut changes = Vec::new();
        let mut last = HashMap::with_capacity(writes.len());
        last.extend(
            writes
                .iter()
                .zip(0_usize..)
                .map(|(write, at)| (&write.cell, at)),
        );
        let counts = |at: usize, write: &Write| last.get(&write.cell) == Some(&at);
        let writes = (writes.iter().enumerate()).filter(|(at, write)| counts(*at, write));
        let update = {
            let mut txn = self.doc.transact_mut();
            for (_, Write { cell, value }) in writes {
                let map = match cell {
                    Cell::Ink(_) => Some(self.ink.clone()),
                    Cell::Todo(id, _) => match self.todo.get(&txn, id.as_str()) {
                        Some(item) => item.cast::<MapRef>().ok(),
                        None if value.is_none() => None,
                        None => Some(
                            self.todo
                                .insert(&mut txn, id.as_str(), MapPrelim::default()),
                        ),
                    },
                };
                let Some(map) = map else { continue };
                let key = match cell {
                    Cell::Ink(id) => id.as_str(),
                    Cell::Todo(_, field) => field.key(),
                };
                let before = put(&mut txn, &map, key, value);
                if before != *value {
                    changes.push(Change {
                        cell: cell.clone(),
                        before,
                        after: value.clone(),
                    });
                }
            }
            txn.encode_update_v1()
        };
        self.touched.borrow_mut().clear();
        self.overwritten.borrow_mut().clear();
        self.digest.set(None);
        (!changes.is_empty()).then_some(Commit { update, changes })
    }

    /// Merges a Yjs update (v1) from another copy or from storage.
    pub fn apply(&mut self, update: &[u8]) -> Result<Applied, ReplicaError> {
        let passed = gate::update(update)?;
        let mut nested = self.nested.clone();
        for id in &passed.nested {
            if !nested.contains(id) {
                nested.push(*id);
            }
            if nested.len() > NESTED_TYPES {
                return Err(ReplicaError::Gate(Refusal::Depth));
            }
        }
        if !self.quarantine.admits(update) {
            return Err(ReplicaError::SetAside);
        }
        let applied = self.take_in(update, &passed);
        if applied.is_ok() {
            self.nested = nested;
        }
        self.quarantine.survived();
        applied
    }

    fn take_in(&mut self, update: &[u8], passed: &Passed) -> Result<Applied, ReplicaError> {
        self.marks.set(self.marks.get() || passed.marks);
        let integrated = self.integrate(update, passed)?;
        let waiting = self.doc.transact().has_missing_updates();
        let mut touched = std::mem::take(&mut *self.touched.borrow_mut());
        touched.dedup();
        let overwritten = std::mem::take(&mut *self.overwritten.borrow_mut());
        if self.marks.replace(self.marks.get() && waiting) {
            touched = vec![Touched::Everything];
        }
        if integrated.news {
            self.digest.set(None);
        }
        Ok(Applied {
            touched,
            overwritten,
            news: integrated.news,
            incomplete: !self.beyond_gaps.is_empty() || waiting,
            torn: integrated.torn,
        })
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
        // Operations beyond a gap are in no state vector: whoever lacks them can only be sent all of that client's. To yrs
        // a client named with nothing is not one that is not named.
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
            block.has_content() && block.clock < u64::from(state.get(&author))
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
        self.tally.forget();
        before.is_some_and(|before| before != self.digests())
    }

    fn digests(&self) -> (Operations, Digest) {
        if let Some(digests) = self.digest.get() {
            return digests;
        }
        let operations = self.hash_of_operations();
        let mut hash = Sha256::new();
        hash.update(operations.to_be_bytes());
        hash.update(self.tally.count(self).to_be_bytes());
        let digests = (Operations(operations), Digest(short(hash)));
        self.digest.set(Some(digests));
        digests
    }

    fn hash_of_operations(&self) -> u64 {
        let snapshot = self.doc.transact().snapshot();
        let mut hash = Sha256::new();
        let clocks = snapshot
            .state_map
            .iter()
            .map(|(client, &clock)| (client.get(), clock));
        for (client, clock) in sorted(clocks) {
            hash.update(client.to_be_bytes());
            hash.update(clock.to_be_bytes());
        }
        for set in [&snapshot.delete_set, &self.beyond_gaps] {
            hash.update(b"set");
            for (client, _) in sorted(set.client_ids().map(|client| (client.get(), 0))) {
                hash.update(client.to_be_bytes());
                let ranges = set
                    .get(&ClientID::new(client))
                    .into_iter()
                    .flat_map(|ranges| ranges.iter());
                for range in joined(ranges.map(|(range, ())| (range.start, range.end))) {
                    hash.update(range.0.to_be_bytes());
                    hash.update(range.1.to_be_bytes());
                }
            }
        }
        short(hash)
    }
}

fn short(hash: Sha256) -> u64 {
    let hash: [u8; 32] = hash.finalize().into();
    hash.first_chunk()
        .map_or(0, |part| u64::from_be_bytes(*part))
}

/// What was there before, and what is after.
fn sides(change: &EntryChange) -> [Option<&Out>; 2] {
    match change {
        EntryChange::Inserted(after) => [None, Some(after)],
        EntryChange::Updated(before, after) => [Some(before), Some(after)],
        EntryChange::Removed(before) => [Some(before), None],
    }
}

fn sorted(pairs: impl Iterator<Item = (u64, u32)>) -> Vec<(u64, u32)> {
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort_unstable();
    pairs
}

fn decode_state_vector(bytes: &[u8]) -> Result<StateVector, ReplicaError> {
    gate::state_vector(bytes)?;
    StateVector::decode_v1(bytes).map_err(|_| ReplicaError::StateVector)
}

/// Ranges in ascending order, with those that touch merged: two copies may have cut the same operations differently.
fn joined(ranges: impl Iterator<Item = (u32, u32)>) -> Vec<(u32, u32)> {
    ranges.fold(Vec::new(), |mut all, (start, end)| {
        match all.last_mut() {
            Some((_, last)) if start <= *last => *last = end.max(*last),
            _ => all.push((start, end)),
        }
        all
    })
}

/// Writes and returns what was there; leaves the document alone where nothing would change.
fn put(txn: &mut TransactionMut, map: &MapRef, key: &str, value: &Option<Value>) -> Option<Value> {
    let before = map.get(txn, key).and_then(value_of);
    if before != *value {
        match value {
            Some(value) => {
                map.insert(txn, key, any_of(value));
            }
            None => {
                map.remove(txn, key);
            }
        }
    }
    before
}

fn value_of(out: Out) -> Option<Value> {
    match out {
        Out::Any(Any::Buffer(bytes)) => Some(Value::Bytes(bytes)),
        Out::Any(Any::String(text)) => Some(Value::Text(text)),
        Out::Any(Any::Bool(flag)) => Some(Value::Flag(flag)),
        _ => None,
    }
}

fn any_of(value: &Value) -> Any {
    match value {
        Value::Bytes(bytes) => Any::Buffer(bytes.clone()),
        Value::Text(text) => Any::String(text.clone()),
        Value::Flag(flag) => Any::Bool(*flag),
    }
}

#[cfg(test)]
mod tests;
