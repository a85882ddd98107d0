//! The drawing canvas without a canvas: what is drawn, what a pointer does to it, and what has to be painted. Board
//! units are CSS pixels at zoom 1.

use self::presence::{Pointer, Viewport, WET};
use super::Engine;
use crate::core::{app::App, doc::presence::slots::Shows};

pub mod camera;
pub mod edit;
pub mod effect;
pub mod engine;
pub mod formats;
pub mod gesture;
pub mod paint;
pub mod presence;
pub mod properties;
pub mod scene;
pub mod selection;
pub mod stroke;
pub mod table;
pub mod tiles;
pub mod tools;
pub mod wet;

pub const APP: App = App {
    name: "board",
    takes: |_, _| false,
    tables: &table::TABLES,
    slots: &[Pointer::SLOT, Viewport::SLOT, WET],
};

pub const ENGINE: Engine = Engine {
    app: &APP,
    keys: || {
        let tools = tools::TOOLS.into_iter();
        let tools = tools.map(|tool| (tool.shortcut, tool.help));
        let others = [
            ("Space and drag", "Move the board"),
            ("Ctrl + plus, minus, 0", "Zoom in, out, to 100 %"),
            ("Shift + 1", "Zoom to fit"),
            ("Ctrl + A", "Select all"),
            (
                "Delete, Escape",
                "Delete what is selected, or select nothing",
            ),
        ];
        tools.chain(others).collect()
    },
    nouns: ["stroke", "strokes"],
    count: |replica| replica.count(&table::INK),
    added: table::added,
    implied: presence::implied,
    // The last write of a property counts, without a notice.
    settled: |_, _, _| Default::default(),
};
