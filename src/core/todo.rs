//! The to-do list: items and their order, what a person does to them as writes, and the filters.

pub mod filter;
pub mod formats;
pub mod item;
pub mod list;
pub mod order;
pub mod revision;
pub mod table;
pub mod title;
