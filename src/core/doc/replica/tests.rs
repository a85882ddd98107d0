//! The copy alone: what it takes in, gives out, and refuses.
#![cfg(test)]

use super::*;

const INK: Name = Name::known("ink");
const TODO: Name = Name::known("todo");

fn replica(id: u64) -> Replica {
    Replica::new(PeerId::from_random(id))
}

fn row(table: Name, id: &str) -> Touched {
    Touched::Row(Key::value(table, Id::parse(id).unwrap()).row())
}

fn strokes(replica: &Replica) -> Vec<(Id, Value)> {
    replica.values(&INK)
}

fn items(replica: &Replica) -> Vec<(Id, Record)> {
    replica.records(&TODO)
}

fn sorted(replica: &Replica) -> Vec<(Key, Value)> {
    let mut cells = replica.cells();
    cells.sort_unstable();
    cells
}

fn ink(id: &str, byte: u8) -> Write {
    Write {
        key: Key::value(INK, Id::parse(id).unwrap()),
        value: Some(Value::Bytes([byte].into())),
    }
}

fn title(id: &str, text: &str) -> Write {
    Write {
        key: Key::field(TODO, Id::parse(id).unwrap(), Name::known("title")),
        value: Some(Value::text(text)),
    }
}

fn order(id: &str, text: &str) -> Write {
    Write {
        key: Key::field(TODO, Id::parse(id).unwrap(), Name::known("order")),
        value: Some(Value::text(text)),
    }
}

#[test]
fn writes_reach_another_copy_and_name_what_they_touched() {
    let (mut a, mut b) = (replica(1), replica(2));
    let commit = a.write(&[ink("s", 1), title("t", "milk")]).unwrap();
    let applied = b.apply(&commit.update).unwrap();
    for touched in [row(INK, "s"), row(TODO, "t")] {
        assert!(applied.touched.contains(&touched));
    }
    assert!(applied.news);
    assert_eq!(a.digest(), b.digest());
    assert_eq!(b.get(&title("t", "").key), Some(Value::text("milk")));
    let commit = a.write(&[title("t", "bread")]).unwrap();
    assert_eq!(b.apply(&commit.update).unwrap().touched, [row(TODO, "t")]);
    assert!(!b.apply(&commit.update).unwrap().news);
}

#[test]
fn a_write_that_changes_nothing_is_no_commit() {
    let mut a = replica(1);
    assert!(a.write(&[ink("s", 1)]).is_some());
    let digest = a.digest();
    assert!(a.write(&[ink("s", 1)]).is_none());
    assert!(
        a.write(&[Write {
            key: Key::value(INK, Id::parse("x").unwrap()),
            value: None
        }])
        .is_none()
    );
    assert_eq!(a.digest(), digest);
}

#[test]
fn an_update_that_came_too_early_counts_as_incomplete_until_the_gap_is_filled() {
    let (mut a, mut b) = (replica(1), replica(2));
    let first = a.write(&[ink("1", 1)]).unwrap().update;
    let second = a.write(&[ink("2", 2)]).unwrap().update;
    let empty = b.digest();
    assert!(b.apply(&second).unwrap().incomplete);
    assert_ne!(b.digest(), empty);
    assert_eq!(b.lacks(&a.state_vector()), Ok(true));
    let mut c = replica(3);
    assert!(c.apply(&b.snapshot()).unwrap().incomplete);
    assert_eq!(c.digest(), b.digest());
    assert!(!b.apply(&first).unwrap().incomplete);
    assert_eq!(a.digest(), b.digest());
    assert_eq!(strokes(&b).len(), 2);
}

#[test]
fn operations_beyond_a_gap_travel_though_their_author_is_gone() {
    let (mut author, mut a, mut b) = (replica(1), replica(2), replica(3));
    let first = author.write(&[ink("1", 1)]).unwrap().update;
    author.write(&[ink("2", 2)]);
    let third = author.write(&[ink("3", 3)]).unwrap().update;
    for copy in [&mut a, &mut b] {
        copy.apply(&first).unwrap();
    }
    a.apply(&third).unwrap();
    assert_ne!(a.digest(), b.digest());
    let diff = a.diff(&b.state_vector()).unwrap().unwrap();
    b.apply(&diff).unwrap();
    assert_eq!(a.digest(), b.digest());
}

#[test]
fn a_state_vector_that_claims_more_than_it_holds_is_refused_before_memory_is_reserved() {
    let claims_fifty_million = [0x80, 0xe1, 0xeb, 0x17];
    for (bytes, refusal) in [
        (&claims_fifty_million[..], Refusal::Count),
        (&[], Refusal::CutOff),
        (&[0x80; 12], Refusal::Number),
        (&[2, 1, 1, 1], Refusal::Count),
    ] {
        assert_eq!(replica(1).lacks(bytes), Err(ReplicaError::Gate(refusal)));
    }
    let mut full = replica(1);
    full.write(&[ink("1", 1)]);
    assert_eq!(replica(2).lacks(&full.state_vector()), Ok(true));
}

