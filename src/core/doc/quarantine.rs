//! Ensures that a stored piece of the document can hang or trap the page only once, even if it passed the gate. If a
//! piece has anything that edits of the board and the list never have, its fingerprint is recorded before the piece is
//! merged. The record outlives the page, and is deleted once yrs has returned. A record that still exists at the next
//! start names the piece that stopped the page. (Updates of peers are stored only after they were merged. So the same
//! bytes from a peer are refused, but not the same operations in other bytes.)

use std::{
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
};

/// Names a piece: an update, or a whole snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(u64);

impl Fingerprint {
    pub fn of(piece: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        piece.hash(&mut hasher);
        Self(hasher.finish())
    }

    pub fn parse(text: &str) -> Option<Self> {
        u64::from_str_radix(text, 16).ok().map(Self)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// The pieces that must not be merged, and a callback that records the piece which is being merged, or deletes the
/// record.
pub struct Quarantine {
    aside: Vec<Fingerprint>,
    write_down: Box<dyn Fn(Option<Fingerprint>)>,
}

impl Default for Quarantine {
    fn default() -> Self {
        Self::new([], |_| ())
    }
}

impl Quarantine {
    pub fn new(
        aside: impl IntoIterator<Item = Fingerprint>,
        write_down: impl Fn(Option<Fingerprint>) + 'static,
    ) -> Self {
        Self {
            aside: aside.into_iter().collect(),
            write_down: Box::new(write_down),
        }
    }

    /// Whether a piece is not to be taken in.
    pub fn holds(&self, piece: &[u8]) -> bool {
        !self.aside.is_empty() && self.aside.contains(&Fingerprint::of(piece))
    }

    /// A piece is about to be taken in: it is written down.
    pub fn taking(&self, piece: &[u8]) {
        (self.write_down)(Some(Fingerprint::of(piece)));
    }

    /// It was taken in, or refused: what was written down is wiped.
    pub fn survived(&self) {
        (self.write_down)(None);
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, collections::HashSet, rc::Rc};

    use super::*;
    use crate::core::{
        doc::{
            id::Id,
            presence::Profile,
            replica::Replica,
            storage::Stored,
            store::Command,
            table::{Key, Name, Value, Write},
        },
        peer::PeerId,
        session::{Input, Notice, Output, Poll, Session, Setup, network::NETWORK},
        wire::{seal::RoomKey, tag::Tag},
    };

    /// Three items with shared text, each in an update of its own.
    fn updates() -> Vec<Vec<u8>> {
        let mut copy = Replica::new(PeerId::from_random(1));
        let mut rng = fastrand::Rng::with_seed(1);
        let writes = ["one", "two", "three"].map(|title| Write {
            key: Key::field(
                Name::known("todo"),
                Id::random(&mut rng),
                Name::known("title"),
            ),
            value: Some(Value::SharedText(title.into())),
        });
        let commits = writes.map(|write| copy.write(&[write]).unwrap());
        commits.map(|commit| commit.update).to_vec()
    }

    fn session() -> Session {
        Session::new(Setup {
            shares: false,
            network: Some(NETWORK),
            tag: Tag::derive("room", None),
            room_key: RoomKey::derive("room", None),
            me: PeerId::from_random(2),
            salt: [0; 4],
            seed: 1,
            profile: Profile::new("Ada", [0; 3]),
            person: None,
            relays: Vec::new(),
            known: String::new(),
        })
    }

    #[test]
    fn what_stopped_the_page_is_set_aside_and_all_else_is_loaded() {
        let rows = updates();
        let taken = Rc::new(RefCell::new(Vec::new()));
        let hand = Rc::clone(&taken);
        let mut session = session();
        session.guard(Quarantine::new([Fingerprint::of(&rows[1])], move |piece| {
            hand.borrow_mut().extend(piece);
        }));
        let stored = Stored {
            // Enough of them to be replaced by a snapshot, were nothing set aside.
            rows: rows.iter().cycle().take(600).cloned().collect(),
            last_row: Some(600),
            ..Stored::default()
        };
        session.handle(0, Input::Loaded(stored));
        let outputs = std::iter::from_fn(|| match session.poll(0, None) {
            Poll::Do(output) => Some(output),
            Poll::Send(_) | Poll::Rest(_) => None,
        });
        let outputs: Vec<_> = outputs.collect();
        assert_eq!(session.replica().records(&Name::known("todo")).len(), 2);
        assert!(session.set_aside().iter().all(|piece| *piece == rows[1]));
        assert!(outputs.contains(&Output::Notice(Notice::SetAside)));
        let compacts = |output: &Output| matches!(output, Output::Store(Command::Compact(_)));
        assert!(!outputs.iter().any(compacts), "the row would be lost");
        let taken: HashSet<_> = taken.borrow().iter().copied().collect();
        let expected = [&rows[0], &rows[2]].map(|row| Fingerprint::of(row));
        assert_eq!(taken, HashSet::from(expected));
        // An edit of the list is none that stops a page, and is not written down.
        let mut author = Replica::new(PeerId::from_random(3));
        let key = Key::field(
            Name::known("todo"),
            Id::of_contents("usual"),
            Name::known("title"),
        );
        let usual = author.write(&[Write::put(key, Value::text("milk"))]);
        let mut copy = Replica::new(PeerId::from_random(4));
        copy.guard(Quarantine::new([], |_| panic!("it is written down")));
        assert!(copy.apply(&usual.unwrap().update).unwrap().news);
    }
}
