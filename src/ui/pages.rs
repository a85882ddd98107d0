//! What a room can be looked at as.

pub mod board;
pub mod damaged_link;
pub mod rooms;
pub mod todo;
