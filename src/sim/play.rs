//! What people do in a simulated room, at random.

use super::{
    hand::draw,
    world::{World, strokes},
};
use crate::core::{
    board::table::ink,
    doc::{table::Write, undo::Direction},
    session::Input,
    todo::list::List,
};

impl World {
    /// Something that a person might do: draw, erase, add, tick, rename, delete, move, undo, redo.
    pub fn operate(&mut self, client: usize) {
        let mut rng = self.rng.fork();
        let Some(session) = self.session(client) else {
            return;
        };
        let list = List::of(session.replica());
        let before = strokes(session);
        let item = rng.choice(list.iter()).map(|item| item.id.clone());
        let input = match (rng.u8(0..12), item) {
            (0..=3, _) => Input::Edited(draw(&mut rng)),
            (4, _) => match rng.choice(&before) {
                Some(id) => Input::Edited(vec![Write {
                    key: ink(id.clone()),
                    value: None,
                }]),
                None => Input::Edited(draw(&mut rng)),
            },
            (5, Some(id)) => Input::Edited(list.complete(&id, rng.bool())),
            (6, Some(id)) => Input::Edited(
                list.rename(&id, &format!("renamed {}", rng.u8(..)), &mut rng)
                    .unwrap_or_default(),
            ),
            (7, Some(id)) => Input::Edited(list.delete(&id)),
            (8, Some(id)) => Input::Edited(list.move_to(&id, rng.usize(0..=list.len()))),
            (9, _) => Input::UndoAsked(Direction::Undo),
            (10, _) => Input::UndoAsked(Direction::Redo),
            _ => Input::Edited(
                list.add(&format!("item {}", rng.u16(..)), &mut rng)
                    .unwrap_or_default(),
            ),
        };
        self.input(client, input);
        let after = self.session(client).map(strokes).unwrap_or_default();
        self.ledger.operated(client, &before, &after);
    }

    /// The whole plan: operations on random clients with time between them, lost connections, a relay that stops and
    /// comes back, pages that are left, come back, or are killed; then a quiet minute on a network that loses no more than it
    /// did before.
    pub fn play(&mut self) {
        self.run(2_000);
        for _ in 0..self.plan.operations {
            let client = self.rng.usize(0..self.plan.clients.max(1));
            match self.rng.u16(0..100) {
                0 => self.disconnect(client),
                1 => self.set_relay(!self.relay.up),
                // Two halves that do not hear each other, or all together again.
                3 => self.relay.halves = self.rng.u32(..) * self.rng.u32(0..=1),
                4 if self.is_frozen(client) => self.come_back(client),
                4 => self.leave(client),
                2 => {
                    // A page that is killed with edits in flight loses those, as it should only then.
                    self.run(100);
                    self.reload(client);
                }
                _ if self.is_frozen(client) => {}
                _ => self.operate(client),
            }
            let pause = self.rng.u64(0..400);
            self.run(pause);
        }
        (0..self.plan.clients).for_each(|client| self.come_back(client));
        self.set_relay(true);
        self.relay.halves = 0;
        self.plan.store_fails = 0.0;
        self.run(180_000);
    }
}
