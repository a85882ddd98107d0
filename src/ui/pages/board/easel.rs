//! The board's state while the page lives: scene, camera, tools, wet ink, and the canvases while they are shown.
//! Paints at most once a frame, and only what changed.

mod view;

use std::{cell::RefCell, rc::Rc};

use kurbo::{Point, Size};
use leptos::prelude::*;

use crate::{
    browser::{
        canvas2d::Surface,
        clock::{self, Timeout},
    },
    core::{
        board::table::{stroke, strokes},
        board::{
            camera::{Camera, ZOOM_STEP},
            drawing::Drawing,
            edit, paint,
            scene::{Element, Scene},
            stroke::{self, Sample, StrokeError, Style},
            tiles::{TILE_PX, TileKey, Tiles, View},
            tool::{Hands, Input as ToolInput, Intent, Tool},
            wet::WetInk,
        },
        doc::{id::Id, presence, replica::Replica, table::Write},
        keyboard::Command,
        peer::PeerId,
        session::Input,
    },
    limits::{Millis, WET_MS},
    ui::hooks::use_room::Room,
};

/// Painting tiles stops for this frame after so many milliseconds, and goes on in the next.
const PAINT_BUDGET_MS: f64 = 8.0;
/// The eraser's radius in screen pixels.
const ERASER_PX: f64 = 6.0;
/// How much of its ink a stroke under the eraser keeps.
const FADED: f32 = 0.25;
/// So many changes at once are a new scene rather than many edits of the old one.
const MANY: usize = 500;
/// While a large room arrives, what of it is painted is shown so often.
const ARRIVING_MS: Millis = 250;

pub struct Easel {
    pub camera: RwSignal<Camera>,
    pub tool: RwSignal<Tool>,
    pub style: RwSignal<Style>,
    /// A drag would move the board.
    pub pans: RwSignal<bool>,
    /// There is ink, and none of it is in view.
    pub is_lost: RwSignal<bool>,
    /// The view is as the room was opened with: nobody has moved it.
    is_untouched: bool,
    /// Somebody else's view, for when no gesture is under way.
    awaited: Option<presence::Viewport>,
    /// The camera that shows what somebody else sees.
    led: Option<Camera>,
    scene: Scene,
    tiles: Tiles,
    hands: Hands,
    drawing: Option<Drawing>,
    erasing: Vec<Id>,
    wet: WetInk,
    rng: fastrand::Rng,
    size: Size,
    dpr: f64,
    is_dark: bool,
    shown: Option<Shown>,
    frame_asked: bool,
    /// No wet ink was painted last.
    is_dry: bool,
    painted_at: Millis,
    again: Option<Timeout>,
    /// Stores the stroke under a pen that rests.
    draft_timer: Option<Timeout>,
}

/// The canvases on the page.
struct Shown {
    room: Room,
    dry: Surface,
    wet: Surface,
    tiles: Vec<(TileKey, Surface)>,
}

impl Shown {
    fn tile(&self, key: TileKey) -> Option<&Surface> {
        let tile = self.tiles.iter().find(|(this, _)| *this == key);
        tile.map(|(_, surface)| surface)
    }

    fn take_tile(&mut self, key: TileKey) -> Option<Surface> {
        let at = self.tiles.iter().position(|(this, _)| *this == key)?;
        Some(self.tiles.swap_remove(at).1)
    }
}

impl Easel {
    pub fn new(rng: fastrand::Rng) -> Self {
        Self {
            camera: RwSignal::new(Camera::default()),
            tool: RwSignal::new(Tool::default()),
            style: RwSignal::new(Style {
                color: [30, 30, 30],
                opacity: 100,
                width: 2.0,
            }),
            pans: RwSignal::new(false),
            is_lost: RwSignal::new(false),
            is_untouched: true,
            awaited: None,
            led: None,
            scene: Scene::default(),
            tiles: Tiles::default(),
            hands: Hands::default(),
            drawing: None,
            erasing: Vec::new(),
            wet: WetInk::default(),
            rng,
            size: Size::ZERO,
            dpr: 1.0,
            is_dark: false,
            shown: None,
            frame_asked: false,
            is_dry: false,
            painted_at: 0,
            again: None,
            draft_timer: None,
        }
    }

    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    pub fn rng(&mut self) -> &mut fastrand::Rng {
        &mut self.rng
    }

    pub fn attach(&mut self, room: Room, dry: Surface, wet: Surface) {
        self.tiles.clear();
        self.shown = Some(Shown {
            room,
            dry,
            wet,
            tiles: Vec::new(),
        });
        self.ask_frame();
    }

