//! Who is who on the wire.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The id of one running client: 48 bits, new for every page load and never reused. The highest bit distinguishes two
/// kinds. A random id is the author of a client's edits, because the document numbers operations per client; it fits
/// the 53 bits of a Yjs client id. An id derived from a public key is the sender of a client's signed messages, and
/// receivers can verify it (`wire::identity`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PeerId(u64);

impl PeerId {
    pub const BYTES: usize = 6;
    /// The smallest id; for tests and examples.
    pub const FIRST: Self = Self(1);

    const KEYED: u64 = 1 << 47;

    /// Takes the low 47 bits.
    pub fn from_random(bits: u64) -> Self {
        Self::from_bits(bits & (Self::KEYED - 1))
    }

    /// Takes 47 bits of a public key's hash.
    pub fn of_key([a, b, c, d, e, f]: [u8; Self::BYTES]) -> Self {
        Self::from_bits(u64::from_be_bytes([0, 0, a, b, c, d, e, f]) | Self::KEYED)
    }

    /// Takes the low 48 bits; zero, which Yjs reserves for "nobody", becomes one.
    pub fn from_bits(bits: u64) -> Self {
        Self((bits & 0xffff_ffff_ffff).max(1))
    }

    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        let [a, b, c, d, e, f] = bytes;
        Self::from_bits(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    /// Whether this client signs what it says.
    pub fn is_keyed(self) -> bool {
        self.0 & Self::KEYED != 0
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
