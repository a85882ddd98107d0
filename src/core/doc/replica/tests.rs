//! The copy alone: what it takes in, gives out, and refuses.
#![cfg(test)]

use super::*;

fn replica(id: u64) -> Replica {
    Replica::new(PeerId::from_random(id))
}

fn ink(id: &str, byte: u8) -> Write {
    Write {
        cell: Cell::Ink(Id::parse(id).unwrap()),
        value: Some(Value::Bytes([byte].into())),
    }
}

fn title(id: &str, text: &str) -> Write {
    Write {
        cell: Cell::Todo(Id::parse(id).unwrap(), Field::Title),
        value: Some(Value::text(text)),
    }
}

fn order(id: &str, text: &str) -> Write {
    Write {
        cell: Cell::Todo(Id::parse(id).unwrap(), Field::Order),
        value: Some(Value::text(text)),
    }
}

#[test]
fn writes_reach_another_copy_and_name_what_they_touched() {
    let (mut a, mut b) = (replica(1), replica(2));
    let commit = a.write(&[ink("s", 1), title("t", "milk")]).unwrap();
    let applied = b.apply(&commit.update).unwrap();
    let id = |text| Id::parse(text).unwrap();
    assert_eq!(
        applied.touched,
        [Touched::Ink(id("s")), Touched::Todo(id("t"))]
    );
    assert!(applied.news);
    assert_eq!(a.digest(), b.digest());
    assert_eq!(b.get(&title("t", "").cell), Some(Value::text("milk")));
    let commit = a.write(&[title("t", "bread")]).unwrap();
    assert_eq!(
        b.apply(&commit.update).unwrap().touched,
        [Touched::Todo(id("t"))]
    );
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
            cell: Cell::Ink(Id::parse("x").unwrap()),
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
    assert_eq!(b.inks().len(), 2);
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
        cell: ink("1", 1).cell,
        value: None,
    }]);
    assert_ne!(a.digest(), b.digest());
    assert_eq!(a.diff(&b.state_vector()), Ok(None));
    let applied = b.apply(&a.deletions()).unwrap();
    assert!(applied.news && b.inks().is_empty());
    assert_eq!(a.digest(), b.digest());
}

#[test]
fn a_snapshot_restores_digest_and_content() {
    let mut a = replica(1);
    for n in 0..20 {
        a.write(&[ink(&n.to_string(), n), title(&n.to_string(), "x")]);
    }
    a.write(&[Write {
        cell: ink("3", 0).cell,
        value: None,
    }]);
    let mut b = replica(2);
    b.apply(&a.snapshot()).unwrap();
    assert_eq!(a.digest(), b.digest());
    assert_eq!(b.inks().len(), 19);
    assert_eq!(b.todos().len(), 20);
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
    assert_eq!(a.inks(), []);
    a.write(&[ink("k", 1)]);
    assert_eq!(a.inks().len(), 1);
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
    assert_eq!(applied.touched, [Touched::Ink(Id::parse("k").unwrap())]);
    assert_ne!(a.digest(), before);
    let mut stored = replica(3);
    stored.apply(&applied.torn.unwrap()).unwrap();
    assert_eq!(stored.inks().len(), 1);
    assert_eq!(stored.digest(), a.digest());
}

#[test]
fn an_update_in_parts_is_the_same_update() {
    let (mut a, mut b) = (replica(1), replica(2));
    let mut rng = fastrand::Rng::with_seed(5);
    for n in 0..200 {
        let long = Write {
            cell: Cell::Ink(Id::parse(&rng.u8(..).to_string()).unwrap()),
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
    assert_eq!(c.inks().len(), a.inks().len());
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
        assert_eq!(copy.todos(), low.todos());
    }
}
