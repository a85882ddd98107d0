//! The board's state while the page lives: scene, camera, tools, wet ink, and the canvases while they are shown.
//! Paints at most once a frame, and only what changed.

use std::{cell::RefCell, rc::Rc};

use kurbo::{Point, Rect, Size};
use leptos::prelude::*;

use crate::{
    browser::{
        canvas2d::Surface,
        clock::{self, Timeout},
    },
    core::{
        board::{
            camera::{Camera, ZOOM_STEP},
            edit, paint,
            scene::{Element, Scene},
            stroke::{self, Sample, Stroke, Style},
            tiles::{TILE_PX, TileKey, Tiles, View},
            tool::{Hands, Input as ToolInput, Intent, Tool},
            wet::{WetInk, WetPen},
        },
        doc::{
            presence::{self, Viewport},
            replica::Replica,
            schema::{Id, Write},
        },
        peer::PeerId,
        session::Input,
    },
    limits::{DRAFT_MS, Millis, STROKE_SAMPLES, WET_MS},
    ui::{hooks::use_room::Room, parts::shortcuts::Command},
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
}

/// A stroke under the pen.
struct Drawing {
    id: Id,
    stroke: Stroke,
    bits: u8,
    wet: WetPen,
    /// When it is stored next, unfinished.
    draft_at: Millis,
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

    /// Says whether a stroke under the pen was given up.
    pub fn detach(&mut self) -> bool {
        self.shown = None;
        let was_drawing = self.drawing.take().is_some();
        for id in std::mem::take(&mut self.erasing) {
            self.fade(&id, false);
        }
        self.hands.let_go();
        was_drawing
    }

    pub fn set_size(&mut self, size: Size, dpr: f64) {
        if self.dpr != dpr {
            self.tiles.clear();
        }
        (self.size, self.dpr) = (size, dpr);
        self.camera.notify();
        self.ask_frame();
    }

    pub fn set_dark(&mut self, is_dark: bool) {
        if self.is_dark != is_dark {
            self.is_dark = is_dark;
            self.tiles.clear();
            self.ask_frame();
        }
    }

    pub fn set_camera(&mut self, camera: Camera) {
        self.camera.set(camera);
        self.ask_frame();
    }

    /// Shows what somebody else sees.
    pub fn show(&mut self, view: Viewport) {
        let corner = (f64::from(view.x), f64::from(view.y));
        let size = (f64::from(view.width), f64::from(view.height));
        let camera = Camera::framing(Rect::from_origin_size(corner, size), self.size);
        self.led = Some(camera);
        self.set_camera(camera);
    }

    /// Whether this is somebody else's view.
    pub fn is_led(&self) -> bool {
        self.led == Some(self.camera.get_untracked())
    }

    /// What is seen of the board.
    pub fn viewport(&self) -> Viewport {
        let visible = self.camera.get_untracked().visible(self.size);
        Viewport {
            x: visible.x0 as f32,
            y: visible.y0 as f32,
            width: visible.width() as f32,
            height: visible.height() as f32,
        }
    }

    pub fn hold_space(&mut self, held: bool) {
        let camera = self.camera.get_untracked();
        self.hands.handle(&camera, ToolInput::SpaceHeld(held));
        self.pans.set(self.hands.would_pan());
    }

    pub fn command(&mut self, command: Command) {
        let camera = self.camera.get_untracked();
        let middle = (self.size.to_vec2() / 2.0).to_point();
        match command {
            Command::Choose(tool) => {
                self.hands.handle(&camera, ToolInput::ToolChosen(tool));
                self.tool.set(tool);
                self.pans.set(self.hands.would_pan());
            }
            Command::ZoomIn => self.set_camera(camera.zoomed(ZOOM_STEP, middle)),
            Command::ZoomOut => self.set_camera(camera.zoomed(1.0 / ZOOM_STEP, middle)),
            Command::ZoomReset => self.set_camera(camera.zoomed(1.0 / camera.zoom, middle)),
            Command::ZoomToFit => {
                let content = self.scene.bounds();
                self.set_camera(
                    content.map_or_else(Camera::default, |all| Camera::fitting(all, self.size)),
                );
            }
            Command::Step(_) | Command::ShowShortcuts => {}
        }
    }

