//! What the board asks of its host.

use std::rc::Rc;

use super::{scene::Element, stroke::StrokeError, tiles::TileKey};
use crate::core::doc::{presence::slots::Slot, table::Write};

#[derive(Debug)]
pub enum Effect {
    /// One undoable step.
    Commit(Vec<Write>),
    /// Storage is to hold this of the edit under way, in place of what it held of it.
    Draft(Option<Write>),
    /// The others are to be shown this in a slot of [`super::presence`], or nothing any more.
    Show(Slot, Option<Vec<u8>>),
    /// On top of these tiles as they are.
    Paint(Rc<Element>, Vec<TileKey>),
    /// A stroke cannot be kept.
    Refused(StrokeError),
}
