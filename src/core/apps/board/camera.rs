//! Where the view is: board coordinates to screen coordinates (CSS pixels from the board's top left) and back.

use std::ops::RangeInclusive;

use kurbo::{Point, Rect, Size, Vec2};

use crate::limits::BOARD_EXTENT;

pub const ZOOM_MIN: f64 = 0.1;
/// A view that shows all there is may be further away.
pub const FIT_ZOOM_MIN: f64 = 0.01;
pub const ZOOM_MAX: f64 = 30.0;
/// One click on "Zoom in".
pub const ZOOM_STEP: f64 = 1.25;

/// The board point at the view's top left, and how many screen pixels a board unit takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    pub origin: Point,
    pub zoom: f64,
}

impl Default for Camera {
    fn default() -> Self {
        Self {
            origin: Point::ORIGIN,
            zoom: 1.0,
        }
    }
}

impl Camera {
    /// None where a number is not finite, too far out, or no zoom from 0.1 to 30.
    pub fn new(x: f64, y: f64, zoom: f64) -> Option<Self> {
        let good = x.abs() <= BOARD_EXTENT
            && y.abs() <= BOARD_EXTENT
            && (ZOOM_MIN..=ZOOM_MAX).contains(&zoom);
        good.then_some(Self {
            origin: Point::new(x, y),
            zoom,
        })
    }

    pub fn board_from_screen(&self, screen: Point) -> Point {
        self.origin + screen.to_vec2() / self.zoom
    }

    pub fn screen_from_board(&self, board: Point) -> Point {
        ((board - self.origin) * self.zoom).to_point()
    }

    /// The board under a view of `size` screen pixels.
    pub fn visible(&self, size: Size) -> Rect {
        Rect::from_origin_size(self.origin, size / self.zoom)
    }

    /// Moves the board along with a drag of `by` screen pixels.
    #[must_use]
    pub fn panned(self, by: Vec2) -> Self {
        let to = self.origin - by / self.zoom;
        self.at(to)
    }

    /// The nearest view that begins on the board.
    fn at(self, origin: Point) -> Self {
        let clamp = |v: f64| v.clamp(-BOARD_EXTENT, BOARD_EXTENT);
        Self {
            origin: Point::new(clamp(origin.x), clamp(origin.y)),
            ..self
        }
    }

    /// Zooms by `factor` with the board point under `about` staying where it is on the screen.
    #[must_use]
    pub fn zoomed(self, factor: f64, about: Point) -> Self {
        // The zoom may be below `ZOOM_MIN`, after `fitting` or `framing`. Then it can be increased, but not decreased.
        let zoom = (self.zoom * factor).clamp(ZOOM_MIN.min(self.zoom), ZOOM_MAX);
        let fixed = self.board_from_screen(about);
        Self { zoom, ..self }.at(fixed - about.to_vec2() / zoom)
    }

    /// A view of `size` with all of `content` in its centre, with a margin, at a zoom of at most 1. If `content` is too
    /// large for the smallest zoom, the view is centred on `heart`, a part of it.
    pub fn fitting(content: Rect, heart: Rect, size: Size) -> Self {
        const MARGIN: f64 = 48.0;
        let whole = Self::around(content, size, MARGIN, FIT_ZOOM_MIN..=1.0);
        let visible = whole.visible(size);
        match visible.intersect(content).area() >= content.area() * 0.99 {
            true => whole,
            false => whole.at(heart.center() - size.to_vec2() / (2.0 * whole.zoom)),
        }
    }

    /// Somebody else's view, `content`, as large as it can be in a view of `size`.
    pub fn framing(content: Rect, size: Size) -> Self {
        Self::around(content, size, 0.0, FIT_ZOOM_MIN..=ZOOM_MAX)
    }

