//! What people do in a simulated room, and what happens to it, at random. All of it is a list of steps, each with a seed of
//! its own: a step stays the same when others are left out, so a list that fails can be made shorter.

use kurbo::Point;

use super::{
    plan::Plan,
    world::{World, strokes},
};
use crate::{
    core::{
        apps::board::{
            engine::Board,
            properties::Property,
            tools::{ERASER, PEN, SELECT},
        },
        apps::todo::list::List,
        doc::undo::Direction,
        session::{Input, Notice},
    },
    limits::Millis,
};

#[derive(Clone, Debug)]
pub struct Step {
    pub client: usize,
    pub event: Event,
    /// Draws the details.
    pub seed: u64,
    /// Time that passes after it.
    pub pause: Millis,
}

#[derive(Clone, Copy, Debug)]
pub enum Event {
    Act(Act),
    /// The client's connection is cut.
    Disconnected,
    /// The relay stops, or comes back.
    RelaySwitched,
    /// Two halves do not hear each other, or all are together again.
    Split,
    /// The page is left, or somebody comes back to it.
    LeftOrReturned,
    Killed,
}

/// Something that a person does.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// Begins to draw or to erase.
    Press,
    Drag,
    Lift,
    /// The browser takes the pointer away.
    Cancel,
    /// A whole stroke at once.
    Draw,
    /// A whole stroke of the eraser, over a stroke of ink if there is one.
    Erase,
    /// Moves a stroke of ink.
    Shift,
    /// Gives a stroke of ink another colour.
    Recolor,
    Add,
    Complete,
    Rename,
    Delete,
    Move,
    Undo,
    Redo,
}

impl Step {
    pub fn random(plan: &Plan, rng: &mut fastrand::Rng) -> Self {
        use Act::{
            Add, Cancel, Complete, Delete, Drag, Draw, Erase, Lift, Move, Press, Recolor, Redo,
            Rename, Shift, Undo,
        };
        let acts = [
            Press, Press, Press, Drag, Drag, Lift, Lift, Cancel, Draw, Draw, Erase, Shift, Shift,
            Recolor, Add, Complete, Rename, Delete, Move, Undo, Redo,
        ];
        Self {
            client: rng.usize(0..plan.clients.max(1)),
            event: match rng.u8(0..100) {
                0 => Event::Disconnected,
                1 => Event::RelaySwitched,
                2 => Event::Killed,
                3 => Event::Split,
                4 => Event::LeftOrReturned,
                _ => Event::Act(rng.choice(acts).unwrap_or(Draw)),
            },
            seed: rng.u64(..),
            pause: rng.u64(0..400),
        }
    }

    /// What the plan's seed makes happen.
    pub fn all(plan: &Plan) -> Vec<Self> {
        let mut rng = fastrand::Rng::with_seed(plan.seed ^ 0x5eed);
        (0..plan.operations)
            .map(|_| Self::random(plan, &mut rng))
            .collect()
    }
}

impl World {
    /// Something that a person might do, from its beginning to its end.
    pub fn operate(&mut self, client: usize) {
        use Act::{Add, Complete, Delete, Draw, Erase, Move, Recolor, Redo, Rename, Shift, Undo};
        let mut rng = self.rng.fork();
        let acts = [
            Draw, Draw, Draw, Draw, Erase, Shift, Recolor, Complete, Rename, Delete, Move, Undo,
            Redo, Add,
        ];
        self.act(client, rng.choice(acts).unwrap_or(Draw), &mut rng);
    }

