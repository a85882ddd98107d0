//! Connects the board engine of `core::apps::board` to the page: its state as signals, its canvases, and its effects on the
//! room. The controller lives as long as the room; its canvases live as long as the board's page.

use std::{cell::RefCell, rc::Rc};

use kurbo::Size;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::{
    browser::{
        canvas2d::Surface,
        clock::{self, Alarm},
        lifecycle::Listener,
        preferences,
    },
    core::{
        apps::board::{
            camera::Camera,
            effect::Effect,
            engine::{Board, Shown},
            gesture::Input as PointerInput,
            paint,
            presence::WET,
            properties::Property,
            scene::Element,
            table::TABLES,
            tiles::{TILE_PX, TileKey, View},
        },
        doc::{presence::slots::Slot, replica::Replica, table::Changed},
        keyboard::Command,
        peer::PeerId,
        session::Input,
    },
    ui::{
        hooks::use_room::{Editor, Room, set_if_new},
        text,
    },
};

/// Painting tiles stops for this frame after so many milliseconds, and goes on in the next.
const PAINT_BUDGET_MS: f64 = 8.0;
/// How much of its ink a stroke under the eraser keeps.
const FADED: f32 = 0.25;

#[derive(Clone, Copy)]
pub struct BoardController {
    pub room: Room,
    pub shown: RwSignal<Shown>,
    /// There is ink, and none of it is in view.
    pub is_lost: RwSignal<bool>,
    inner: StoredValue<Rc<Inner>, LocalStorage>,
}

struct Inner {
    board: RefCell<Board>,
    canvases: RefCell<Option<Canvases>>,
    alarm: Rc<Alarm>,
}

/// The controller that [`provide_board`] has set up.
pub fn use_board() -> BoardController {
    expect_context()
}

/// Sets up the controller of the room's board and provides it as context.
pub fn provide_board(room: Room) {
    let board = Board::new(room.rng());
    let controller = BoardController {
        room,
        shown: RwSignal::new(board.shown()),
        is_lost: RwSignal::new(false),
        inner: StoredValue::new_local(Rc::new(Inner {
            board: RefCell::new(board),
            canvases: RefCell::default(),
            alarm: Rc::default(),
        })),
    };
    controller.keep_view();
    let show = move |replica: &Replica, changed: Changed| {
        let is_arriving = room.read(|session| session.is_arriving());
        controller.with(|board| board.changed(clock::now(), replica, changed, is_arriving));
    };
    room.watch(&TABLES, Box::new(show));
    room.edit_with(Rc::new(controller));
    provide_context(controller);
}

impl BoardController {
    fn inner(&self) -> Rc<Inner> {
        self.inner.get_value()
    }

    /// Works with the board, shows what came of it, and does what it asks for.
    pub fn with(&self, work: impl FnOnce(&mut Board)) {
        let inner = self.inner();
        work(&mut inner.board.borrow_mut());
        self.settle(&inner);
    }

    pub fn look<T>(&self, look: impl FnOnce(&Board) -> T) -> T {
        look(&self.inner().board.borrow())
    }

    /// What a pointer did.
    pub fn handle(&self, input: PointerInput) {
        let others = self.room.others.with_untracked(Vec::len);
        self.with(|board| board.handle(clock::now(), others, input));
    }

    pub fn command(&self, command: Command) {
        self.with(|board| board.command(clock::now(), command));
    }

    /// Of what is selected, and of what is drawn from now on.
    pub fn set(&self, property: Property) {
        self.with(|board| board.set(property));
    }

    /// Stores what is under the pen as it is: the page may be about to go.
    pub fn store(&self) {
        self.with(|board| board.store(clock::now()));
    }

    fn settle(&self, inner: &Inner) {
        self.show(inner);
        // The board is not borrowed: an edit comes back to it through the room.
        let effects = inner.board.borrow_mut().effects();
        for effect in effects {
            match effect {
                Effect::Commit(writes) => self.room.edit(writes),
                Effect::Draft(draft) => {
                    self.room.send(Input::Drafted(draft.into_iter().collect()));
                }
                Effect::Show(slot, value) => self.room.send(Input::Shows(slot, value)),
                Effect::Paint(element, tiles) => {
                    if let Some(canvases) = &*inner.canvases.borrow() {
                        tiles.iter().for_each(|&key| canvases.add(key, &element));
                    }
                }
                Effect::Refused(error) => self.room.warn(text::file::no_stroke(&error)),
            }
        }
    }

    /// Where one was in a room one is again: this browser keeps it.
    fn keep_view(&self) {
        let tag = (self.room.address).with_untracked(|address| address.room.tag());
        let (controller, place) = (*self, format!("view/{}", tag.to_text()));
        let kept: Option<(f64, f64, f64)> = preferences::load(&place);
        if let Some(camera) = kept.and_then(|(x, y, zoom)| Camera::new(x, y, zoom)) {
            self.with(|board| board.open_at(camera));
        }
        for event in ["pagehide", "visibilitychange"] {
            let place = place.clone();
            let keep = move |_| {
                if let Some(Camera { origin, zoom }) = controller.look(Board::kept_view) {
                    preferences::keep(&place, &(origin.x, origin.y, zoom));
                }
            };
            // Lives as long as the page.
            std::mem::forget(Listener::on(window().unchecked_ref(), event, keep));
        }
    }
}

