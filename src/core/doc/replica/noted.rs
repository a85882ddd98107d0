//! What edits did, as yrs tells it.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use yrs::{
    DeepObservable, MapRef, Out, TransactionMut,
    branch::{Branch, BranchID},
    types::{EntryChange, Event, Events, PathSegment},
};

use super::values;
use crate::core::doc::{
    contents::StateHash,
    gate::OperationId,
    id::Id,
    table::{Change, Key, Name, Row, Touched},
};

/// Filled by the observers of all tables.
#[derive(Default)]
pub struct Noted {
    pub touched: RefCell<Vec<Touched>>,
    /// Values of records that gave way to others.
    pub replaced: RefCell<Vec<Change>>,
    /// Shared types that are rows or fields of records, and how many types each is inside of.
    pub types: RefCell<Vec<(OperationId, u8)>>,
    pub state_hash: StateHash,
    /// Marks of formatted text are here or wait for earlier operations: entries must not be named one by one.
    pub marks: Cell<bool>,
}

impl Noted {
    /// From now on notes what happens to this table.
    pub fn observe(self: &Rc<Self>, table: &Name, map: &MapRef) {
        let (this, table) = (Rc::clone(self), table.clone());
        map.observe_deep("noted", move |txn, events| this.note(&table, txn, events));
    }

    fn note(&self, table: &Name, txn: &TransactionMut, events: &Events) {
        if self.marks.get() {
            return self.state_hash.forget();
        }
        for event in events.iter() {
            let path = event.path();
            match (path.front(), event) {
                (None, Event::Map(event)) => {
                    for (id, change) in event.keys(txn) {
                        self.touch(table, id);
                        self.type_came(change, 1);
                    }
                }
                (Some(PathSegment::Key(id)), Event::Map(event)) => {
                    self.touch(table, id);
                    if path.len() == 1 {
                        self.record_changed(table, id, event.keys(txn).iter());
                    }
                }
                (Some(PathSegment::Key(id)), _) => self.touch(table, id),
                (Some(PathSegment::Index(_)) | None, _) => {}
            }
        }
    }

    fn touch(&self, table: &Name, id: &str) {
        let Ok(id) = Id::parse(id) else { return };
        let row = Row {
            table: table.clone(),
            id,
        };
        self.state_hash.touched(&row);
        self.touched.borrow_mut().push(Touched::Row(row));
    }

    fn type_came(&self, change: &EntryChange, depth: u8) {
        if let EntryChange::Inserted(out) | EntryChange::Updated(_, out) = change {
            let id = type_of(out);
            self.types.borrow_mut().extend(id.map(|id| (id, depth)));
        }
    }

    fn record_changed<'a>(
        &self,
        table: &Name,
        id: &str,
        fields: impl Iterator<Item = (&'a std::sync::Arc<str>, &'a EntryChange)>,
    ) {
        for (field, change) in fields {
            self.type_came(change, 2);
            let (EntryChange::Updated(before, after), Ok(id), Ok(field)) =
                (change, Id::parse(id), Name::parse(field))
            else {
                continue;
            };
            self.replaced.borrow_mut().push(Change {
                key: Key::field(table.clone(), id, field),
                before: values::constant(before.clone()),
                after: values::constant(after.clone()),
            });
        }
    }
}

/// The operation that made a shared type.
fn type_of(out: &Out) -> Option<OperationId> {
    let branch: &Branch = match out {
        Out::YText(text) => text.as_ref(),
        Out::YMap(map) => map.as_ref(),
        _ => return None,
    };
    match branch.id() {
        BranchID::Nested(id) => Some((id.client.get(), id.clock.into())),
        BranchID::Root(_) => None,
    }
}
