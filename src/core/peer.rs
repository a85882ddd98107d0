//! Who is who on the wire.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One running client: 48 random bits, drawn anew for every page load and never reused, because the document's
/// operations are numbered per client. Fits the 53 bits that Yjs allows a client id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PeerId(u64);

impl PeerId {
    pub const BYTES: usize = 6;
    /// The smallest id; for tests and examples.
    pub const FIRST: Self = Self(1);

    /// Takes the low 48 bits; zero, which Yjs reserves for "nobody", becomes one.
    pub fn from_random(bits: u64) -> Self {
        Self((bits & 0xffff_ffff_ffff).max(1))
    }

    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        let [a, b, c, d, e, f] = bytes;
        Self::from_random(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let [_, _, a, b, c, d, e, f] = self.0.to_be_bytes();
        [a, b, c, d, e, f]
    }

    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}", self.0)
    }
}