impl Editor for BoardController {
    fn streamed(&self, from: PeerId, slot: Slot, message: &[u8]) {
        if slot == WET {
            self.with(|board| board.ink_arrived(clock::now(), from, message));
        }
    }

    fn is_busy(&self) -> bool {
        self.look(Board::is_busy)
    }

    fn finish(&self) {
        self.handle(PointerInput::Released);
    }
}

/// Painting.
impl BoardController {
    /// From now on the board is shown on these.
    pub fn attach(&self, dry: Surface, wet: Surface, is_dark: bool) {
        let canvases = Canvases {
            dry,
            wet,
            tiles: Vec::new(),
            is_dark,
            view: self.look(Board::view),
            frame_asked: false,
        };
        self.inner().canvases.replace(Some(canvases));
        self.repaint();
    }

    /// The canvases go away; what is under way ends.
    pub fn detach(&self) {
        self.finish();
        // By whatever way one leaves, the others see no pointer of one who is not here.
        self.handle(PointerInput::Left);
        self.inner().canvases.take();
    }

    pub fn set_dark(&self, is_dark: bool) {
        let is_new = match &mut *self.inner().canvases.borrow_mut() {
            Some(canvases) => std::mem::replace(&mut canvases.is_dark, is_dark) != is_dark,
            None => false,
        };
        if is_new {
            self.repaint();
        }
    }

    fn repaint(&self) {
        self.with(|board| board.repaint(clock::now()));
    }

    /// Sets the signals, and asks for a frame or a timer.
    fn show(&self, inner: &Inner) {
        let (controller, board) = (*self, inner.board.borrow());
        set_if_new(self.shown, board.shown());
        let (now, mut wake) = (clock::now(), board.wake_at());
        if let Some(canvases) = &mut *inner.canvases.borrow_mut() {
            match board.paint_at() {
                Some(at) if at > now => wake = Some(wake.map_or(at, |wake| wake.min(at))),
                // More before the frame comes are the same one.
                Some(_) if !canvases.frame_asked => {
                    canvases.frame_asked = true;
                    clock::before_paint(move || controller.paint());
                }
                _ => {}
            }
        }
        if let Some(wake) = wake {
            inner.alarm.set(wake, move || {
                controller.with(|board| board.tick(clock::now()));
            });
        }
    }

    fn paint(&self) {
        let inner = self.inner();
        if let Some(canvases) = &mut *inner.canvases.borrow_mut() {
            let mut board = inner.board.borrow_mut();
            canvases.paint(&mut board);
            set_if_new(self.is_lost, board.is_lost());
        }
        self.show(&inner);
    }
}

/// What is on the page: dry tiles, copied to one canvas, and wet ink above them.
struct Canvases {
    dry: Surface,
    wet: Surface,
    tiles: Vec<(TileKey, Surface)>,
    is_dark: bool,
    view: View,
    frame_asked: bool,
}

impl Canvases {
    fn paint(&mut self, board: &mut Board) {
        self.frame_asked = false;
        self.view = board.view();
        let plan = board.frame(clock::now());
        let started = clock::now_exact();
        for key in plan.build {
            if clock::now_exact() - started > PAINT_BUDGET_MS {
                board.unfinished(clock::now());
                break;
            }
            self.build(key, board);
        }
        self.tiles.retain(|(key, _)| !plan.drop.contains(key));
        self.dry.resize(self.view.size_px());
        self.dry.clear();
        for blit in board.blits() {
            if let Some(tile) = self.tile(blit.key) {
                self.dry.copy(tile, blit.at, blit.side);
            }
        }
        self.wet.resize(self.view.size_px());
        if let Some(strokes) = board.wet() {
            self.wet.clear();
            self.wet.place(self.view.origin_px(), self.view.scale());
            for stroke in strokes {
                let fill = paint::fill(stroke, false);
                self.wet.fill(&fill, self.shade(fill.color), 1.0);
            }
        }
    }

    fn tile(&self, key: TileKey) -> Option<&Surface> {
        let tile = self.tiles.iter().find(|(this, _)| *this == key);
        tile.map(|(_, surface)| surface)
    }

    /// Paints a tile anew.
    fn build(&mut self, key: TileKey, board: &mut Board) {
        let Some((area, elements)) = board.tile(key) else {
            return;
        };
        let old = self.tiles.iter().position(|(this, _)| *this == key);
        let old = old.map(|at| self.tiles.swap_remove(at).1);
        let new = || Surface::detached(Size::new(TILE_PX, TILE_PX));
        let Some(surface) = old.or_else(new) else {
            return;
        };
        surface.clear();
        let scale = self.view.scale();
        surface.place((area.origin().to_vec2() * -scale).to_point(), scale);
        for element in elements {
            self.fill(&surface, &element);
        }
        self.tiles.push((key, surface));
        board.built(key);
    }

    /// Paints an element on top of a tile.
    fn add(&self, key: TileKey, element: &Element) {
        if let Some(surface) = self.tile(key) {
            self.fill(surface, element);
        }
    }

    fn fill(&self, surface: &Surface, element: &Element) {
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
}
