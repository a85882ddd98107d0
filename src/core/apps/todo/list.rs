//! The list: read in order, and edited by writes.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    filter::Filter,
    item::{Item, Listed},
    order,
    revision::{self, Overwritten},
    table::{DELETED_REVISION, DONE, ORDER, REVISION, TITLE, TODO, field, items},
    title::{self, TooLong},
};
use crate::core::doc::{
    id::Id,
    replica::Replica,
    table::{Name, Value, Write},
};

/// All items that are not deleted, in list order. To look an item up, and to read one anew, costs the logarithm of their
/// number.
#[derive(Clone, Debug, Default)]
pub struct List {
    items: Vec<Arc<Item>>,
    by_id: HashMap<Id, Arc<Item>>,
    completed: usize,
}

impl List {
    pub fn of(replica: &Replica) -> Self {
        let items = items(replica)
            .into_iter()
            .filter_map(|(id, fields)| Item::of(id, &fields));
        let items = items.filter(|item| !item.is_deleted()).map(Arc::new);
        let mut items: Vec<Arc<Item>> = items.collect();
        items.sort_unstable_by(|a, b| a.place().cmp(&b.place()));
        let by_id = items.iter().map(|item| (item.id.clone(), Arc::clone(item)));
        Self {
            completed: items.iter().filter(|item| item.completed).count(),
            by_id: by_id.collect(),
            items,
        }
    }

    /// Reads one item anew: after this the list is what it would be if all of it was read.
    pub fn read(&mut self, replica: &Replica, id: &Id) {
        let item = Item::of(id.clone(), &replica.record(&TODO, id));
        let item = item.filter(|item| !item.is_deleted());
        if self.get(id) == item.as_ref() {
            return;
        }
        if let Some(at) = self.place(id) {
            self.items.remove(at);
        }
        if let Some(before) = self.by_id.remove(id) {
            self.completed -= usize::from(before.completed);
        }
        if let Some(item) = item.map(Arc::new) {
            let at = self
                .items
                .partition_point(|other| other.place() < item.place());
            self.completed += usize::from(item.completed);
            self.by_id.insert(id.clone(), Arc::clone(&item));
            self.items.insert(at, item);
        }
    }

    /// In list order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Item> {
        self.items.iter().map(AsRef::as_ref)
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub fn get(&self, id: &Id) -> Option<&Item> {
        self.by_id.get(id).map(AsRef::as_ref)
    }

    /// The item that is the `at`th, counted from 0.
    pub fn at(&self, at: usize) -> Option<&Item> {
        self.items.get(at).map(AsRef::as_ref)
    }

    /// Which one an item is, counted from 0.
    pub fn place(&self, id: &Id) -> Option<usize> {
        let place = self.get(id)?.place();
        let at = self.items.binary_search_by(|item| item.place().cmp(&place));
        at.ok()
    }

    pub fn active(&self) -> usize {
        self.len() - self.completed
    }

    pub const fn completed(&self) -> usize {
        self.completed
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

    /// Ends an edit that began with `before`. An unchanged title writes nothing, even if a peer renamed the item
    /// meanwhile. If both the person and a peer changed the title, the peer's title is kept as an item of its own.
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

    /// Keeps the title `lost`, which a concurrent one overwrote, as an item of its own behind the item that it was for.
    /// Every page that does this writes the same item.
    pub fn both(&self, lost: &Overwritten) -> Vec<Write> {
        let at = self.place(&lost.item);
        let (Some(at), Some(id)) = (at, lost.own_id()) else {
            return Vec::new();
        };
        let order_of = |at: usize| self.at(at).map(|item| item.order.as_str());
        let is_done = self.at(at).is_some_and(|item| item.completed);
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
        let others = self.iter().filter(|item| item.completed != completed);
        others
            .flat_map(|item| self.complete(&item.id, completed))
            .collect()
    }

    pub fn delete(&self, id: &Id) -> Vec<Write> {
        self.get(id).map_or_else(Vec::new, delete)
    }

    pub fn clear_completed(&self) -> Vec<Write> {
        self.iter()
            .filter(|item| item.completed)
            .flat_map(delete)
            .collect()
    }

    /// Puts an item at place `to` of the list (0 is the top).
    pub fn move_to(&self, id: &Id, to: usize) -> Vec<Write> {
        let Some(from) = self.place(id) else {
            return Vec::new();
        };
        let to = to.min(self.len() - 1);
        if from == to {
            return Vec::new();
        }
        let other = |at: usize| self.at(at + usize::from(at >= from));
        let before = to.checked_sub(1).and_then(other);
        let before = before.map(|item| item.order.as_str());
        // Two people who inserted at one place left equal keys: those of them that come after move up to make room.
        let rest = (to..).map_while(other);
        let crowd = rest.take_while(|item| Some(item.order.as_str()) <= before);
        let crowd: Vec<&Id> = crowd.map(|item| &item.id).collect();
        let after = other(to + crowd.len()).map(|item| item.order.as_str());
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
        let Some(from) = self.place(id) else {
            return Vec::new();
        };
        let is_shown = |at: &usize| self.at(*at).is_some_and(|item| filter.shows(item));
        let neighbour = match down {
            true => (from + 1..self.len()).find(is_shown),
            false => (0..from).rev().find(is_shown),
        };
        neighbour.map_or_else(Vec::new, |to| self.move_to(id, to))
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
    let listed =
        |replica: &Replica| -> HashSet<Id> { List::of(replica).by_id.into_keys().collect() };
    let (theirs, ours) = (listed(other), listed(here));
    let is_missing = |id: &Id| theirs.contains(id) && !ours.contains(id);
    let undeleted = theirs.difference(&ours);
    let undeleted = undeleted.map(|id| Write::clear(field(id, DELETED_REVISION)));
    let items = items(other);
    let missing = items.iter().filter(|(id, _)| is_missing(id));
    let filled = missing.flat_map(|(id, fields)| {
        let put = |(name, value): &(Name, Value)| write(id, name.clone(), value.clone());
        fields.iter().map(put)
    });
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