    /// What a pointer did. Takes the shared easel, because an edit comes back to it through the room.
    pub fn use_tool(easel: &Rc<RefCell<Self>>, input: ToolInput) {
        let (room, edits, inputs) = {
            let mut easel = easel.borrow_mut();
            let camera = easel.camera.get_untracked();
            let intents = easel.hands.handle(&camera, input);
            let (mut edits, mut inputs) = (Vec::new(), Vec::new());
            for intent in intents {
                easel.intend(intent, &mut edits, &mut inputs);
            }
            easel.pans.set(easel.hands.would_pan());
            (easel.shown.as_ref().map(|shown| shown.room), edits, inputs)
        };
        if let Some(room) = room {
            inputs.into_iter().for_each(|input| room.send(input));
            room.edit(edits);
        }
    }

    fn intend(&mut self, intent: Intent, edits: &mut Vec<Write>, inputs: &mut Vec<Input>) {
        let camera = self.camera.get_untracked();
        match intent {
            Intent::BeginStroke {
                first,
                simulate_pressure,
            } => self.begin(first, simulate_pressure),
            Intent::ExtendStroke(samples) => inputs.extend(self.extend(&samples)),
            Intent::FinishStroke => match self.finish() {
                Ok(write) => edits.extend(write),
                Err(error) => {
                    inputs.push(Input::Drafted(Vec::new()));
                    self.say(error.to_string());
                }
            },
            Intent::CancelStroke => {
                let cancelled = self.drawing.take().and_then(|pen| pen.wet.cancelled());
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
            Intent::Pan(by) => self.camera.set(camera.panned(by)),
            Intent::Zoom { factor, about } => self.camera.set(camera.zoomed(factor, about)),
        }
        self.ask_frame();
    }

    fn say(&self, sentence: String) {
        if let Some(shown) = &self.shown {
            shown.room.say(sentence);
        }
    }

    fn begin(&mut self, first: Sample, simulate_pressure: bool) {
        let id = Id::random(&mut self.rng);
        let style = self.style.get_untracked();
        let bits = stroke::grid_bits(self.camera.get_untracked().zoom);
        self.drawing = Some(Drawing {
            wet: WetPen::new(id.clone(), style, bits, simulate_pressure, first),
            id,
            bits,
            draft_at: 0,
            stroke: Stroke {
                style,
                z: self.scene.next_z(),
                simulate_pressure,
                samples: vec![first],
            },
        });
    }

    /// The stroke grew: what the others see of it now, and what storage keeps.
    fn extend(&mut self, samples: &[Sample]) -> Vec<Input> {
        let Some(drawing) = &mut self.drawing else {
            return Vec::new();
        };
        let room = STROKE_SAMPLES.saturating_sub(drawing.stroke.samples.len());
        let samples = samples.get(..room.min(samples.len())).unwrap_or_default();
        drawing.stroke.samples.extend_from_slice(samples);
        let others = self
            .shown
            .as_ref()
            .map_or(0, |shown| shown.room.others.with_untracked(Vec::len));
        let pause = presence::pause(WET_MS, others);
        let now = clock::now();
        let ink = drawing.wet.grew(now, samples, pause).map(Input::Inked);
        let is_due = drawing.draft_at <= now;
        let draft = is_due.then(|| {
            drawing.draft_at = now + DRAFT_MS;
            edit::put(&drawing.id, &drawing.stroke, drawing.bits).ok()
        });
        let draft = draft.flatten().map(|write| Input::Drafted(vec![write]));
        ink.into_iter().chain(draft).collect()
    }

    fn finish(&mut self) -> Result<Option<Write>, stroke::StrokeError> {
        let Some(mut drawing) = self.drawing.take() else {
            return Ok(None);
        };
        // Somebody else may have drawn over it meanwhile: the newest stroke is on top.
        drawing.stroke.z = self.scene.next_z();
        edit::put(&drawing.id, &drawing.stroke, drawing.bits).map(Some)
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
        self.scene = Scene::of(replica.inks());
        self.tiles.clear();
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
            let ink = replica.ink(id);
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
        let alpha = if self.scene.is_fading(&element.id) {
            FADED
        } else {
            1.0
        };
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
        let mine = self.drawing.as_ref().map(|drawing| &drawing.stroke);
        for stroke in self.wet.strokes().chain(mine) {
            let fill = paint::fill(stroke, false);
            shown.wet.fill(&fill, self.shade(fill.color), 1.0);
        }
    }
}