    /// The canvases go away. Gives what was under way, finished.
    pub fn detach(&mut self) -> Vec<Write> {
        let (edits, _) = self.use_hands(ToolInput::Released);
        self.shown = None;
        self.draft_timer = None;
        edits
    }

    pub fn set_size(&mut self, size: Size, dpr: f64) {
        if self.dpr != dpr {
            self.tiles.clear();
        }
        (self.size, self.dpr) = (size, dpr);
        self.camera.notify();
        self.show_ink_at_first();
        self.ask_frame();
    }

    pub fn set_dark(&mut self, is_dark: bool) {
        if self.is_dark != is_dark {
            self.is_dark = is_dark;
            self.tiles.clear();
            self.ask_frame();
        }
    }

    pub fn hold_space(&mut self, held: bool) {
        let camera = self.camera.get_untracked();
        self.hands
            .handle(&camera, clock::now(), ToolInput::SpaceHeld(held));
        self.pans.set(self.hands.would_pan());
    }

    pub fn command(&mut self, command: Command) {
        let camera = self.camera.get_untracked();
        let middle = (self.size.to_vec2() / 2.0).to_point();
        match command {
            Command::Choose(tool) => {
                self.hands
                    .handle(&camera, clock::now(), ToolInput::ToolChosen(tool));
                self.tool.set(tool);
                self.pans.set(self.hands.would_pan());
            }
            Command::ZoomIn => self.set_camera(camera.zoomed(ZOOM_STEP, middle)),
            Command::ZoomOut => self.set_camera(camera.zoomed(1.0 / ZOOM_STEP, middle)),
            Command::ZoomReset => self.set_camera(camera.zoomed(1.0 / camera.zoom, middle)),
            Command::ZoomToFit => self.set_camera(self.fitting()),
            Command::Step(_) | Command::ShowShortcuts => {}
        }
    }

    /// What a pointer did. Takes the shared easel, because an edit comes back to it through the room.
    pub fn use_tool(easel: &Rc<RefCell<Self>>, input: ToolInput) {
        let (room, (edits, inputs)) = {
            let mut easel = easel.borrow_mut();
            let room = easel.shown.as_ref().map(|shown| shown.room);
            (room, easel.use_hands(input))
        };
        if let Some(room) = room {
            inputs.into_iter().for_each(|input| room.send(input));
            room.edit(edits);
        }
    }

    fn use_hands(&mut self, input: ToolInput) -> (Vec<Write>, Vec<Input>) {
        let camera = self.camera.get_untracked();
        // Whoever works here has looked.
        self.is_untouched &= !matches!(input, ToolInput::Pressed { .. });
        let intents = self.hands.handle(&camera, clock::now(), input);
        let (mut edits, mut inputs) = (Vec::new(), Vec::new());
        for intent in intents {
            self.intend(intent, &mut edits, &mut inputs);
        }
        self.pans.set(self.hands.would_pan());
        self.show_awaited();
        (edits, inputs)
    }

    /// Two fingers move the board: what a browser says of a pinch besides is the same once more.
    pub fn is_pinching(&self) -> bool {
        self.hands.is_pinching()
    }

    /// Stores the stroke under the pen as it is, at once: the page may be about to go.
    pub fn draft_now(&mut self) -> Option<Input> {
        let draft = self.drawing.as_mut()?.draft_now()?;
        Some(Input::Drafted(vec![draft]))
    }

    /// A pen that rests is stored, too.
    fn draft_in_time(&mut self) {
        if self.drawing.is_some() && self.draft_timer.is_some() {
            return;
        }
        let wake = self.drawing.as_ref().and_then(Drawing::wake_at);
        let shown = self.shown.as_ref().map(|shown| shown.room);
        self.draft_timer = wake.zip(shown).map(|(at, room)| {
            let after = at.saturating_sub(clock::now()) + 1;
            Timeout::after(after, move || {
                let easel = room.easel();
                let draft = {
                    let mut easel = easel.borrow_mut();
                    easel.draft_timer = None;
                    let drawing = easel.drawing.as_mut();
                    drawing.and_then(|drawing| drawing.draft(clock::now()))
                };
                if let Some(draft) = draft {
                    room.send(Input::Drafted(vec![draft]));
                }
                easel.borrow_mut().draft_in_time();
            })
        });
    }

