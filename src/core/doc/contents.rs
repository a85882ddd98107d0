//! What the document holds, as one number. Copies that have seen the same operations hold the same, unless one operation
//! was given two meanings: the number tells a forked document from a whole one. It is a sum over all rows of all tables,
//! known to this version or not, so that an edit costs the hash of the rows that it touched.

use std::{cell::RefCell, collections::HashMap};

use sha2::{Digest as _, Sha256};

use super::{
    replica::Replica,
    table::{Key, Row, Value},
};

/// A key and its value as a number: 128 bits of SHA-256.
fn weight(key: &Key, value: &Value) -> u128 {
    let field = key.field.as_ref().map_or("", |field| field.as_str());
    let number;
    let (kind, bytes): (u8, &[u8]) = match value {
        Value::Bytes(bytes) => (0, bytes),
        Value::Text(text) => (1, text.as_bytes()),
        Value::Flag(false) => (2, &[]),
        Value::Flag(true) => (3, &[]),
        Value::Number(bits) => {
            number = bits.to_be_bytes();
            (4, &number)
        }
        Value::SharedText(text) => (5, text.as_bytes()),
        Value::Other(bytes) => (6, bytes),
    };
    let mut hash = Sha256::new();
    // Names and ids have no control characters.
    for part in [
        key.table.as_str().as_bytes(),
        &[0],
        key.id.as_str().as_bytes(),
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

pub fn sum<'a>(cells: impl IntoIterator<Item = &'a (Key, Value)>) -> u128 {
    let weights = cells.into_iter().map(|(key, value)| weight(key, value));
    weights.fold(0, u128::wrapping_add)
}

/// The sum of all rows. Rows are weighed again once they were touched.
#[derive(Debug, Default)]
pub struct StateHash(RefCell<Option<Counted>>);

#[derive(Debug, Default)]
struct Counted {
    rows: HashMap<Row, u128>,
    /// A row may be named more than once.
    touched: Vec<Row>,
    sum: u128,
}

impl Counted {
    fn all(replica: &Replica) -> Self {
        let mut all = Self::default();
        for (key, value) in replica.cells() {
            let weight = weight(&key, &value);
            let row = all.rows.entry(key.row()).or_default();
            *row = row.wrapping_add(weight);
            all.sum = all.sum.wrapping_add(weight);
        }
        all
    }
}

impl StateHash {
    pub fn touched(&self, row: &Row) {
        if let Some(counted) = &mut *self.0.borrow_mut() {
            counted.touched.push(row.clone());
        }
    }

    /// What changed cannot be told.
    pub fn forget(&self) {
        self.0.take();
    }

    pub fn count(&self, replica: &Replica) -> u128 {
        let mut counted = self.0.borrow_mut();
        let counted = counted.get_or_insert_with(|| Counted::all(replica));
        for row in counted.touched.drain(..) {
            let weight = sum(&replica.row(&row));
            let before = match weight {
                0 => counted.rows.remove(&row),
                weight => counted.rows.insert(row, weight),
            };
            let sum = counted.sum.wrapping_sub(before.unwrap_or_default());
            counted.sum = sum.wrapping_add(weight);
        }
        counted.sum
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::{
        doc::{
            id::Id,
            table::{Name, Write},
        },
        peer::PeerId,
    };

    const TABLES: [Name; 2] = [Name::known("one"), Name::known("two")];
    const FIELDS: [Name; 2] = [Name::known("a"), Name::known("b")];

    /// One of a few keys, so that writes meet.
    fn write() -> impl Strategy<Value = Write> {
        (0..2_usize, 0..3_u8, 0..3_usize, 0..7_u8).prop_map(|(table, row, field, value)| Write {
            key: Key {
                table: TABLES[table].clone(),
                id: Id::parse(&row.to_string()).unwrap(),
                field: FIELDS.get(field).cloned(),
            },
            value: match value {
                0 => None,
                1 => Some(Value::Bytes(vec![row; 9].into())),
                2 => Some(Value::text("text")),
                3 => Some(Value::Flag(true)),
                4 => Some(Value::number(0.5)),
                value => Some(Value::SharedText("shared ".repeat(value.into()).into())),
            },
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