#[test]
fn a_diff_holds_only_what_the_other_lacks() {
    let (mut a, mut b) = (replica(1), replica(2));
    let commit = a.write(&[ink("1", 1)]).unwrap();
    b.apply(&commit.update).unwrap();
    assert_eq!(a.diff(&b.state_vector()), Ok(None));
    a.write(&[ink("2", 2)]);
    assert_eq!(b.lacks(&a.state_vector()), Ok(true));
    assert_eq!(a.lacks(&b.state_vector()), Ok(false));
    let diff = a.diff(&b.state_vector()).unwrap().unwrap();
    assert!(diff.len() < a.snapshot().len());
    b.apply(&diff).unwrap();
    assert_eq!(a.digest(), b.digest());
}

#[test]
fn deletions_alone_travel_too() {
    let (mut a, mut b) = (replica(1), replica(2));
    b.apply(&a.write(&[ink("1", 1)]).unwrap().update).unwrap();
    a.write(&[Write {
        key: ink("1", 1).key,
        value: None,
    }]);
    assert_ne!(a.digest(), b.digest());
    assert_eq!(a.diff(&b.state_vector()), Ok(None));
    let applied = b.apply(&a.deletions()).unwrap();
    assert!(applied.news && strokes(&b).is_empty());
    assert_eq!(a.digest(), b.digest());
}

#[test]
fn a_snapshot_restores_digest_and_content() {
    let mut a = replica(1);
    for n in 0..20 {
        a.write(&[ink(&n.to_string(), n), title(&n.to_string(), "x")]);
    }
    a.write(&[Write {
        key: ink("3", 0).key,
        value: None,
    }]);
    let mut b = replica(2);
    b.apply(&a.snapshot()).unwrap();
    assert_eq!(a.digest(), b.digest());
    assert_eq!(strokes(&b).len(), 19);
    assert_eq!(items(&b).len(), 20);
}

#[test]
fn bytes_that_are_no_update_are_refused_with_a_sentence() {
    let mut a = replica(1);
    let cut_off = ReplicaError::Gate(Refusal::CutOff);
    assert_eq!(a.apply(b"\xff\xff").unwrap_err(), cut_off);
    assert_eq!(a.diff(b"\xff").unwrap_err(), cut_off);
    assert_eq!(a.digest(), replica(2).digest());
}

/// Found by `cargo xtask fuzz`: yrs panicked while it named the entry.
#[test]
fn a_mark_of_formatted_text_as_an_entry_of_a_map_does_no_harm() {
    let mark = [
        1, 1, 1, 0, 0x26, 1, 3, b'i', b'n', b'k', 1, b'k', 1, b'b', 1, b'1', 0,
    ];
    let mut a = replica(2);
    assert!(a.apply(&mark).unwrap().news);
    assert_eq!(strokes(&a), []);
    a.write(&[ink("k", 1)]);
    assert_eq!(strokes(&a).len(), 1);
}

/// yrs gives up at an operation whose parent is no type, with what came before it in the document.
#[test]
fn an_update_that_is_torn_keeps_what_landed() {
    let torn = [
        1, 2, 7, 0, 0x28, 1, 3, b'i', b'n', b'k', 1, b'k', 1, 116, 1, 0, 8, 0, 7, 0, 1, 126, 0,
    ];
    let mut a = replica(2);
    let before = a.digest();
    let applied = a.apply(&torn).unwrap();
    assert!(applied.news && applied.torn.is_some());
    assert_eq!(applied.touched, [row(INK, "k")]);
    assert_ne!(a.digest(), before);
    let mut stored = replica(3);
    stored.apply(&applied.torn.unwrap()).unwrap();
    assert_eq!(strokes(&stored).len(), 1);
    assert_eq!(stored.digest(), a.digest());
}

