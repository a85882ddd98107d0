//! One thing to do, as read from the document.

use crate::core::{
    doc::schema::{Field, Fields, Id, Value},
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
    pub fn of(id: Id, fields: &Fields) -> Option<Self> {
        let text = |field| {
            fields
                .get(field)
                .and_then(Value::as_text)
                .map(str::to_owned)
        };
        Some(Self {
            id,
            title: text(Field::Title)?,
            completed: fields.get(Field::Done) == Some(&Value::Flag(true)),
            order: text(Field::Order).unwrap_or_default(),
            revision: text(Field::Revision),
            deleted_revision: text(Field::DeletedRevision),
        })
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
