//! Everything that networks, relays and killed pages can do to a room, by seed. A failing seed prints how to play it
//! again; a seed that failed once lives on in `seeds_that_failed_once`.
#![cfg(not(target_arch = "wasm32"))]

use duplex::{
    core::{
        doc::{
            schema::{Cell, Id, Value, Write},
            store::Saved,
        },
        session::{self, Session},
        socket::{
            close::CloseEvent,
            endpoint::Endpoint,
            machine::{Input, Machine, Output},
        },
        wire::profile,
    },
    limits::{OUTBOX_BYTES, STORE_RETRY_MS},
    sim::{
        network::{Audience, Faults},
        world::{Plan, World},
    },
};

const SEEDS: u64 = 240;

/// A plan for each seed: kinds of relay, faults and numbers of clients in turn.
fn plan(seed: u64) -> Plan {
    let mut rng = fastrand::Rng::with_seed(seed);
    let audience = [Audience::Others, Audience::All, Audience::SelfOnly][(seed % 3) as usize];
    let lose = [0.0, 0.1, 0.3][rng.usize(0..3)];
    let clients = rng.usize(2..=5);
    Plan {
        seed,
        clients,
        operations: 300,
        audience,
        faults: Faults {
            lose,
            duplicate: [0.0, 0.1][rng.usize(0..2)],
            reorder_ms: [0, 50, 400][rng.usize(0..3)],
        },
        store_fails: [0.0, 0.2][rng.usize(0..2)],
        // Only tabs of one browser can meet where the relay echoes to the sender alone.
        tabs: match audience {
            Audience::SelfOnly => clients,
            _ => rng.usize(0..clients),
        },
        locks: rng.bool(),
    }
}

/// Nothing happens but what a test makes happen.
fn quiet(seed: u64, clients: usize, audience: Audience) -> Plan {
    Plan {
        seed,
        clients,
        operations: 0,
        audience,
        faults: Faults::NONE,
        store_fails: 0.0,
        tabs: 0,
        locks: true,
    }
}

fn play(seed: u64) {
    play_plan(plan(seed));
}

fn play_plan(plan: Plan) {
    let seed = plan.seed;
    let mut world = World::new(plan);
    world.play();
    let again =
        format!("replay: DUPLEX_SEED={seed} cargo test --test simulation asked_seeds\n{plan:?}");
    let digests: Vec<_> = (0..plan.clients)
        .filter_map(|client| world.session(client))
        .map(|session| (session.replica().digest(), session.status().sentence()))
        .collect();
    assert!(world.agree(), "copies differ: {digests:?}\n{again}");
    let sockets = if plan.locks {
        plan.tabs.min(1)
    } else {
        plan.tabs
    };
    assert_eq!(world.sockets(), sockets, "sockets of one browser\n{again}");
    let apart = (0..plan.clients).filter_map(|client| Some(world.session(client)?.status().apart));
    assert_eq!(apart.sum::<usize>(), 0, "false alarms\n{again}");
    assert_eq!(world.lost(), [], "promised and lost\n{again}");
    assert_eq!(
        world.unsaved(),
        Vec::<usize>::new(),
        "storage lacks edits\n{again}"
    );
}

#[test]
fn all_copies_agree_in_the_end_first_half() {
    (0..SEEDS / 2).for_each(play);
}

#[test]
fn all_copies_agree_in_the_end_second_half() {
    (SEEDS / 2..SEEDS).for_each(play);
}

/// Operations beyond a gap that will never close, because a page was killed whose storage had refused them: they were
/// not sent on, and those that had waited for others were not counted.
#[test]
fn seeds_that_failed_once() {
    for seed in [501_018, 513_105] {
        let plan = plan(seed);
        let tabs = match plan.audience {
            Audience::SelfOnly => plan.clients,
            _ => 0,
        };
        play_plan(Plan {
            tabs,
            locks: false,
            ..plan
        });
    }
}

/// The seed that somebody asks for, and as many after it as they ask for.
#[test]
fn asked_seeds() {
    let asked = |name: &str| std::env::var(name).ok()?.parse().ok();
    let first = asked("DUPLEX_SEED").unwrap_or(0);
    (first..first + asked("DUPLEX_SEEDS").unwrap_or(1)).for_each(play);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let run = |seed| {
        let mut world = World::new(plan(seed));
        world.play();
        (
            world.frames,
            world.bytes,
            world.session(0).map(|s| s.replica().digest()),
        )
    };
    assert_eq!(run(11), run(11));
    assert_ne!(run(11), run(12));
}

