//! Who is here, what they see of each other, and what a crowd and a flood cost.

use duplex::{
    core::{
        apps::board::{
            presence::{Pointer, Viewport},
            table::{elements, ink},
        },
        apps::todo::list::List,
        doc::{
            id::Id,
            presence::slots::Shows,
            table::{Value, Write},
            undo::Direction,
        },
        session::{self, Session},
    },
    limits::OUTBOX_BYTES,
    sim::{network::Audience, world::World},
    ui::text::notice,
};

use kurbo::{Point, Vec2};

use super::quiet;

#[test]
fn an_idle_room_is_quiet() {
    let mut world = World::new(quiet(5, 5, Audience::Others));
    world.run(60_000);
    let before = world.frames;
    world.run(600_000);
    let per_person_and_10_s = (world.frames - before) as f64 / 5.0 / 60.0;
    assert!(per_person_and_10_s <= 1.0, "{per_person_and_10_s} frames");
    assert_eq!(world.session(0).map(|s| s.status().people), Some(5));
    assert_eq!(world.session(0).map(|s| s.status().in_step), Some(4));
}

#[test]
fn who_comes_is_there_in_three_seconds_and_who_crashes_is_missed_in_thirty() {
    let people = |world: &World| world.session(0).map(|s| s.status().people);
    for seed in 0..20 {
        let plan = quiet(seed, 2, Audience::Others);
        let mut world = World::new(plan);
        world.run(20_000 + seed * 1_000);
        world.join();
        world.run(3_000);
        assert_eq!(people(&world), Some(3), "seed {seed}");
        world.input(2, session::Input::Left);
        world.run(3_000);
        assert_eq!(people(&world), Some(2), "seed {seed}");
        // A crash says no goodbye; whoever opens the page again is somebody else, unless pages show whose they are.
        world.reload(1);
        world.run(3_000);
        let again = if plan.signs() { 2 } else { 3 };
        assert_eq!(people(&world), Some(again), "seed {seed}");
        world.run(27_000);
        assert_eq!(people(&world), Some(2), "seed {seed}");
    }
}
#[test]
fn a_view_is_told_only_to_who_follows_and_through_who_follows() {
    let mut world = World::new(quiet(7, 3, Audience::Others));
    world.run(5_000);
    let looks = |world: &mut World, client, x| {
        let view = Viewport {
            x,
            y: 0.0,
            width: 800.0,
            height: 600.0,
        };
        world.input(client, session::Input::shows(Some(&view)));
        world.run(500);
    };
    let views = |world: &World| {
        world
            .said
            .get(&Viewport::SLOT.letter)
            .copied()
            .unwrap_or_default()
    };
    let peer = |world: &World, client| world.session(client).map(Session::me);
    (0..3).for_each(|client| looks(&mut world, client, f64::from(client as u32)));
    assert_eq!(views(&world), 0, "nobody follows anybody");
    for (follower, leader) in [(0, 1), (1, 2)] {
        let leader = peer(&world, leader);
        world.input(follower, session::Input::Followed(leader));
        world.run(500);
    }
    looks(&mut world, 2, 70.0);
    // What a follower sees is not its own.
    looks(&mut world, 1, 71.0);
    let sees = |world: &World, client| {
        let session = world.session(client)?;
        Some(session.leader()?.shown.get::<Viewport>()?.x)
    };
    assert_eq!([0, 1].map(|client| sees(&world, client)), [Some(70.0); 2]);
    assert_eq!(
        views(&world),
        3,
        "once each was followed, and once it moved"
    );
    world.input(2, session::Input::Left);
    world.run(500);
    assert_eq!(world.session(1).and_then(Session::follows), None);
    looks(&mut world, 1, 72.0);
    assert_eq!(sees(&world, 0), Some(72.0));
}
/// Whether an app says so.
fn is_said(notice: &session::Notice, words: &str) -> bool {
    notice::sentence(notice).contains(words)
}

fn said(world: &World, kind: u8) -> usize {
    world.said.get(&kind).copied().unwrap_or_default()
}

