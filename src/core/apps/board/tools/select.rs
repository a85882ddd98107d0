//! Selects elements, by a press on one or by a box drawn around them, and moves what is selected.

use kurbo::{Point, Rect, Vec2};

use super::{Act, Context, Cursor, End, PointerKind, Press, ScreenSample, Tool, Work};
use crate::core::{
    apps::board::{effect::Effect, properties::Property},
    doc::id::Id,
};

pub static SELECT: Tool = Tool {
    name: "Select",
    keys: &['v', '1'],
    shortcut: "V or 1",
    help: "Select: press an element, or draw a box around some; drag moves them",
    cursor: Cursor::Default,
    act: Act::Later,
};

/// How near to an element a press has to be, in screen pixels.
const NEAR_PX: f64 = 6.0;
/// A mouse or pen that went no further was pressed and lifted, in screen pixels.
const SLACK_PX: f64 = 3.0;
/// The same of a finger.
const TOUCH_SLACK_PX: f64 = 10.0;

pub fn begin(cx: &mut Context, Press { sample, kind }: Press) -> Box<dyn Work> {
    let before = cx.selection.ids().cloned().collect();
    let at = cx.camera.board_from_screen(sample.at);
    let pressed = cx.scene.touched(at, at, NEAR_PX / cx.camera.zoom).pop();
    let is_inside = (cx.selection.marks().frame).is_some_and(|frame| frame.contains(at));
    let is_selected = pressed.as_ref().is_some_and(|id| cx.selection.has(id));
    match &pressed {
        _ if is_selected || is_inside => {}
        Some(id) => cx.selection.set(cx.scene, [id.clone()]),
        None => {
            cx.selection.set(cx.scene, []);
            return Box::new(Surrounding { from: at, before });
        }
    }
    Box::new(Moving {
        pressed,
        from: at,
        began: sample.at,
        slack_px: match kind {
            PointerKind::Touch => TOUCH_SLACK_PX,
            PointerKind::Mouse | PointerKind::Pen => SLACK_PX,
        },
        is_far: false,
        ids: cx.selection.ids().cloned().collect(),
        before,
    })
}

/// A box grows from where the pointer came down.
struct Surrounding {
    from: Point,
    /// What was selected before the press.
    before: Vec<Id>,
}

impl Work for Surrounding {
    fn drag(&mut self, cx: &mut Context, samples: &[ScreenSample]) {
        if let Some(last) = samples.last() {
            let to = cx.camera.board_from_screen(last.at);
            cx.selection
                .draw_around(cx.scene, Some(Rect::from_points(self.from, to)));
        }
    }

    fn end(self: Box<Self>, cx: &mut Context, end: End) {
        cx.selection.draw_around(cx.scene, None);
        if end == End::Withdrawn {
            cx.selection.set(cx.scene, self.before);
        }
    }
}

/// What is selected follows the pointer; the document has it when that is lifted.
struct Moving {
    /// The element under the pointer, if there is one.
    pressed: Option<Id>,
    /// Where the pointer came down: on the board, and in CSS pixels.
    from: Point,
    began: Point,
    slack_px: f64,
    /// The pointer went further than that.
    is_far: bool,
    ids: Vec<Id>,
    /// What was selected before the press.
    before: Vec<Id>,
}

impl Work for Moving {
    fn drag(&mut self, cx: &mut Context, samples: &[ScreenSample]) {
        let Some(last) = samples.last() else {
            return;
        };
        self.is_far |= (last.at - self.began).hypot() > self.slack_px;
        if self.is_far {
            let by = cx.camera.board_from_screen(last.at) - self.from;
            cx.shift(&self.ids, by);
        }
    }

