//! The 2D canvas: fills outlines, copies tiles.

use std::cell::Cell;

use kurbo::{Point, Size};
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, window};

use crate::core::apps::board::paint::{self, Fill, Verb};

/// A canvas and its context.
pub struct Surface {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    /// Device pixels of a board unit, and where the board's origin is.
    scale: Cell<f64>,
    origin: Cell<Point>,
    /// What it fills with: naming a colour costs as much as a short outline.
    color: Cell<Option<[u8; 3]>>,
}

/// Points of an outline that are nearer to each other are one, in device pixels.
const GAP_PX: f64 = 1.5;
/// A curve that is nearer to a line is one, in device pixels.
const TOLERANCE_PX: f64 = 0.2;

impl Surface {
    /// `None` where the browser gives no 2D context, as when its memory for canvases is used up.
    pub fn of(canvas: HtmlCanvasElement) -> Option<Self> {
        let context = canvas.get_context("2d").ok()??.dyn_into().ok()?;
        Some(Self {
            canvas,
            context,
            scale: Cell::new(1.0),
            origin: Cell::new(Point::ORIGIN),
            color: Cell::new(None),
        })
    }

    /// A canvas off the page.
    pub fn detached(size: Size) -> Option<Self> {
        let canvas = window()?.document()?.create_element("canvas").ok()?;
        let surface = Self::of(canvas.dyn_into().ok()?)?;
        surface.resize(size);
        Some(surface)
    }

    /// Device pixels. Clears the canvas if the size changes.
    pub fn resize(&self, size: Size) {
        let (width, height) = (size.width as u32, size.height as u32);
        if (self.canvas.width(), self.canvas.height()) != (width, height) {
            self.canvas.set_width(width);
            self.canvas.set_height(height);
            self.color.set(None);
        }
    }

    pub fn clear(&self) {
        let _ = self.context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0);
        let (width, height) = (self.canvas.width(), self.canvas.height());
        self.context
            .clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
    }

    /// From now on, board units: `scale` device pixels each, the board's origin at `origin` device pixels.
    pub fn place(&self, origin: Point, scale: f64) {
        self.scale.set(scale);
        self.origin.set(origin);
    }

    /// Fills an outline. `alpha` multiplies the fill's own.
    pub fn fill(&self, fill: &Fill, color: [u8; 3], alpha: f32) {
        let context = &self.context;
        context.set_global_alpha(f64::from(fill.alpha * alpha));
        if self.color.replace(Some(color)) != Some(color) {
            let [r, g, b] = color;
            context.set_fill_style_str(&format!("rgb({r} {g} {b})"));
        }
        let scale = self.scale.get();
        // In one step: far out on the board both parts are large, and the canvas counts in 32 bits.
        let at = self.origin.get() + fill.origin.to_vec2() * scale;
        let _ = context.set_transform(scale, 0.0, 0.0, scale, at.x, at.y);
        let outline = paint::thinned(&fill.outline, (GAP_PX / scale) as f32);
        context.begin_path();
        for verb in paint::verbs(&outline, (TOLERANCE_PX / scale) as f32) {
            match verb {
                Verb::MoveTo([x, y]) => context.move_to(x.into(), y.into()),
                Verb::LineTo([x, y]) => context.line_to(x.into(), y.into()),
                Verb::QuadTo([cx, cy], [x, y]) => {
                    context.quadratic_curve_to(cx.into(), cy.into(), x.into(), y.into());
                }
            }
        }
        context.fill();
    }

    /// Copies a square surface, scaled to `side` device pixels.
    pub fn copy(&self, from: &Self, at: Point, side: f64) {
        let _ = self
            .context
            .draw_image_with_html_canvas_element_and_dw_and_dh(
                &from.canvas,
                at.x,
                at.y,
                side,
                side,
            );
    }
}

impl Drop for Surface {
    fn drop(&mut self) {
        // iOS keeps a canvas's memory until it is collected, unless it is empty.
        if self.canvas.parent_node().is_none() {
            self.canvas.set_width(0);
            self.canvas.set_height(0);
        }
    }
}
