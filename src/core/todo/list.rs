//! The list: read in order, and edited by writes.

use std::collections::{HashMap, HashSet};

use super::{
    filter::Filter,
    formats::Listed,
    item::Item,
    order,
    revision::{self, Overwritten},
    table::{DELETED_REVISION, DONE, ORDER, REVISION, TITLE, TODO, field, items},
    title::{self, TooLong},
};
use crate::core::doc::{
    id::Id,
    replica::Replica,
    table::{Key, Name, Value, Write},
};

/// All items that are not deleted, in list order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    pub items: Vec<Item>,
}

impl List {
    pub fn of(replica: &Replica) -> Self {
        let items = items(replica)
            .into_iter()
            .filter_map(|(id, fields)| Item::of(id, &fields));
        let mut items: Vec<Item> = items.filter(|item| !item.is_deleted()).collect();
        items.sort_unstable_by(|a, b| (&a.order, &a.id).cmp(&(&b.order, &b.id)));
        Self { items }
    }

    pub fn get(&self, id: &Id) -> Option<&Item> {
        self.items.iter().find(|item| item.id == *id)
    }

    pub fn active(&self) -> usize {
        self.items.iter().filter(|item| !item.completed).count()
    }

    pub fn completed(&self) -> usize {
        self.items.len() - self.active()
    }

    /// A new item at the end; none for a title of which nothing can be seen.
    pub fn add(&self, title: &str, rng: &mut fastrand::Rng) -> Result<Vec<Write>, TooLong> {
        let last = self.items.last().map(|item| item.order.as_str());
        Ok(match title::clean(title)? {
            Some(title) => create(
                &Id::random(rng),
                &title,
                false,
                order::between(last, None),
                rng,
            ),
            None => Vec::new(),
        })
    }

    /// A new title; one of which nothing can be seen deletes. An item that is gone by now comes back with it.
    pub fn rename(
        &self,
        id: &Id,
        title: &str,
        rng: &mut fastrand::Rng,
    ) -> Result<Vec<Write>, TooLong> {
        Ok(match (title::clean(title)?, self.get(id)) {
            (Some(title), Some(item)) if title == item.title => Vec::new(),
            (Some(title), item) => {
                let base = item.and_then(|item| item.revision.as_deref());
                titled(id, title, &revision::next(base, rng))
            }
            (None, Some(item)) => delete(item),
            (None, None) => Vec::new(),
        })
    }

    /// The end of an edit that began with `before`. Who changed nothing writes nothing, even if somebody else renamed the
    /// item meanwhile. Who did not see such a new title takes it from nobody: it stays as an item of its own.
    pub fn edited(
        &self,
        before: &Before,
        title: &str,
        rng: &mut fastrand::Rng,
    ) -> Result<Edited, TooLong> {
        let id = &before.item;
        if title == before.title {
            return Ok(Edited::default());
        }
        let is_unseen = |item: &&Item| {
            item.revision != before.revision && item.title != title && item.title != before.whole
        };
        let Some(unseen) = self.get(id).filter(is_unseen) else {
            let writes = self.rename(id, title, rng)?;
            return Ok(Edited {
                writes,
                unseen: None,
            });
        };
        let writes = match title::clean(title)? {
            // It was another title that was to be deleted.
            None => Vec::new(),
            Some(title) => {
                let by = revision::next(before.revision.as_deref(), rng);
                let lost = Overwritten {
                    item: id.clone(),
                    title: unseen.title.clone(),
                    revision: unseen.revision.clone().unwrap_or_default(),
                    by: by.clone(),
                };
                let mut writes = titled(id, title, &by);
                writes.extend(self.both(&lost));
                writes
            }
        };
        Ok(Edited {
            writes,
            unseen: Some(unseen.title.clone()),
        })
    }

    /// The same for a field that goes away: of a title that is too long the rest becomes items of their own.
    pub fn edited_in_pieces(
        &self,
        before: &Before,
        title: &str,
        rng: &mut fastrand::Rng,
    ) -> Edited {
        if let Ok(edited) = self.edited(before, title, rng) {
            return edited;
        }
        let mut pieces = title::pieces(title).into_iter();
        let first = pieces.next().unwrap_or_default();
        let mut edited = self.edited(before, &first, rng).unwrap_or_default();
        let mut last = self.items.last().map(|item| item.order.clone());
        for piece in pieces {
            let key = order::between(last.as_deref(), None);
            last = Some(key.clone());
            edited
                .writes
                .extend(create(&Id::random(rng), &piece, false, key, rng));
        }
        edited
    }

