//! The board as one works on it: the scene, the view of it, the tool at work, wet ink, and what has to be painted. A host
//! gives it what happened and does then what [`Board::effects`] says; it asks for a frame when [`Board::paint_at`] says so, and
//! keeps a canvas for each tile.

mod view;

use std::rc::Rc;

use kurbo::{Rect, Size};

pub use self::view::Wheel;
use super::{
    camera::{Camera, ZOOM_STEP},
    edit,
    effect::Effect,
    gesture::{Action, Gestures, Input},
    presence::{Pointer, Viewport},
    properties::Property,
    scene::{Element, Scene},
    selection::{Marks, Selection},
    stroke::{Stroke, Style},
    table::{element, elements, ink},
    tiles::{Blit, Plan, TileKey, Tiles, View},
    tools::{Context, Cursor, Later, SELECT, Tool, Work},
    wet::WetInk,
};
use crate::{
    core::{
        doc::{
            id::Id,
            presence::slots::Shows,
            replica::Replica,
            table::{Changed, Write},
        },
        keyboard::Command,
        peer::PeerId,
    },
    limits::{Millis, WET_GONE_MS},
};

/// So many changes at once are a new scene rather than many edits of the old one.
const MANY: usize = 500;
/// While a large room arrives, what of it is painted is shown so often.
const ARRIVING_MS: Millis = 250;

/// What is seen around the ink.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shown {
    pub camera: Camera,
    pub tool: &'static Tool,
    pub cursor: Cursor,
    /// Of what is selected, else of what is drawn next.
    pub style: Style,
    pub marks: Marks,
}

pub struct Board {
    camera: Camera,
    style: Style,
    gestures: Gestures,
    work: Option<Box<dyn Work>>,
    later: Later,
    scene: Scene,
    selection: Selection,
    tiles: Tiles,
    wet: WetInk,
    rng: fastrand::Rng,
    /// CSS pixels.
    size: Size,
    dpr: f64,
    /// The camera was not moved since the room was opened.
    is_untouched: bool,
    /// A followed peer's view, to be shown as soon as no gesture is under way.
    awaited: Option<Viewport>,
    /// The camera that showed a followed peer's view last.
    led: Option<Camera>,
    paint_at: Option<Millis>,
    painted_at: Millis,
    /// No wet ink was painted last.
    is_dry: bool,
    effects: Vec<Effect>,
}

impl Board {
    pub fn new(rng: fastrand::Rng) -> Self {
        Self {
            camera: Camera::default(),
            style: Style {
                color: [30, 30, 30],
                opacity: 100,
                width: 2.0,
            },
            gestures: Gestures::default(),
            work: None,
            later: &[],
            scene: Scene::default(),
            selection: Selection::default(),
            tiles: Tiles::default(),
            wet: WetInk::default(),
            rng,
            size: Size::ZERO,
            dpr: 1.0,
            is_untouched: true,
            awaited: None,
            led: None,
            paint_at: None,
            painted_at: 0,
            is_dry: false,
            effects: Vec::new(),
        }
    }

    /// The tools are here whose code comes later.
    pub fn equip(&mut self, later: Later) {
        self.later = later;
    }

    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    pub fn shown(&self) -> Shown {
        Shown {
            camera: self.camera,
            tool: self.gestures.tool(),
            cursor: self.gestures.cursor(),
            style: self.selection.style(&self.scene).unwrap_or(self.style),
            marks: self.selection.marks(),
        }
    }

    /// Gives it to what is selected, and to what is begun from now on.
    pub fn set(&mut self, property: Property) {
        property.set(&mut self.style);
        let selected = self.selection.ids().cloned();
        self.commit(edit::set(selected, property));
    }

    fn commit(&mut self, writes: Vec<Write>) {
        if !writes.is_empty() {
            self.effects.push(Effect::Commit(writes));
        }
    }

    /// A tool is at work.
    pub fn is_busy(&self) -> bool {
        self.work.is_some()
    }

    /// The tool at work shows something above the board.
    pub fn is_drawing(&self) -> bool {
        self.overlay().is_some()
    }

    /// Nothing is under way, and no stroke of the document looks as if it were.
    pub fn is_at_rest(&self) -> bool {
        let strokes = self.scene.in_order();
        let mut strokes = strokes.iter();
        !self.is_busy() && strokes.all(|stroke| stroke.is_at_rest() && !self.wet.has(&stroke.id))
    }

