//! The drawing canvas without a canvas: what is drawn, what a pointer does to it, and what has to be painted. Board
//! units are CSS pixels at zoom 1.

use super::app::{App, Engine};

pub mod camera;
pub mod drawing;
pub mod edit;
pub mod formats;
pub mod paint;
pub mod scene;
pub mod stroke;
pub mod table;
pub mod tiles;
pub mod tool;
pub mod wet;

pub const APP: App = App {
    name: "board",
    takes: |_, _| false,
    tables: &[table::INK],
};

pub const ENGINE: Engine = Engine {
    app: &APP,
    // As Excalidraw has them.
    keys: &[
        ("H", "Hand: move the board"),
        ("P or 7", "Pen"),
        ("E or 0", "Eraser"),
        ("Space and drag", "Move the board"),
        ("Ctrl + plus, minus, 0", "Zoom in, out, to 100 %"),
        ("Shift + 1", "Zoom to fit"),
    ],
    nouns: ["stroke", "strokes"],
    count: |replica| replica.count(&table::INK),
    added: |other, here| other.missing_in(here, &table::INK),
    // A stroke is written once: there are no conflicts.
    settled: |_, _, _| Default::default(),
};
