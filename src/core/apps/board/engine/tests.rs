//! The board driven by pointer events.
#![cfg(test)]

mod selecting;

use kurbo::{Point, Vec2};

use super::*;
use crate::{
    core::{
        apps::board::{
            gesture::Button,
            presence::WET,
            stroke, table,
            tools::{ERASER, HAND, LATER, PEN, PointerKind, SELECT, ScreenSample},
            wet,
        },
        doc::table::{Value, Write},
    },
    limits::{DRAFT_MS, WET_MS},
};

/// A board with its document: what is committed comes back as a change, as the session does it.
struct Desk {
    board: Board,
    replica: Replica,
    now: Millis,
    /// All that the board asked for, but what it committed.
    effects: Vec<Effect>,
}

const SIZE: Size = Size::new(1_000.0, 700.0);

impl Desk {
    fn new() -> Self {
        Self::of(Replica::new(PeerId::FIRST))
    }

    fn of(replica: Replica) -> Self {
        let mut board = Board::new(fastrand::Rng::with_seed(1));
        board.equip(LATER);
        board.resize(0, SIZE, 1.0);
        board.changed(0, &replica, Changed::Everything, false);
        Self {
            board,
            replica,
            now: 0,
            effects: Vec::new(),
        }
    }

    fn handle(&mut self, input: Input) {
        self.now += 16;
        let now = self.now;
        self.with(|board| board.handle(now, 1, input));
    }

    /// An edit of this page or of a peer is in the document.
    fn arrived(&mut self, writes: &[Write]) {
        self.replica.write(writes);
        let ids: Vec<_> = writes.iter().map(|write| &write.key.id).collect();
        let changed = Changed::Rows(&ids);
        self.board.changed(self.now, &self.replica, changed, false);
        self.effects.extend(self.board.effects());
    }

    fn with(&mut self, work: impl FnOnce(&mut Board)) {
        work(&mut self.board);
        for effect in self.board.effects() {
            match effect {
                Effect::Commit(writes) => self.arrived(&writes),
                effect => self.effects.push(effect),
            }
        }
    }

    fn press(&mut self, x: f64, y: f64) {
        self.handle(Input::Pressed {
            pointer: 1,
            kind: PointerKind::Mouse,
            is_primary: true,
            button: Button::Primary,
            sample: sample(x, y),
        });
    }

    fn move_to(&mut self, x: f64, y: f64) {
        self.handle(Input::Moved {
            pointer: 1,
            kind: PointerKind::Mouse,
            buttons: 1,
            samples: vec![sample(x, y)],
        });
    }

    fn lift(&mut self) {
        self.handle(Input::Lifted { pointer: 1 });
    }

    /// From here to there, and lifted.
    fn drag(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.press(from.0, from.1);
        let (from, by) = (Point::from(from), Point::from(to) - Point::from(from));
        for step in 1..=20 {
            let at = from + by * (f64::from(step) / 20.0);
            self.move_to(at.x, at.y);
        }
        self.lift();
    }

    fn choose(&mut self, tool: &'static Tool) {
        self.board.command(self.now, Command::Choose(tool));
    }

    /// Paints all that the plan wants.
    fn paint(&mut self) -> Plan {
        let plan = self.board.frame(self.now);
        plan.build.iter().for_each(|&key| self.board.built(key));
        plan
    }

    fn count(&self) -> usize {
        assert_eq!(elements(&self.replica).len(), self.board.scene().len());
        self.board.scene().len()
    }
}

fn sample(x: f64, y: f64) -> ScreenSample {
    ScreenSample {
        at: Point::new(x, y),
        pressure: 0.5,
    }
}

#[test]
fn a_stroke_is_drawn_shown_wet_and_painted_on_the_tiles_that_are_there() {
    let mut desk = Desk::new();
    desk.paint();
    desk.press(10.0, 10.0);
    for x in 11..40 {
        desk.move_to(f64::from(x), 10.0);
        let wet = desk.board.wet().map(|strokes| strokes.count());
        assert_eq!(wet, Some(1));
    }
    assert!(desk.board.is_busy());
    desk.lift();
    assert_eq!(desk.count(), 1);
    assert!(!desk.board.is_busy());
    let painted = desk.effects.iter().filter_map(|effect| match effect {
        Effect::Paint(_, tiles) => Some(tiles.len()),
        _ => None,
    });
    assert_eq!(painted.collect::<Vec<_>>(), [1]);
    assert!(desk.paint().build.is_empty(), "no tile is painted anew");
    // What was wet is wiped once.
    assert_eq!(desk.board.wet().map(|strokes| strokes.count()), Some(0));
    assert!(desk.board.wet().is_none());
}

