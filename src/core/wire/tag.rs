//! A room's tag: what a relay and strangers see instead of its name.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use sha2::Sha256;

/// Six bytes that name a room on the wire and give away neither its name nor its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag(pub [u8; Tag::BYTES]);

impl Tag {
    pub const BYTES: usize = 6;

    /// HKDF-SHA-256 (RFC 5869) of the link's key, or of the room's name where the link has none; the name is
    /// always part of the derivation, so that one key in two rooms gives two tags.
    pub fn derive(room: &str, key: Option<&[u8]>) -> Self {
        let secret = key.unwrap_or(room.as_bytes());
        let mut tag = [0; Self::BYTES];
        let hkdf = Hkdf::<Sha256>::new(Some(b"duplex/1"), secret);
        let asked = hkdf.expand_multi_info(&[b"tag/", room.as_bytes()], &mut tag);
        debug_assert!(asked.is_ok(), "HKDF gives up to 8,160 bytes");
        Self(tag)
    }

    /// Eight base64url characters.
    pub fn to_text(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_key_both_count() {
        let open = Tag::derive("attic", None);
        assert_eq!(open, Tag::derive("attic", None));
        assert_ne!(open, Tag::derive("cellar", None));
        assert_ne!(open, Tag::derive("attic", Some(b"0123456789abcdef")));
        assert_ne!(
            Tag::derive("attic", Some(b"0123456789abcdef")),
            Tag::derive("cellar", Some(b"0123456789abcdef"))
        );
    }
}
