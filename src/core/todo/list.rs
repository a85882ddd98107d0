//! The list: read in order, and edited by writes.

use std::collections::{HashMap, HashSet};

use super::{
    filter::Filter,
    formats::Listed,
    item::Item,
    order, revision,
    title::{self, TooLong},
};
use crate::core::doc::{
    replica::Overwritten,
    schema::{Cell, Field, Fields, Id, Value, Write},
};

/// All items that are not deleted, in list order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    pub items: Vec<Item>,
}

impl List {
    pub fn of(items: impl IntoIterator<Item = (Id, Fields)>) -> Self {
        let items = items
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
                vec![
                    write(id, Field::Title, Value::text(title)),
                    write(id, Field::Revision, Value::text(revision::next(base, rng))),
                ]
            }
            (None, Some(item)) => delete(item),
            (None, None) => Vec::new(),
        })
    }

    /// The end of an edit that began with the title `before`. Who changed nothing writes nothing, even if somebody else
    /// renamed the item meanwhile.
    pub fn edited(
        &self,
        id: &Id,
        before: &str,
        title: &str,
        rng: &mut fastrand::Rng,
    ) -> Result<Vec<Write>, TooLong> {
        match title == before {
            true => Ok(Vec::new()),
            false => self.rename(id, title, rng),
        }
    }

    /// The same for a field that goes away: of a title that is too long the rest becomes items of their own.
    pub fn edited_in_pieces(
        &self,
        id: &Id,
        before: &str,
        title: &str,
        rng: &mut fastrand::Rng,
    ) -> Vec<Write> {
        if let Ok(writes) = self.edited(id, before, title, rng) {
            return writes;
        }
        let mut pieces = title::pieces(title).into_iter();
        let first = pieces.next().unwrap_or_default();
        let mut writes = self.rename(id, &first, rng).unwrap_or_default();
        let mut last = self.items.last().map(|item| item.order.clone());
        for piece in pieces {
            let key = order::between(last.as_deref(), None);
            last = Some(key.clone());
            writes.extend(create(&Id::random(rng), &piece, false, key, rng));
        }
        writes
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
        vec![write(id, Field::Done, Value::Flag(completed))]
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
                write(id, Field::Order, Value::text(key))
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

/// What merging a list comes to.
#[derive(Debug, Default)]
pub struct Merged {
    pub writes: Vec<Write>,
    /// Items that were not here.
    pub added: usize,
    /// Items that were here already.
    pub met: usize,
}

fn write(id: &Id, field: Field, value: Value) -> Write {
    Write {
        cell: Cell::Todo(id.clone(), field),
        value: Some(value),
    }
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
        write(id, Field::Title, Value::text(title)),
        write(id, Field::Done, Value::Flag(completed)),
        write(id, Field::Order, Value::text(order)),
        write(id, Field::Revision, Value::text(revision)),
    ]
}