#[test]
fn an_update_in_parts_is_the_same_update() {
    let (mut a, mut b) = (replica(1), replica(2));
    let mut rng = fastrand::Rng::with_seed(5);
    for n in 0..200 {
        let long = Write {
            key: Key::value(INK, Id::parse(&rng.u8(..).to_string()).unwrap()),
            value: (n % 5 > 0).then(|| Value::Bytes(vec![n as u8; 300].into())),
        };
        let writer = if rng.bool() { &mut a } else { &mut b };
        let commits = [
            writer.write(&[long]),
            writer.write(&[title(&n.to_string(), "milk")]),
        ];
        for commit in commits.into_iter().flatten() {
            a.apply(&commit.update).unwrap();
            b.apply(&commit.update).unwrap();
        }
    }
    let whole = a.snapshot();
    let parts = Replica::cut(whole.clone(), 4_000);
    assert!(parts.len() > 5, "{} parts", parts.len());
    let mut c = replica(3);
    for part in &parts {
        assert!(part.len() < 4_600, "{}", part.len());
        c.apply(part).unwrap();
    }
    assert_eq!(c.digest(), a.digest());
    assert_eq!(strokes(&c).len(), strokes(&a).len());
    assert_eq!(Replica::cut(whole.clone(), usize::MAX), [whole]);
}

/// A member sends an update of an old clock again and again: to compare it would write out all that was done since.
#[test]
fn what_somebody_said_long_ago_is_not_compared_and_what_is_recent_is() {
    let said = |byte| replica(2).write(&[ink("forked", byte)]).unwrap().update;
    for (since, is_compared) in [
        (0, true),
        (COMPARED_OPERATIONS / 2, true),
        (COMPARED_OPERATIONS + 1, false),
    ] {
        let (mut author, mut mine) = (replica(2), replica(1));
        let mut hear = |commit: Option<Commit>| mine.apply(&commit.unwrap().update).unwrap().news;
        assert!(hear(author.write(&[ink("forked", 1)])));
        for n in 0..since {
            assert!(hear(author.write(&[ink(&n.to_string(), 1)])));
        }
        assert!(!mine.contradicts(&said(1)), "the same, after {since}");
        assert_eq!(mine.contradicts(&said(2)), is_compared, "after {since}");
    }
}

/// yrs 0.28.1 broke its document: it has the last operation of an author and not those before it, and then learns that all
/// of them stood in records that gave way to another. So it goes where three people make the same item at the same time.
#[test]
fn a_deletion_of_what_is_known_and_of_what_is_not_breaks_nothing() {
    let (mut low, mut high, mut late) = (replica(1), replica(2), replica(3));
    let mut copies = [replica(4), replica(5)];
    let first = [&mut low, &mut high, &mut late].map(|author| {
        let written = [title("x", "tea"), order("x", "a")];
        author.write(&written).unwrap().update
    });
    // One of the two learns that its record gave way, and writes into the other.
    low.apply(&first[1]).unwrap();
    high.apply(&first[0]).unwrap();
    copies[0].apply(&first[0]).unwrap();
    copies[1].apply(&first[1]).unwrap();
    for author in [&mut low, &mut high] {
        let second = author.write(&[title("x", "milk")]).unwrap().update;
        let third = author.write(&[order("x", "b")]).unwrap().update;
        for copy in &mut copies {
            copy.apply(&third).unwrap();
            copy.apply(&second).unwrap();
        }
        author.apply(&first[2]).unwrap();
    }
    let whole = [low.snapshot(), high.snapshot()];
    for copy in copies.iter_mut().chain([&mut low, &mut high]) {
        for update in whole.iter().chain(&first) {
            copy.apply(update).unwrap();
        }
    }
    for copy in copies.iter().chain([&high]) {
        assert_eq!(copy.digest(), low.digest());
        assert_eq!(sorted(copy), sorted(&low));
    }
}

/// What a later version may write: another table, another field, other kinds of values.
fn of_a_later_version() -> Vec<Write> {
    let id = || Id::parse("n").unwrap();
    let field = |name| Key::field(Name::known("note"), id(), Name::known(name));
    vec![
        Write::put(Key::value(Name::known("place"), id()), Value::number(2.5)),
        Write::put(field("body"), Value::SharedText("milk".into())),
        Write::put(field("count"), Value::number(7.0)),
        Write::put(
            Key::field(TODO, id(), Name::known("due")),
            Value::text("tomorrow"),
        ),
        // `{ "a": [null, 1] }`
        Write::put(
            field("other"),
            Value::Other(
                [
                    &[118, 1, 1, b'a', 117, 2, 126, 123][..],
                    &1.0_f64.to_be_bytes(),
                ]
                .concat()
                .into(),
            ),
        ),
    ]
}

#[test]
fn tables_fields_and_kinds_of_other_versions_are_read_compared_and_passed_on() {
    let (mut later, mut mine, mut third) = (replica(1), replica(2), replica(3));
    let commit = later.write(&of_a_later_version()).unwrap();
    let applied = mine.apply(&commit.update).unwrap();
    assert_eq!(applied.touched.len(), 3);
    third.apply(&mine.snapshot()).unwrap();
    let mut written = of_a_later_version();
    written.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    let written: Vec<_> = (written.into_iter())
        .map(|write| (write.key, write.value.unwrap()))
        .collect();
    for copy in [&later, &mine, &third] {
        assert_eq!(sorted(copy), written);
        assert_eq!(copy.digest(), later.digest());
        assert!(!copy.recount());
    }
}

