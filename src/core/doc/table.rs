//! The document is tables, and a table is data: a Y.Map at the top of the document, whose entries are rows. A row is one
//! value, or a record: a Y.Map of fields that are written each on its own.
//!
//! | table | row | field | value |
//! |---|---|---|---|
//! | `ink` | stroke's id | – | bytes, written once |
//! | `ink.offset`, `ink.color`, … | stroke's id | – | what changed about it since |
//! | `todo` | item's id | `title`, `done`, `order`, … | text, flag |
//!
//! Apps name their tables and fields ([`crate::core::apps::board::table`], [`crate::core::apps::todo::table`]). Nothing in `doc` knows
//! them: what another version of this program added is kept, counted, compared, restored and passed on like the rest.

use std::{borrow::Cow, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::id::{Id, is_name};
use crate::limits::ID_BYTES;

/// The name of a table or of a field: 1 to 64 bytes without control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(Cow<'static, str>);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A table or field has a name of 1 to {ID_BYTES} bytes without control characters.")]
pub struct NameError;

impl Name {
    /// One that this program has a meaning for.
    pub const fn known(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    pub fn parse(name: &str) -> Result<Self, NameError> {
        is_name(name)
            .then(|| Self(Cow::Owned(name.to_owned())))
            .ok_or(NameError)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Name {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        Self::parse(&name)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0.into_owned()
    }
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    pub table: Name,
    pub id: Id,
}

/// One place in the document that holds one value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    pub table: Name,
    pub id: Id,
    /// None where the row itself is the value.
    pub field: Option<Name>,
}

impl Key {
    /// A row that is one value.
    pub const fn value(table: Name, id: Id) -> Self {
        Self {
            table,
            id,
            field: None,
        }
    }

    /// A field of a row that is a record.
    pub const fn field(table: Name, id: Id, field: Name) -> Self {
        Self {
            table,
            id,
            field: Some(field),
        }
    }

    pub fn row(&self) -> Row {
        Row {
            table: self.table.clone(),
            id: self.id.clone(),
        }
    }
}

/// What a key holds. The order of the kinds is part of what is stored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Value {
    Bytes(Arc<[u8]>),
    Text(Arc<str>),
    Flag(bool),
    /// The bits of a number of 64 bits, so that equal means the same.
    Number(u64),
    /// Text that several people edit at the same time: a Y.Text.
    SharedText(Arc<str>),
    /// Any other value of a JSON document, in lib0's encoding with sorted keys.
    Other(Arc<[u8]>),
}

impl Value {
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// Zero has no sign, and there is one that is no number.
    pub fn number(number: f64) -> Self {
        let number = match number {
            0.0 => 0.0,
            number if number.is_nan() => f64::NAN,
            number => number,
        };
        Self::Number(number.to_bits())
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::SharedText(text) => Some(text),
            _ => None,
        }
    }
}

/// The fields of a row, in no order.
#[derive(Clone, Debug, Default)]
pub struct Record(Vec<(Name, Value)>);

impl Record {
    pub fn get(&self, field: &Name) -> Option<&Value> {
        let mut fields = self.0.iter();
        Some(&fields.find(|(name, _)| name == field)?.1)
    }

    pub fn iter(&self) -> impl Iterator<Item = &(Name, Value)> {
        self.0.iter()
    }

    pub(super) fn push(&mut self, field: Name, value: Value) {
        self.0.push((field, value));
    }
}

impl FromIterator<(Name, Value)> for Record {
    fn from_iter<T: IntoIterator<Item = (Name, Value)>>(fields: T) -> Self {
        Self(fields.into_iter().collect())
    }
}

/// An intent: put `value` under `key`, or leave nothing there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    pub key: Key,
    pub value: Option<Value>,
}

impl Write {
    pub const fn put(key: Key, value: Value) -> Self {
        Self {
            key,
            value: Some(value),
        }
    }

    pub const fn clear(key: Key) -> Self {
        Self { key, value: None }
    }
}

/// What a write did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub key: Key,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// What an edit touched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Touched {
    Row(Row),
    /// More than can be told one by one.
    Everything,
}

/// Rows that changed, for who shows their tables.
#[derive(Clone, Copy, Debug)]
pub enum Changed<'a> {
    Rows(&'a [&'a Id]),
    /// More than can be told one by one.
    Everything,
}

/// The ids of rows of these tables that were touched; one that is in several may be there as often.
pub fn rows<'a>(touched: &'a [Touched], tables: &[Name]) -> Vec<&'a Id> {
    let rows = touched.iter().filter_map(|touched| match touched {
        Touched::Row(row) if tables.contains(&row.table) => Some(&row.id),
        _ => None,
    });
    rows.collect()
}