    pub fn command(&mut self, now: Millis, command: Command) {
        let camera = self.camera;
        let middle = (self.size.to_vec2() / 2.0).to_point();
        let camera = match command {
            Command::ZoomIn => camera.zoomed(ZOOM_STEP, middle),
            Command::ZoomOut => camera.zoomed(1.0 / ZOOM_STEP, middle),
            Command::ZoomReset => camera.zoomed(1.0 / camera.zoom, middle),
            Command::ZoomToFit => self.fitting(),
            Command::Choose(tool) => return self.choose(now, tool),
            Command::SelectAll => {
                self.choose(now, &SELECT);
                let all = self.scene.in_order();
                return self.select(all.iter().map(|element| element.id.clone()));
            }
            Command::Escape => {
                // The end of a gesture does not depend on the number of peers.
                self.handle(now, 0, Input::Escaped);
                return self.select([]);
            }
            Command::Delete => {
                let selected = self.selection.ids().cloned();
                return self.commit(edit::erase(selected));
            }
            Command::Step(_) | Command::ShowShortcuts => return,
        };
        self.set_camera(camera);
    }

    fn choose(&mut self, now: Millis, tool: &'static Tool) {
        if tool != &SELECT {
            self.select([]);
        }
        self.gestures.handle(now, Input::ToolChosen(tool));
    }

    fn select(&mut self, ids: impl IntoIterator<Item = Id>) {
        self.selection.set(&self.scene, ids);
    }

    /// What a pointer did. `others`: how many see it.
    pub fn handle(&mut self, now: Millis, others: usize, input: Input) {
        // A press counts as choosing this view.
        self.is_untouched &= !matches!(input, Input::Pressed { .. });
        let pointed = match &input {
            Input::Moved { samples, .. } => samples.last().map(|sample| sample.at),
            Input::Left => {
                self.effects.push(Effect::Show(Pointer::SLOT, None));
                None
            }
            _ => None,
        };
        for action in self.gestures.handle(now, input) {
            self.act(now, others, action);
            self.ask_paint(now);
        }
        // Ink says itself where its pen is.
        if let Some(at) = pointed.filter(|_| self.overlay().is_none()) {
            let at = Pointer::from(self.camera.board_from_screen(at));
            self.effects
                .push(Effect::Show(Pointer::SLOT, Some(at.bytes())));
        }
        self.show_awaited();
        self.tick(now);
    }

    /// What the host is to do, in this order.
    pub fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    fn act(&mut self, now: Millis, others: usize, action: Action) {
        let camera = self.camera;
        let mut cx = Context {
            now,
            camera,
            style: self.style,
            others,
            scene: &mut self.scene,
            selection: &mut self.selection,
            tiles: &mut self.tiles,
            rng: &mut self.rng,
            effects: &mut self.effects,
        };
        match action {
            Action::Begin(tool, press) => {
                self.work = tool.begin(self.later).map(|begin| begin(&mut cx, press));
            }
            Action::Drag(samples) => {
                if let Some(work) = &mut self.work {
                    work.drag(&mut cx, &samples);
                }
            }
            Action::End(end) => {
                if let Some(work) = self.work.take() {
                    work.end(&mut cx, end);
                }
            }
            Action::Pan(by) => self.set_camera(camera.panned(by)),
            Action::Zoom { factor, about } => self.set_camera(camera.zoomed(factor, about)),
        }
    }

    /// When [`Self::tick`] has something to do: an edit under way is to be stored.
    pub fn wake_at(&self) -> Option<Millis> {
        self.work.as_ref()?.draft_at()
    }

    /// Time passed.
    pub fn tick(&mut self, now: Millis) {
        if self.wake_at().is_some_and(|at| at <= now) {
            self.store(now);
        }
    }

    /// Stores the edit under way as it is, at once: the page may be about to go.
    pub fn store(&mut self, now: Millis) {
        let draft = self.work.as_mut().and_then(|work| work.draft(now));
        let draft = draft.map(|draft| Effect::Draft(Some(draft)));
        self.effects.extend(draft);
    }

    /// Takes a peer's wet ink.
    pub fn ink_arrived(&mut self, now: Millis, from: PeerId, ink: &[u8]) {
        self.ask_paint(now);
        self.wet.arrived(now, from, ink);
        // It may have been overtaken by its stroke.
        self.wet.dried(&|id| self.scene.get(id).is_some());
    }

    /// Strokes came, changed or went; more are about to come if a large room arrives.
    pub fn changed(&mut self, now: Millis, replica: &Replica, changed: Changed, is_arriving: bool) {
        match changed {
            Changed::Rows(ids) if ids.len() <= MANY => self.touch(replica, ids),
            Changed::Everything | Changed::Rows(_) => {
                let old = std::mem::replace(&mut self.scene, Scene::of(elements(replica)));
                self.scene.go_on(&old);
                let areas = [old.bounds(), self.scene.bounds()].into_iter();
                // What was painted is shown until the new is.
                areas.flatten().for_each(|area| self.tiles.damaged(area));
            }
        }
        // Ink counts that does not read, too.
        let has_ink = |id: &Id| replica.get(&ink(id.clone())).is_some();
        self.wet.dried(&|id| match changed {
            Changed::Rows(ids) => ids.contains(&id) && has_ink(id),
            Changed::Everything => has_ink(id),
        });
        self.selection.follow(&self.scene);
        self.show_ink_at_first();
        self.ask_paint(match is_arriving {
            true => now.max(self.painted_at + ARRIVING_MS),
            false => now,
        });
    }