    fn intend(&mut self, intent: Intent, edits: &mut Vec<Write>, inputs: &mut Vec<Input>) {
        let camera = self.camera.get_untracked();
        match intent {
            Intent::BeginStroke {
                first,
                simulate_pressure,
            } => self.begin(first, simulate_pressure),
            Intent::ExtendStroke(samples) => self.extend(&samples, edits, inputs),
            Intent::FinishStroke => match self.finish() {
                Ok(write) => edits.extend(write),
                Err(error) => {
                    inputs.push(Input::Drafted(Vec::new()));
                    self.say(error.to_string());
                }
            },
            Intent::CancelStroke => {
                let cancelled = self.drawing.take().and_then(|pen| pen.cancelled());
                inputs.extend(cancelled.map(Input::Inked));
                inputs.push(Input::Drafted(Vec::new()));
            }
            Intent::Erase { from, to } => self.erase(from, to),
            Intent::FinishErasing => edits.extend(edit::erase(std::mem::take(&mut self.erasing))),
            Intent::CancelErasing => {
                for id in std::mem::take(&mut self.erasing) {
                    self.fade(&id, false);
                }
            }
            Intent::Pan(by) => self.set_camera(camera.panned(by)),
            Intent::Zoom { factor, about } => self.set_camera(camera.zoomed(factor, about)),
        }
        self.draft_in_time();
        self.ask_frame();
    }

    fn say(&self, sentence: String) {
        if let Some(shown) = &self.shown {
            shown.room.warn(sentence);
        }
    }

    fn begin(&mut self, first: Sample, simulate_pressure: bool) {
        self.drawing = Some(Drawing::begin(
            Id::random(&mut self.rng),
            self.style.get_untracked(),
            self.scene.next_z(),
            stroke::grid_bits(self.camera.get_untracked().zoom),
            simulate_pressure,
            first,
            clock::now(),
        ));
    }

    /// The stroke grew: what the others see of it now, and what storage keeps.
    fn extend(&mut self, samples: &[Sample], edits: &mut Vec<Write>, inputs: &mut Vec<Input>) {
        let others = self
            .shown
            .as_ref()
            .map_or(0, |shown| shown.room.others.with_untracked(Vec::len));
        let pause = presence::pause(WET_MS, others);
        let Some(drawing) = &mut self.drawing else {
            return;
        };
        let rng = &mut self.rng;
        let grown = drawing.grow(clock::now(), samples, pause, || Id::random(rng));
        inputs.extend(grown.ink.into_iter().map(Input::Inked));
        inputs.extend(grown.draft.map(|draft| Input::Drafted(vec![draft])));
        edits.extend(grown.finished);
    }

    fn finish(&mut self) -> Result<Option<Write>, StrokeError> {
        let z = self.scene.next_z();
        self.drawing
            .take()
            .map(|drawing| drawing.finish(z))
            .transpose()
    }

    fn erase(&mut self, from: Point, to: Point) {
        let radius = ERASER_PX / self.camera.get_untracked().zoom;
        for id in self.scene.touched(from, to, radius) {
            if self.fade(&id, true) {
                self.erasing.push(id);
            }
        }
    }

    /// Says whether that was news.
    fn fade(&mut self, id: &Id, fade: bool) -> bool {
        let area = self.scene.fade(id, fade);
        if let Some(area) = area {
            self.tiles.damaged(area);
            self.ask_frame();
        }
        area.is_some()
    }

    /// Takes somebody's wet ink, and says where their pen is.
    pub fn wet_arrived(&mut self, from: PeerId, ink: &[u8]) -> Option<Point> {
        self.ask_frame();
        self.wet.arrived(clock::now(), from, ink)
    }

    pub fn is_drawing(&self) -> bool {
        self.drawing.is_some()
    }

    /// Strokes came, changed or went; more are about to come if a large room arrives.
    pub fn touched(&mut self, replica: &Replica, ids: &[Id], is_arriving: bool) {
        if ids.len() > MANY {
            self.reload(replica);
        } else {
            self.touch(replica, ids);
        }
        ids.iter().for_each(|id| self.wet.dried(id));
        self.show_ink_at_first();
        match is_arriving && clock::now() < self.painted_at + ARRIVING_MS {
            true => self.ask_frame_at(self.painted_at + ARRIVING_MS),
            false => self.ask_frame(),
        }
    }

    fn ask_frame_at(&mut self, at: Millis) {
        let Some(shown) = &self.shown else { return };
        let easel = shown.room.easel();
        let wait = at.saturating_sub(clock::now()) + 1;
        self.again = Some(Timeout::after(wait, move || easel.borrow_mut().ask_frame()));
    }

    /// All strokes anew.
    pub fn reload(&mut self, replica: &Replica) {
        self.scene = Scene::of(strokes(replica));
        self.tiles.clear();
        self.show_ink_at_first();
        self.ask_frame();
    }

