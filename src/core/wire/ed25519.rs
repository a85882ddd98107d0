//! The arithmetic of signatures. Apart from [`super::identity`], because a page fetches it after its first paint.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use super::identity::Signatures;

pub const ED25519: Signatures = Signatures {
    public: |seed| SigningKey::from_bytes(seed).verifying_key().to_bytes(),
    sign: |seed, statement| SigningKey::from_bytes(seed).sign(statement).to_bytes(),
    is_good: |key, statement, signature| {
        let key = VerifyingKey::from_bytes(key);
        let signature = Signature::from_bytes(signature);
        key.is_ok_and(|key| key.verify_strict(statement, &signature).is_ok())
    },
};
