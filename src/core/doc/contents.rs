//! What the cells hold, and all of it as one number. Copies that have seen the same operations hold the same, unless
//! somebody gave one operation two meanings: the number tells a forked document from a whole one. It is a sum over the
//! cells, so that a changed stroke costs the hash of that stroke.

use std::{cell::Cell as StdCell, rc::Rc};

use sha2::{Digest as _, Sha256};

use super::{
    replica::Replica,
    schema::{Cell, Field, Id, Value},
};

/// Everything that a copy shows.
pub fn cells(replica: &Replica) -> impl Iterator<Item = (Cell, Value)> {
    inks(replica).chain(todos(replica))
}

fn inks(replica: &Replica) -> impl Iterator<Item = (Cell, Value)> {
    let inks = replica.inks().into_iter();
    inks.map(|(id, ink)| (Cell::Ink(id), Value::Bytes(ink)))
}

fn todos(replica: &Replica) -> impl Iterator<Item = (Cell, Value)> {
    replica.todos().into_iter().flat_map(|(id, fields)| {
        let cells = Field::ALL.map(|field| {
            let value = fields.get(field)?.clone();
            Some((Cell::Todo(id.clone(), field), value))
        });
        cells.into_iter().flatten()
    })
}

/// A cell and its value as a number: 128 bits of SHA-256.
fn weight(cell: &Cell, value: &Value) -> u128 {
    let (id, field) = match cell {
        Cell::Ink(id) => (id, ""),
        Cell::Todo(id, field) => (id, field.key()),
    };
    let (kind, bytes): (u8, &[u8]) = match value {
        Value::Bytes(bytes) => (0, bytes),
        Value::Text(text) => (1, text.as_bytes()),
        Value::Flag(false) => (2, &[]),
        Value::Flag(true) => (3, &[]),
    };
    let mut hash = Sha256::new();
    // No id has control characters.
    for part in [
        id.as_str().as_bytes(),
        &[0],
        field.as_bytes(),
        &[kind],
        bytes,
    ] {
        hash.update(part);
    }
    let hash: [u8; 32] = hash.finalize().into();
    hash.first_chunk().copied().map_or(0, u128::from_be_bytes)
}

pub fn sum<'a>(cells: impl IntoIterator<Item = &'a (Cell, Value)>) -> u128 {
    let weights = cells.into_iter().map(|(cell, value)| weight(cell, value));
    weights.fold(0, u128::wrapping_add)
}

/// The sum of all cells, shared with whoever tells what changed.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// None is to be counted anew.
    ink: Rc<StdCell<Option<u128>>>,
    todo: Rc<StdCell<Option<u128>>>,
}

impl Tally {
    /// A stroke came, went, or gave way to another.
    pub fn ink_changed(&self, id: &Id, before: Option<Value>, after: Option<Value>) {
        let cell = Cell::Ink(id.clone());
        let weight = |value: Option<Value>| value.map_or(0, |value| weight(&cell, &value));
        let sum = self.ink.get();
        let sum = sum.map(|sum| sum.wrapping_sub(weight(before)).wrapping_add(weight(after)));
        self.ink.set(sum);
    }

    pub fn todo_changed(&self) {
        self.todo.set(None);
    }

    /// What changed cannot be told.
    pub fn forget(&self) {
        self.ink.set(None);
        self.todo.set(None);
    }

    pub fn count(&self, replica: &Replica) -> u128 {
        let ink = self.ink.get();
        let ink = ink.unwrap_or_else(|| sum(&inks(replica).collect::<Vec<_>>()));
        let todo = self.todo.get();
        let todo = todo.unwrap_or_else(|| sum(&todos(replica).collect::<Vec<_>>()));
        self.ink.set(Some(ink));
        self.todo.set(Some(todo));
        ink.wrapping_add(todo)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::{doc::schema::Write, peer::PeerId};

    /// One of a few cells, so that writes meet.
    fn write() -> impl Strategy<Value = Write> {
        (0..6_u8, 0..4_u8).prop_map(|(place, value)| {
            let id = |place: u8| Id::parse(&place.to_string()).unwrap();
            let cell = match place {
                0..4 => Cell::Ink(id(place)),
                _ => Cell::Todo(id(place), Field::ALL[usize::from(value)]),
            };
            let held = match cell {
                Cell::Ink(_) => Value::Bytes(vec![value; 9].into()),
                Cell::Todo(..) => Value::text(value.to_string()),
            };
            Write {
                cell,
                value: (value > 0).then_some(held),
            }
        })
    }

    proptest! {
        #[test]
        fn the_tally_is_the_sum_after_any_edits_by_anybody(
            steps in proptest::collection::vec((0..3_usize, write(), 0..3_usize, any::<bool>()), 1..60),
        ) {
            let mut copies = [1, 2, 3].map(|id| Replica::new(PeerId::from_random(id)));
            let mut said = Vec::new();
            for (writer, write, reader, all) in steps {
                let commit = copies[writer].write(&[write]);
                said.extend(commit.map(|commit| commit.update));
                // Sometimes with gaps, sometimes all that was ever said, in one step.
                match all {
                    true => drop(copies[reader].apply(&copies[writer].snapshot())),
                    false => said.iter().skip(reader).for_each(|update| drop(copies[reader].apply(update))),
                }
                for copy in &copies {
                    copy.digest();
                    prop_assert!(!copy.recount());
                }
            }
        }
    }
}
