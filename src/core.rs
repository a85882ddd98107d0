//! Everything that decides. Engines take past-tense inputs and return imperative outputs; they never sleep,
//! read a clock, draw a random number or hold a socket.

pub mod address;
#[cfg(feature = "ahead")]
pub mod ahead;
pub mod app;
pub mod apps;
pub mod bucket;
pub mod doc;
pub mod json;
pub mod keyboard;
pub mod line;
pub mod peer;
pub mod rooms;
pub mod session;
pub mod text;
pub mod wire;

/// When to connect and when to retry, what waits to be sent, what one WebSocket message carries: the crate that is not of
/// Duplex alone.
pub use duplex_socket::{self as socket, frame};
