//! What a member can do to the others who lies.

use duplex::{
    core::{
        apps::board::{
            presence::{Pointer, Viewport, WET},
            table,
        },
        apps::todo::table::{TITLE, field},
        doc::{
            id::Id,
            presence::{
                Profile,
                slots::{Shown, Shows},
            },
            replica::{Digest, Operations, Replica},
            table::{Value, Write},
        },
        peer::PeerId,
        session::message::Body,
    },
    sim::{
        hostile::{Forgery, Hostile},
        network::Audience,
        world::World,
    },
};

use super::quiet;

const FORGERIES: [Forgery; 3] = [Forgery::Unsigned, Forgery::OwnKey, Forgery::OwnKeyUnsaid];

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn ink(name: &str, byte: u8) -> Write {
    Write {
        key: table::ink(id(name)),
        value: Some(Value::Bytes(vec![byte; 40].into())),
    }
}

fn title(name: &str, title: &str) -> Write {
    Write {
        key: field(&id(name), TITLE),
        value: Some(Value::text(title)),
    }
}

/// The update that `author` would make of a first edit.
fn update(author: PeerId, writes: &[Write]) -> Vec<u8> {
    let commit = Replica::new(author).write(writes);
    commit.map(|commit| commit.update).unwrap_or_default()
}

fn values(world: &World, client: usize) -> Vec<Value> {
    let replica = world.session(client).map(|session| session.replica());
    let cells = replica.into_iter().flat_map(Replica::cells);
    cells.map(|(_, value)| value).collect()
}

/// A room of four who sign what they say and have drawn, and somebody who has its key.
fn room(seed: u64) -> (World, Hostile, PeerId) {
    let plan = quiet(8 * seed + 3, 4, Audience::Others);
    assert!(plan.signs());
    let mut world = World::new(plan);
    world.run(5_000);
    for client in 0..4 {
        world.operate(client);
    }
    world.run(20_000);
    assert!(world.agree());
    let author = PeerId::from_random(seed + 99);
    (
        world,
        Hostile::new(author, *b"evil", Forgery::Unsigned),
        author,
    )
}

#[test]
fn a_forked_edit_is_mended_everywhere_and_both_of_its_versions_stay() {
    let forks: [[Vec<Write>; 2]; 5] = [
        [vec![ink("x", 1)], vec![ink("x", 2)]],
        [vec![ink("x", 1)], vec![ink("y", 2)]],
        [vec![title("x", "milk")], vec![title("x", "bread")]],
        [
            vec![title("x", "milk"), ink("z", 3)],
            vec![ink("x", 1), ink("y", 2), ink("z", 3)],
        ],
        [
            vec![ink("x", 1), ink("x", 2)],
            vec![ink("y", 1), title("y", "bread")],
        ],
    ];
    for (seed, [one, other]) in forks.into_iter().enumerate() {
        for camps in [1, 2, 3] {
            let (mut world, mut hostile, author) = room(seed as u64);
            let all = [0, 1, 2, 3];
            let (these, those) = all.split_at(camps);
            hostile.say(&mut world, these, Body::Update(update(author, &one)));
            hostile.say(&mut world, those, Body::Update(update(author, &other)));
            world.run(5_000);
            assert!(!world.agree(), "fork {seed}: the digests show it");
            let held = [values(&world, 0), values(&world, 3)].concat();
            world.run(75_000);
            assert!(world.agree(), "fork {seed} of {camps}");
            for value in held {
                assert!(
                    values(&world, 1).contains(&value),
                    "fork {seed}: {value:?} is lost"
                );
            }
            let status = world.session(0).map(|session| session.status());
            assert_eq!(
                status.map(|status| (status.in_step, status.apart)),
                Some((3, 0))
            );
            // Work goes on.
            (0..40).for_each(|step| world.operate(step % 4));
            world.run(30_000);
            assert!(world.agree());
        }
    }
}

