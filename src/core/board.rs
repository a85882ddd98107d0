//! The drawing canvas without a canvas: what is drawn, what a pointer does to it, and what has to be painted. Board
//! units are CSS pixels at zoom 1.

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