    /// What lies on top of all that was there is painted on the tiles at hand, in its order; anything else makes them
    /// stale.
    fn touch(&mut self, replica: &Replica, ids: &[Id]) {
        let top = self.scene.top();
        let mut touched = Vec::new();
        for id in ids {
            if let Some(area) = self.scene.remove(id) {
                self.tiles.damaged(area);
            }
            let ink = stroke(replica, id);
            touched.extend(ink.and_then(|ink| self.scene.insert(id.clone(), ink)));
        }
        touched.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
        for element in touched {
            match &self.shown {
                Some(shown)
                    if top
                        .as_ref()
                        .is_none_or(|top| top.order() <= element.order()) =>
                {
                    let fresh = self.tiles.fresh(element.bounds);
                    let fresh = fresh.into_iter().filter_map(|key| shown.tile(key));
                    fresh.for_each(|surface| self.paint(surface, &element));
                }
                _ => self.tiles.damaged(element.bounds),
            }
        }
    }

    fn view(&self) -> View {
        View {
            camera: self.camera.get_untracked(),
            size: self.size,
            dpr: self.dpr,
        }
    }

    fn place_tile(&self, surface: &Surface, corner: Point) {
        let scale = self.view().scale();
        surface.place((corner.to_vec2() * -scale).to_point(), scale);
    }

    fn paint(&self, surface: &Surface, element: &Element) {
        let alpha = if element.is_fading() { FADED } else { 1.0 };
        if let Some(fill) = element.fill() {
            surface.fill(&fill, self.shade(fill.color), alpha);
        }
    }

    fn shade(&self, color: [u8; 3]) -> [u8; 3] {
        if self.is_dark {
            paint::on_dark(color)
        } else {
            color
        }
    }

    /// Asks for one frame; more before it comes are the same one.
    fn ask_frame(&mut self) {
        let Some(shown) = &self.shown else { return };
        if std::mem::replace(&mut self.frame_asked, true) {
            return;
        }
        let easel = shown.room.easel();
        clock::before_paint(move || easel.borrow_mut().frame());
    }

    fn frame(&mut self) {
        self.frame_asked = false;
        let is_lost = !self.sees_ink();
        if self.is_lost.get_untracked() != is_lost {
            self.is_lost.set(is_lost);
        }
        let now = clock::now();
        self.painted_at = now;
        let view = self.view();
        self.wet.forget_abandoned(now);
        let plan = self.tiles.plan(now, &view);
        let started = clock::now_exact();
        let mut unfinished = false;
        for key in plan.build {
            if clock::now_exact() - started > PAINT_BUDGET_MS {
                unfinished = true;
                break;
            }
            self.build(key);
        }
        let Some(shown) = &mut self.shown else { return };
        shown.tiles.retain(|(key, _)| !plan.drop.contains(key));
        shown.dry.resize(view.size_px());
        shown.dry.clear();
        for blit in self.tiles.blits(&view) {
            if let Some(tile) = shown.tile(blit.key) {
                shown.dry.copy(tile, blit.at, blit.side);
            }
        }
        self.paint_wet(&view);
        let wet_ends = (!self.wet.is_empty()).then_some(now + crate::limits::WET_GONE_MS);
        self.again = [plan.again_at, wet_ends]
            .into_iter()
            .flatten()
            .min()
            .and_then(|at| {
                let easel = self.shown.as_ref()?.room.easel();
                Some(Timeout::after(at.saturating_sub(now) + 1, move || {
                    easel.borrow_mut().ask_frame()
                }))
            });
        if unfinished {
            self.ask_frame();
        }
    }

    fn build(&mut self, key: TileKey) {
        let Some(area) = self.tiles.area(key) else {
            return;
        };
        let old = self.shown.as_mut().and_then(|shown| shown.take_tile(key));
        let Some(surface) = old.or_else(|| Surface::detached(Size::new(TILE_PX, TILE_PX))) else {
            return;
        };
        surface.clear();
        self.place_tile(&surface, area.origin());
        for element in self.scene.within(area) {
            self.paint(&surface, &element);
        }
        if let Some(shown) = &mut self.shown {
            shown.tiles.push((key, surface));
            self.tiles.built(key);
        }
    }

    fn paint_wet(&mut self, view: &View) {
        let is_dry = self.wet.is_empty() && self.drawing.is_none();
        let was_dry = std::mem::replace(&mut self.is_dry, is_dry);
        let Some(shown) = &self.shown else { return };
        shown.wet.resize(view.size_px());
        if is_dry && was_dry {
            return;
        }
        shown.wet.clear();
        shown.wet.place(view.origin_px(), view.scale());
        let mine = self.drawing.as_ref().map(Drawing::stroke);
        for stroke in self.wet.strokes().chain(mine) {
            let fill = paint::fill(stroke, false);
            shown.wet.fill(&fill, self.shade(fill.color), 1.0);
        }
    }
}
