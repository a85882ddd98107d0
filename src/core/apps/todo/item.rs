//! One thing to do, as read from the document.

use super::table::{DELETED_REVISION, DONE, ORDER, REVISION, TITLE};
use crate::core::{
    doc::{
        id::Id,
        table::{Record, Value},
    },
    text,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub id: Id,
    pub title: String,
    pub completed: bool,
    pub order: String,
    pub(super) revision: Option<String>,
    pub(super) deleted_revision: Option<String>,
}

impl Item {
    /// None where there is no title: a creation that was undone, or half of one that is still on its way.
    pub fn of(id: Id, fields: &Record) -> Option<Self> {
        let text = |field| {
            let value = fields.get(&field)?;
            value.as_text().map(str::to_owned)
        };
        Some(Self {
            id,
            title: text(TITLE)?,
            completed: fields.get(&DONE) == Some(&Value::Flag(true)),
            order: text(ORDER).unwrap_or_default(),
            revision: text(REVISION),
            deleted_revision: text(DELETED_REVISION),
        })
    }

    /// What the list is ordered by.
    pub(super) fn place(&self) -> (&str, &Id) {
        (&self.order, &self.id)
    }

    /// The title as a field of one line shows it.
    pub fn editable(&self) -> String {
        text::one_line(&self.title)
    }

    /// Deleted, and not edited since by somebody who did not know.
    pub fn is_deleted(&self) -> bool {
        self.deleted_revision.is_some() && self.deleted_revision == self.revision
    }
}

/// An item of a list from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// None for one that was given none: it gets a new one.
    pub id: Option<Id>,
    pub title: String,
    /// None where nothing is said: an item that is here already stays as it is.
    pub completed: Option<bool>,
}
