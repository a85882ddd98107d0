//! The board's tools, a file each. Another one is a file here with its line in [`TOOLS`], and an icon in the toolbar.

use std::fmt;

use kurbo::Vec2;

use super::{
    camera::Camera,
    effect::Effect,
    scene::Scene,
    selection::Selection,
    stroke::{Sample, Stroke, Style},
    tiles::Tiles,
};
use crate::{
    core::doc::{id::Id, table::Write},
    limits::Millis,
};

mod eraser;
mod hand;
mod pen;
mod select;

pub use self::{eraser::ERASER, hand::HAND, pen::PEN, select::SELECT};

/// In the order of the toolbar.
pub static TOOLS: [&Tool; 4] = [&SELECT, &HAND, &PEN, &ERASER];

pub struct Tool {
    pub name: &'static str,
    /// Characters whose keys choose it, as in Excalidraw, and how people read them.
    pub keys: &'static [char],
    pub shortcut: &'static str,
    /// For the list of keys.
    pub help: &'static str,
    /// Over the board while it is chosen.
    pub cursor: Cursor,
    pub act: Act,
}

/// What a tool does where a pointer comes down.
#[derive(Clone, Copy)]
pub enum Act {
    /// A drag moves the board.
    Pan,
    Work(Begin),
    /// The code comes with a chunk: it is in [`LATER`].
    Later,
}

/// Goes to work.
pub type Begin = fn(&mut Context, Press) -> Box<dyn Work>;

/// The work of tools that the first stroke does not wait for.
pub type Later = &'static [(&'static Tool, Begin)];

pub const LATER: Later = &[(&SELECT, select::begin)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    Default,
    Crosshair,
    /// A drag would move the board.
    Grab,
}

/// A tool at work: from the press of a pointer to its end.
pub trait Work {
    /// The pointer moved: all samples since the last time, oldest first.
    fn drag(&mut self, cx: &mut Context, samples: &[ScreenSample]);

    fn end(self: Box<Self>, cx: &mut Context, end: End);

    /// What is shown above the board meanwhile.
    fn overlay(&self) -> Option<&Stroke> {
        None
    }

    /// When [`Self::draft`] is to be asked next, because time passes.
    fn draft_at(&self) -> Option<Millis> {
        None
    }

    /// What storage is to hold of it, if that is news: the page may be killed.
    fn draft(&mut self, _now: Millis) -> Option<Write> {
        None
    }
}

/// How a tool's work ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Lifted,
    /// The browser took the pointer away, after it had moved.
    Interrupted,
    /// The press was none of this tool's: a palm, or the first finger of a pinch.
    Withdrawn,
}

/// A pointer's place on the board element, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScreenSample {
    pub at: kurbo::Point,
    /// 0 to 1.
    pub pressure: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointerKind {
    Mouse,
    Pen,
    Touch,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Press {
    pub sample: ScreenSample,
    pub kind: PointerKind,
}

/// What a tool works on.
pub struct Context<'a> {
    pub now: Millis,
    pub camera: Camera,
    pub style: Style,
    /// How many others see what is shown.
    pub others: usize,
    pub scene: &'a mut Scene,
    pub selection: &'a mut Selection,
    pub tiles: &'a mut Tiles,
    pub rng: &'a mut fastrand::Rng,
    pub effects: &'a mut Vec<Effect>,
}

impl Context<'_> {
    /// On the board.
    pub fn sample(&self, screen: &ScreenSample) -> Sample {
        Sample {
            at: self.camera.board_from_screen(screen.at),
            pressure: screen.pressure,
        }
    }

    /// Shows a stroke as about to be erased, or no longer. Says whether that is news.
    pub fn fade(&mut self, id: &Id, fade: bool) -> bool {
        let area = self.scene.fade(id, fade);
        area.inspect(|&area| self.tiles.damaged(area)).is_some()
    }

    /// Shows elements elsewhere, until the document says that they are.
    pub fn shift(&mut self, ids: &[Id], by: Vec2) {
        for id in ids {
            let areas = self.scene.shift(id, by).into_iter();
            areas.flatten().for_each(|area| self.tiles.damaged(area));
        }
        self.selection.follow(self.scene);
    }
}

