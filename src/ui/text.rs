//! The words that people read about what core reports. They are compiled for every target, so that tests of the rest can
//! say what a person would see.

pub mod address;
pub mod amount;
pub mod card;
pub mod connection;
pub mod file;
pub mod log;
pub mod notice;
pub mod saved;
pub mod server;
pub mod todo;
