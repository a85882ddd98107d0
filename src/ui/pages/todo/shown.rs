//! The list as the page shows it: read from the document as it changes, and painted row by row. The list is up to date
//! at once; its rows are by the next frame.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use leptos::prelude::*;
use web_sys::Element;

use crate::{
    core::{
        apps::todo::{self, filter::Filter, item::Item, list::List},
        doc::{
            id::Id,
            replica::Replica,
            table::{Changed, Write},
        },
    },
    ui::{
        hooks::use_room::{Room, use_room},
        parts::rows::Rows,
    },
};

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub active: usize,
    pub completed: usize,
}

#[derive(Clone)]
pub struct Shown {
    room: Room,
    inner: Rc<Inner>,
    pub counts: RwSignal<Counts>,
    /// Rows wait to be painted.
    waiting: Trigger,
}

#[derive(Default)]
struct Inner {
    list: RefCell<List>,
    rows: RefCell<Option<Rows<Id, RwSignal<Item>>>>,
    filter: Cell<Filter>,
    waiting: RefCell<Waiting>,
}

enum Waiting {
    /// Items may be named more than once.
    Some(Vec<Id>),
    All,
}

impl Default for Waiting {
    fn default() -> Self {
        Self::Some(Vec::new())
    }
}

impl Shown {
    /// From now on, for as long as the component lives that calls this. `row` makes the view of an item.
    pub fn new(row: impl Fn(RwSignal<Item>) -> AnyView + 'static) -> Self {
        let this = Self {
            room: use_room(),
            inner: Rc::default(),
            counts: RwSignal::default(),
            waiting: Trigger::new(),
        };
        let shown = this.clone();
        let told = move |replica: &Replica, changed: Changed| {
            let mut list = shown.inner.list.borrow_mut();
            let mut waiting = shown.inner.waiting.borrow_mut();
            match changed {
                Changed::Everything => {
                    *list = List::of(replica);
                    *waiting = Waiting::All;
                }
                Changed::Rows(ids) => {
                    ids.iter().for_each(|id| list.read(replica, id));
                    if let Waiting::Some(waiting) = &mut *waiting {
                        waiting.extend(ids.iter().map(|&id| id.clone()));
                    }
                }
            }
            let counts = Counts {
                active: list.active(),
                completed: list.completed(),
            };
            if shown.counts.get_untracked() != counts {
                shown.counts.set(counts);
            }
            shown.waiting.notify();
        };
        this.room.watch(todo::APP.tables, Box::new(told));
        let shown = this.clone();
        Effect::new(move || {
            shown.waiting.track();
            shown.paint(&row);
        });
        this
    }

    /// The rows are to be below `parent` from now on, as far as `filter` shows them.
    pub fn show(&self, parent: Element, owner: &Owner, filter: Filter) {
        self.inner.filter.set(filter);
        let is_there = |rows: &Rows<Id, _>| rows.is_below(&parent);
        if !self.inner.rows.borrow().as_ref().is_some_and(is_there) {
            let rows = Rows::new(parent, owner.clone());
            // What goes may edit.
            drop(self.inner.rows.replace(Some(rows)));
        }
        *self.inner.waiting.borrow_mut() = Waiting::All;
        self.waiting.notify();
    }

    pub fn with<T>(&self, look: impl FnOnce(&List, &mut fastrand::Rng) -> T) -> T {
        look(&self.inner.list.borrow(), &mut self.room.rng())
    }

    /// One undoable step.
    pub fn edit(&self, edit: impl FnOnce(&List, &mut fastrand::Rng) -> Vec<Write>) {
        let writes = self.with(edit);
        self.room.edit(writes);
    }

    fn paint(&self, row: &impl Fn(RwSignal<Item>) -> AnyView) {
        let plan = self.plan();
        let mut gone = Vec::new();
        // The list is not borrowed: a row that is moved may lose its focus, and then saves what was typed.
        if let Some(rows) = &mut *self.inner.rows.borrow_mut() {
            for Planned { id, shown } in plan {
                let Some((item, next)) = shown else {
                    gone.extend(rows.take(&id));
                    continue;
                };
                match rows.get(&id).copied() {
                    Some(told) => {
                        if told.with_untracked(|before| before.order != item.order) {
                            rows.shift(&id, next.as_ref());
                        }
                        if told.with_untracked(|before| *before != item) {
                            told.set(item);
                        }
                    }
                    None => rows.insert(id, next.as_ref(), || {
                        let item = RwSignal::new(item);
                        (item, row(item))
                    }),
                }
            }
        }
        // What goes may edit, too.
        drop(gone);
    }

    /// Rows that may have changed, from the end of the list on.
    fn plan(&self) -> Vec<Planned> {
        let (list, filter) = (self.inner.list.borrow(), self.inner.filter.get());
        let rows = self.inner.rows.borrow();
        let Some(rows) = &*rows else {
            return Vec::new();
        };
        let mut changed: Vec<Id> = match self.inner.waiting.take() {
            Waiting::Some(ids) => ids,
            Waiting::All => {
                let listed = list.iter().map(|item| &item.id);
                rows.keys().chain(listed).cloned().collect()
            }
        };
        changed.sort_by_cached_key(|id| std::cmp::Reverse(list.place(id)));
        changed.dedup();
        let shown = |id: &Id| {
            let item = list.get(id).filter(|item| filter.shows(item))?;
            let behind = list.place(id).map_or(list.len(), |place| place + 1);
            let mut behind = (behind..list.len()).filter_map(|at| list.at(at));
            let next = behind.find(|item| filter.shows(item));
            Some((item.clone(), next.map(|item| item.id.clone())))
        };
        let planned = changed.into_iter().map(|id| Planned {
            shown: shown(&id),
            id,
        });
        planned.collect()
    }
}

/// What is to become of a row: with its item, in front of the row of another or at the end; or gone.
struct Planned {
    id: Id,
    shown: Option<(Item, Option<Id>)>,
}