fn delete(item: &Item) -> Vec<Write> {
    let revision = item.revision.clone().unwrap_or_default();
    let mut writes = vec![write(
        &item.id,
        Field::DeletedRevision,
        Value::text(revision.clone()),
    )];
    if item.revision.is_none() {
        writes.push(write(&item.id, Field::Revision, Value::text(revision)));
    }
    writes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{doc::replica::Replica, peer::PeerId};

    struct Room {
        replica: Replica,
        rng: fastrand::Rng,
    }

    impl Room {
        fn new(id: u64) -> Self {
            Self {
                replica: Replica::new(PeerId::from_random(id)),
                rng: fastrand::Rng::with_seed(id),
            }
        }

        fn list(&self) -> List {
            List::of(self.replica.todos())
        }

        fn titles(&self) -> Vec<String> {
            self.list()
                .items
                .into_iter()
                .map(|item| item.title)
                .collect()
        }

        fn id(&self, title: &str) -> Id {
            self.list()
                .items
                .into_iter()
                .find(|item| item.title == title)
                .unwrap()
                .id
        }

        fn add(&mut self, title: &str) {
            let writes = self.list().add(title, &mut self.rng).unwrap();
            self.replica.write(&writes);
        }

        fn merge(&mut self, other: &Room) {
            self.replica.apply(&other.replica.snapshot()).unwrap();
        }
    }

    #[test]
    fn items_come_in_the_order_they_were_added_with_titles_trimmed() {
        let mut room = Room::new(1);
        for title in ["  milk ", "bread", "   ", "eggs"] {
            room.add(title);
        }
        assert_eq!(room.titles(), ["milk", "bread", "eggs"]);
    }

    #[test]
    fn an_item_moves_to_any_place() {
        let mut room = Room::new(1);
        ["a", "b", "c", "d"]
            .iter()
            .for_each(|title| room.add(title));
        for (title, to, expected) in [
            ("d", 0, "dabc"),
            ("d", 3, "abcd"),
            ("b", 2, "acbd"),
            ("a", 99, "cbda"),
        ] {
            let writes = room.list().move_to(&room.id(title), to);
            room.replica.write(&writes);
            assert_eq!(room.titles().concat(), expected);
        }
        let writes = room.list().move_by_one(&room.id("d"), false, Filter::All);
        room.replica.write(&writes);
        assert_eq!(room.titles().concat(), "cdba");
        assert!(
            room.list()
                .move_by_one(&room.id("c"), false, Filter::All)
                .is_empty()
        );
        assert!(
            room.list()
                .move_by_one(&room.id("a"), true, Filter::All)
                .is_empty()
        );
        let at = room.list().move_to(&room.id("c"), 0);
        assert!(at.is_empty(), "it is there already");
    }

    #[test]
    fn under_a_filter_an_item_moves_past_the_next_one_that_is_shown() {
        let mut room = Room::new(1);
        ["a", "x", "y", "b", "z", "c"]
            .iter()
            .for_each(|title| room.add(title));
        for title in ["x", "y", "z"] {
            room.replica
                .write(&room.list().complete(&room.id(title), true));
        }
        let shown = |room: &Room, filter: Filter| -> String {
            let items = room
                .list()
                .items
                .into_iter()
                .filter(|item| filter.shows(item));
            items.map(|item| item.title).collect()
        };
        for (title, down, filter, expected) in [
            ("a", true, Filter::Active, "bac"),
            ("a", true, Filter::Active, "bca"),
            ("c", false, Filter::Active, "cba"),
            ("z", false, Filter::Completed, "xzy"),
            ("x", true, Filter::Completed, "zxy"),
        ] {
            let writes = room.list().move_by_one(&room.id(title), down, filter);
            room.replica.write(&writes);
            assert_eq!(shown(&room, filter), expected, "one press, one step");
        }
        assert_eq!(room.titles().len(), 6);
        assert!(
            room.list()
                .move_by_one(&room.id("c"), false, Filter::Active)
                .is_empty()
        );
    }

    #[test]
    fn a_title_that_is_too_long_is_said_and_of_a_field_that_goes_away_nothing_is_lost() {
        let mut room = Room::new(1);
        room.add("milk");
        let id = room.id("milk");
        let long: String = ('a'..='z').cycle().take(2_500).collect();
        let said = room
            .list()
            .add(&long, &mut room.rng)
            .unwrap_err()
            .to_string();
        assert!(said.contains("1000") && said.contains("2500"), "{said}");
        assert!(room.list().rename(&id, &long, &mut room.rng).is_err());
        let writes = room
            .list()
            .edited_in_pieces(&id, "milk", &long, &mut room.rng);
        room.replica.write(&writes);
        assert_eq!(room.titles().concat(), long);
        assert_eq!(room.titles().len(), 3);
    }

    #[test]
    fn a_line_break_in_a_title_is_a_space() {
        let mut room = Room::new(1);
        room.replica.write(&[write(
            &Id::parse("x").unwrap(),
            Field::Title,
            Value::text("first\nsecond"),
        )]);
        let item = room.list().items.remove(0);
        let shown = item.editable();
        assert_eq!(shown, "first second");
        let writes = room
            .list()
            .edited(&item.id, &shown, &format!("{shown}!"), &mut room.rng);
        room.replica.write(&writes.unwrap());
        assert_eq!(room.titles(), ["first second!"]);
        room.add("a\n\nb");
        assert_eq!(room.titles()[1], "a b");
    }

    #[test]
    fn items_with_equal_keys_make_room() {
        let (mut a, mut b) = (Room::new(1), Room::new(2));
        a.add("first");
        b.merge(&a);
        a.add("x");
        b.add("y");
        a.merge(&b);
        a.add("last");
        let crowd: Vec<_> = a
            .list()
            .items
            .iter()
            .map(|item| item.order.clone())
            .collect();
        assert_eq!(crowd[1], crowd[2], "both were added at one place");
        let middle = a.titles()[2].clone();
        let writes = a.list().move_by_one(&a.id("last"), false, Filter::All);
        a.replica.write(&writes);
        assert_eq!(a.titles()[2..], ["last", middle.as_str()]);
    }

    #[test]
    fn who_changes_nothing_overwrites_nobody() {
        let mut room = Room::new(1);
        room.add("milk");
        let id = room.id("milk");
        let writes = room.list().rename(&id, "oat milk", &mut room.rng).unwrap();
        room.replica.write(&writes);
        assert!(
            room.list()
                .edited(&id, "milk", "milk", &mut room.rng)
                .is_ok_and(|writes| writes.is_empty())
        );
        let writes = room.list().delete(&id);
        room.replica.write(&writes);
        let writes = room
            .list()
            .edited(&id, "oat milk", "milk!", &mut room.rng)
            .unwrap();
        room.replica.write(&writes);
        assert_eq!(
            room.titles(),
            ["milk!"],
            "an edit brings a deleted item back"
        );
    }

    #[test]
    fn a_file_that_names_an_id_twice_brings_both_items() {
        let mut room = Room::new(1);
        let listed = |title: &str| Listed {
            id: Id::parse("x").ok(),
            title: title.into(),
            completed: None,
        };
        let merged = room
            .list()
            .merge(&[listed("a"), listed("b")], &mut room.rng);
        room.replica.write(&merged.writes);
        assert_eq!(room.titles(), ["a", "b"]);
    }

    #[test]
    fn an_edit_at_the_same_time_brings_a_deleted_item_back() {
        let (mut a, mut b) = (Room::new(1), Room::new(2));
        a.add("milk");
        b.merge(&a);
        a.replica.write(&a.list().delete(&a.id("milk")));
        assert!(a.titles().is_empty());
        let writes = b
            .list()
            .rename(&b.id("milk"), "oat milk", &mut b.rng)
            .unwrap();
        b.replica.write(&writes);
        a.merge(&b);
        b.merge(&a);
        assert_eq!(a.titles(), ["oat milk"]);
        assert_eq!(b.titles(), ["oat milk"]);
    }

    #[test]
    fn ticking_at_the_same_time_does_not() {
        let (mut a, mut b) = (Room::new(1), Room::new(2));
        a.add("milk");
        b.merge(&a);
        a.replica.write(&a.list().delete(&a.id("milk")));
        b.replica.write(&b.list().complete(&b.id("milk"), true));
        a.merge(&b);
        b.merge(&a);
        assert!(a.titles().is_empty() && b.titles().is_empty());
    }

    #[test]
    fn fields_edited_at_the_same_time_both_stay() {
        let (mut a, mut b) = (Room::new(1), Room::new(2));
        a.add("milk");
        b.merge(&a);
        let id = a.id("milk");
        let writes = a.list().rename(&id, "oat milk", &mut a.rng).unwrap();
        a.replica.write(&writes);
        b.replica.write(&b.list().complete(&id, true));
        a.merge(&b);
        let item = a.list().items.remove(0);
        assert_eq!((item.title.as_str(), item.completed), ("oat milk", true));
    }

    #[test]
    fn all_are_marked_and_the_completed_cleared() {
        let mut room = Room::new(1);
        ["a", "b", "c"].iter().for_each(|title| room.add(title));
        room.replica
            .write(&room.list().complete(&room.id("b"), true));
        assert_eq!((room.list().active(), room.list().completed()), (2, 1));
        room.replica.write(&room.list().clear_completed());
        assert_eq!(room.titles(), ["a", "c"]);
        room.replica.write(&room.list().complete_all(true));
        assert_eq!(room.list().completed(), 2);
        assert!(room.list().complete_all(true).is_empty());
    }

    #[test]
    fn an_empty_title_deletes_and_the_same_title_changes_nothing() {
        let mut room = Room::new(1);
        room.add("milk");
        let id = room.id("milk");
        assert_eq!(room.list().rename(&id, " milk ", &mut room.rng), Ok(vec![]));
        let writes = room.list().rename(&id, "  ", &mut room.rng).unwrap();
        room.replica.write(&writes);
        assert!(room.titles().is_empty());
    }
}
