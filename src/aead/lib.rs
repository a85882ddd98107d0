//! ChaCha20-Poly1305 (RFC 8439) in a crate of its own: the release optimises each crate for size or for speed, and
//! generic code, as RustCrypto's is, is compiled in the crate that uses it. For speed it is three times as fast.

#![cfg_attr(
    not(test),
    deny(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

use chacha20poly1305::{KeyInit, Tag, aead::AeadInPlace};

#[cfg(target_feature = "simd128")]
mod four_blocks;

#[cfg(target_feature = "simd128")]
type ChaCha20Poly1305 = chacha20poly1305::ChaChaPoly1305<four_blocks::ChaCha20>;
#[cfg(not(target_feature = "simd128"))]
use chacha20poly1305::ChaCha20Poly1305;

pub const KEY_BYTES: usize = 32;
pub const NONCE_BYTES: usize = 12;
pub const TAG_BYTES: usize = 16;

/// More than 256 GB, which the cipher cannot encrypt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// What came was not made by this key, for this nonce and this associated data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forged;

pub struct Cipher(ChaCha20Poly1305);

impl Cipher {
    pub fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self(ChaCha20Poly1305::new(key.into()))
    }

    /// Encrypts `buffer` and authenticates it with `associated`. A nonce may be used once.
    // What is inlined is compiled as its caller is: for size.
    #[inline(never)]
    pub fn seal(
        &self,
        nonce: &[u8; NONCE_BYTES],
        associated: &[u8],
        buffer: &mut [u8],
    ) -> Result<[u8; TAG_BYTES], TooLong> {
        let sealed = self
            .0
            .encrypt_in_place_detached(nonce.into(), associated, buffer);
        sealed.map(Into::into).map_err(|_| TooLong)
    }

    /// Decrypts `buffer`, which stays as it is if it was forged.
    #[inline(never)]
    pub fn open(
        &self,
        nonce: &[u8; NONCE_BYTES],
        associated: &[u8],
        buffer: &mut [u8],
        tag: &[u8; TAG_BYTES],
    ) -> Result<(), Forged> {
        self.0
            .decrypt_in_place_detached(nonce.into(), associated, buffer, Tag::from_slice(tag))
            .map_err(|_| Forged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8439 §2.8.2.
    #[test]
    fn it_is_the_cipher_of_the_rfc() {
        let key: [u8; KEY_BYTES] = std::array::from_fn(|at| 0x80 + at as u8);
        let nonce = [7, 0, 0, 0, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47];
        let associated = [
            0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7,
        ];
        let plain = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip \
                      for the future, sunscreen would be it.";
        let mut buffer = *plain;
        let cipher = Cipher::new(&key);
        let tag = cipher.seal(&nonce, &associated, &mut buffer).unwrap();
        assert_eq!(
            buffer[..8],
            [0xd3, 0x1a, 0x8d, 0x34, 0x64, 0x8e, 0x60, 0xdb]
        );
        assert_eq!(
            tag,
            [
                0x1a, 0xe1, 0x0b, 0x59, 0x4f, 0x09, 0xe2, 0x6a, 0x7e, 0x90, 0x2e, 0xcb, 0xd0, 0x60,
                0x06, 0x91
            ]
        );
        assert_eq!(
            cipher.open(&nonce, b"other", &mut buffer, &tag),
            Err(Forged)
        );
        assert_eq!(cipher.open(&nonce, &associated, &mut buffer, &tag), Ok(()));
        assert_eq!(&buffer, plain);
    }
}
