//! What the board asks of its host.

use std::rc::Rc;

use kurbo::Point;

use super::{scene::Element, tiles::TileKey};
use crate::core::doc::table::Write;

#[derive(Debug)]
pub enum Effect {
    /// One undoable step.
    Commit(Vec<Write>),
    /// Storage is to hold this of the edit under way, in place of what it held of it.
    Draft(Option<Write>),
    /// Goes to the others at once, and nowhere else: wet ink.
    Ink(Vec<u8>),
    /// Where the pointer is on the board, for the others.
    Point(Option<Point>),
    /// On top of these tiles as they are.
    Paint(Rc<Element>, Vec<TileKey>),
    Say(String),
}
