//! Lists of one person, and of two at the same time.
#![cfg(test)]

use proptest::prelude::*;

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
        List::of(&self.replica)
    }

    fn titles(&self) -> Vec<String> {
        self.list().iter().map(|item| item.title.clone()).collect()
    }

    fn id(&self, title: &str) -> Id {
        let list = self.list();
        let mut items = list.iter();
        items.find(|item| item.title == title).unwrap().id.clone()
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
        let list = room.list();
        let items = list.iter().filter(|item| filter.shows(item));
        items.map(|item| item.title.as_str()).collect()
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
fn a_title_that_is_too_long_is_refused_and_of_a_field_that_goes_away_nothing_is_lost() {
    let mut room = Room::new(1);
    room.add("milk");
    let id = room.id("milk");
    let long: String = ('a'..='z').cycle().take(2_500).collect();
    let refused = room.list().add(&long, &mut room.rng);
    assert_eq!(refused, Err(title::TooLong(2_500)));
    assert!(room.list().rename(&id, &long, &mut room.rng).is_err());
    let before = room.list().before(&id);
    let edited = room.list().edited_in_pieces(&before, &long, &mut room.rng);
    room.replica.write(&edited.writes);
    assert_eq!(room.titles().concat(), long);
    assert_eq!(room.titles().len(), 3);
}

#[test]
fn a_line_break_in_a_title_is_a_space() {
    let mut room = Room::new(1);
    room.replica.write(&[write(
        &Id::parse("x").unwrap(),
        TITLE,
        Value::text("first\nsecond"),
    )]);
    let before = room.list().before(&Id::parse("x").unwrap());
    assert_eq!(before.title, "first second");
    let edited = room.list().edited(&before, "first second!", &mut room.rng);
    room.replica.write(&edited.unwrap().writes);
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
    let crowd: Vec<_> = a.list().iter().map(|item| item.order.clone()).collect();
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
    let before = room.list().before(&id);
    let writes = room.list().rename(&id, "oat milk", &mut room.rng).unwrap();
    room.replica.write(&writes);
    let unchanged = room.list().edited(&before, "milk", &mut room.rng);
    assert!(unchanged.is_ok_and(|edited| edited.writes.is_empty() && edited.unseen.is_none()));
    let before = room.list().before(&id);
    let writes = room.list().delete(&id);
    room.replica.write(&writes);
    let edited = room.list().edited(&before, "milk!", &mut room.rng);
    room.replica.write(&edited.unwrap().writes);
    assert_eq!(
        room.titles(),
        ["milk!"],
        "an edit brings a deleted item back"
    );
}

/// Somebody renames what another person has open in a field, without either being cut off.
#[test]
fn a_title_that_came_while_one_was_typing_is_kept_beside_ones_own() {
    for (typed, expected) in [
        ("milk 2 l", ["milk 2 l", "oat milk"].as_slice()),
        // Who emptied the field had another title in mind.
        ("", &["oat milk"]),
        ("oat milk", &["oat milk"]),
    ] {
        let (mut ada, mut bob) = (Room::new(1), Room::new(2));
        ada.add("milk");
        bob.merge(&ada);
        let before = ada.list().before(&ada.id("milk"));
        let id = bob.id("milk");
        let writes = bob.list().rename(&id, "oat milk", &mut bob.rng).unwrap();
        bob.replica.write(&writes);
        ada.merge(&bob);
        let edited = ada.list().edited(&before, typed, &mut ada.rng).unwrap();
        let is_said = typed != "oat milk";
        assert_eq!(edited.unseen.is_some(), is_said, "{typed}");
        ada.replica.write(&edited.writes);
        bob.merge(&ada);
        assert_eq!(ada.titles(), expected);
        assert_eq!(bob.titles(), expected);
        // Nothing more comes of it on either page.
        ada.merge(&bob);
        assert_eq!(ada.titles(), expected);
    }
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
    let list = a.list();
    let item = list.at(0).unwrap();
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

proptest! {
    #[test]
    fn a_list_that_reads_what_changed_is_the_list(
        steps in proptest::collection::vec((0..7_u8, 0..9_usize, 0..9_usize), 1..80),
    ) {
        let (mut room, mut list) = (Room::new(1), List::default());
        for (step, at, to) in steps {
            let now = room.list();
            let id = now.at(at).map(|item| item.id.clone()).unwrap_or_else(|| Id::of_contents("none"));
            let writes = match step {
                0..2 => now.add(&format!("item {to}"), &mut room.rng).unwrap(),
                2 => now.delete(&id),
                3 => now.complete(&id, to > 4),
                4 => now.move_to(&id, to),
                5 => now.move_by_one(&id, to > 4, Filter::Active),
                _ => now.rename(&id, &format!("renamed {to}"), &mut room.rng).unwrap(),
            };
            room.replica.write(&writes);
            for write in &writes {
                list.read(&room.replica, &write.key.id);
            }
            let now = room.list();
            prop_assert!(list.iter().eq(now.iter()));
            prop_assert_eq!(list.completed(), now.iter().filter(|item| item.completed).count());
            for (at, item) in now.iter().enumerate() {
                prop_assert_eq!(list.get(&item.id), Some(item));
                prop_assert_eq!(list.place(&item.id), Some(at));
            }
        }
    }
}