#[test]
fn strokes_are_erased_where_they_are_seen_whatever_the_view() {
    let mut desk = Desk::new();
    for (n, zoom) in [1.0, 4.0, 0.3].into_iter().enumerate() {
        desk.board
            .set_camera(Camera::new(-300.0, 55.0, zoom).unwrap());
        desk.choose(&PEN);
        desk.drag((100.0, 100.0), (160.0, 100.0));
        assert_eq!(desk.count(), 1, "{n}");
        desk.choose(&ERASER);
        desk.drag((130.0, 170.0), (190.0, 170.0));
        assert_eq!(desk.count(), 1, "beside it: {zoom}");
        desk.drag((130.0, 80.0), (130.0, 120.0));
        assert_eq!(desk.count(), 0, "across it: {zoom}");
    }
}

#[test]
fn what_is_under_the_pen_is_stored_while_it_is_drawn_and_when_it_rests() {
    let mut desk = Desk::new();
    desk.press(0.0, 0.0);
    for n in 1..100 {
        desk.move_to(f64::from(n), 0.0);
    }
    let drafts = |desk: &Desk| {
        let drafts = desk.effects.iter().filter_map(|effect| match effect {
            Effect::Draft(Some(write)) => Some(write.clone()),
            _ => None,
        });
        drafts.collect::<Vec<_>>()
    };
    let stored = drafts(&desk).len() as u64;
    assert!((2..=100 * 16 / DRAFT_MS + 2).contains(&stored), "{stored}");
    // Now it is held still.
    let at = desk.board.wake_at().expect("not all of it is stored");
    assert!(at <= desk.now + DRAFT_MS);
    desk.board.tick(at - 1);
    assert!(desk.board.effects().is_empty());
    desk.board.tick(at);
    let last = draft(&mut desk.board);
    assert_eq!(desk.board.wake_at(), None, "nothing is stored twice");
    desk.board.store(at);
    assert!(desk.board.effects().is_empty());
    desk.move_to(100.0, 0.0);
    desk.board.store(desk.now);
    let unload = draft(&mut desk.board);
    desk.lift();
    // All of them are the stroke that comes of it in the end.
    let (id, drawn) = elements(&desk.replica).into_iter().next().unwrap();
    for (draft, samples) in [(last, 100), (unload, 101)] {
        let draft = draft.unwrap();
        assert_eq!(draft.key.id, id);
        let Some(Value::Bytes(bytes)) = draft.value else {
            panic!()
        };
        let drafted = stroke::Stroke::from_bytes(&bytes).unwrap();
        assert_eq!(drafted.samples.len(), samples);
    }
    let whole = stroke::Stroke::from_bytes(&drawn.ink).unwrap();
    assert_eq!(whole.samples.len(), 101);
}

fn draft(board: &mut Board) -> Option<Write> {
    match board.effects().into_iter().next()? {
        Effect::Draft(draft) => draft,
        _ => None,
    }
}

#[test]
fn others_see_the_pointer_or_its_ink_but_not_both() {
    let mut desk = Desk::new();
    let points = |desk: &mut Desk| {
        let points = std::mem::take(&mut desk.effects);
        let points = points.into_iter();
        points
            .filter(|effect| matches!(effect, Effect::Show(slot, _) if *slot == Pointer::SLOT))
            .count()
    };
    desk.move_to(5.0, 5.0);
    assert_eq!(points(&mut desk), 1);
    desk.press(5.0, 5.0);
    (6..30).for_each(|x| desk.move_to(f64::from(x), 5.0));
    let inks = desk.effects.iter();
    let inks = inks
        .filter(|effect| matches!(effect, Effect::Show(slot, _) if *slot == WET))
        .count() as u64;
    assert!((2..=24 * 16 / WET_MS + 1).contains(&inks), "{inks}");
    assert_eq!(points(&mut desk), 0);
    desk.lift();
    desk.choose(&ERASER);
    desk.drag((5.0, 50.0), (100.0, 50.0));
    assert_eq!(points(&mut desk), 20, "an eraser has no ink");
}