    /// What an edit of this item begins with.
    pub fn before(&self, id: &Id) -> Before {
        let item = self.get(id);
        Before {
            item: id.clone(),
            title: item.map(Item::editable).unwrap_or_default(),
            whole: item.map(|item| item.title.clone()).unwrap_or_default(),
            revision: item.and_then(|item| item.revision.clone()),
        }
    }

    /// The title `lost` gave way to another that was written at the same time: it stays as an item of its own, behind
    /// the one that it was for. Whoever does this writes the same.
    pub fn both(&self, lost: &Overwritten) -> Vec<Write> {
        let at = self.items.iter().position(|item| item.id == lost.item);
        let (Some(at), Some(id)) = (at, lost.own_id()) else {
            return Vec::new();
        };
        let order_of = |at: usize| self.items.get(at).map(|item| item.order.as_str());
        let is_done = self.items.get(at).is_some_and(|item| item.completed);
        if self.get(&id).is_some() {
            return Vec::new();
        }
        let key = order::between(order_of(at), order_of(at + 1));
        create_with(&id, &lost.title, is_done, key, &lost.revision)
    }

    pub fn complete(&self, id: &Id, completed: bool) -> Vec<Write> {
        vec![write(id, DONE, Value::Flag(completed))]
    }

    pub fn complete_all(&self, completed: bool) -> Vec<Write> {
        let others = self.items.iter().filter(|item| item.completed != completed);
        others
            .flat_map(|item| self.complete(&item.id, completed))
            .collect()
    }

    pub fn delete(&self, id: &Id) -> Vec<Write> {
        self.get(id).map_or_else(Vec::new, delete)
    }

    pub fn clear_completed(&self) -> Vec<Write> {
        self.items
            .iter()
            .filter(|item| item.completed)
            .flat_map(delete)
            .collect()
    }

    /// Puts an item at place `to` of the list (0 is the top).
    pub fn move_to(&self, id: &Id, to: usize) -> Vec<Write> {
        let others: Vec<&Item> = self.items.iter().filter(|item| item.id != *id).collect();
        let to = to.min(others.len());
        if self.get(id).is_none() || self.items.get(to).is_some_and(|item| item.id == *id) {
            return Vec::new();
        }
        let before = to.checked_sub(1).and_then(|at| others.get(at));
        let before = before.map(|item| item.order.as_str());
        // Two people who inserted at one place left equal keys: those of them that come after move up to make room.
        let rest = others.get(to..).unwrap_or_default();
        let crowd = rest
            .iter()
            .take_while(|item| Some(item.order.as_str()) <= before);
        let crowd: Vec<&Id> = crowd.map(|item| &item.id).collect();
        let after = rest.get(crowd.len()).map(|item| item.order.as_str());
        let mut last = before.map(str::to_owned);
        let moved = std::iter::once(id).chain(crowd);
        moved
            .map(|id| {
                let key = order::between(last.as_deref(), after);
                last = Some(key.clone());
                write(id, ORDER, Value::text(key))
            })
            .collect()
    }

    /// Moves an item past the next one, up or down, of those that are shown.
    pub fn move_by_one(&self, id: &Id, down: bool, filter: Filter) -> Vec<Write> {
        let is_there = |item: &&Item| item.id == *id || filter.shows(item);
        let shown: Vec<&Item> = self.items.iter().filter(is_there).collect();
        let at = shown.iter().position(|item| item.id == *id);
        let next = at.and_then(|at| match down {
            true => at.checked_add(1),
            false => at.checked_sub(1),
        });
        let Some(neighbour) = next.and_then(|next| shown.get(next)) else {
            return Vec::new();
        };
        let mut others = self.items.iter().filter(|item| item.id != *id);
        let to = others.position(|item| item.id == neighbour.id);
        to.map_or_else(Vec::new, |to| self.move_to(id, to + usize::from(down)))
    }

