//! Signatures: what [`super::identity`] promises. Apart from it, because a page fetches this after its first paint.

use std::rc::Rc;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use super::{
    envelope::Head,
    identity::{self, KeyPair, Proof, PublicKey, Signatures, name_of},
};

pub const ED25519: Signatures = Signatures {
    key_pair: |seed| Rc::new(SigningKey::from_bytes(seed)),
    proof: |head, signed, known| proof(head, signed, known).unwrap_or(Proof::Forged),
};

impl KeyPair for SigningKey {
    fn public(&self) -> PublicKey {
        self.verifying_key().to_bytes()
    }

    fn signature(&self, head: &Head, body: &[u8]) -> identity::Signature {
        self.sign(&statement(head, body)).to_bytes()
    }
}

fn proof(head: &Head, signed: &[u8], known: Option<&PublicKey>) -> Option<Proof> {
    let (introduced, rest) = signed.split_last()?;
    let (rest, signature) = rest.split_last_chunk()?;
    let (body, key) = match (introduced, known) {
        (0, None) => return Some(Proof::Unknown),
        (0, Some(known)) => (rest, known),
        (1, _) => rest.split_last_chunk()?,
        _ => return None,
    };
    let is_named = name_of(key) == head.sender;
    let public = VerifyingKey::from_bytes(key).ok().filter(|_| is_named)?;
    let signature = Signature::from_bytes(signature);
    let checked = public.verify_strict(&statement(head, body), &signature);
    checked.ok().map(|()| Proof::Good(body.to_vec(), *key))
}

fn statement(head: &Head, body: &[u8]) -> Vec<u8> {
    [b"duplex/1 says ", head.associated().as_slice(), body].concat()
}
