//! Authenticated encryption of every envelope's body: ChaCha20-Poly1305 (RFC 8439), keys by HKDF-SHA-256 (RFC 5869).
//!
//! - **Room key**: HKDF of the link's key, or of the room's name in an open room, which anybody who guesses the name
//!   can derive too.
//! - **Session key**: HKDF of the room key, the sender's 48 random bits and 32 more ([`Salt`]), drawn for each page
//!   load; so no two page loads, not even of a duplicated tab, share one.
//! - **Nonce**: sequence number and part number, which never repeat under one session key.
//! - **Associated data**: version, room tag, sender, sequence number, part, parts and kind ([`Head`]).
//!
//! A body is `salt (4) || ciphertext || authenticator (16)`.

use duplex_aead::{Cipher, KEY_BYTES, NONCE_BYTES, TAG_BYTES};
use hkdf::Hkdf;
use sha2::Sha256;

use super::envelope::Head;
use crate::core::peer::PeerId;

/// 32 secret bits of one page load, public on the wire.
pub type Salt = [u8; SALT_BYTES];
const SALT_BYTES: usize = 4;

/// How many bytes a sealed body is longer than a plain one.
pub const OVERHEAD: usize = SALT_BYTES + TAG_BYTES;

/// What everybody in a room has in common. Its `Debug` form says nothing.
#[derive(Clone)]
pub struct RoomKey([u8; KEY_BYTES]);

impl std::fmt::Debug for RoomKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RoomKey(secret)")
    }
}

impl RoomKey {
    /// From the link's key, or from the room's name where the link has none; the name is always part of it.
    pub fn derive(room: &str, key: Option<&[u8]>) -> Self {
        let mut bytes = [0; KEY_BYTES];
        let hkdf = Hkdf::<Sha256>::new(Some(b"duplex/1"), key.unwrap_or(room.as_bytes()));
        let asked = hkdf.expand_multi_info(&[b"room key/", room.as_bytes()], &mut bytes);
        debug_assert!(asked.is_ok(), "HKDF gives up to 8,160 bytes");
        Self(bytes)
    }

    pub fn session(&self, sender: PeerId, salt: Salt) -> SessionKey {
        let mut bytes = [0; KEY_BYTES];
        let hkdf = Hkdf::<Sha256>::new(Some(b"duplex/1"), &self.0);
        let asked =
            hkdf.expand_multi_info(&[b"session key/", &sender.to_bytes(), &salt], &mut bytes);
        debug_assert!(asked.is_ok(), "HKDF gives up to 8,160 bytes");
        SessionKey {
            salt,
            cipher: Cipher::new(&bytes),
        }
    }
}

impl Head {
    /// Version, tag, sender, sequence number, part, parts, kind.
    pub fn associated(&self) -> Vec<u8> {
        [
            &b"dx2"[..],
            &self.tag.0,
            &self.sender.to_bytes(),
            &self.seq.to_be_bytes(),
            &self.part.to_be_bytes(),
            &self.parts.to_be_bytes(),
            &[self.kind],
        ]
        .concat()
    }

    /// Never the same for two bodies of one page load.
    pub fn nonce(&self) -> [u8; NONCE_BYTES] {
        let [a, b, c, d] = self.seq.to_be_bytes();
        let [e, f] = self.part.to_be_bytes();
        [a, b, c, d, e, f, 0, 0, 0, 0, 0, 0]
    }
}

/// The key of one sender's page load.
pub struct SessionKey {
    salt: Salt,
    cipher: Cipher,
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionKey(secret)")
    }
}

impl SessionKey {
    /// Encrypts a body of at most 64 kB. `None` is beyond what the cipher allows, 256 GB.
    pub fn seal(&self, head: &Head, body: &[u8]) -> Option<Vec<u8>> {
        let mut sealed = Vec::with_capacity(body.len() + OVERHEAD);
        sealed.extend_from_slice(&self.salt);
        sealed.extend_from_slice(body);
        let plain = sealed.get_mut(SALT_BYTES..)?;
        let authenticator = self
            .cipher
            .seal(&head.nonce(), &head.associated(), plain)
            .ok()?;
        sealed.extend_from_slice(&authenticator);
        Some(sealed)
    }

