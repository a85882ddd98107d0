//! A seeded world: several sessions, a relay of some kind, a network with faults, and storage that outlives a killed
//! page. The same seed gives the same run.

pub mod disk;
pub mod hostile;
pub mod ledger;
pub use duplex_network as network;
pub mod plan;
pub mod play;
pub mod world;
