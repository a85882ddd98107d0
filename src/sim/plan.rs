//! What a world is made of.

use super::network::{Audience, Faults};

#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub seed: u64,
    pub clients: usize,
    pub operations: usize,
    pub audience: Audience,
    pub faults: Faults,
    /// How likely storage refuses a write, until the quiet at the end.
    pub store_fails: f64,
    /// So many of the first clients are tabs of one browser: they share storage and hear each other without a relay.
    pub tabs: usize,
    /// The browsers have Web Locks: tabs share a socket too.
    pub locks: bool,
    /// Earlier visits found out about the server; otherwise each page has to.
    pub knows_server: bool,
}

impl Plan {
    /// Whether the pages sign what they say, which takes most of a world's time.
    pub fn signs(&self) -> bool {
        self.seed % 8 == 3
    }
}
