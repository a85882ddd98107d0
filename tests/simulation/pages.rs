//! Pages that are loaded, killed and left, and storage that fails.

use duplex::{
    core::{
        apps::board::table::{elements, ink},
        doc::{
            id::Id,
            store::Saved,
            table::{Value, Write},
            undo::Direction,
        },
        session::{self, Session},
    },
    limits::STORE_RETRY_MS,
    sim::{network::Audience, plan::Plan, world::World},
};

use super::{plan, quiet, tabs::three_tabs};

/// A stroke grows by a sample every 50 ms and is stored every 250, as a page does it; then the page is killed.
#[test]
fn a_page_that_is_killed_while_somebody_draws_loses_a_moment_of_ink() {
    for samples in [1, 6, 30, 59] {
        let mut world = World::new(quiet(samples as u64, 1, Audience::Others));
        world.run(2_000);
        let key = ink(Id::parse("pen").unwrap());
        let ink = |length: usize| {
            let value = Some(Value::Bytes(vec![7; length].into()));
            vec![Write {
                key: key.clone(),
                value,
            }]
        };
        for sample in 1..=samples {
            if sample % 5 == 1 {
                world.input(0, session::Input::Drafted(ink(sample)));
            }
            world.run(50);
        }
        world.reload(0);
        world.run(3_000);
        let kept = |world: &World| match world.session(0)?.replica().get(&key)? {
            Value::Bytes(ink) => Some(ink.len()),
            _ => None,
        };
        let left = kept(&world).unwrap_or_default();
        assert!(samples - left <= 1_000 / 50, "{left} of {samples} samples");
        // It is an edit by now: taken up once, stored, and undone like any other.
        world.run(1_000);
        world.reload(0);
        world.run(3_000);
        assert_eq!(kept(&world), Some(left));
        world.input(0, session::Input::UndoAsked(Direction::Undo));
        world.run(1_000);
        world.reload(0);
        world.run(3_000);
        assert_eq!(kept(&world), None, "a stroke that was taken back");
    }
}

/// A tab that is loaded while somebody draws in another one leaves the stroke to them.
#[test]
fn a_draft_of_a_page_that_is_here_is_its_own() {
    let mut world = World::new(Plan {
        tabs: 2,
        ..quiet(3, 2, Audience::Others)
    });
    world.run(2_000);
    let write = |length: usize| Write {
        key: ink(Id::parse("pen").unwrap()),
        value: Some(Value::Bytes(vec![7; length].into())),
    };
    world.input(0, session::Input::Drafted(vec![write(5)]));
    world.run(500);
    world.reload(1);
    world.run(5_000);
    assert_eq!(
        world.session(1).map(|s| elements(s.replica()).len()),
        Some(0)
    );
    world.input(0, session::Input::Edited(vec![write(9)]));
    world.run(1_000);
    assert!(world.agree());
    world.reload(1);
    world.run(5_000);
    assert_eq!(
        world.session(1).map(|s| elements(s.replica()).len()),
        Some(1)
    );
    assert_eq!(world.disk(0).map(|disk| disk.read().drafts), Some(vec![]));
}
#[test]
fn a_page_opened_without_a_relay_shows_all_that_was_saved_and_joins_later() {
    let mut world = World::new(quiet(6, 2, Audience::All));
    world.run(2_000);
    (0..20).for_each(|n| world.operate(n % 2));
    world.run(5_000);
    assert!(world.agree());
    let digest = world.session(0).map(|s| s.replica().digest());
    world.set_relay(false);
    (0..2).for_each(|client| world.reload(client));
    world.run(2_000);
    for client in 0..2 {
        assert_eq!(world.session(client).map(|s| s.replica().digest()), digest);
    }
    world.operate(0);
    world.operate(1);
    world.run(1_000);
    world.set_relay(true);
    world.run(60_000);
    assert!(world.agree());
}
/// Each call of the storage fails once, alone or with the next three, from the first `load` on.
#[test]
fn any_call_of_the_storage_may_fail() {
    let mut plan = plan(3);
    plan = Plan {
        clients: 1,
        tabs: 0,
        operations: 0,
        store_fails: 0.0,
        ..plan
    };
    let run = |fails: std::ops::Range<usize>| {
        let mut world = World::new(plan);
        let disk = world.disk(0).expect("a disk");
        disk.fails.replace(fails);
        for life in 0..4 {
            world.run(20);
            for _ in 0..200 {
                world.operate(0);
                world.run(40);
            }
            // What fails is tried again, and said meanwhile.
            let status = world.session(0).map(Session::status);
            let is_saved = status.is_some_and(|status| status.saved == Saved::Saved);
            assert_eq!(is_saved, world.unsaved().is_empty(), "life {life}");
            world.run(5 * STORE_RETRY_MS);
            assert_eq!(world.unsaved(), Vec::<usize>::new(), "life {life}");
            let before = world.session(0).map(|s| s.replica().digest());
            world.reload(0);
            world.run(5 * STORE_RETRY_MS);
            let after = world.session(0).map(|s| s.replica().digest());
            assert_eq!(before, after, "life {life}");
        }
        world.disk(0).map_or(0, duplex::sim::disk::Disk::calls)
    };
    let calls = run(0..0);
    println!("{calls} calls without a fault");
    for call in (0..20).chain((20..calls).step_by(83)) {
        run(call..call + 1);
        run(call..call + 4);
    }
}
/// A browser may let a page run on for a while after its goodbye, and the next leader is heard by it.
#[test]
fn a_page_that_said_goodbye_says_nothing_more() {
    for leaver in 0..3 {
        let mut world = three_tabs(Audience::Others);
        world.input(leaver, session::Input::Left);
        (0..8).for_each(|n| world.operate((leaver + 1 + n % 2) % 3));
        world.run(5_000);
        for here in (0..4).filter(|&client| client != leaver) {
            let people = world.session(here).map(|s| s.status().people);
            assert_eq!(people, Some(3), "{leaver} left, {here} stayed");
        }
    }
}