impl Tool {
    /// How it goes to work, as far as that is here; `later` is [`LATER`], once it is.
    pub fn begin(&'static self, later: Later) -> Option<Begin> {
        match self.act {
            Act::Pan => None,
            Act::Work(begin) => Some(begin),
            Act::Later => {
                let mut later = later.iter();
                Some(later.find(|(tool, _)| *tool == self)?.1)
            }
        }
    }
}

/// The tool that a character chooses.
pub fn by_key(character: char) -> Option<&'static Tool> {
    let mut tools = TOOLS.into_iter();
    tools.find(|tool| tool.keys.contains(&character))
}

impl PartialEq for Tool {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Tool {}

impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
pub mod tests {
    use std::collections::BTreeSet;

    use kurbo::Point;

    use super::{
        super::stroke::tests::{STYLE, line},
        *,
    };

    /// A tool on its own: what it works on, and what came of it.
    pub struct Bench {
        pub now: Millis,
        pub camera: Camera,
        pub style: Style,
        pub scene: Scene,
        pub selection: Selection,
        /// Of the pointer.
        pub kind: PointerKind,
        pub effects: Vec<Effect>,
        tiles: Tiles,
        rng: fastrand::Rng,
    }

    impl Default for Bench {
        fn default() -> Self {
            Self {
                now: 0,
                camera: Camera::default(),
                style: STYLE,
                scene: Scene::default(),
                selection: Selection::default(),
                kind: PointerKind::Mouse,
                effects: Vec::new(),
                tiles: Tiles::default(),
                rng: fastrand::Rng::with_seed(1),
            }
        }
    }

    impl Bench {
        /// Puts a short line on top of all, at this place.
        pub fn line(&mut self, x: f64) {
            let id = Id::random(&mut self.rng);
            let z = self.scene.next_z();
            self.scene
                .insert(id, line(z, Point::new(x, 0.0), 3.0).into())
                .unwrap();
        }

        /// Strokes that are about to be erased.
        pub fn fading(&self) -> usize {
            let all = self.scene.in_order();
            all.iter().filter(|element| element.is_fading()).count()
        }

        fn with<T>(&mut self, act: impl FnOnce(&mut Context) -> T) -> T {
            act(&mut Context {
                now: self.now,
                camera: self.camera,
                style: self.style,
                others: 1,
                scene: &mut self.scene,
                selection: &mut self.selection,
                tiles: &mut self.tiles,
                rng: &mut self.rng,
                effects: &mut self.effects,
            })
        }

        pub fn begin(&mut self, tool: &'static Tool, x: f64, y: f64) -> Box<dyn Work> {
            let sample = sample((x, y));
            let press = Press {
                sample,
                kind: self.kind,
            };
            self.with(|cx| tool.begin(LATER).unwrap()(cx, press))
        }

        pub fn drag(&mut self, work: &mut Box<dyn Work>, to: &[(f64, f64)]) {
            let samples: Vec<_> = to.iter().copied().map(sample).collect();
            self.with(|cx| work.drag(cx, &samples));
        }

        pub fn end(&mut self, work: Box<dyn Work>, end: End) {
            self.with(|cx| work.end(cx, end));
        }
    }

    fn sample((x, y): (f64, f64)) -> ScreenSample {
        ScreenSample {
            at: Point::new(x, y),
            pressure: 0.5,
        }
    }

    #[test]
    fn every_tool_that_works_later_is_among_those() {
        let works = |tool: &&&'static Tool| !matches!(tool.act, Act::Pan);
        for tool in TOOLS.iter().filter(works) {
            assert!(tool.begin(LATER).is_some(), "{tool:?}");
        }
    }

    #[test]
    fn every_tool_has_a_name_and_keys_of_its_own() {
        let names: BTreeSet<_> = TOOLS.map(|tool| tool.name).into();
        assert_eq!(names.len(), TOOLS.len());
        for tool in TOOLS {
            let keys = tool
                .keys
                .iter()
                .inspect(|key| assert_eq!(by_key(**key), Some(tool)));
            let keys: Vec<_> = keys.map(|key| key.to_uppercase().to_string()).collect();
            assert_eq!(keys.join(" or "), tool.shortcut);
        }
        assert_eq!(by_key('z'), None);
    }
}
