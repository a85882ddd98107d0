//! What clients say to each other: a kind letter for the envelope, and a body in postcard's format
//! (<https://postcard.jamesmunns.com/wire-format>). A body that does not read is dropped.
//!
//! Versions of this program meet in one room. A later one may add kinds, which others drop, and fields at the end of a
//! body, which others do not read; it changes nothing else, and counts [`LEVEL`] up. An edit (`u`), parts of an answer
//! (`r`) and ink (`w`) have formats of their own.

use serde::{Deserialize, Serialize};

use crate::core::{
    apps,
    doc::{
        presence::{
            Profile,
            slots::{Lane, Slot},
        },
        replica::{Digest, Operations},
    },
    line::Kind,
    peer::PeerId,
    wire::{codec::PROBE, parts::Missing},
};

#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// `q`: asks for what a copy with this state vector and digest lacks.
    Ask {
        state_vector: Vec<u8>,
        digest: Digest,
    },
    /// `a`: what `to` lacks, given from the state `digest`. Good for everybody who lacks it too.
    Answer {
        to: PeerId,
        digest: Digest,
        update: Vec<u8>,
        /// So many bytes of it follow, as parts from the same sender.
        more: usize,
    },
    /// `r`: a part of a long answer.
    Part(Vec<u8>),
    /// `g`: asks this peer for its whole document. After a fork, an answer to a state vector would not make the copies
    /// equal.
    Whole(PeerId),
    /// `u`: an edit, as a Yjs update.
    Update(Vec<u8>),
    /// `b`: the sender's presence: a hash of its operations, its digest, its profile, the peer that it follows, a claim
    /// that proves the page's owner (`session::person`; empty without one), and its feature level ([`LEVEL`]).
    Beat {
        operations: Operations,
        digest: Digest,
        profile: Profile,
        follows: Option<PeerId>,
        claim: Vec<u8>,
        level: u32,
    },
    /// Of a slot's kind: what my person does just now. The apps have its letters (`C`, `S`, `w`).
    Shown(Slot, Vec<u8>),
    /// `n`: parts of a message that did not arrive.
    Missing(Missing),
    /// `l`: goodbye.
    Leave,
    /// `p`: heartbeat. The listed peers answer it; the list is empty if the server echoes messages to their sender.
    Ping(Vec<PeerId>),
    /// `o`: yes, says a peer that was asked.
    Pong(PeerId),
    /// Of a next version.
    #[cfg(feature = "ahead")]
    Later,
}

/// Fields of tables, kinds of values, kinds of messages and their fields that were added since the first version.
const ADDED: u32 = cfg!(feature = "ahead") as u32;
/// What this version can show and understand, as a number: a peer with a higher one has a newer version.
pub const LEVEL: u32 = apps::TABLES + ADDED;

const ASK: u8 = b'q';
const ANSWER: u8 = b'a';
const PART: u8 = b'r';
const WHOLE: u8 = b'g';
const UPDATE: u8 = b'u';
const BEAT: u8 = b'b';
const MISSING: u8 = b'n';
const LEAVE: u8 = b'l';
const PING: u8 = b'p';
const PONG: u8 = b'o';

/// Kinds of messages, and what they are for. Slots have theirs beside these.
const KINDS: [(u8, &str); 11] = [
    (PROBE, "probe"),
    (ASK, "question"),
    (ANSWER, "answer"),
    (PART, "part of an answer"),
    (WHOLE, "question for a whole copy"),
    (UPDATE, "edit"),
    (BEAT, "presence"),
    (MISSING, "request for lost parts"),
    (LEAVE, "goodbye"),
    (PING, "heartbeat"),
    (PONG, "heartbeat answer"),
];

/// What a message is to the line, by its kind letter.
pub fn kind(letter: u8) -> Kind {
    let slot = apps::slot(letter);
    let known = KINDS.iter().find(|(known, _)| *known == letter);
    let known = known.map(|(_, name)| *name);
    let name = known.or(slot.map(|slot| slot.name));
    Kind {
        name: name.unwrap_or("message of a newer version"),
        is_volatile: slot.is_some_and(|slot| slot.lane == Lane::Latest),
    }
}

#[derive(Serialize, Deserialize)]
struct Ask {
    digest: Digest,
    state_vector: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Answer {
    to: PeerId,
    digest: Digest,
    update: Vec<u8>,
    more: usize,
}

#[derive(Serialize, Deserialize)]
struct Beat {
    operations: Operations,
    digest: Digest,
    profile: Profile,
    follows: Option<PeerId>,
    claim: Vec<u8>,
    level: u32,
}

impl Body {
    /// The slot of this message, if it has one. Such messages are sent many times a second and are soon outdated, so
    /// they omit the sender's public key.
    pub fn slot(&self) -> Option<Slot> {
        match self {
            Self::Shown(slot, _) => Some(*slot),
            _ => None,
        }
    }

    /// Kind letter and bytes.
    pub fn write(self) -> (u8, Vec<u8>) {
        #[cfg_attr(not(feature = "ahead"), expect(unused_mut))]
        let (kind, mut body) = self.written();
        #[cfg(feature = "ahead")]
        crate::core::ahead::extend(kind, &mut body);
        (kind, body)
    }

