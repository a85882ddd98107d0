//! Two versions of Duplex in one room, and in one browser after each other: this one, and the next one (`core::ahead`).
//! Both edit, undo, restore and merge. Nothing is lost on either side, no page reports a fork, and in the end all have
//! the same.

use std::collections::BTreeSet;

use duplex::core::{
    apps,
    doc::{replica::Replica, table::Write, versions},
    peer::PeerId,
    session::Input,
};

const SEEDS: u64 = 16;

/// The same type of the other version.
macro_rules! crossed {
    (frame $frame:expr, $from:ident, $to:ident) => {
        match $frame {
            $from::core::frame::Frame::Text(text) => $to::core::frame::Frame::Text(text.clone()),
            $from::core::frame::Frame::Binary(bytes) => {
                $to::core::frame::Frame::Binary(bytes.clone())
            }
        }
    };
    (stored $stored:expr, $to:ident) => {{
        let stored = $stored;
        $to::core::doc::storage::Stored {
            snapshot: stored.snapshot,
            covers: stored.covers,
            rows: stored.rows,
            last_row: stored.last_row,
            steps: (stored.steps.into_iter())
                .map(|(key, bytes)| {
                    let key = $to::core::doc::undo::StepKey::from_f64(key.to_f64());
                    (key, bytes)
                })
                .collect(),
            drafts: (stored.drafts.into_iter())
                .map(|(page, bytes)| {
                    let page = $to::core::peer::PeerId::from_bytes(page.to_bytes());
                    (page, bytes)
                })
                .collect(),
            unreadable: stored.unreadable,
            is_newer: stored.is_newer,
        }
    }};
}

/// A world of pages of one version.
macro_rules! world {
    ($version:ident, $seed:expr, $clients:expr, $faults:expr) => {{
        let (lose, reorder_ms) = $faults;
        let mut world = $version::sim::world::World::new($version::sim::plan::Plan {
            seed: $seed,
            clients: $clients,
            operations: 0,
            audience: $version::sim::network::Audience::Others,
            faults: $version::sim::network::Faults {
                lose,
                duplicate: lose,
                reorder_ms,
            },
            store_fails: 0.0,
            tabs: 0,
            locks: false,
            knows_server: true,
        });
        world.outside = Some(Vec::new());
        world
    }};
}

/// Everything that a copy holds, in order, as text.
macro_rules! held {
    ($session:expr) => {{
        let cells = $session.replica().cells();
        let cells: BTreeSet<String> = cells.iter().map(|cell| format!("{cell:?}")).collect();
        cells
    }};
}

/// Pages of both versions on one relay.
struct Room {
    now: duplex::sim::world::World,
    next: duplex_ahead::sim::world::World,
    rng: fastrand::Rng,
    lose: f64,
    reorder_ms: u64,
}

const CLIENTS: usize = 2;

impl Room {
    fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let lose = [0.0, 0.1][rng.usize(0..2)];
        let reorder_ms = [0, 50, 400][rng.usize(0..3)];
        Self {
            now: world!(duplex, seed, CLIENTS, (lose, reorder_ms)),
            next: world!(duplex_ahead, 1_000 + seed, CLIENTS, (lose, reorder_ms)),
            rng,
            lose,
            reorder_ms,
        }
    }

    /// Lets time pass in both worlds, and carries frames from one into the other.
    fn run(&mut self, ms: u64) {
        const STEP_MS: u64 = 10;
        for _ in 0..ms / STEP_MS {
            self.now.run(STEP_MS);
            self.next.run(STEP_MS);
            for frame in self.now.outside.replace(Vec::new()).unwrap_or_default() {
                let frame = crossed!(frame & frame, duplex, duplex_ahead);
                for to in 0..CLIENTS {
                    if let Some(after) = self.delay() {
                        self.next.deliver(to, after, &frame);
                    }
                }
            }
            for frame in self.next.outside.replace(Vec::new()).unwrap_or_default() {
                let frame = crossed!(frame & frame, duplex_ahead, duplex);
                for to in 0..CLIENTS {
                    if let Some(after) = self.delay() {
                        self.now.deliver(to, after, &frame);
                    }
                }
            }
        }
    }

    fn delay(&mut self) -> Option<u64> {
        let is_lost = self.rng.f64() < self.lose;
        let after = 5 + self.rng.u64(0..=self.reorder_ms);
        (!is_lost).then_some(after)
    }

    fn replica(&self) -> &Replica {
        self.now.session(0).unwrap().replica()
    }

    /// The room as it is, as a page of this version has it.
    fn copy(&self) -> Replica {
        let mut copy = Replica::new(PeerId::FIRST);
        copy.apply(&self.replica().snapshot()).unwrap();
        copy
    }

    /// The strokes that a page of this version or of the next one shows.
    fn strokes(&self, is_now: bool, client: usize) -> BTreeSet<String> {
        let held = match is_now {
            true => held!(self.now.session(client).unwrap()),
            false => held!(self.next.session(client).unwrap()),
        };
        let is_ink = |cell: &String| cell.contains("table: ink,");
        held.into_iter().filter(is_ink).collect()
    }

    fn edit(&mut self, writes: Vec<Write>) {
        self.now.input(0, Input::Edited(writes));
    }

    fn assert_same(&self, why: &str) {
        let first = self.now.session(0).unwrap();
        let (digest, held) = (first.replica().digest().0, held!(first));
        for client in 0..CLIENTS {
            let now = self.now.session(client).unwrap();
            let next = self.next.session(client).unwrap();
            assert_eq!(held!(now), held, "{why}, {client} of this version");
            assert_eq!(held!(next), held, "{why}, {client} of the next one");
            let digests = [now.replica().digest().0, next.replica().digest().0];
            assert_eq!(digests, [digest; 2], "{why}");
        }
    }
}

