//! Signatures: what [`super::identity`] promises. Apart from it, because a page fetches this after its first paint.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use super::{
    envelope::Head,
    identity::{Introduction, Proof, PublicKey, Seed, Signatures, name_of},
};

pub const ED25519: Signatures = Signatures {
    public: |seed| SigningKey::from_bytes(seed).verifying_key().to_bytes(),
    signed,
    proof: |head, signed, known| proof(head, signed, known).unwrap_or(Proof::Forged),
};

fn signed(seed: &Seed, head: &Head, body: &[u8], introduction: Introduction) -> Vec<u8> {
    let key = SigningKey::from_bytes(seed);
    let signature = key.sign(&statement(head, body)).to_bytes();
    match introduction {
        Introduction::Omitted => [body, &signature, &[0]].concat(),
        Introduction::Made => {
            let public = key.verifying_key().to_bytes();
            [body, &public, &signature, &[1]].concat()
        }
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
