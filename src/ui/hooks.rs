//! Hooks: engines of `core` as signals.

pub mod use_key;
pub mod use_room;
