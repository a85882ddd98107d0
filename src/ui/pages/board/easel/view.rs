//! Which part of the board is seen: one's own choice, somebody else's view, and the way to the ink.

use kurbo::Rect;
use leptos::prelude::*;

use super::Easel;
use crate::core::{board::camera::Camera, doc::presence::Viewport};

impl Easel {
    /// Opens the board with this view.
    pub fn open_at(&mut self, camera: Camera) {
        self.camera.set(camera);
        self.is_untouched = false;
    }

    /// Where one is to be again after a reload: one's own view, if one has looked anywhere.
    pub fn kept_view(&self) -> Option<Camera> {
        let is_own = !self.is_untouched && !self.is_led();
        is_own.then(|| self.camera.get_untracked())
    }

    /// Whoever opens a board sees what is on it, unless they have looked elsewhere since.
    pub(super) fn show_ink_at_first(&mut self) {
        if self.is_untouched && self.size.area() > 0.0 && !self.scene.is_empty() {
            if !self.sees_ink() {
                self.camera.set(self.fitting());
            }
            self.is_untouched = false;
        }
    }

    pub(super) fn sees_ink(&self) -> bool {
        let visible = self.camera.get_untracked().visible(self.size);
        self.scene.is_empty() || self.scene.has_any_in(visible)
    }

    pub(super) fn fitting(&self) -> Camera {
        match (self.scene.bounds(), self.scene.top()) {
            (Some(all), Some(top)) => Camera::fitting(all, top.bounds, self.size),
            _ => Camera::default(),
        }
    }

    pub fn set_camera(&mut self, camera: Camera) {
        self.is_untouched = false;
        self.camera.set(camera);
        self.ask_frame();
    }

    /// Moves the view so that this part of the board is seen, if it is not.
    pub fn reveal(&mut self, area: Rect) {
        let visible = self.camera.get_untracked().visible(self.size);
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
        let Some(view) = self.awaited.take_if(|_| self.hands.is_idle()) else {
            return;
        };
        let area = Rect::from_origin_size((view.x, view.y), (view.width, view.height));
        let camera = Camera::framing(area, self.size);
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
            x: visible.x0,
            y: visible.y0,
            width: visible.width(),
            height: visible.height(),
        }
    }
}