/// A relay that everybody is on stops, and comes back half a minute later.
#[test]
fn a_thousand_clients_of_a_restarted_relay_do_not_storm_it() {
    const DOWN_MS: u64 = 30_000;
    let mut rng = fastrand::Rng::with_seed(9);
    let endpoint = Endpoint::parse("ws://relay/", false).unwrap();
    let close = CloseEvent::ours("");
    let mut clients: Vec<_> = (0..1_000)
        .map(|_| {
            let mut machine = Machine::new(false);
            machine.handle(0, Input::Started(vec![endpoint.clone()]), &mut rng);
            machine.handle(1, Input::Opened(1), &mut rng);
            machine.handle(60_000, Input::Closed(1, close.clone()), &mut rng);
            machine
        })
        .collect();
    let mut windows = std::collections::BTreeMap::<u64, usize>::new();
    for now in 60_000..60_000 + DOWN_MS + 61_000 {
        for machine in &mut clients {
            if machine.wake_at().is_none_or(|at| at > now) {
                continue;
            }
            for output in machine.handle(now, Input::Ticked, &mut rng) {
                let Output::Open(generation, _) = output else {
                    continue;
                };
                *windows.entry(now / 100).or_default() += 1;
                let answer = match now < 60_000 + DOWN_MS {
                    true => Input::Closed(generation, close.clone()),
                    false => Input::Opened(generation),
                };
                machine.handle(now, answer, &mut rng);
            }
        }
    }
    assert!(clients.iter().all(Machine::is_open));
    let attempts: usize = windows.values().sum();
    let fullest = windows.values().max().copied().unwrap_or_default();
    println!("{attempts} attempts, at most {fullest} of them in 100 ms");
    assert!(
        fullest * 20 <= attempts,
        "{fullest} of {attempts} attempts in one window"
    );
}

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

/// Three tabs of one browser, and somebody else.
fn three_tabs(audience: Audience) -> World {
    let mut world = World::new(Plan {
        tabs: 3,
        ..quiet(8, 4, audience)
    });
    world.run(3_000);
    world
}

fn states(world: &World) -> Vec<&'static str> {
    let sessions = (0..4).filter_map(|client| world.session(client));
    sessions
        .map(|session| session.status().line.connection.name())
        .collect()
}

#[test]
fn tabs_share_one_socket_and_the_next_one_takes_over() {
    for audience in [Audience::Others, Audience::All] {
        let mut world = three_tabs(audience);
        for killed in 0..3 {
            assert_eq!(world.sockets(), 1);
            assert_eq!(states(&world), ["open"; 4]);
            (0..8).for_each(|n| world.operate(n % 4));
            world.run(500);
            assert!(world.agree(), "{audience:?}, before {killed} was killed");
            // Who crashed is missed after a while.
            let people = world.session(3).map(|s| s.status().people);
            assert_eq!(people, Some(4 + killed));
            // By its own browser's tabs at once: its lead was given up.
            let people = (0..3).filter_map(|tab| Some(world.session(tab)?.status().people));
            assert_eq!(people.collect::<Vec<_>>(), [4; 3]);
            // The others go on while it is gone, and are heard within two seconds.
            world.reload(killed);
            (0..8).for_each(|n| world.operate(n % 4));
            world.run(2_000);
            assert_eq!(states(&world), ["open"; 4]);
            world.run(2_000);
            assert!(world.agree(), "{audience:?}, after {killed} was killed");
        }
    }
}

#[test]
fn a_new_tab_meets_the_others_at_once() {
    for (tabs, new) in [(2, 0), (2, 1), (3, 0), (3, 1), (3, 2)] {
        let mut world = World::new(Plan {
            tabs,
            ..quiet(8, tabs, Audience::Others)
        });
        world.run(20_000);
        world.reload(new);
        world.run(1_000);
        let people = world.session(new).map(|s| s.status().people);
        assert_eq!(people, Some(tabs), "tab {new} of {tabs}");
    }
}

