//! Everything that networks, relays and killed pages can do to a room, by seed. A failing seed prints how to play it
//! again, and the few steps that are enough for it; a seed that failed once lives on in `seeds_that_failed_once`.
#![cfg(not(target_arch = "wasm32"))]

mod hostile;
mod lines;
mod pages;
mod people;
mod stored;
mod tabs;

use std::panic;

use duplex::{
    core::socket::{
        close::CloseEvent,
        endpoint::Endpoint,
        machine::{Input, Machine, Output},
    },
    sim::{
        network::{Audience, Faults},
        plan::Plan,
        play::Step,
        world::World,
    },
    ui::text::connection,
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
        knows_server: seed % 8 != 5,
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
        knows_server: true,
    }
}

fn play(seed: u64) {
    play_plan(plan(seed));
}

fn play_plan(plan: Plan) {
    let steps = Step::all(&plan);
    let Err(failure) = played(plan, &steps) else {
        return;
    };
    let steps = shrunk(steps, |fewer| played(plan, fewer).is_err());
    let seed = plan.seed;
    panic!(
        "{failure}\nreplay: DUPLEX_SEED={seed} cargo test --test simulation asked_seeds\n{plan:?}\n{} steps are enough: {steps:#?}",
        steps.len()
    );
}

/// What is wrong in the end, if anything is.
fn played(plan: Plan, steps: &[Step]) -> Result<(), String> {
    let ended = panic::catch_unwind(|| {
        let mut world = World::new(plan);
        world.play(steps);
        world
    });
    let world = ended.map_err(|stopped| {
        let text = stopped.downcast_ref::<String>().cloned();
        let text = text.or_else(|| stopped.downcast_ref::<&str>().map(ToString::to_string));
        format!("A session stopped: {}", text.unwrap_or_default())
    })?;
    let clients = || (0..plan.clients).filter_map(|client| world.session(client));
    let sockets = if plan.locks {
        plan.tabs.min(1)
    } else {
        plan.tabs
    };
    let digests = clients().map(|session| {
        (
            session.replica().digest(),
            connection::sentence(&session.status()),
        )
    });
    let apart: usize = clients().map(|session| session.status().apart).sum();
    for (holds, what) in [
        (
            world.agree(),
            format!("Copies differ: {:?}", digests.collect::<Vec<_>>()),
        ),
        (
            world.sockets() == sockets,
            format!("{} sockets of one browser.", world.sockets()),
        ),
        (apart == 0, format!("{apart} false alarms.")),
        (world.mended == 0, "Nobody forked anything.".to_owned()),
        (
            world.lost().is_empty(),
            format!("Promised and lost: {:?}", world.lost()),
        ),
        (
            world.unsaved().is_empty(),
            format!("Storage lacks edits: {:?}", world.unsaved()),
        ),
        (world.wrong.is_empty(), format!("Wrong: {:?}", world.wrong)),
        (
            world.unshown().is_empty(),
            format!("Boards show something else: {:?}", world.unshown()),
        ),
    ] {
        holds.then_some(()).ok_or(what)?;
    }
    Ok(())
}

/// As few of the steps as were found to fail still.
fn shrunk(mut steps: Vec<Step>, fails: impl Fn(&[Step]) -> bool) -> Vec<Step> {
    let mut size = steps.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + size).min(steps.len()));
            match fails(&fewer) {
                true => steps = fewer,
                false => at += size,
            }
        }
        size /= 2;
    }
    steps
}

#[test]
fn steps_that_fail_are_made_few() {
    let steps = Step::all(&plan(7));
    let needed = [steps[40].seed, steps[41].seed, steps[250].seed];
    let fails = |steps: &[Step]| {
        let has = |seed: &u64| steps.iter().any(|step| step.seed == *seed);
        needed.iter().all(has)
    };
    let seeds: Vec<_> = shrunk(steps, fails).iter().map(|step| step.seed).collect();
    assert_eq!(seeds, needed);
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
            knows_server: true,
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
        world.play(&Step::all(&plan(seed)));
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