    /// The plain body, if somebody with the room's key sealed it for exactly this head.
    pub fn open(&self, head: &Head, sealed: &[u8]) -> Option<Vec<u8>> {
        let (body, authenticator) = sealed.split_last_chunk::<TAG_BYTES>()?;
        let mut body = body.strip_prefix(&self.salt)?.to_vec();
        self.cipher
            .open(&head.nonce(), &head.associated(), &mut body, authenticator)
            .ok()?;
        Some(body)
    }
}

/// The salt that a sealed body names.
pub fn salt_of(sealed: &[u8]) -> Option<Salt> {
    sealed.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::core::wire::tag::Tag;

    fn head(seq: u32) -> Head {
        Head {
            tag: Tag::derive("room", None),
            sender: PeerId::from_random(7),
            seq,
            part: 0,
            parts: 1,
            kind: b'u',
        }
    }

    fn key() -> SessionKey {
        RoomKey::derive("room", None).session(PeerId::from_random(7), [1, 2, 3, 4])
    }

    #[test]
    fn what_was_sealed_opens_and_nobody_else_reads_it() {
        let sealed = key().seal(&head(1), b"hello").unwrap();
        assert_eq!(sealed.len(), 5 + OVERHEAD);
        assert!(!sealed.windows(5).any(|w| w == b"hello"));
        assert_eq!(
            key().open(&head(1), &sealed).as_deref(),
            Some(&b"hello"[..])
        );
        let other =
            RoomKey::derive("room", Some(b"secret")).session(PeerId::from_random(7), [1, 2, 3, 4]);
        assert_eq!(other.open(&head(1), &sealed), None);
    }

    #[test]
    fn every_single_bit_flip_of_a_thousand_bodies_is_rejected() {
        let (key, mut rng) = (key(), fastrand::Rng::with_seed(1));
        for seq in 0..1_000 {
            let body: Vec<u8> = (0..rng.usize(0..40)).map(|_| rng.u8(..)).collect();
            let sealed = key.seal(&head(seq), &body).unwrap();
            for bit in 0..sealed.len() * 8 {
                let mut flipped = sealed.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(key.open(&head(seq), &flipped), None);
            }
        }
    }

    #[test]
    fn every_field_of_the_head_is_authenticated() {
        let sealed = key().seal(&head(5), b"x").unwrap();
        let change = |change: fn(&mut Head)| {
            let mut head = head(5);
            change(&mut head);
            key().open(&head, &sealed)
        };
        assert_eq!(change(|h| h.tag.0[0] ^= 1), None);
        assert_eq!(change(|h| h.sender = PeerId::from_random(8)), None);
        assert_eq!(change(|h| h.seq += 1), None);
        assert_eq!(change(|h| h.part = 1), None);
        assert_eq!(change(|h| h.parts = 2), None);
        assert_eq!(change(|h| h.kind = b'v'), None);
        assert!(change(|_| ()).is_some());
    }

    #[test]
    fn a_million_nonces_differ_and_page_loads_have_their_own_keys() {
        let mut seen = HashSet::new();
        for seq in 0..1_000 {
            for part in 0..1_000 {
                assert!(seen.insert(Head { part, ..head(seq) }.nonce()));
            }
        }
        let room = RoomKey::derive("room", None);
        let reloaded = room.session(PeerId::from_random(7), [1, 2, 3, 5]);
        assert_ne!(
            key().seal(&head(1), b"same").unwrap()[SALT_BYTES..],
            reloaded.seal(&head(1), b"same").unwrap()[SALT_BYTES..]
        );
    }

    #[test]
    fn no_secret_is_printed() {
        let room = RoomKey::derive("room", Some(b"key"));
        let text = format!("{room:?} {:?}", room.session(PeerId::FIRST, [0; 4]));
        assert_eq!(text, "RoomKey(secret) SessionKey(secret)");
    }
}