#[test]
fn tabs_without_a_socket_know_that_the_relay_is_gone_and_lose_nothing() {
    let mut world = three_tabs(Audience::Others);
    world.set_relay(false);
    world.run(1_000);
    assert_eq!(states(&world), ["waiting"; 4]);
    (0..12).for_each(|n| world.operate(n % 4));
    world.run(1_000);
    for tab in 0..3 {
        let unsent = world.session(tab).map(|s| s.status().line.unsent);
        assert!(unsent > Some(0), "tab {tab}: {unsent:?}");
    }
    world.set_relay(true);
    // Somebody who cannot wait presses "Retry" in a tab that holds no socket.
    for tab in 0..4 {
        world.input(tab, session::Input::Socket(Input::RetryAsked));
    }
    world.run(1_000);
    assert_eq!(states(&world), ["open"; 4]);
    world.run(3_000);
    assert!(world.agree());
    for tab in 0..3 {
        assert_eq!(world.session(tab).map(|s| s.status().line.unsent), Some(0));
    }
}

#[test]
fn what_a_server_echoes_of_another_tab_is_no_other_machine() {
    let mut world = three_tabs(Audience::SelfOnly);
    (0..12).for_each(|n| world.operate(n % 3));
    world.run(20_000);
    for tab in 0..3 {
        let audience = world.session(tab).map(|s| s.status().line.server.audience);
        assert_eq!(audience, Some(profile::Audience::SelfOnly));
    }
}

/// Browsers slow down what nobody sees: a tab that a person sees finds the relay again sooner.
#[test]
fn a_leader_that_nobody_sees_hands_over_when_it_is_cut_off() {
    let mut world = three_tabs(Audience::Others);
    let hid = |world: &mut World, tab| {
        world.input(tab, session::Input::Socket(Input::Hid));
    };
    hid(&mut world, 0);
    hid(&mut world, 1);
    world.run(100);
    assert_eq!(world.sockets(), 1);
    world.set_relay(false);
    world.run(3_000);
    world.set_relay(true);
    world.run(10_000);
    assert_eq!(states(&world), ["open"; 4]);
    let holds: Vec<_> = (0..3).map(|tab| world.holds_socket(tab)).collect();
    assert_eq!(holds, [false, false, true]);
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

fn said(world: &World, kind: u8) -> usize {
    world.said.get(&kind).copied().unwrap_or_default()
}

/// People come one by one, until fifty are here.
#[test]
fn fifty_joins_cost_little_more_than_what_the_joiners_get() {
    const PEOPLE: usize = 50;
    let mut world = World::new(quiet(10, 1, Audience::Others));
    world.run(2_000);
    while world.session(0).map_or(0, |s| s.replica().inks().len()) < 600 {
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

    let point = |x: f32| session::Input::Pointed(Some((x, 7.0)));
    let before = world.frames;
    world.input(0, point(1.0));
    assert_eq!(world.frames - before, 1, "one pointer, one frame");
    // One that never rests is told seven times more seldom than among two.
    let told = said(&world, b'c');
    for ms in 0..4_200 {
        world.input(0, point(ms as f32));
        world.run(1);
    }
    let told = said(&world, b'c') - told;
    assert!((8..=11).contains(&told), "{told}");
}

/// The answer to a joiner does not fit the queue beside anything else.
#[test]
fn a_room_that_is_larger_than_the_queue_is_joined() {
    let mut world = World::new(quiet(12, 2, Audience::Others));
    world.run(2_000);
    for stroke in 0..=OUTBOX_BYTES / 60_000 {
        let write = Write {
            cell: Cell::Ink(Id::parse(&stroke.to_string()).unwrap()),
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
        cell: Cell::Ink(Id::parse(&name).unwrap()),
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
            assert!(two.replica().ink(&calm).is_some(), "after {ms} ms");
        }
        let is_muted = two
            .people()
            .others()
            .any(|(peer, _)| two.people().is_muted(peer));
        muted = muted.or(is_muted.then_some(ms));
    }
    assert!(muted.is_some_and(|ms| ms < 3_000), "{muted:?}");
    let flooded = world.session(2).unwrap().replica().inks().len();
    assert!(flooded < 5_000, "{flooded} of the flood were taken in");
    // What was not listened to comes when it is over.
    world.run(40_000);
    assert!(world.agree());
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