    fn around(content: Rect, size: Size, margin: f64, zooms: RangeInclusive<f64>) -> Self {
        let room = Size::new(
            (size.width - 2.0 * margin).max(1.0),
            (size.height - 2.0 * margin).max(1.0),
        );
        let zoom = (room.width / content.width().max(1.0))
            .min(room.height / content.height().max(1.0))
            .clamp(*zooms.start(), *zooms.end());
        Self {
            origin: content.center() - size.to_vec2() / (2.0 * zoom),
            zoom,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zooming_keeps_the_point_under_the_pointer() {
        let camera = Camera::new(10.0, -20.0, 2.0).unwrap();
        let about = Point::new(300.0, 200.0);
        let zoomed = camera.zoomed(1.7, about);
        let moved = camera.board_from_screen(about) - zoomed.board_from_screen(about);
        assert!(moved.hypot() < 1e-9);
        assert_eq!(camera.zoomed(1e9, about).zoom, ZOOM_MAX);
    }

    #[test]
    fn panning_follows_the_hand() {
        let camera = Camera::new(0.0, 0.0, 2.0)
            .unwrap()
            .panned(Vec2::new(10.0, -4.0));
        assert_eq!(camera.origin, Point::new(-5.0, 2.0));
    }

    #[test]
    fn fitting_shows_all_of_it() {
        let size = Size::new(400.0, 300.0);
        for content in [
            Rect::new(-1_500.0, 10.0, 900.0, 90.0),
            Rect::new(0.0, 0.0, 10.0, 10.0),
            Rect::new(7.0, 7.0, 7.0, 7.0),
        ] {
            let visible = Camera::fitting(content, content, size).visible(size);
            assert_eq!(visible.intersect(content), content);
        }
    }

    #[test]
    fn fitting_shows_ink_however_far_apart_it_is() {
        let size = Size::new(1_280.0, 740.0);
        for apart in [100.0, 5_000.0, 12_000.0, 100_000.0, 1e6, 2e7] {
            let heart = Rect::from_origin_size((apart / 2.0, -apart / 2.0), (40.0, 30.0));
            let other = Rect::from_origin_size((-apart / 2.0, apart / 2.0), (40.0, 30.0));
            let camera = Camera::fitting(heart.union(other), heart, size);
            let visible = camera.visible(size);
            assert!(visible.overlaps(heart), "{apart}: {camera:?}");
            assert!(
                visible.overlaps(other) || apart > 50_000.0,
                "{apart}: {camera:?}"
            );
            // From there one can go on.
            let nearer = camera.zoomed(1.25, Point::new(640.0, 370.0));
            assert!((nearer.zoom / camera.zoom - 1.25).abs() < 1e-9);
            assert!(camera.zoomed(0.5, Point::ORIGIN).zoom <= camera.zoom.max(ZOOM_MIN));
        }
    }

    #[test]
    fn nobody_leaves_the_board() {
        let mut camera = Camera::new(BOARD_EXTENT, -BOARD_EXTENT, 30.0).unwrap();
        for _ in 0..50 {
            camera = camera
                .zoomed(0.5, Point::new(9_000.0, -9_000.0))
                .panned(Vec2::new(-1e9, 1e9));
            assert!(camera.origin.x <= BOARD_EXTENT && camera.origin.y >= -BOARD_EXTENT);
            camera = camera.zoomed(4.0, Point::new(-9_000.0, 9_000.0));
            assert!(camera.origin.x.abs() <= BOARD_EXTENT && camera.origin.y.abs() <= BOARD_EXTENT);
        }
    }

    #[test]
    fn a_phone_that_follows_a_laptop_sees_all_that_it_sees() {
        let leader = Camera::new(-300.0, 40.0, 4.0).unwrap();
        let seen = leader.visible(Size::new(1_280.0, 720.0));
        let phone = Size::new(390.0, 700.0);
        let visible = Camera::framing(seen, phone).visible(phone);
        assert!((visible.intersect(seen).area() - seen.area()).abs() < 1e-6);
        assert!((visible.width() - seen.width()).abs() < 1e-6);
        let same = Camera::framing(seen, Size::new(1_280.0, 720.0));
        assert!((same.origin - leader.origin).hypot() < 1e-9 && same.zoom == leader.zoom);
    }

    #[test]
    fn wild_numbers_are_no_camera() {
        for (x, y, zoom) in [
            (f64::NAN, 0.0, 1.0),
            (0.0, f64::INFINITY, 1.0),
            (0.0, 0.0, 0.0),
            (0.0, 0.0, 31.0),
        ] {
            assert_eq!(Camera::new(x, y, zoom), None);
        }
    }
}