/// People come one by one, until fifty are here.
#[test]
fn fifty_joins_cost_little_more_than_what_the_joiners_get() {
    const PEOPLE: usize = 50;
    let mut world = World::new(quiet(10, 1, Audience::Others));
    world.run(2_000);
    while world.session(0).map_or(0, |s| elements(s.replica()).len()) < 600 {
        world.operate(0);
        world.run(20);
    }
    world.run(20_000);
    let state = world.session(0).map_or(0, |s| s.replica().snapshot().len());
    let (bytes, mut most_answers, mut copy) = (world.bytes, 0, 0);
    for joined in 1..=PEOPLE {
        let before = said(&world, b'a');
        world.join();
        world.run(3_000);
        // A copy as it is on the wire: what the first joiner costs, with nobody else here.
        if joined == 1 {
            copy = world.bytes - bytes;
        }
        most_answers = most_answers.max(said(&world, b'a') - before);
        assert!(world.agree(), "join {joined}");
    }
    let beyond = world.bytes - bytes - PEOPLE * copy;
    let ratio = beyond as f64 / state as f64;
    println!(
        "{state} bytes; at most {most_answers} answers a join; {ratio:.2} states beyond the copies"
    );
    assert!(most_answers <= 3, "{most_answers} answers to one join");
    assert!(ratio <= 3.0, "{ratio} states of traffic beyond the copies");

    let point = |x: f64| session::Input::shows(Some(&Pointer { x, y: 7.0 }));
    let before = world.frames;
    world.input(0, point(1.0));
    assert_eq!(world.frames - before, 1, "one pointer, one frame");
    // One that never rests is told seven times more seldom than among two.
    let told = said(&world, b'C');
    for ms in 0..4_200 {
        world.input(0, point(ms as f64));
        world.run(1);
    }
    let told = said(&world, b'C') - told;
    assert!((8..=11).contains(&told), "{told}");
}

/// The answer to a joiner does not fit the queue beside anything else.
#[test]
fn a_room_that_is_larger_than_the_queue_is_joined() {
    let mut world = World::new(quiet(12, 2, Audience::Others));
    world.run(2_000);
    for stroke in 0..=OUTBOX_BYTES / 60_000 {
        let write = Write {
            key: ink(Id::parse(&stroke.to_string()).unwrap()),
            value: Some(Value::Bytes(vec![stroke as u8; 60_000].into())),
        };
        world.input(0, session::Input::Edited(vec![write]));
        world.run(100);
    }
    world.run(5_000);
    world.join();
    world.run(3_000);
    assert!(world.agree());
}

/// Somebody sends a thousand edits a second, for ten seconds.
#[test]
fn who_floods_the_room_is_muted_and_nobody_waits_for_it() {
    let mut world = World::new(quiet(13, 3, Audience::Others));
    world.run(3_000);
    let stroke = |name: String| Write {
        key: ink(Id::parse(&name).unwrap()),
        value: Some(Value::Bytes(vec![0; 100].into())),
    };
    let mut muted = None;
    for ms in 0..10_000 {
        let flood = stroke(format!("flood{ms}"));
        world.input(0, session::Input::Edited(vec![flood]));
        if ms % 1_000 == 0 {
            let calm = stroke(format!("calm{ms}"));
            world.input(1, session::Input::Edited(vec![calm]));
        }
        world.run(1);
        let two = world.session(2).unwrap();
        if ms % 1_000 == 200 {
            let calm = Id::parse(&format!("calm{}", ms - 200)).unwrap();
            assert!(
                two.replica().get(&ink(calm.clone())).is_some(),
                "after {ms} ms"
            );
        }
        let is_muted = two
            .people()
            .others()
            .any(|(peer, _)| two.people().is_muted(peer));
        muted = muted.or(is_muted.then_some(ms));
    }
    assert!(muted.is_some_and(|ms| ms < 3_000), "{muted:?}");
    let flooded = elements(world.session(2).unwrap().replica()).len();
    assert!(flooded < 5_000, "{flooded} of the flood were taken in");
    // What was not listened to comes when it is over.
    world.run(40_000);
    assert!(world.agree());
}

/// Two people rename one item while they are cut off from each other: nobody's words vanish, and who loses is told.
#[test]
fn two_titles_written_at_the_same_time_are_both_kept_and_said() {
    for seed in 0..20 {
        let mut world = World::new(quiet(seed, 3, Audience::Others));
        let mut rng = fastrand::Rng::with_seed(seed);
        world.run(2_000);
        let list = |world: &World, client| List::of(world.session(client).unwrap().replica());
        let titles = |world: &World, client| -> Vec<_> {
            list(world, client)
                .iter()
                .map(|item| item.title.clone())
                .collect()
        };
        let add = list(&world, 0).add("milk", &mut rng).unwrap();
        world.input(0, session::Input::Edited(add));
        world.run(2_000);
        let id = list(&world, 1).at(0).unwrap().id.clone();
        world.set_relay(false);
        world.run(500);
        for (client, title) in [(0, "oat milk"), (1, "soy milk")] {
            let renamed = list(&world, client).rename(&id, title, &mut rng).unwrap();
            world.input(client, session::Input::Edited(renamed));
        }
        // The page of one of them is loaded anew before they meet again.
        world.run(1_000);
        world.reload((seed % 3) as usize);
        world.run(1_000);
        world.set_relay(true);
        world.run(40_000);
        assert!(world.agree());
        for client in 0..3 {
            let mut titles = titles(&world, client);
            titles.sort();
            assert_eq!(titles, ["oat milk", "soy milk"], "seed {seed}");
        }
        let said = world
            .notices
            .iter()
            .filter(|notice| is_said(notice, "oat milk"));
        assert_eq!(
            said.count(),
            1,
            "who lost is told, and nobody else: {:?}",
            world.notices
        );
        // One after the other is no conflict, nor is taking it back.
        for (client, title) in [(0, "rice"), (1, "corn"), (0, "spelt")] {
            let id = list(&world, client).at(0).unwrap().id.clone();
            let renamed = list(&world, client).rename(&id, title, &mut rng).unwrap();
            world.input(client, session::Input::Edited(renamed));
            world.run(3_000);
        }
        world.input(0, session::Input::UndoAsked(Direction::Undo));
        world.run(3_000);
        assert_eq!(titles(&world, 2).len(), 2);
        assert_eq!(titles(&world, 2)[0], "corn");
    }
}