#[test]
fn who_says_two_things_of_one_edit_is_muted_and_nobody_else_is() {
    let (mut world, mut hostile, author) = room(7);
    let all = [0, 1, 2, 3];
    hostile.say(
        &mut world,
        &all,
        Body::Update(update(author, &[ink("x", 1)])),
    );
    world.run(100);
    // Twice the same is no contradiction.
    hostile.say(
        &mut world,
        &all,
        Body::Update(update(author, &[ink("x", 1)])),
    );
    world.run(100);
    let muted = |world: &World, peer| {
        let sessions = all.iter().filter_map(|&client| world.session(client));
        sessions
            .filter(|session| session.people().is_muted(peer))
            .count()
    };
    assert_eq!(muted(&world, author), 0);
    hostile.say(
        &mut world,
        &all,
        Body::Update(update(author, &[ink("x", 2)])),
    );
    world.run(100);
    assert_eq!(muted(&world, author), 4);
    hostile.say(
        &mut world,
        &all,
        Body::Update(update(PeerId::from_random(5), &[ink("y", 3)])),
    );
    for client in all {
        world.operate(client);
    }
    world.run(3_000);
    assert!(world.agree(), "the others go on");
    assert!(!values(&world, 0).contains(&Value::Bytes(vec![3; 40].into())));
    let honest = |client: usize| world.session(client).map(|session| session.me());
    assert!(
        all.iter()
            .filter_map(|&client| honest(client))
            .all(|peer| muted(&world, peer) == 0)
    );
}

/// What a liar would say in somebody's name.
fn lies() -> Vec<Body> {
    let view = Viewport {
        x: 1.0,
        y: 1.0,
        width: 9.0,
        height: 9.0,
    };
    let some = |value: Vec<u8>| [vec![1], value].concat();
    vec![
        Body::Beat {
            operations: Operations(1),
            digest: Digest(1),
            profile: Profile::new("Liar", [1; 3]),
            follows: None,
            claim: vec![1; 103],
            level: 9,
        },
        Body::Shown(Pointer::SLOT, some(Pointer { x: 6.0, y: 6.0 }.bytes())),
        Body::Shown(Viewport::SLOT, some(view.bytes())),
        Body::Shown(WET, vec![1; 30]),
        Body::Leave,
    ]
}

/// Names, pointers and views of the others, as a client sees them.
fn seen(world: &World, client: usize) -> Vec<(PeerId, String, Shown)> {
    let session = world.session(client).unwrap();
    let others = session.people().others();
    let seen = others.map(|(peer, person)| (peer, person.name().to_owned(), person.shown.clone()));
    seen.collect()
}

#[test]
fn nobody_speaks_in_the_name_of_another() {
    let (mut world, _, _) = room(20);
    let victim = world.session(1).unwrap().me();
    assert!(victim.is_keyed());
    let salt = world.salt(1);
    for mut liar in FORGERIES.map(|forgery| Hostile::new(victim, salt, forgery)) {
        let before = seen(&world, 0);
        assert_eq!(before.len(), 3);
        // More than anybody may say, and with all the numbers that the victim would use next.
        for _ in 0..400 {
            for lie in lies() {
                liar.say(&mut world, &[0, 2, 3], lie);
            }
        }
        world.run(100);
        assert_eq!(seen(&world, 0), before);
        assert!(!world.session(0).unwrap().people().is_muted(victim));
        // What the victim says is heard at once.
        world.operate(1);
        world.run(100);
        let digest = |client| {
            world
                .session(client)
                .map(|session| session.replica().digest())
        };
        assert_eq!(digest(0), digest(1));
    }
}

#[test]
fn who_comes_new_takes_nobody_for_another() {
    let (mut world, _, _) = room(21);
    let victim = world.session(1).unwrap().me();
    world.join();
    let salt = world.salt(1);
    for mut liar in FORGERIES.map(|forgery| Hostile::new(victim, salt, forgery)) {
        for _ in 0..30 {
            for lie in lies() {
                liar.say(&mut world, &[4], lie);
            }
            world.run(50);
            let seen = seen(&world, 4);
            assert!(
                seen.iter()
                    .all(|(_, name, shown)| name != "Liar" && *shown == Shown::default()),
                "{seen:?}"
            );
        }
    }
    world.run(3_000);
    let seen = seen(&world, 4);
    assert!(
        seen.iter()
            .any(|(peer, name, _)| (*peer, name.as_str()) == (victim, "Sim"))
    );
}