#[test]
fn the_wet_ink_of_one_board_is_the_stroke_that_another_gets() {
    let (mut desk, mut other) = (Desk::new(), Desk::new());
    desk.press(10.0, 10.0);
    for x in 11..60 {
        desk.move_to(f64::from(x), 10.0);
    }
    let mut message = None;
    for effect in desk.effects.drain(..) {
        if let Effect::Show(slot, Some(ink)) = effect
            && slot == WET
        {
            other.board.ink_arrived(desk.now, PeerId::FIRST, &ink);
            assert!(wet::tip(&ink).is_some_and(|tip| tip.y == 10.0));
            message = Some(ink);
        }
    }
    assert!(other.board.paint_at().is_some());
    assert_eq!(other.board.wet().map(|strokes| strokes.count()), Some(1));
    desk.lift();
    let id = desk.board.scene().in_order()[0].id.clone();
    let changed = Changed::Rows(&[&id]);
    other.board.changed(desk.now, &desk.replica, changed, false);
    assert_eq!(other.board.wet().map(|strokes| strokes.count()), Some(0));
    // A room that is read anew has it, too.
    let mut late = Desk::new();
    let message = message.unwrap();
    late.board.ink_arrived(desk.now, PeerId::FIRST, &message);
    assert_eq!(late.board.wet().map(|strokes| strokes.count()), Some(1));
    let changed = Changed::Everything;
    late.board.changed(desk.now, &desk.replica, changed, false);
    assert_eq!(late.board.wet().map(|strokes| strokes.count()), Some(0));
}

#[test]
fn damage_is_what_changed_below_others() {
    let mut desk = Desk::new();
    desk.drag((10.0, 10.0), (60.0, 10.0));
    desk.drag((10.0, 12.0), (60.0, 12.0));
    desk.paint();
    let below = desk.board.scene().in_order()[0].id.clone();
    desk.effects.clear();
    // It comes again, as an undone erasing does.
    let changed = Changed::Rows(&[&below]);
    desk.board.changed(desk.now, &desk.replica, changed, false);
    assert!(desk.board.effects().is_empty(), "it is below another one");
    assert_eq!(desk.paint().build.len(), 1);
    desk.choose(&ERASER);
    desk.press(10.0, 0.0);
    desk.move_to(10.0, 30.0);
    assert_eq!(desk.paint().build.len(), 1, "both fade");
    desk.handle(Input::Cancelled { pointer: 1 });
    assert_eq!(desk.paint().build.len(), 1, "and are as they were");
    assert_eq!(desk.count(), 2);
}

#[test]
fn a_large_room_that_arrives_is_painted_now_and_then() {
    let mut desk = Desk::new();
    desk.now = 10_000;
    desk.paint();
    let changed = Changed::Rows(&[]);
    desk.board
        .changed(desk.now + 5, &desk.replica, changed, true);
    assert_eq!(desk.board.paint_at(), Some(10_000 + ARRIVING_MS));
    desk.board
        .changed(desk.now + 6, &desk.replica, changed, false);
    assert_eq!(desk.board.paint_at(), Some(10_006), "it is here");
}

#[test]
fn whoever_opens_a_board_sees_its_ink_unless_they_looked_elsewhere() {
    let mut far = Desk::new();
    far.board.set_camera(Camera::new(9e4, 9e4, 1.0).unwrap());
    far.drag((100.0, 100.0), (300.0, 300.0));
    let opened = Desk::of(far.replica);
    assert!(!opened.board.is_lost());
    assert_eq!(opened.board.kept_view(), Some(opened.board.shown().camera));
    let mut board = Board::new(fastrand::Rng::with_seed(1));
    assert_eq!(board.kept_view(), None, "nobody looked anywhere");
    board.open_at(Camera::default());
    board.resize(0, SIZE, 1.0);
    board.changed(0, &opened.replica, Changed::Everything, false);
    assert!(board.is_lost());
    board.command(0, Command::ZoomToFit);
    assert!(!board.is_lost());
}

#[test]
fn what_is_under_a_pen_stays_there_while_somebody_is_followed() {
    let mut desk = Desk::new();
    let theirs = Viewport {
        x: 500.0,
        y: 500.0,
        width: 500.0,
        height: 350.0,
    };
    desk.press(10.0, 10.0);
    desk.board.show(theirs);
    assert_eq!(desk.board.shown().camera, Camera::default());
    desk.lift();
    assert!(desk.board.is_led());
    assert_eq!(desk.board.shown().camera.zoom, 2.0);
    assert_eq!(desk.board.kept_view(), None, "it is not one's own");
    desk.board.wheel(Wheel {
        by: Vec2::new(0.0, 40.0),
        about: Point::ORIGIN,
        zooms: false,
        across: false,
    });
    assert!(!desk.board.is_led());
    desk.press(10.0, 10.0);
    desk.board.show(theirs);
    desk.board.show_own();
    desk.lift();
    assert!(!desk.board.is_led(), "nobody is followed any more");
}

