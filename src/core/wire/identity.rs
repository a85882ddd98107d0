//! Who speaks. All members have the room's key, so sealing does not tell one from another; a signature does (Ed25519,
//! RFC 8032). A client that signs is named by a hash of its public key, so nobody else can speak under its name, and
//! what comes under such a name without its signature is dropped.
//!
//! The plain body of a keyed sender's envelope is `body || public key (32), in some || signature (64) || 1 if the key is
//! there, else 0`. Signed is the head, too, so that nothing can be taken from one message into another.

use std::rc::Rc;

use sha2::{Digest as _, Sha256};

use super::envelope::Head;
use crate::core::peer::PeerId;

pub type Seed = [u8; 32];
pub type PublicKey = [u8; 32];
pub type Signature = [u8; 64];

/// What a signature adds to an envelope, at most.
pub const OVERHEAD: usize = size_of::<PublicKey>() + BRIEF_OVERHEAD;
/// And without the key.
pub const BRIEF_OVERHEAD: usize = size_of::<Signature>() + 1;

/// How signatures are made and checked: code that a page has not from the beginning ([`super::ed25519`]).
#[derive(Clone, Copy, Debug)]
pub struct Signatures {
    /// Takes as long as a signature.
    pub key_pair: fn(&Seed) -> Rc<dyn KeyPair>,
    pub proof: fn(&Head, &[u8], Option<&PublicKey>) -> Proof,
}

/// What signatures are made with.
pub trait KeyPair {
    fn public(&self) -> PublicKey;

    /// Of a body under a head.
    fn signature(&self, head: &Head, body: &[u8]) -> Signature;
}

/// Whether a signature comes with the key that it was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Introduction {
    Made,
    Omitted,
}

/// How much of what a keyed sender's envelope says can be believed.
#[derive(Debug, PartialEq, Eq)]
pub enum Proof {
    /// All of it, and this is the sender's key.
    Good(Vec<u8>, PublicKey),
    /// Nothing yet: the sender's key has not been heard.
    Unknown,
    Forged,
}

/// A client's own key pair, new for each page load. Its `Debug` form says nothing.
#[derive(Clone)]
pub struct Identity {
    proof: fn(&Head, &[u8], Option<&PublicKey>) -> Proof,
    keys: Rc<dyn KeyPair>,
    name: PeerId,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(secret)")
    }
}

impl Identity {
    /// `seed` is drawn at random for this page load.
    pub fn new(how: Signatures, seed: Seed) -> Self {
        let keys = (how.key_pair)(&seed);
        Self {
            proof: how.proof,
            name: name_of(&keys.public()),
            keys,
        }
    }

    pub fn name(&self) -> PeerId {
        self.name
    }

    /// What is sealed in place of `body`.
    pub fn signed(&self, head: &Head, body: &[u8], introduction: Introduction) -> Vec<u8> {
        let signature = self.keys.signature(head, body);
        match introduction {
            Introduction::Omitted => [body, &signature, &[0]].concat(),
            Introduction::Made => [body, &self.keys.public(), &signature, &[1]].concat(),
        }
    }

    /// Looks at what a keyed sender sealed, whose key may be `known`.
    pub fn proof(&self, head: &Head, signed: &[u8], known: Option<&PublicKey>) -> Proof {
        (self.proof)(head, signed, known)
    }
}

/// The name of whoever signs with a key.
pub fn name_of(key: &PublicKey) -> PeerId {
    let hash: [u8; 32] = Sha256::digest(key).into();
    PeerId::of_key(hash.first_chunk().copied().unwrap_or_default())
}

/// The key that a signature came with.
pub fn key_of(signed: &[u8]) -> Option<PublicKey> {
    let (1, rest) = signed.split_last().map(|(made, rest)| (*made, rest))? else {
        return None;
    };
    let (rest, _) = rest.split_last_chunk::<{ size_of::<Signature>() }>()?;
    rest.last_chunk().copied()
}

/// The body without its proof, for a client that cannot check it.
pub fn unchecked(signed: &[u8]) -> Option<Vec<u8>> {
    let (introduced, rest) = signed.split_last()?;
    let key = usize::from(*introduced != 0) * size_of::<PublicKey>();
    let end = rest.len().checked_sub(key + size_of::<Signature>())?;
    rest.get(..end).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::wire::{ed25519::ED25519, tag::Tag};

    fn identity(byte: u8) -> Identity {
        Identity::new(ED25519, [byte; 32])
    }

    fn public(byte: u8) -> PublicKey {
        (ED25519.key_pair)(&[byte; 32]).public()
    }

    fn head(identity: &Identity, seq: u32) -> Head {
        Head {
            tag: Tag::derive("room", None),
            sender: identity.name(),
            seq,
            part: 0,
            parts: 1,
            kind: b'b',
        }
    }

    #[test]
    fn what_was_signed_is_believed_once_its_key_is_known() {
        let (ada, bob) = (identity(1), identity(2));
        assert!(ada.name().is_keyed() && ada.name() != bob.name());
        let head = head(&ada, 1);
        let brief = ada.signed(&head, b"hello", Introduction::Omitted);
        assert_eq!(brief.len(), 5 + BRIEF_OVERHEAD);
        assert_eq!(bob.proof(&head, &brief, None), Proof::Unknown);
        let introduced = ada.signed(&head, b"hello", Introduction::Made);
        assert_eq!(introduced.len(), 5 + OVERHEAD);
        let Proof::Good(body, key) = bob.proof(&head, &introduced, None) else {
            panic!("it is good");
        };
        assert_eq!(body, b"hello");
        assert_eq!(
            bob.proof(&head, &brief, Some(&key)),
            Proof::Good(body.clone(), key)
        );
        for signed in [brief, introduced] {
            assert_eq!(unchecked(&signed).as_ref(), Some(&body));
        }
        assert_eq!(format!("{ada:?}"), "Identity(secret)");
    }

    #[test]
    fn nothing_else_is_believed() {
        let (ada, eve) = (identity(1), identity(3));
        let head = head(&ada, 1);
        for introduction in [Introduction::Omitted, Introduction::Made] {
            let signed = ada.signed(&head, b"hello", introduction);
            let other = Head { seq: 2, ..head };
            assert_eq!(eve.proof(&other, &signed, Some(&public(1))), Proof::Forged);
            let forged = eve.signed(&head, b"hello", introduction);
            assert_eq!(ada.proof(&head, &forged, Some(&public(1))), Proof::Forged);
            for bit in 0..signed.len() * 8 {
                let mut flipped = signed.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(eve.proof(&head, &flipped, Some(&public(1))), Proof::Forged);
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), end in 0..3_u8) {
            let (ada, bob) = (identity(1), identity(2));
            let bytes = [bytes, vec![end]].concat();
            let _ = unchecked(&bytes);
            for known in [None, Some(&public(1))] {
                let proof = bob.proof(&head(&ada, 1), &bytes, known);
                prop_assert!(!matches!(proof, Proof::Good(..)));
            }
        }
    }
}
