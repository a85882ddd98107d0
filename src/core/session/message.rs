//! What clients say to each other: a kind letter for the envelope, and a body in postcard's format
//! (<https://postcard.jamesmunns.com/wire-format>). A body that does not read is dropped.
//!
//! Versions of this program meet in one room. A later one may add kinds, which others drop, and fields at the end of a
//! body, which others do not read; it changes nothing else, and counts [`LEVEL`] up. An edit (`u`), parts of an answer
//! (`r`) and ink (`w`) have formats of their own.

use serde::{Deserialize, Serialize};

use crate::core::{
    doc::{
        presence::{Profile, Viewport},
        replica::{Digest, Operations},
    },
    peer::PeerId,
    wire::{codec::PROBE, parts::Missing},
};

#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// `q`: my state vector; who has more, tell me.
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
    /// `g`: this one is asked for all that it has: an answer to what we have would not bring us together.
    Whole(PeerId),
    /// `u`: an edit, as a Yjs update.
    Update(Vec<u8>),
    /// `b`: I am here, this is me, this is what I have, I see what this one sees, this shows whose page I am
    /// (`session::person`; empty if I cannot show it), and so much I know ([`LEVEL`]).
    Beat {
        operations: Operations,
        digest: Digest,
        profile: Profile,
        follows: Option<PeerId>,
        claim: Vec<u8>,
        level: u32,
    },
    /// `C`: my pointer is here on the board, or off it. (`c` and `v` had numbers of 32 bits, too coarse far out.)
    Cursor(Option<(f64, f64)>),
    /// `V`: what I see of the board, for those who follow me.
    View(Viewport),
    /// `w`: ink that is still being drawn (`board::wet`).
    Wet(Vec<u8>),
    /// `n`: parts of a message that did not arrive.
    Missing(Missing),
    /// `l`: goodbye.
    Leave,
    /// `p`: is the relay alive? One that echoes answers itself; else these peers are asked to.
    Ping(Vec<PeerId>),
    /// `o`: yes, says a peer that was asked.
    Pong(PeerId),
    /// Of a next version.
    #[cfg(feature = "ahead")]
    Later,
}

/// Counts the versions of this program that added a table, a field or a kind of value to the document, or a kind or a
/// field to what is said.
pub const LEVEL: u32 = 1 + cfg!(feature = "ahead") as u32;

pub const CURSOR: u8 = b'C';
pub const VIEW: u8 = b'V';

/// Whether the newest message of a kind makes those before it worth nothing.
pub fn is_volatile(kind: u8) -> bool {
    matches!(kind, CURSOR | VIEW)
}

/// What a message is for, in a word or two, by its kind letter.
pub fn meaning(kind: u8) -> &'static str {
    match kind {
        PROBE => "probe",
        b'q' => "question",
        b'a' => "answer",
        b'r' => "part of an answer",
        b'g' => "question for a whole copy",
        b'u' => "edit",
        b'b' => "presence",
        CURSOR => "pointer",
        VIEW => "view",
        b'w' => "wet ink",
        b'n' => "request for lost parts",
        b'l' => "goodbye",
        b'p' => "heartbeat",
        b'o' => "heartbeat answer",
        _ => "message of a newer version",
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
    /// One of many a second, and worth nothing to who does not know the sender.
    pub fn is_brief(&self) -> bool {
        matches!(self, Self::Cursor(_) | Self::View(_) | Self::Wet(_))
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
                b'q',
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
                b'a',
                bytes(&Answer {
                    to,
                    digest,
                    update,
                    more,
                }),
            ),
            Self::Part(update) => (b'r', update),
            Self::Whole(of) => (b'g', bytes(&of)),
            Self::Update(update) => (b'u', update),
            Self::Beat {
                operations,
                digest,
                profile,
                follows,
                claim,
                level,
            } => (
                b'b',
                bytes(&Beat {
                    operations,
                    digest,
                    profile,
                    follows,
                    claim,
                    level,
                }),
            ),
            Self::Cursor(cursor) => (CURSOR, bytes(&cursor)),
            Self::View(view) => (VIEW, bytes(&view)),
            Self::Wet(ink) => (b'w', ink),
            Self::Missing(missing) => (b'n', bytes(&(missing.sender, missing.seq, missing.parts))),
            Self::Leave => (b'l', Vec::new()),
            Self::Ping(to) => (b'p', bytes(&to)),
            Self::Pong(to) => (b'o', bytes(&to)),
            #[cfg(feature = "ahead")]
            Self::Later => (crate::core::ahead::KIND, Vec::new()),
        }
    }

    /// `None` for a kind that this version does not know, or a body that does not read.
    pub fn read(kind: u8, body: Vec<u8>) -> Option<Self> {
        Some(match kind {
            b'q' => {
                let Ask {
                    digest,
                    state_vector,
                } = postcard::from_bytes(&body).ok()?;
                Self::Ask {
                    state_vector,
                    digest,
                }
            }
            b'a' => {
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
            b'r' => Self::Part(body),
            b'g' => Self::Whole(postcard::from_bytes(&body).ok()?),
            b'u' => Self::Update(body),
            b'b' => {
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
            CURSOR => Self::Cursor(postcard::from_bytes(&body).ok()?),
            VIEW => Self::View(postcard::from_bytes(&body).ok()?),
            b'w' => Self::Wet(body),
            b'n' => {
                let (sender, seq, parts) = postcard::from_bytes(&body).ok()?;
                Self::Missing(Missing { sender, seq, parts })
            }
            b'l' => Self::Leave,
            b'p' => Self::Ping(postcard::from_bytes(&body).ok()?),
            b'o' => Self::Pong(postcard::from_bytes(&body).ok()?),
            _ => return None,
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
        roundtrip(Body::View(Viewport {
            x: -1.0,
            y: 2.5,
            width: 300.0,
            height: 200.0,
        }));
        roundtrip(Body::Cursor(Some((1.5, -2.0))));
        roundtrip(Body::Cursor(None));
        roundtrip(Body::Wet(vec![4]));
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
            Body::Cursor(Some((1.5, -2.0))),
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
