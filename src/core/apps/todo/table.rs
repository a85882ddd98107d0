//! The list's table: a row is one item, with these fields.

use crate::core::doc::{
    id::Id,
    replica::Replica,
    table::{Key, Name, Record},
};

pub const TODO: Name = Name::known("todo");

/// Text: what needs to be done.
pub const TITLE: Name = Name::known("title");
/// Flag: it is done.
pub const DONE: Name = Name::known("done");
/// Text: the fractional index that orders the list.
pub const ORDER: Name = Name::known("order");
/// Text: names the latest edit of the title.
pub const REVISION: Name = Name::known("rev");
/// Text: the revision that was deleted. An item is gone while this equals its revision, so a title edited at the same
/// time brings the item back.
pub const DELETED_REVISION: Name = Name::known("gone");

pub fn field(item: &Id, field: Name) -> Key {
    Key::field(TODO, item.clone(), field)
}

/// All items with their fields, in no order.
pub fn items(replica: &Replica) -> Vec<(Id, Record)> {
    replica.records(&TODO)
}