    /// Applies changed rows to the scene. A new element above all others is painted on top of the finished tiles; any
    /// other change marks the tiles that show it as damaged.
    fn touch(&mut self, replica: &Replica, ids: &[&Id]) {
        let top = self.scene.top();
        let mut touched = Vec::new();
        for &id in ids {
            let drawn = element(replica, id);
            let shown = self.scene.get(id);
            if let (Some(shown), Some(drawn)) = (shown, &drawn)
                && shown.ink() == &drawn.ink
            {
                let places = self.scene.restyle(id, drawn.properties.clone());
                (places.into_iter().flatten()).for_each(|place| self.tiles.damaged(place));
                continue;
            }
            if let Some(area) = self.scene.remove(id) {
                self.tiles.damaged(area);
            }
            touched.extend(drawn.and_then(|drawn| self.scene.insert(id.clone(), drawn)));
        }
        touched.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
        for element in touched {
            let is_above = |top: &Rc<Element>| top.order() <= element.order();
            match top.as_ref().is_none_or(is_above) {
                true => {
                    let fresh = self.tiles.fresh(element.bounds);
                    self.effects.push(Effect::Paint(element, fresh));
                }
                false => self.tiles.damaged(element.bounds),
            }
        }
    }
}

/// Painting: at most once a frame, and only what changed.
impl Board {
    fn ask_paint(&mut self, at: Millis) {
        self.paint_at = self
            .paint_at
            .map_or(Some(at), |sooner| Some(sooner.min(at)));
    }

    /// When a frame is wanted, now or later.
    pub fn paint_at(&self) -> Option<Millis> {
        self.paint_at
    }

    /// The canvases are new, or their colours others: nothing on them counts.
    pub fn repaint(&mut self, now: Millis) {
        self.tiles.clear();
        self.ask_paint(now);
    }

    /// `size` in CSS pixels, `dpr` device pixels each.
    pub fn resize(&mut self, now: Millis, size: Size, dpr: f64) {
        if self.dpr != dpr {
            self.tiles.clear();
        }
        (self.size, self.dpr) = (size, dpr);
        self.show_ink_at_first();
        self.ask_paint(now);
    }

    pub fn view(&self) -> View {
        View {
            camera: self.camera,
            size: self.size,
            dpr: self.dpr,
        }
    }

    /// Begins a frame: what is to be painted on tiles. [`Self::blits`] and [`Self::wet`] say what the screen shows then.
    pub fn frame(&mut self, now: Millis) -> Plan {
        self.painted_at = now;
        self.wet.forget_abandoned(now);
        let plan = self.tiles.plan(now, &self.view());
        let wet_ends = (!self.wet.is_empty()).then_some(now + WET_GONE_MS);
        self.paint_at = [plan.again_at, wet_ends].into_iter().flatten().min();
        plan
    }

    /// What a tile shows: a part of the board, and what is there in painting order. None for a tile that is not needed
    /// any more.
    pub fn tile(&self, key: TileKey) -> Option<(Rect, Vec<Rc<Element>>)> {
        let area = self.tiles.area(key)?;
        Some((area, self.scene.within(area)))
    }

    /// The tile's canvas shows what [`Self::tile`] said.
    pub fn built(&mut self, key: TileKey) {
        self.tiles.built(key);
    }

    /// Tiles wait that this frame had no time for.
    pub fn unfinished(&mut self, now: Millis) {
        self.ask_paint(now);
    }

    /// What to copy to the screen, back to front.
    pub fn blits(&self) -> Vec<Blit> {
        self.tiles.blits(&self.view())
    }

    /// The strokes above the tiles. None if there are none, and were none in the frame before.
    pub fn wet(&mut self) -> Option<impl Iterator<Item = &Stroke>> {
        let is_dry = self.wet.is_empty() && self.overlay().is_none();
        let was_dry = std::mem::replace(&mut self.is_dry, is_dry);
        let strokes = self.wet.strokes().chain(self.overlay());
        (!(is_dry && was_dry)).then_some(strokes)
    }

    fn overlay(&self) -> Option<&Stroke> {
        self.work.as_ref()?.overlay()
    }
}

#[cfg(test)]
mod tests;