    /// Items from elsewhere, merged: one whose id is here takes the new title, and the new state if it has one, and
    /// stays where it is; others come at the end.
    pub fn merge(&self, items: &[Listed], rng: &mut fastrand::Rng) -> Merged {
        let mut last = self.items.last().map(|item| item.order.clone());
        let mut merged = Merged::default();
        let (mut used, mut numbers) = (HashSet::new(), HashMap::new());
        for listed in items {
            // A file may name an id twice; each of the items is kept.
            let id = listed.id.as_ref().map(|id| {
                let number: &mut usize = numbers.entry(id).or_default();
                loop {
                    *number += 1;
                    let id = id.numbered(*number);
                    if used.insert(id.clone()) {
                        break id;
                    }
                }
            });
            let title = title::cut(&listed.title);
            match id.as_ref().filter(|id| self.get(id).is_some()) {
                Some(id) => {
                    merged.met += 1;
                    // It was cut to what a title may have.
                    let renamed = self.rename(id, &title, rng).unwrap_or_default();
                    merged.writes.extend(renamed);
                    let completed = listed.completed;
                    merged.writes.extend(
                        completed
                            .into_iter()
                            .flat_map(|done| self.complete(id, done)),
                    );
                }
                None => {
                    merged.added += 1;
                    let id = id.unwrap_or_else(|| Id::random(rng));
                    let key = order::between(last.as_deref(), None);
                    last = Some(key.clone());
                    let completed = listed.completed.unwrap_or_default();
                    // A deleted item of this id comes back: its new revision is not the deleted one.
                    merged
                        .writes
                        .extend(create(&id, &title, completed, key, rng));
                }
            }
        }
        merged
    }
}

/// An item as it was when somebody began to edit its title.
#[derive(Clone, Debug)]
pub struct Before {
    item: Id,
    /// As the field shows it.
    pub title: String,
    whole: String,
    revision: Option<String>,
}

/// What an edit of a title comes to.
#[derive(Debug, Default)]
pub struct Edited {
    pub writes: Vec<Write>,
    /// The title that somebody else gave the item meanwhile.
    pub unseen: Option<String>,
}

/// What merging a list comes to.
#[derive(Debug, Default)]
pub struct Merged {
    pub writes: Vec<Write>,
    /// Items that were not here.
    pub added: usize,
    /// Items that were here already.
    pub met: usize,
}

/// The edit that brings items which `other` shows and `here` does not; one that was deleted here comes back.
pub fn added(other: &Replica, here: &Replica) -> Vec<Write> {
    let listed = |replica: &Replica| -> HashSet<Id> {
        let items = List::of(replica).items.into_iter();
        items.map(|item| item.id).collect()
    };
    let (theirs, ours) = (listed(other), listed(here));
    let is_missing =
        |key: &Key| key.table == TODO && theirs.contains(&key.id) && !ours.contains(&key.id);
    let undeleted = theirs.difference(&ours);
    let undeleted = undeleted.map(|id| Write::clear(field(id, DELETED_REVISION)));
    let missing = other.cells().into_iter().filter(|(key, _)| is_missing(key));
    let filled = missing.map(|(key, value)| Write::put(key, value));
    undeleted.chain(filled).collect()
}

fn write(id: &Id, name: Name, value: Value) -> Write {
    Write::put(field(id, name), value)
}

fn create(
    id: &Id,
    title: &str,
    completed: bool,
    order: String,
    rng: &mut fastrand::Rng,
) -> Vec<Write> {
    create_with(id, title, completed, order, &revision::next(None, rng))
}

fn create_with(id: &Id, title: &str, completed: bool, order: String, revision: &str) -> Vec<Write> {
    vec![
        write(id, TITLE, Value::text(title)),
        write(id, DONE, Value::Flag(completed)),
        write(id, ORDER, Value::text(order)),
        write(id, REVISION, Value::text(revision)),
    ]
}

fn delete(item: &Item) -> Vec<Write> {
    let revision = item.revision.clone().unwrap_or_default();
    let mut writes = vec![write(
        &item.id,
        DELETED_REVISION,
        Value::text(revision.clone()),
    )];
    if item.revision.is_none() {
        writes.push(write(&item.id, REVISION, Value::text(revision)));
    }
    writes
}

fn titled(id: &Id, title: String, revision: &str) -> Vec<Write> {
    vec![
        write(id, TITLE, Value::text(title)),
        write(id, REVISION, Value::text(revision)),
    ]
}

#[cfg(test)]
mod tests;
