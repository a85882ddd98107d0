//! Takes away whole strokes that it meets. They fade under it, and go when it is lifted; until then nothing is erased.

use kurbo::Point;

use super::{Act, Context, Cursor, End, ScreenSample, Tool, Work};
use crate::core::{
    apps::board::{edit, effect::Effect},
    doc::id::Id,
};

pub static ERASER: Tool = Tool {
    name: "Eraser",
    keys: &['e', '0'],
    shortcut: "E or 0",
    help: "Eraser",
    cursor: Cursor::Crosshair,
    act: Act::Work(|cx, press| {
        let mut erasing = Erasing {
            last: press.sample.at,
            faded: Vec::new(),
        };
        erasing.drag(cx, &[press.sample]);
        Box::new(erasing)
    }),
};

/// Its radius in screen pixels.
const RADIUS_PX: f64 = 6.0;

struct Erasing {
    /// In CSS pixels: the board may be moved meanwhile, and what passes by was not touched.
    last: Point,
    faded: Vec<Id>,
}

impl Work for Erasing {
    fn drag(&mut self, cx: &mut Context, samples: &[ScreenSample]) {
        let radius = RADIUS_PX / cx.camera.zoom;
        for sample in samples {
            let from = std::mem::replace(&mut self.last, sample.at);
            let [from, to] = [from, sample.at].map(|at| cx.camera.board_from_screen(at));
            let touched = cx.scene.touched(from, to, radius).into_iter();
            self.faded.extend(touched.filter(|id| cx.fade(id, true)));
        }
    }

    fn end(self: Box<Self>, cx: &mut Context, end: End) {
        match end {
            End::Lifted if self.faded.is_empty() => {}
            End::Lifted => cx.effects.push(Effect::Commit(edit::erase(self.faded))),
            End::Interrupted | End::Withdrawn => {
                for id in &self.faded {
                    cx.fade(id, false);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::Bench, *};

    fn erased(effects: &[Effect]) -> usize {
        let writes = effects.iter().filter_map(|effect| match effect {
            Effect::Commit(writes) => Some(writes.len()),
            _ => None,
        });
        writes.sum()
    }

    #[test]
    fn strokes_fade_under_it_and_go_when_it_is_lifted() {
        for (end, gone, fading) in [
            (End::Lifted, 2, 2),
            (End::Interrupted, 0, 0),
            (End::Withdrawn, 0, 0),
        ] {
            let mut bench = Bench::default();
            for x in [100.0, 200.0, 900.0] {
                bench.line(x);
            }
            let mut work = bench.begin(&ERASER, 100.0, 0.0);
            assert_eq!(bench.fading(), 1, "at the press already");
            bench.drag(&mut work, &[(150.0, 0.0), (210.0, 0.0), (150.0, 0.0)]);
            assert_eq!(bench.fading(), 2, "what lies between two samples was met");
            assert!(bench.effects.is_empty(), "nothing is erased yet");
            bench.end(work, end);
            assert_eq!(
                (erased(&bench.effects), bench.fading()),
                (gone, fading),
                "{end:?}"
            );
        }
    }

    /// The view moves, by a followed peer or a wheel, while the eraser is down.
    #[test]
    fn nothing_goes_that_the_board_carried_past_it() {
        let mut bench = Bench::default();
        for x in [1_000.0, 5_001.0] {
            bench.line(x);
        }
        let mut work = bench.begin(&ERASER, 0.0, 0.0);
        bench.camera.origin = Point::new(5_000.0, 0.0);
        bench.drag(&mut work, &[(2.0, 0.0)]);
        bench.end(work, End::Lifted);
        assert_eq!(erased(&bench.effects), 1);
    }

    #[test]
    fn a_stroke_that_another_eraser_has_is_erased_once() {
        let mut bench = Bench::default();
        bench.line(100.0);
        let work = bench.begin(&ERASER, 100.0, 0.0);
        let other = bench.begin(&ERASER, 100.0, 0.0);
        bench.end(other, End::Lifted);
        bench.end(work, End::Lifted);
        assert_eq!(erased(&bench.effects), 1);
    }
}
