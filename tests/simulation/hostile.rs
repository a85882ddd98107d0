//! What a member can do to the others who lies.

use duplex::{
    core::{
        doc::{
            contents,
            replica::Replica,
            schema::{Cell, Field, Id, Value, Write},
        },
        peer::PeerId,
        session::message::Body,
    },
    sim::{hostile::Hostile, network::Audience, world::World},
};

use super::quiet;

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn ink(name: &str, byte: u8) -> Write {
    Write {
        cell: Cell::Ink(id(name)),
        value: Some(Value::Bytes(vec![byte; 40].into())),
    }
}

fn title(name: &str, title: &str) -> Write {
    Write {
        cell: Cell::Todo(id(name), Field::Title),
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
    let cells = replica.into_iter().flat_map(contents::cells);
    cells.map(|(_, value)| value).collect()
}

/// A room of four who have drawn, and somebody who has its key.
fn room(seed: u64) -> (World, Hostile, PeerId) {
    let mut world = World::new(quiet(seed, 4, Audience::Others));
    world.run(5_000);
    for client in 0..4 {
        world.operate(client);
    }
    world.run(20_000);
    assert!(world.agree());
    let author = PeerId::from_random(seed + 99);
    (world, Hostile::named(author), author)
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
