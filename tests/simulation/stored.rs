//! Rooms that earlier builds stored.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use duplex::{
    core::{
        apps::board::table::{elements, ink},
        apps::todo::table::items,
        doc::{
            id::Id,
            storage::Stored,
            table::{Value, Write},
            undo::{Direction, StepKey},
            versions::{self, Version},
        },
        peer::PeerId,
        session::Input,
    },
    limits::DRAFT_IS_LEFT_MS,
    sim::{network::Audience, world::World},
};
use serde::Deserialize;

use crate::quiet;

#[derive(Deserialize)]
struct Fixture {
    rows: Vec<String>,
    last_row: Option<u64>,
    steps: Vec<(f64, String)>,
    drafts: Vec<(String, String)>,
    versions: Vec<String>,
    ink: BTreeMap<String, String>,
    todo: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
}

fn bytes(text: &str) -> Vec<u8> {
    BASE64.decode(text).unwrap()
}

#[test]
fn a_room_that_the_first_build_stored_opens_with_its_undo_steps_draft_and_versions() {
    let fixture: Fixture = serde_json::from_str(include_str!("stored/b8292b9.json")).unwrap();
    let mut world = World::new(quiet(1, 1, Audience::Others));
    world.disk(0).unwrap().put(Stored {
        rows: fixture.rows.iter().map(|row| bytes(row)).collect(),
        last_row: fixture.last_row,
        steps: (fixture.steps.iter())
            .map(|(key, step)| (StepKey::from_f64(*key), bytes(step)))
            .collect(),
        drafts: (fixture.drafts.iter())
            .map(|(page, draft)| {
                let page = PeerId::from_bytes(bytes(page).try_into().unwrap());
                (page, bytes(draft))
            })
            .collect(),
        ..Stored::default()
    });
    world.reload(0);
    world.run(DRAFT_IS_LEFT_MS / 2);
    let ink_of = |world: &World| -> BTreeMap<String, String> {
        let strokes = elements(world.session(0).unwrap().replica()).into_iter();
        strokes
            .map(|(id, stroke)| (id.as_str().to_owned(), BASE64.encode(stroke.ink)))
            .collect()
    };
    assert_eq!(ink_of(&world), fixture.ink);
    let json = |value: &Value| match value {
        Value::Flag(flag) => (*flag).into(),
        value => value.as_text().into(),
    };
    let todo: BTreeMap<_, BTreeMap<_, _>> = items(world.session(0).unwrap().replica())
        .into_iter()
        .map(|(id, item)| {
            let fields = item.iter();
            let fields = fields.map(|(name, value)| (name.as_str().to_owned(), json(value)));
            (id.as_str().to_owned(), fields.collect())
        })
        .collect();
    // One was made and taken back.
    let mut shown = fixture.todo;
    shown.retain(|_, fields| !fields.is_empty());
    assert_eq!(todo, shown);

    // The page that drew this is gone.
    world.run(2 * DRAFT_IS_LEFT_MS);
    assert_eq!(ink_of(&world).len(), fixture.ink.len() + 1);
    let mut undone = 0;
    while world.session(0).unwrap().can(Direction::Undo) {
        world.input(0, Input::UndoAsked(Direction::Undo));
        undone += 1;
    }
    assert_eq!(undone, fixture.steps.len() + 1, "each step, and the draft");
    assert!(
        world
            .disk(0)
            .is_some_and(|_| ink_of(&world).len() < fixture.ink.len())
    );

    let versions: Vec<_> = (fixture.versions.iter())
        .map(|version| Version::read(&bytes(version)).unwrap())
        .collect();
    let last = versions::replay(&versions).unwrap();
    assert_eq!(
        elements(&last).len(),
        versions.last().unwrap().amount.of("board") as usize
    );
    let key = ink(Id::parse("new").unwrap());
    let mut now = versions::replay(&versions[..1]).unwrap();
    now.write(&[Write::put(key, Value::Bytes([7].into()))]);
    now.write(&versions::restored(&last, &now));
    assert_eq!(elements(&now).len(), elements(&last).len());
}
