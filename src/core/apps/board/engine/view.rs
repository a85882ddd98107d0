//! Which part of the board is seen: one's own choice, somebody else's view, and the way to the ink.

use kurbo::{Point, Rect, Vec2};

use super::Board;
use crate::core::apps::board::{camera::Camera, presence::Viewport};

/// A wheel's step of zoom: Chromium sends 100 for a notch, pinches on touch pads send small numbers.
const WHEEL_ZOOM: f64 = 0.0022;

/// A wheel turned, or what a touch pad says in its name.
#[derive(Clone, Copy, Debug)]
pub struct Wheel {
    /// CSS pixels.
    pub by: Vec2,
    /// Where the pointer is on the board element.
    pub about: Point,
    /// With Ctrl or the command key, which is also what a pinch on a touch pad sends.
    pub zooms: bool,
    /// With Shift: a wheel that only turns one way moves the board the other way.
    pub across: bool,
}

impl Board {
    /// Opens the board with this view.
    pub fn open_at(&mut self, camera: Camera) {
        self.camera = camera;
        self.is_untouched = false;
    }

    /// Where one is to be again after a reload: one's own view, if one has looked anywhere.
    pub fn kept_view(&self) -> Option<Camera> {
        let is_own = !self.is_untouched && !self.is_led();
        is_own.then_some(self.camera)
    }

    /// Whoever opens a board sees what is on it, unless they have looked elsewhere since.
    pub(super) fn show_ink_at_first(&mut self) {
        if self.is_untouched && self.size.area() > 0.0 && !self.scene.is_empty() {
            if self.is_lost() {
                self.camera = self.fitting();
            }
            self.is_untouched = false;
        }
    }

    /// There is ink, and none of it is in view.
    pub fn is_lost(&self) -> bool {
        let visible = self.camera.visible(self.size);
        !self.scene.is_empty() && !self.scene.has_any_in(visible)
    }

    pub(super) fn fitting(&self) -> Camera {
        match (self.scene.bounds(), self.scene.top()) {
            (Some(all), Some(top)) => Camera::fitting(all, top.bounds, self.size),
            _ => Camera::default(),
        }
    }

    pub fn set_camera(&mut self, camera: Camera) {
        self.is_untouched = false;
        self.camera = camera;
        // As soon as there is a frame.
        self.ask_paint(0);
    }

    pub fn wheel(&mut self, wheel: Wheel) {
        let Wheel { by, about, .. } = wheel;
        self.set_camera(if wheel.zooms {
            self.camera.zoomed((-by.y * WHEEL_ZOOM).exp(), about)
        } else if wheel.across && by.x == 0.0 {
            self.camera.panned(Vec2::new(-by.y, 0.0))
        } else {
            self.camera.panned(-by)
        });
    }

    /// A touch pad was pinched. On a touch screen the fingers say the same, and count.
    pub fn pinched(&mut self, factor: f64, about: Point) {
        if !self.gestures.is_pinching() {
            self.set_camera(self.camera.zoomed(factor, about));
        }
    }

    /// Moves the view so that this part of the board is seen, if it is not.
    pub fn reveal(&mut self, area: Rect) {
        let visible = self.camera.visible(self.size);
        if !visible.overlaps(area) {
            self.set_camera(Camera::fitting(area, area, self.size));
        }
    }

    /// Shows what somebody else sees, once no pointer is down: what is under a pen stays there.
    pub fn show(&mut self, view: Viewport) {
        self.awaited = Some(view);
        self.show_awaited();
    }

    /// Nobody is followed any more.
    pub fn show_own(&mut self) {
        self.awaited = None;
    }

    pub(super) fn show_awaited(&mut self) {
        let Some(view) = self.awaited.take_if(|_| self.gestures.is_idle()) else {
            return;
        };
        let area = Rect::from_origin_size((view.x, view.y), (view.width, view.height));
        let camera = Camera::framing(area, self.size);
        self.led = Some(camera);
        self.set_camera(camera);
    }

    /// Whether this is somebody else's view.
    pub fn is_led(&self) -> bool {
        self.led == Some(self.camera)
    }

    /// What is seen of the board.
    pub fn viewport(&self) -> Viewport {
        let visible = self.camera.visible(self.size);
        Viewport {
            x: visible.x0,
            y: visible.y0,
            width: visible.width(),
            height: visible.height(),
        }
    }
}