/// One deletes several items while the other renames them; each keeps their own steps to take back.
#[test]
fn who_deleted_what_somebody_renamed_is_told_once_and_takes_back_their_own_steps() {
    for seed in 0..10 {
        let mut world = World::new(quiet(seed, 2, Audience::Others));
        let mut rng = fastrand::Rng::with_seed(seed);
        world.run(2_000);
        let list = |world: &World, client| List::of(world.session(client).unwrap().replica());
        let edit = |world: &mut World, client, writes: Vec<Write>| {
            assert!(!writes.is_empty());
            world.input(client, session::Input::Edited(writes));
        };
        for title in ["a", "b", "c", "d"] {
            let add = list(&world, 0).add(title, &mut rng).unwrap();
            edit(&mut world, 0, add);
        }
        world.run(2_000);
        world.set_relay(false);
        world.run(500);
        let items: Vec<_> = list(&world, 1).iter().cloned().collect();
        let deleted = items[..3].iter();
        let deleted = deleted.flat_map(|item| list(&world, 0).delete(&item.id));
        let deleted: Vec<_> = deleted.collect();
        edit(&mut world, 0, deleted);
        let theirs = list(&world, 0).rename(&items[3].id, "D of 0", &mut rng);
        edit(&mut world, 0, theirs.unwrap());
        for item in &items {
            let title = format!("{} of 1", item.title);
            let renamed = list(&world, 1).rename(&item.id, &title, &mut rng);
            edit(&mut world, 1, renamed.unwrap());
        }
        world.set_relay(true);
        world.run(40_000);
        assert!(world.agree());
        let mut titles: Vec<_> = list(&world, 0)
            .iter()
            .map(|item| item.title.clone())
            .collect();
        titles.sort();
        assert_eq!(titles, ["D of 0", "a of 1", "b of 1", "c of 1", "d of 1"]);
        let count = |words: &str| {
            let notices = world.notices.iter();
            notices.filter(|notice| is_said(notice, words)).count()
        };
        assert_eq!(count("renamed 3 items while you deleted them"), 1);
        assert_eq!(count("Two titles were written"), 1);
        // What kept both is nobody's step: the last one of each is the rename.
        for client in [0, 1] {
            world.input(client, session::Input::UndoAsked(Direction::Undo));
        }
        world.run(3_000);
        assert_eq!(list(&world, 0).len(), 5, "seed {seed}");
    }
}

/// A finger shows no pointer of its own: its ink does, as long as it is down.
#[test]
fn a_finger_that_drew_and_went_leaves_no_pointer_behind() {
    let mut world = World::new(quiet(9, 2, Audience::Others));
    world.run(5_000);
    let seen = |world: &World, client: usize| {
        let drawer = world.session(0)?.me();
        let people = world.session(client)?.people();
        people.get(drawer)?.shown.get::<Pointer>()
    };
    let at = Point::new(10.0, 10.0);
    world.press(0, at);
    for step in 1..20 {
        world.drag(0, [at + Vec2::new(f64::from(step), 0.0)]);
        world.run(20);
    }
    world.run(500);
    assert!(seen(&world, 1).is_some_and(|pointer| pointer.x > 10.0));
    // Who comes now sees it where the ink is.
    world.join();
    world.run(3_000);
    assert_eq!(seen(&world, 2), seen(&world, 1));
    world.lift(0);
    world.input(0, session::Input::shows::<Pointer>(None));
    world.run(1_000);
    assert_eq!([1, 2].map(|client| seen(&world, client)), [None; 2]);
}
