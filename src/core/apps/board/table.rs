//! The board's table: a row is one stroke's bytes ([`super::stroke`]), written once and removed by erasing.
//!
//! What will be mutable about an element (place, colour, order) gets a table of its own beside this one with the same
//! ids, so that moving a stroke never sends its points again.

use std::sync::Arc;

use crate::core::doc::{
    id::Id,
    replica::Replica,
    table::{Key, Name, Value},
};

pub const INK: Name = Name::known("ink");

pub const fn ink(id: Id) -> Key {
    Key::value(INK, id)
}

/// The bytes of one stroke.
pub fn stroke(replica: &Replica, id: &Id) -> Option<Arc<[u8]>> {
    bytes(replica.get(&ink(id.clone()))?)
}

/// All strokes, in no order.
pub fn strokes(replica: &Replica) -> Vec<(Id, Arc<[u8]>)> {
    let values = replica.values(&INK).into_iter();
    values
        .filter_map(|(id, value)| Some((id, bytes(value)?)))
        .collect()
}

fn bytes(value: Value) -> Option<Arc<[u8]>> {
    match value {
        Value::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}