    fn act(&mut self, client: usize, act: Act, rng: &mut fastrand::Rng) {
        let Some(session) = self.session(client) else {
            return;
        };
        let list = List::of(session.replica());
        let item = rng.choice(list.iter()).map(|item| item.id.clone());
        let before = strokes(session);
        let is_drawing = self.board(client).is_some_and(Board::is_drawing);
        let is_busy = self.board(client).is_some_and(Board::is_busy);
        let at = Point::new(rng.f64() * 1_000.0, rng.f64() * 700.0);
        match (act, item) {
            (Act::Press, _) => {
                let tool = match rng.u8(0..5) {
                    0 => &ERASER,
                    1 => &SELECT,
                    _ => &PEN,
                };
                self.choose(client, tool);
                self.press(client, at);
            }
            (Act::Drag, _) => {
                let way = |n| at.lerp(Point::new(500.0, 350.0), f64::from(n) / 8.0);
                self.drag(client, (0..8).map(way));
            }
            (Act::Lift, _) => self.lift(client),
            (Act::Cancel, _) => self.cancel(client),
            (Act::Draw, _) => {
                self.choose(client, &PEN);
                self.draw(client, at, rng);
            }
            (Act::Erase, _) => {
                let on_ink = self.seen_ink(client, rng).unwrap_or(at);
                self.choose(client, &ERASER);
                self.draw(client, on_ink, rng);
            }
            (Act::Shift, _) => {
                let on_ink = self.seen_ink(client, rng).unwrap_or(at);
                self.choose(client, &SELECT);
                self.draw(client, on_ink, rng);
            }
            (Act::Recolor, _) => {
                let on_ink = self.seen_ink(client, rng).unwrap_or(at);
                self.choose(client, &SELECT);
                self.press(client, on_ink);
                self.lift(client);
                let color = [rng.u8(..), rng.u8(..), rng.u8(..)];
                self.set(client, Property::Color(color));
            }
            (Act::Undo, _) => self.input(client, Input::UndoAsked(Direction::Undo)),
            (Act::Redo, _) => self.input(client, Input::UndoAsked(Direction::Redo)),
            (act, item) => {
                let writes = match (act, item) {
                    (Act::Complete, Some(id)) => list.complete(&id, rng.bool()),
                    (Act::Rename, Some(id)) => {
                        let title = format!("renamed {}", rng.u8(..));
                        list.rename(&id, &title, rng).unwrap_or_default()
                    }
                    (Act::Delete, Some(id)) => list.delete(&id),
                    (Act::Move, Some(id)) => list.move_to(&id, rng.usize(0..=list.len())),
                    _ => {
                        let title = format!("item {}", rng.u16(..));
                        list.add(&title, rng).unwrap_or_default()
                    }
                };
                self.input(client, Input::Edited(writes));
            }
        }
        let after = self.session(client).map(strokes).unwrap_or_default();
        let is_right = match act {
            // Another page may have finished it while this one was away.
            Act::Lift if is_drawing && self.has_recovered() => before.is_subset(&after),
            Act::Lift if is_drawing => after.len() == before.len() + 1,
            // A press ends what was under way.
            Act::Draw | Act::Erase | Act::Shift | Act::Recolor if is_busy => true,
            Act::Lift | Act::Erase => after.is_subset(&before),
            Act::Draw => after.len() > before.len(),
            Act::Cancel => before.is_subset(&after),
            Act::Drag | Act::Shift | Act::Recolor => before == after,
            _ => true,
        };
        if !is_right {
            let wrong = format!("{act:?}: {} strokes, then {}", before.len(), after.len());
            self.wrong.push(wrong);
        }
        self.ledger.operated(client, &before, &after);
    }

    /// Some page took up what another one was drawing.
    fn has_recovered(&self) -> bool {
        self.notices.contains(&Notice::Recovered)
    }

    /// Where a stroke begins that a client shows, in its window.
    fn seen_ink(&self, client: usize, rng: &mut fastrand::Rng) -> Option<Point> {
        let board = self.board(client)?;
        let element = rng.choice(board.scene().in_order())?;
        let stroke = element.stroke()?;
        let first = stroke.samples.first()?;
        Some(board.shown().camera.screen_from_board(first.at))
    }

    fn happens(&mut self, step: &Step) {
        let (client, mut rng) = (step.client, fastrand::Rng::with_seed(step.seed));
        match step.event {
            Event::Disconnected => self.disconnect(client),
            Event::RelaySwitched => self.set_relay(!self.relay.up),
            Event::Split => self.relay.halves = rng.u32(..) * rng.u32(0..=1),
            Event::LeftOrReturned if self.is_frozen(client) => self.come_back(client),
            Event::LeftOrReturned => self.leave(client),
            Event::Killed => {
                // A page that is killed with edits in flight loses those, as it should only then.
                self.run(100);
                self.reload(client);
            }
            Event::Act(_) if self.is_frozen(client) => {}
            Event::Act(act) => self.act(client, act, &mut rng),
        }
        self.run(step.pause);
    }

    /// All steps; then a quiet time on a network that loses no more than it did before.
    pub fn play(&mut self, steps: &[Step]) {
        self.run(2_000);
        for step in steps {
            self.happens(step);
        }
        (0..self.plan.clients).for_each(|client| {
            self.come_back(client);
            let mut rng = self.rng.fork();
            self.act(client, Act::Lift, &mut rng);
        });
        self.set_relay(true);
        self.relay.halves = 0;
        self.plan.store_fails = 0.0;
        self.run(180_000);
    }
}
