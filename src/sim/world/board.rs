//! The board of each page, worked on by pointer events as people do.

use kurbo::{Point, Size, Vec2};

use super::World;
use crate::core::{
    apps::board::{
        effect::Effect,
        engine::Board,
        gesture::{Button, Input as PointerInput},
        properties::Property,
        table,
        tools::{LATER, PointerKind, ScreenSample, Tool},
    },
    doc::{
        id::Id,
        table::{Changed, Touched, rows},
    },
    keyboard::Command,
    peer::PeerId,
    session::{Input, Session},
};

/// Of every page's window, in CSS pixels.
const SIZE: Size = Size::new(1_000.0, 700.0);

/// The board of a page that was just loaded.
pub(super) fn opened(rng: fastrand::Rng, session: &Session) -> Board {
    let mut board = Board::new(rng);
    board.equip(LATER);
    board.resize(0, SIZE, 1.0);
    board.changed(0, session.replica(), Changed::Everything, false);
    board
}

fn sample(at: Point) -> ScreenSample {
    ScreenSample { at, pressure: 0.5 }
}

impl World {
    pub fn board(&self, client: usize) -> Option<&Board> {
        self.pages.get(client).map(|page| &page.board)
    }

    pub fn choose(&mut self, client: usize, tool: &'static Tool) {
        if let Some(page) = self.pages.get_mut(client) {
            page.board.command(self.now, Command::Choose(tool));
        }
    }

    /// Of what is selected, and of what is drawn from now on.
    pub fn set(&mut self, client: usize, property: Property) {
        if let Some(page) = self.pages.get_mut(client) {
            page.board.set(property);
        }
        self.carry_out_effects(client);
    }

    /// A mouse button goes down at a place of the window.
    pub fn press(&mut self, client: usize, at: Point) {
        let pressed = PointerInput::Pressed {
            pointer: 1,
            kind: PointerKind::Mouse,
            is_primary: true,
            button: Button::Primary,
            sample: sample(at),
        };
        self.point(client, pressed);
    }

    /// The mouse goes some way, with its button down.
    pub fn drag(&mut self, client: usize, to: impl IntoIterator<Item = Point>) {
        let moved = PointerInput::Moved {
            pointer: 1,
            kind: PointerKind::Mouse,
            buttons: 1,
            samples: to.into_iter().map(sample).collect(),
        };
        self.point(client, moved);
    }

    pub fn lift(&mut self, client: usize) {
        self.point(client, PointerInput::Lifted { pointer: 1 });
    }

    /// The browser takes the pointer away.
    pub fn cancel(&mut self, client: usize) {
        self.point(client, PointerInput::Cancelled { pointer: 1 });
    }

    /// From a press to a lift, along a path that jitters.
    pub fn draw(&mut self, client: usize, from: Point, rng: &mut fastrand::Rng) {
        self.press(client, from);
        let mut at = from;
        let path = (0..rng.usize(1..60)).map(|_| {
            at += Vec2::new(rng.f64() * 8.0 - 4.0, rng.f64() * 8.0 - 4.0);
            at
        });
        self.drag(client, path);
        self.lift(client);
    }

    fn point(&mut self, client: usize, input: PointerInput) {
        let Some(page) = self.pages.get_mut(client) else {
            return;
        };
        let others = page.session.people().others().count();
        page.board.handle(self.now + page.skew, others, input);
        self.carry_out_effects(client);
    }

    /// What is under the pen is stored, because time passes or because the page may be about to go.
    pub(super) fn store_gesture(&mut self, client: usize, at_once: bool) {
        let Some(page) = self.pages.get_mut(client) else {
            return;
        };
        let now = self.now + page.skew;
        match at_once {
            true => page.board.store(now),
            false => page.board.tick(now),
        }
        self.carry_out_effects(client);
    }

    fn carry_out_effects(&mut self, client: usize) {
        let page = self.pages.get_mut(client);
        let effects = page.map(|page| page.board.effects()).unwrap_or_default();
        for effect in effects {
            match effect {
                Effect::Commit(writes) => self.input(client, Input::Edited(writes)),
                Effect::Draft(draft) => {
                    self.input(client, Input::Drafted(draft.into_iter().collect()));
                }
                Effect::Show(slot, value) => self.input(client, Input::Shows(slot, value)),
                Effect::Refused(error) => self.wrong.push(format!("{error:?}")),
                Effect::Paint(..) => {}
            }
        }
        self.wake(client);
    }

    pub(super) fn show(&mut self, client: usize, touched: &[Touched]) {
        let Some(page) = self.pages.get_mut(client) else {
            return;
        };
        let rows = rows(touched, &table::TABLES);
        let changed = match touched.contains(&Touched::Everything) {
            true => Changed::Everything,
            false => Changed::Rows(&rows),
        };
        let (now, replica) = (self.now + page.skew, page.session.replica());
        let is_arriving = page.session.is_arriving();
        page.board.changed(now, replica, changed, is_arriving);
        self.carry_out_effects(client);
    }

    pub(super) fn show_ink(&mut self, client: usize, from: PeerId, ink: &[u8]) {
        let Some(page) = self.pages.get_mut(client) else {
            return;
        };
        page.board.ink_arrived(self.now + page.skew, from, ink);
    }

    /// The clients whose board does not show exactly what their document holds, while nobody draws.
    pub fn unshown(&self) -> Vec<usize> {
        let differs = |&client: &usize| {
            let page = self.pages.get(client);
            page.is_some_and(|page| {
                let held = table::elements(page.session.replica());
                let scene = page.board.scene();
                let is_shown = |(id, drawn): &(Id, table::Drawn)| {
                    let shown = scene.get(id);
                    shown.is_some_and(|shown| shown.properties() == &drawn.properties)
                };
                !page.board.is_at_rest() || held.len() != scene.len() || !held.iter().all(is_shown)
            })
        };
        (0..self.pages.len()).filter(differs).collect()
    }
}
