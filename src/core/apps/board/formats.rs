//! The board in other programs' files.

pub mod excalidraw;
