//! What the document holds: two Y.Maps, and every key in them.
//!
//! | root | key | value |
//! |---|---|---|
//! | `ink` | element id | the stroke's bytes (`board::stroke`), written once, removed by erasing |
//! | `todo` | item id | a Y.Map of [`Field`]s, each written on its own |
//!
//! Ink bytes never change in place. What will be mutable about an element (place, colour, z-order) gets a map of its
//! own beside `ink`, keyed by the same id, so that moving a stroke never sends its points again.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{core::text, limits::ID_BYTES};

pub const INK: &str = "ink";
pub const TODO: &str = "todo";

/// An element's or item's id: 1 to 64 bytes without control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Id(Arc<str>);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("An id has 1 to {ID_BYTES} bytes and no control characters.")]
pub struct IdError;

impl Id {
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let good = (1..=ID_BYTES).contains(&text.len()) && !text.chars().any(char::is_control);
        good.then(|| Self(text.into())).ok_or(IdError)
    }

    /// Ten characters, 59 bits: two ids meet by chance once in 700 million strokes.
    pub fn random(rng: &mut fastrand::Rng) -> Self {
        let text: String = std::iter::repeat_with(|| rng.alphanumeric())
            .take(10)
            .collect();
        Self(text.into())
    }

    /// The id of what has `text` for its id elsewhere: a text that no id can be becomes another, always the same.
    pub fn of_foreign(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|_| Self::of_contents(text))
    }

    /// The id of what has none, by what it is.
    pub fn of_contents(contents: &str) -> Self {
        let digest: [u8; 32] = Sha256::digest(contents).into();
        let hex: String = digest
            .iter()
            .take(12)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self(hex.into())
    }

    /// The id of the `number`th thing, counted from 1, that has this one; always the same.
    pub fn numbered(&self, number: usize) -> Self {
        match number {
            1 => self.clone(),
            // A long id has to lose its end.
            _ => Self(format!("{}~{number}", text::cut(&self.0, ID_BYTES / 4)).into()),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Id {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0.as_ref().to_owned()
    }
}

/// A to-do item's fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Field {
    /// Text: what needs to be done.
    Title,
    /// Flag: it is done.
    Done,
    /// Text: the fractional index that orders the list.
    Order,
    /// Text: names the latest edit of the title.
    Revision,
    /// Text: the revision that was deleted. An item is gone while this equals its revision, so a title edited at
    /// the same time brings the item back.
    DeletedRevision,
}

impl Field {
    pub const ALL: [Self; 5] = [
        Self::Title,
        Self::Done,
        Self::Order,
        Self::Revision,
        Self::DeletedRevision,
    ];

    pub fn key(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Done => "done",
            Self::Order => "order",
            Self::Revision => "rev",
            Self::DeletedRevision => "gone",
        }
    }
}

/// What a to-do item's fields hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields([Option<Value>; Field::ALL.len()]);

impl Fields {
    pub fn read(read: impl Fn(Field) -> Option<Value>) -> Self {
        Self(Field::ALL.map(read))
    }

    pub fn get(&self, field: Field) -> Option<&Value> {
        let mut fields = Field::ALL.into_iter().zip(&self.0);
        fields.find(|(this, _)| *this == field)?.1.as_ref()
    }
}

/// One place in the document that holds one value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Cell {
    Ink(Id),
    Todo(Id, Field),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    Bytes(Arc<[u8]>),
    Text(Arc<str>),
    Flag(bool),
}

impl Value {
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// An intent: put `value` into `cell`, or empty it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    pub cell: Cell,
    pub value: Option<Value>,
}

/// What a write did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub cell: Cell,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// What an edit by anybody touched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Touched {
    Ink(Id),
    Todo(Id),
    /// More than can be told one by one.
    Everything,
}

impl From<&Cell> for Touched {
    fn from(cell: &Cell) -> Self {
        match cell {
            Cell::Ink(id) => Self::Ink(id.clone()),
            Cell::Todo(id, _) => Self::Todo(id.clone()),
        }
    }
}