#[test]
fn in_one_room_both_edit_undo_restore_and_merge_and_nothing_is_lost() {
    for seed in 0..SEEDS {
        let mut room = Room::new(seed);
        room.run(3_000);
        let mut past = room.copy();
        let (mut drawn, mut erased) = (BTreeSet::new(), BTreeSet::new());
        for step in 0..120 {
            let client = room.rng.usize(0..CLIENTS);
            let is_now = step % 3 == 0;
            let before = room.strokes(is_now, client);
            match is_now {
                true => room.now.operate(client),
                false => room.next.operate(client),
            }
            let after = room.strokes(is_now, client);
            erased.extend(before.difference(&after).cloned());
            drawn.extend(after);
            let pause = 10 * room.rng.u64(0..30);
            room.run(pause);
            match step {
                40 => past = room.copy(),
                70 => {
                    // A page of this version restores it.
                    erased.extend(room.strokes(true, 0));
                    let writes = versions::restored(&past, room.replica());
                    room.edit(writes);
                    let here: BTreeSet<_> = room.replica().cells().into_iter().collect();
                    let then: BTreeSet<_> = past.cells().into_iter().collect();
                    assert!(here == then, "seed {seed}: all of it is as it was");
                }
                90 => {
                    // And brings what a file has, with what the next version wrote there.
                    let writes = apps::added(&past, room.replica());
                    room.edit(writes);
                    let here = room.replica();
                    let is_there = |row| !here.row(&row).is_empty();
                    let rows = past.cells().into_iter().map(|(key, _)| key.row());
                    assert!(rows.into_iter().all(is_there), "seed {seed}");
                }
                _ => {}
            }
        }
        room.run(120_000);
        room.assert_same(&format!("seed {seed}"));
        let held = held!(room.now.session(1).unwrap());
        for added in ["table: mark", "field: Some(note)", "SharedText", "Number"] {
            assert!(
                held.iter().any(|cell| cell.contains(added)),
                "{added}: {held:?}"
            );
        }
        assert_eq!((room.now.mended, room.next.mended), (0, 0), "seed {seed}");
        let shown = room.strokes(true, 0);
        let lost: Vec<_> = drawn
            .difference(&shown)
            .filter(|id| !erased.contains(*id))
            .collect();
        assert!(lost.is_empty(), "seed {seed}: {lost:?}");
        let newer = room.now.notices.iter();
        let newer =
            newer.filter(|notice| matches!(notice, duplex::core::session::Notice::Newer(_)));
        assert_eq!(newer.count(), CLIENTS, "each says it once");
        let mut newer = room.next.notices.iter();
        assert!(
            !newer.any(|notice| matches!(notice, duplex_ahead::core::session::Notice::Newer(_)))
        );
    }
}

#[test]
fn in_one_browser_each_finds_what_the_other_stored_and_its_own_undo_steps() {
    for seed in 0..SEEDS {
        let mut now = world!(duplex, seed, 1, (0.0, 0));
        let mut next = world!(duplex_ahead, 1_000 + seed, 1, (0.0, 0));
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut held = BTreeSet::new();
        for visit in 0..4 {
            // The next version's page, and then this one's, on one disk.
            let stored = now.disk(0).unwrap().read();
            next.disk(0)
                .unwrap()
                .put(crossed!(stored stored, duplex_ahead));
            next.reload(0);
            next.run(3_000);
            let session = next.session(0).unwrap();
            assert_eq!(held!(session), held, "visit {visit}");
            let can_undo = session.can(duplex_ahead::core::doc::undo::Direction::Undo);
            assert!(visit == 0 || can_undo, "visit {visit} of seed {seed}");
            for _ in 0..rng.usize(10..200) {
                next.operate(0);
                next.run(50);
            }
            next.input(0, duplex_ahead::core::session::Input::Left);
            next.run(3_000);
            held = held!(next.session(0).unwrap());

            let stored = next.disk(0).unwrap().read();
            let steps = stored.steps.clone();
            now.disk(0).unwrap().put(crossed!(stored stored, duplex));
            now.reload(0);
            now.run(3_000);
            assert_eq!(held!(now.session(0).unwrap()), held, "visit {visit}");
            for _ in 0..rng.usize(10..200) {
                now.operate(0);
                now.run(50);
            }
            now.input(0, Input::Left);
            now.run(3_000);
            held = held!(now.session(0).unwrap());
            let kept = now.disk(0).unwrap().read().steps;
            let is_kept = |key: f64, bytes: &Vec<u8>| {
                let same = |(other, there): &(duplex::core::doc::undo::StepKey, Vec<u8>)| {
                    other.to_f64() == key && there == bytes
                };
                kept.iter().any(same)
            };
            let is_of_next = |bytes: &&(_, Vec<u8>)| bytes.1.starts_with(&[0, 3]);
            for (key, bytes) in steps.iter().filter(is_of_next) {
                assert!(
                    is_kept(key.to_f64(), bytes),
                    "seed {seed}: a step was dropped"
                );
            }
        }
    }
}
