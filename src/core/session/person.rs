//! Which person a page belongs to. On the wire every tab is a client of its own, but all tabs of one browser belong to
//! one person. The browser keeps a key for each room. A page's claim is the page's name, signed with that key. A copied
//! claim is useless to another page, because that page has another name.

use super::Session;
use crate::core::{
    peer::PeerId,
    wire::{
        envelope::Head,
        identity::{self, Identity, Introduction, Proof, Seed},
        tag::Tag,
    },
};

/// A claim is shorter than this.
const CLAIM_BYTES: usize = 512;

/// What a claim's signature covers beside the page's name.
fn head(tag: Tag, owner: PeerId) -> Head {
    Head {
        tag,
        sender: owner,
        seq: 0,
        part: 0,
        parts: 1,
        kind: b'P',
    }
}

impl Session {
    /// The person's key is used from now on: signatures are here.
    pub(super) fn claim_person(&mut self, seed: Option<Seed>) {
        let (Some(network), Some(seed)) = (self.checks(), seed) else {
            return;
        };
        let owner = Identity::new(network.signatures, seed);
        let head = head(self.tag, owner.name());
        self.claim = owner.signed(&head, &self.me.to_bytes(), Introduction::Made);
        self.people.is_me(owner.name());
    }

    /// Whose page `page` is, if the claim shows it and that can be checked.
    pub(super) fn owner_of(&mut self, page: PeerId, claim: Vec<u8>) -> Option<PeerId> {
        let signatures = self.checks()?.signatures;
        if claim.is_empty() || claim.len() > CLAIM_BYTES || !page.is_keyed() {
            return None;
        }
        if let Some((_, known, owner)) = self.claims.iter().find(|(this, ..)| *this == page)
            && *known == claim
        {
            return *owner;
        }
        let owner = identity::key_of(&claim).map(|key| identity::name_of(&key));
        let is_shown = |owner: &PeerId| {
            let proof = (signatures.proof)(&head(self.tag, *owner), &claim, None);
            matches!(proof, Proof::Good(name, _) if name == page.to_bytes())
        };
        let owner = owner.filter(is_shown);
        self.claims.retain(|(this, ..)| *this != page);
        self.claims.push((page, claim, owner));
        owner
    }
}