    fn end(self: Box<Self>, cx: &mut Context, end: End) {
        let elements = self.ids.iter().filter_map(|id| cx.scene.get(id));
        let offsets = elements.map(|element| {
            let offset = Property::Offset(element.translation());
            offset.write(element.id.clone())
        });
        let offsets: Vec<_> = offsets.collect();
        cx.shift(&self.ids, Vec2::ZERO);
        match end {
            End::Lifted if self.is_far => cx.effects.push(Effect::Commit(offsets)),
            // Of several that are selected the one that was pressed; none if that was between them.
            End::Lifted => cx.selection.set(cx.scene, self.pressed),
            End::Withdrawn => cx.selection.set(cx.scene, self.before),
            End::Interrupted => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::Bench, *};
    use crate::core::{apps::board::edit, doc::table::Write};

    fn committed(bench: &Bench) -> Vec<Write> {
        let writes = bench.effects.iter().filter_map(|effect| match effect {
            Effect::Commit(writes) => Some(writes.clone()),
            _ => None,
        });
        writes.flatten().collect()
    }

    /// Three short lines, of which the first two are selected.
    fn two_of_three() -> Bench {
        let mut bench = Bench::default();
        for x in [100.0, 200.0, 900.0] {
            bench.line(x);
        }
        let mut work = bench.begin(&SELECT, 50.0, -50.0);
        bench.drag(&mut work, &[(300.0, 50.0)]);
        assert!(bench.selection.marks().marquee.is_some());
        bench.end(work, End::Lifted);
        assert_eq!(bench.selection.marks().marquee, None);
        assert_eq!(bench.selection.ids().count(), 2);
        bench
    }

    fn lefts(bench: &Bench) -> Vec<f64> {
        let all = bench.scene.in_order();
        let mut lefts: Vec<_> = all
            .iter()
            .map(|e| e.stroke().unwrap().bounds().x0)
            .collect();
        lefts.sort_by(f64::total_cmp);
        lefts
    }

    #[test]
    fn what_a_box_surrounds_is_selected_and_moved_together() {
        let mut bench = two_of_three();
        let mut work = bench.begin(&SELECT, 101.0, 0.0);
        bench.drag(&mut work, &[(102.0, 0.0)]);
        assert_eq!(lefts(&bench), [100.0, 200.0, 900.0], "a hand that trembles");
        bench.drag(&mut work, &[(111.0, 40.0)]);
        assert_eq!(lefts(&bench), [110.0, 210.0, 900.0]);
        assert!(committed(&bench).is_empty(), "not before it is lifted");
        bench.end(work, End::Lifted);
        let by = Property::Offset(Vec2::new(10.0, 40.0));
        let ids = bench.selection.ids().cloned();
        assert_eq!(committed(&bench), edit::set(ids, by));
        assert_eq!(
            lefts(&bench),
            [100.0, 200.0, 900.0],
            "until the document says so"
        );
    }

    #[test]
    fn what_is_taken_back_is_where_it_was() {
        for end in [End::Withdrawn, End::Interrupted] {
            let mut bench = two_of_three();
            let mut work = bench.begin(&SELECT, 101.0, 0.0);
            bench.drag(&mut work, &[(400.0, 40.0)]);
            bench.end(work, end);
            assert_eq!(lefts(&bench), [100.0, 200.0, 900.0], "{end:?}");
            assert!(committed(&bench).is_empty());
        }
        let mut bench = two_of_three();
        let mut work = bench.begin(&SELECT, -50.0, -50.0);
        bench.drag(&mut work, &[(2_000.0, 50.0)]);
        bench.end(work, End::Withdrawn);
        assert_eq!(bench.selection.ids().count(), 2, "a pinch changes nothing");
        let work = bench.begin(&SELECT, 901.0, 0.0);
        assert_eq!(bench.selection.ids().count(), 1);
        bench.end(work, End::Withdrawn);
        assert_eq!(bench.selection.ids().count(), 2, "on an element, too");
    }

    #[test]
    fn a_press_selects_what_lies_on_top_and_one_beside_it_nothing() {
        let mut bench = two_of_three();
        bench.line(200.0);
        let top = bench.scene.top().unwrap().id.clone();
        for at in [(201.0, 0.0), (600.0, 0.0)] {
            let work = bench.begin(&SELECT, at.0, at.1);
            bench.end(work, End::Lifted);
            let is_hit = at.0 < 300.0;
            assert_eq!(bench.selection.ids().eq([&top]), is_hit);
            assert_eq!(bench.selection.ids().next().is_none(), !is_hit);
        }
        assert!(committed(&bench).is_empty());
    }

    #[test]
    fn what_goes_meanwhile_is_not_brought_back_by_a_move() {
        let mut bench = two_of_three();
        let mut work = bench.begin(&SELECT, 101.0, 0.0);
        bench.drag(&mut work, &[(150.0, 0.0)]);
        let gone = bench.selection.ids().next().cloned().unwrap();
        bench.scene.remove(&gone);
        bench.drag(&mut work, &[(160.0, 0.0)]);
        bench.end(work, End::Lifted);
        assert_eq!(committed(&bench).len(), 1);
        assert_eq!(bench.selection.ids().count(), 1);
    }

    #[test]
    fn a_finger_may_tremble_more_than_a_mouse() {
        for (kind, moves) in [(PointerKind::Mouse, true), (PointerKind::Touch, false)] {
            let mut bench = two_of_three();
            bench.kind = kind;
            let mut work = bench.begin(&SELECT, 101.0, 0.0);
            bench.drag(&mut work, &[(106.0, 4.0)]);
            bench.end(work, End::Lifted);
            assert_eq!(!committed(&bench).is_empty(), moves, "{kind:?}");
        }
    }
}