    fn written(self) -> (u8, Vec<u8>) {
        match self {
            Self::Ask {
                state_vector,
                digest,
            } => (
                ASK,
                bytes(&Ask {
                    digest,
                    state_vector,
                }),
            ),
            Self::Answer {
                to,
                digest,
                update,
                more,
            } => (
                ANSWER,
                bytes(&Answer {
                    to,
                    digest,
                    update,
                    more,
                }),
            ),
            Self::Part(update) => (PART, update),
            Self::Whole(of) => (WHOLE, bytes(&of)),
            Self::Update(update) => (UPDATE, update),
            Self::Beat {
                operations,
                digest,
                profile,
                follows,
                claim,
                level,
            } => (
                BEAT,
                bytes(&Beat {
                    operations,
                    digest,
                    profile,
                    follows,
                    claim,
                    level,
                }),
            ),
            Self::Shown(slot, body) => (slot.letter, body),
            Self::Missing(missing) => (
                MISSING,
                bytes(&(missing.sender, missing.seq, missing.parts)),
            ),
            Self::Leave => (LEAVE, Vec::new()),
            Self::Ping(to) => (PING, bytes(&to)),
            Self::Pong(to) => (PONG, bytes(&to)),
            #[cfg(feature = "ahead")]
            Self::Later => (crate::core::ahead::KIND, Vec::new()),
        }
    }

    /// `None` for a kind that this version does not know, or a body that does not read.
    pub fn read(kind: u8, body: Vec<u8>) -> Option<Self> {
        Some(match kind {
            ASK => {
                let Ask {
                    digest,
                    state_vector,
                } = postcard::from_bytes(&body).ok()?;
                Self::Ask {
                    state_vector,
                    digest,
                }
            }
            ANSWER => {
                let Answer {
                    to,
                    digest,
                    update,
                    more,
                } = postcard::from_bytes(&body).ok()?;
                Self::Answer {
                    to,
                    digest,
                    update,
                    more,
                }
            }
            PART => Self::Part(body),
            WHOLE => Self::Whole(postcard::from_bytes(&body).ok()?),
            UPDATE => Self::Update(body),
            BEAT => {
                let Beat {
                    operations,
                    digest,
                    profile,
                    follows,
                    claim,
                    level,
                } = postcard::from_bytes(&body).ok()?;
                Self::Beat {
                    operations,
                    digest,
                    profile,
                    follows,
                    claim,
                    level,
                }
            }
            MISSING => {
                let (sender, seq, parts) = postcard::from_bytes(&body).ok()?;
                Self::Missing(Missing { sender, seq, parts })
            }
            LEAVE => Self::Leave,
            PING => Self::Ping(postcard::from_bytes(&body).ok()?),
            PONG => Self::Pong(postcard::from_bytes(&body).ok()?),
            kind => Self::Shown(apps::slot(kind)?, body),
        })
    }
}

/// Writing these plain structures to memory cannot fail.
fn bytes(value: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn roundtrip(body: Body) {
        let (kind, bytes) = body.clone().write();
        assert_eq!(Body::read(kind, bytes), Some(body));
    }

    #[test]
    fn every_body_comes_back() {
        let profile = Profile::new("Ada", [1, 2, 3]);
        let digest = Digest(u64::MAX);
        let to = PeerId::from_random(77);
        roundtrip(Body::Ask {
            state_vector: vec![1, 2],
            digest,
        });
        roundtrip(Body::Answer {
            to,
            digest,
            update: vec![0; 500],
            more: 70_000,
        });
        roundtrip(Body::Part(vec![3]));
        roundtrip(Body::Whole(to));
        roundtrip(Body::Update(vec![3]));
        for (follows, claim) in [(None, vec![]), (Some(to), vec![7; 103])] {
            let profile = profile.clone();
            roundtrip(Body::Beat {
                operations: Operations(7),
                digest,
                profile,
                follows,
                claim,
                level: 300,
            });
        }
        for slot in apps::slots() {
            roundtrip(Body::Shown(slot, vec![4]));
        }
        roundtrip(Body::Missing(Missing {
            sender: to,
            seq: 9,
            parts: vec![0, 5],
        }));
        roundtrip(Body::Leave);
        roundtrip(Body::Ping(vec![to, PeerId::FIRST]));
        roundtrip(Body::Pong(to));
    }

    #[test]
    fn every_kind_has_a_letter_of_its_own() {
        let slots = apps::slots().map(|slot| slot.letter);
        let all: Vec<_> = KINDS
            .iter()
            .map(|(letter, _)| *letter)
            .chain(slots)
            .collect();
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(all.len(), different.len());
        assert!(
            all.iter()
                .all(|&letter| kind(letter).name != kind(b'z').name)
        );
    }

    #[test]
    fn what_a_later_version_says_behind_a_body_is_not_read() {
        let profile = Profile::new("Ada", [1, 2, 3]);
        for body in [
            Body::Beat {
                operations: Operations(7),
                digest: Digest(8),
                profile,
                follows: None,
                claim: vec![7; 103],
                level: LEVEL + 1,
            },
            Body::Ask {
                state_vector: vec![1, 2],
                digest: Digest(1),
            },
            Body::Whole(PeerId::FIRST),
            Body::Leave,
            Body::Ping(vec![PeerId::FIRST]),
        ] {
            let (kind, mut bytes) = body.clone().write();
            bytes.extend([1, 2, 3]);
            assert_eq!(Body::read(kind, bytes), Some(body));
        }
        assert_eq!(Body::read(b'z', vec![1]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_read_without_a_panic(kind in any::<u8>(), body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Body::read(kind, body);
        }
    }
}
