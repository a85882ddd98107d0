//! Moves the board. A drag that does so is the gesture recogniser's, since Space, the middle button and palms do it with
//! every tool.

use super::{Act, Cursor, Tool};

pub static HAND: Tool = Tool {
    name: "Hand",
    keys: &['h'],
    shortcut: "H",
    help: "Hand: move the board",
    cursor: Cursor::Grab,
    act: Act::Pan,
};