/// A page that freezes aborts what it was writing; what it had written beside that is safe, and nothing is called saved
/// before all of it is.
#[test]
fn a_goodbye_whose_writes_are_aborted_loses_nothing() {
    let (mut promised, mut aborted) = (0, 0);
    for seed in 0..60 {
        let mut world = World::new(quiet(seed, 1, Audience::Others));
        world.run(2_000);
        for _ in 0..4 {
            // Two batches are under way: one that was being written, and what waited behind it.
            (0..3).for_each(|_| world.operate(0));
            world.leave(0);
            world.run(1_000);
            world.come_back(0);
            let status = world.session(0).map(Session::status);
            let is_saved = status.is_some_and(|status| status.saved == Saved::Saved);
            let lacks = !world.unsaved().is_empty();
            promised += usize::from(is_saved);
            aborted += usize::from(lacks);
            assert!(!(is_saved && lacks), "seed {seed}");
            world.run(2 * STORE_RETRY_MS);
            assert_eq!(world.unsaved(), Vec::<usize>::new(), "seed {seed}");
            let status = world.session(0).map(Session::status);
            assert_eq!(status.map(|status| status.saved), Some(Saved::Saved));
        }
    }
    assert!(
        promised > 10 && aborted > 10,
        "{promised}, {aborted}: both cases have to occur"
    );
}

/// Somebody clears the site's data while the page is open; a second tab writes something in between, or none does.
#[test]
fn storage_that_was_emptied_gets_all_that_the_page_has_before_anything_is_called_saved() {
    for tabs in [1, 2] {
        let mut world = World::new(Plan {
            tabs,
            ..quiet(4, tabs, Audience::Others)
        });
        world.run(2_000);
        (0..12).for_each(|_| world.operate(0));
        world.run(2_000);
        world.disk(0).unwrap().clear();
        // The tab that edits next hears of it last.
        for tab in (0..tabs).rev() {
            world.operate(0);
            world.run(50);
            world.input(tab, session::Input::StoreFailed("it was closed".into()));
            let saved = world.session(tab).map(|s| s.status().saved);
            assert_eq!(saved, Some(Saved::Failed));
        }
        world.run(2 * STORE_RETRY_MS);
        assert_eq!(world.unsaved(), Vec::<usize>::new(), "{tabs} tabs");
        let before = world.session(0).map(|s| s.replica().digest());
        (0..tabs).for_each(|tab| world.reload(tab));
        world.run(3_000);
        assert_eq!(world.session(0).map(|s| s.replica().digest()), before);
    }
}
