//! What a room can be looked at as.

pub mod board;
pub mod todo;
