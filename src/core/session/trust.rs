//! What a page does not take on trust: that a member is who it says, and that all hold the same document. The code for
//! it is not there from the beginning: the host fetches it while the room is read, and a page says nothing before it
//! is here, or clearly does not come. One that comes late is taken all the same.

use super::{Output, Session, message::Body};
use crate::{
    core::{
        doc::{fork, replica::Replica, schema::Write},
        wire::{
            ed25519::ED25519,
            identity::{Identity, Seed, Signatures},
        },
    },
    limits::{Millis, TRUST_WAITS_MS},
};

#[derive(Clone, Copy, Debug)]
pub struct Trust {
    pub signatures: Signatures,
    /// [`Replica::contradicts`].
    pub contradicts: fn(&Replica, &[u8]) -> bool,
    /// [`fork::mended`].
    pub mended: fn(&Replica, &[Vec<u8>]) -> Vec<Write>,
}

/// The code, for a host to hand in.
pub const TRUST: Trust = Trust {
    signatures: ED25519,
    contradicts: Replica::contradicts,
    mended: fork::mended,
};

/// Whether the code is here.
#[derive(Debug)]
pub(super) enum Trusting {
    /// The host fetches it. So long it is waited for, once that is known.
    Awaited(Option<Millis>),
    Has(Trust),
    /// Everybody is believed, until it comes after all.
    Without,
}

impl Trusting {
    pub(super) fn wake_at(&self) -> Option<Millis> {
        match self {
            Self::Awaited(until) => *until,
            Self::Has(_) | Self::Without => None,
        }
    }
}

impl Session {
    pub(super) fn trust(&self) -> Option<&Trust> {
        match &self.trusting {
            Trusting::Has(trust) => Some(trust),
            Trusting::Awaited(_) | Trusting::Without => None,
        }
    }

    /// Whether it is known under which name we speak.
    pub(super) fn has_name(&self) -> bool {
        !matches!(self.trusting, Trusting::Awaited(_))
    }

    pub(super) fn trust_came(
        &mut self,
        now: Millis,
        came: Option<(Trust, Seed)>,
        out: &mut Vec<Output>,
    ) {
        self.trusting = match (&self.trusting, came) {
            (Trusting::Has(_), _) | (Trusting::Without, None) => return,
            (before, Some((trust, seed))) => {
                if matches!(before, Trusting::Without) {
                    // It comes late: whoever we were until now leaves, and we come.
                    self.say(Body::Leave, out);
                }
                self.drafts.renamed(self.me);
                let identity = Identity::new(trust.signatures, seed);
                self.me = identity.name();
                self.codec.identify(identity);
                self.cursor.told = None;
                self.view.told = None;
                self.show_presence(out);
                self.tell_line_anew(now, out);
                Trusting::Has(trust)
            }
            (Trusting::Awaited(_), None) => Trusting::Without,
        };
        self.claim_person(self.person);
        // What was asked before was not said.
        self.sync.joined(now);
        self.begin(now, out);
    }

    pub(super) fn wait_for_trust(&mut self, now: Millis, out: &mut Vec<Output>) {
        if let Trusting::Awaited(until) = &mut self.trusting {
            let until = *until.get_or_insert(now + TRUST_WAITS_MS);
            if until <= now {
                self.trust_came(now, None, out);
            }
        }
    }
}