#[test]
fn shared_text_that_two_edit_keeps_what_both_wrote() {
    let key = Key::field(
        Name::known("note"),
        Id::parse("n").unwrap(),
        Name::known("body"),
    );
    let put = |text: &str| [Write::put(key.clone(), Value::SharedText(text.into()))];
    let (mut a, mut b) = (replica(1), replica(2));
    b.apply(&a.write(&put("Grüße 🎨 an alle")).unwrap().update)
        .unwrap();
    let from_a = a.write(&put("Liebe Grüße 🎨 an alle")).unwrap().update;
    let from_b = b.write(&put("Grüße 🎈🎨 an sie")).unwrap().update;
    a.apply(&from_b).unwrap();
    b.apply(&from_a).unwrap();
    for copy in [&a, &b] {
        let text = Value::SharedText("Liebe Grüße 🎈🎨 an sie".into());
        assert_eq!(copy.get(&key), Some(text));
    }
    assert_eq!(a.digest(), b.digest());
}

/// Each of these was refused for types that could be nested without end: live, as a snapshot, or after an edit of ours.
#[test]
fn as_many_rows_with_shared_text_as_there_are_are_taken_live_and_as_a_whole() {
    let id = |row: usize| Id::parse(&row.to_string()).unwrap();
    let key = |row, field| Key::field(TODO, id(row), Name::known(field));
    let (mut a, mut b) = (replica(1), replica(2));
    for row in 0..300 {
        // A text in the place of two values of the same key, and a record in the place of a value.
        let record = Key::field(INK, id(row), Name::known("place"));
        for write in [
            Write::put(key(row, "note"), Value::text("one")),
            Write::put(key(row, "note"), Value::text("two")),
            Write::put(key(row, "note"), Value::SharedText("three".into())),
            Write::put(Key::value(INK, id(row)), Value::Flag(true)),
            Write::put(record, Value::number(1.0)),
        ] {
            b.apply(&a.write(&[write]).unwrap().update).unwrap();
        }
    }
    for copy in [&a, &b] {
        let mut whole = replica(3);
        whole.apply(&copy.snapshot()).unwrap();
        assert_eq!(whole.digest(), a.digest());
    }
    // Below records that a page made itself.
    let (mut mine, mut theirs) = (replica(4), replica(5));
    let all = |field, value: Value| -> Vec<_> {
        (0..300)
            .map(|row| Write::put(key(row, field), value.clone()))
            .collect()
    };
    let titles = mine.write(&all("title", Value::text("x"))).unwrap();
    theirs.apply(&titles.update).unwrap();
    let notes = theirs.write(&all("note", Value::SharedText("y".into())));
    assert!(mine.apply(&notes.unwrap().update).unwrap().news);
}

#[test]
fn as_many_tables_as_there_are_are_taken_in_any_order() {
    let flags = |prefix: &str| -> Vec<_> {
        let names = (0..300).map(|number| Name::parse(&format!("{prefix}{number}")).unwrap());
        names
            .map(|table| Write::put(Key::value(table, Id::of_contents("x")), Value::Flag(true)))
            .collect()
    };
    let (mut a, mut b) = (replica(1), replica(2));
    let (from_a, from_b) = (a.write(&flags("x")).unwrap(), b.write(&flags("y")).unwrap());
    a.apply(&from_b.update).unwrap();
    b.apply(&from_a.update).unwrap();
    assert_eq!(a.tables().count(), 600);
    assert_eq!(a.digest(), b.digest());
}

#[test]
fn a_map_whose_entries_come_in_another_order_is_no_other_meaning() {
    let entries: Vec<u8> = (b'a'..=b'h').flat_map(|key| [1, key, 126]).collect();
    let map = Value::Other([&[118, 8][..], &entries].concat().into());
    let (mut a, mut b) = (replica(1), replica(2));
    let key = Key::value(Name::known("any"), Id::of_contents("x"));
    let said = a.write(&[Write::put(key.clone(), map.clone())]).unwrap();
    b.apply(&said.update).unwrap();
    assert!(!a.contradicts(&b.snapshot()) && !b.contradicts(&said.update));
    assert_eq!(b.get(&key), Some(map));
    let zero = Write::put(key.clone(), Value::number(-0.0));
    a.write(std::slice::from_ref(&zero));
    assert_eq!(a.get(&key), zero.value, "zero has no sign");
}