#[test]
fn a_wheel_pans_zooms_about_the_pointer_and_goes_across() {
    let wheel = |by: (f64, f64), zooms, across| {
        let mut desk = Desk::new();
        desk.board.wheel(Wheel {
            by: by.into(),
            about: Point::new(500.0, 100.0),
            zooms,
            across,
        });
        desk.board.shown().camera
    };
    assert_eq!(
        wheel((3.0, 100.0), false, false).origin,
        Point::new(3.0, 100.0)
    );
    assert_eq!(
        wheel((0.0, 100.0), false, true).origin,
        Point::new(100.0, 0.0)
    );
    assert_eq!(
        wheel((7.0, 100.0), false, true).origin,
        Point::new(7.0, 100.0)
    );
    let zoomed = wheel((0.0, -100.0), true, false);
    assert!((1.2..1.3).contains(&zoomed.zoom));
    let fixed = zoomed.screen_from_board(Point::new(500.0, 100.0));
    assert!((fixed - Point::new(500.0, 100.0)).hypot() < 1e-9);
}

#[test]
fn a_pinch_of_fingers_counts_once() {
    let mut desk = Desk::new();
    let touch = |pointer, x| Input::Pressed {
        pointer,
        kind: PointerKind::Touch,
        is_primary: pointer == 1,
        button: Button::Primary,
        sample: sample(x, 0.0),
    };
    desk.handle(touch(1, 0.0));
    desk.handle(touch(2, 100.0));
    let before = desk.board.shown().camera;
    desk.board.pinched(2.0, Point::ORIGIN);
    assert_eq!(desk.board.shown().camera, before, "the fingers say it");
    desk.handle(Input::Released);
    desk.board.pinched(2.0, Point::ORIGIN);
    assert_eq!(desk.board.shown().camera.zoom, 2.0);
    assert_eq!(desk.count(), 0, "the first finger drew nothing");
}

#[test]
fn a_tool_that_is_chosen_in_the_middle_is_the_next_gestures() {
    let mut desk = Desk::new();
    desk.press(10.0, 10.0);
    desk.choose(&HAND);
    assert_eq!(desk.board.shown().cursor, Cursor::Grab);
    desk.move_to(80.0, 10.0);
    desk.lift();
    assert_eq!(desk.count(), 1);
    desk.drag((10.0, 10.0), (30.0, 10.0));
    assert_eq!(desk.count(), 1);
    assert_eq!(desk.board.shown().camera.origin, Point::new(-20.0, 0.0));
}

#[test]
fn many_strokes_at_once_are_a_new_scene() {
    let mut desk = Desk::new();
    let mut ids = Vec::new();
    let mut rng = fastrand::Rng::with_seed(9);
    for n in 0..=MANY {
        let id = Id::random(&mut rng);
        let line = stroke::tests::line(n as u64, Point::new(n as f64, 0.0), 9.0);
        let write = Write::put(table::ink(id.clone()), Value::Bytes(line));
        desk.replica.write(&[write]);
        ids.push(id);
    }
    let ids: Vec<_> = ids.iter().collect();
    desk.board
        .changed(0, &desk.replica, Changed::Rows(&ids), false);
    assert!(desk.board.effects().is_empty());
    assert_eq!(desk.count(), MANY + 1);
}

/// A peer colours a stroke whose ink has not arrived yet.
#[test]
fn wet_ink_is_dried_by_ink_alone() {
    let (mut desk, mut other) = (Desk::new(), Desk::new());
    desk.press(10.0, 10.0);
    for x in 11..60 {
        desk.move_to(f64::from(x), 10.0);
    }
    let wet = desk.effects.iter().filter_map(|effect| match effect {
        Effect::Show(slot, Some(ink)) if *slot == WET => Some(ink.clone()),
        _ => None,
    });
    for ink in wet.collect::<Vec<_>>() {
        other.board.ink_arrived(0, PeerId::from_random(5), &ink);
    }
    let shown = |desk: &mut Desk| desk.board.wet().map(|strokes| strokes.count());
    assert_eq!(shown(&mut other), Some(1));
    desk.lift();
    let id = desk.board.scene().in_order()[0].id.clone();
    other.arrived(&[Property::Width(9.0).write(id.clone())]);
    assert_eq!(shown(&mut other), Some(1));
    let drawn = table::element(&desk.replica, &id).unwrap();
    other.arrived(&[Write::put(ink(id), Value::Bytes(drawn.ink))]);
    assert_eq!(shown(&mut other), Some(0));
}
