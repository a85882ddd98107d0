//! What a room was like before. A version is kept as the difference to the one before it, and holds nothing that was
//! drawn and erased in between: all of them together take at most twice the space of the document. They are kept
//! beside the room, not in it; to restore one is an edit like any other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    amount::Amount,
    replica::{Digest, Replica, ReplicaError},
    table::{Key, Value, Write},
};
use crate::{
    core::peer::PeerId,
    limits::{VERSION_MS, VERSIONS, VERSIONS_BYTES},
};

/// Of a version as it is stored; a higher one is of a newer program.
const FORMAT: u8 = 2;
/// It counted strokes and items.
const FIRST_FORMAT: u8 = 1;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// From 1, without gaps.
    pub number: u32,
    /// Milliseconds since 1970, by the clock of the machine.
    pub at: u64,
    /// A person gave it one, or it was kept by itself.
    pub name: Option<String>,
    pub amount: Amount,
    digest: u64,
    state_vector: Vec<u8>,
    /// What the version before lacks, as a Yjs update.
    update: Vec<u8>,
    /// Bytes of the updates of all versions up to this one.
    total_bytes: u64,
}

impl Version {
    /// The version to keep at `at` after `last`: none if this copy lacks something of that one, and none without a name
    /// if it is too early or nothing is new.
    pub fn next(
        replica: &Replica,
        amount: Amount,
        last: Option<&Self>,
        at: u64,
        name: Option<String>,
    ) -> Option<Self> {
        let Digest(digest) = replica.digest();
        // A clock may have been set back.
        let is_due = |last: &Self| last.digest != digest && last.at.abs_diff(at) >= VERSION_MS;
        let follows = |last: &Self| replica.lacks(&last.state_vector) == Ok(false);
        let is_worthless = last.is_none() && amount.is_nothing();
        if !last.is_none_or(follows) || name.is_none() && (is_worthless || !last.is_none_or(is_due))
        {
            return None;
        }
        let mut version = Self {
            number: 0,
            at,
            name,
            amount,
            digest,
            state_vector: Vec::new(),
            update: Vec::new(),
            total_bytes: 0,
        };
        version.follow(last, replica);
        Some(version)
    }

    /// Becomes the one after `last`; `replica` is the document as it was in this version.
    fn follow(&mut self, last: Option<&Self>, replica: &Replica) {
        self.update = match last.map(|last| replica.diff(&last.state_vector)) {
            Some(Ok(Some(update))) => update,
            Some(Ok(None)) => replica.deletions(),
            // A state that does not read can be followed by the whole.
            Some(Err(_)) | None => replica.snapshot(),
        };
        self.state_vector = replica.state_vector();
        self.number = last.map_or(0, |last| last.number).saturating_add(1);
        self.total_bytes = last.map_or(0, |last| last.total_bytes) + self.update.len() as u64;
    }

    /// Whether all versions up to this one, the last, take more space than they should beside a document of so many bytes.
    pub fn is_too_much(&self, document: u64) -> bool {
        self.number > VERSIONS || self.total_bytes > VERSIONS_BYTES.max(2 * document)
    }

    /// None for what a newer version of this program stored.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first()? {
            (&FORMAT, bytes) => postcard::from_bytes(bytes).ok(),
            (&FIRST_FORMAT, bytes) => {
                type Head = (u32, u64, Option<String>, u32, u32);
                let ((number, at, name, strokes, items), rest) =
                    postcard::take_from_bytes::<Head>(bytes).ok()?;
                let counts = [("strokes", strokes), ("items", items)];
                let counts = counts.map(|(name, count)| (name.to_owned(), count));
                let amount = Amount::from(BTreeMap::from(counts));
                let head = postcard::to_allocvec(&(number, at, name, amount)).ok()?;
                postcard::from_bytes(&[head.as_slice(), rest].concat()).ok()
            }
            _ => None,
        }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        // Writing this plain structure to memory cannot fail.
        postcard::to_extend(self, vec![FORMAT]).unwrap_or_default()
    }
}

/// The document as it was in the last of `versions`, which begin with the first one.
pub fn replay<'a>(
    versions: impl IntoIterator<Item = &'a Version>,
) -> Result<Replica, ReplicaError> {
    // Nobody writes to this copy.
    let mut replica = Replica::new(PeerId::FIRST);
    for version in versions {
        replica.apply(&version.update)?;
    }
    Ok(replica)
}

/// Fewer versions: of the older half every second one that has no name goes. None if there is nothing to drop.
pub fn thinned(versions: &[Version]) -> Result<Option<Vec<Version>>, ReplicaError> {
    let older = versions.len() / 2;
    let stays = |at: usize, version: &Version| at >= older || at % 2 == 1 || version.name.is_some();
    if versions
        .iter()
        .enumerate()
        .all(|(at, version)| stays(at, version))
    {
        return Ok(None);
    }
    let mut replica = Replica::new(PeerId::FIRST);
    let mut kept: Vec<Version> = Vec::new();
    for (at, version) in versions.iter().enumerate() {
        replica.apply(&version.update)?;
        if stays(at, version) {
            let mut version = version.clone();
            version.follow(kept.last(), &replica);
            kept.push(version);
        }
    }
    Ok(Some(kept))
}

/// The edit that makes the document what it was `then`, in all tables.
pub fn restored(then: &Replica, now: &Replica) -> Vec<Write> {
    let [then, now]: [BTreeMap<Key, Value>; 2] =
        [then, now].map(|copy| copy.cells().into_iter().collect());
    let gone = now.keys().filter(|key| !then.contains_key(key));
    let emptied = gone.map(|key| Write::clear(key.clone()));
    let changed = then
        .iter()
        .filter(|(key, value)| now.get(key) != Some(value));
    let filled = changed.map(|(key, value)| Write::put(key.clone(), value.clone()));
    emptied.chain(filled).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::doc::{id::Id, table::Name};

    const STROKES: Name = Name::known("strokes");
    const ITEMS: Name = Name::known("items");
    const FIELDS: [Name; 5] = [
        Name::known("a"),
        Name::known("b"),
        Name::known("c"),
        Name::known("d"),
        Name::known("e"),
    ];

    /// A document of 30 strokes and 10 items at most, in which `seed` says what happens.
    fn change(replica: &mut Replica, seed: u16) {
        let id = |prefix: char, number: u16| Id::parse(&format!("{prefix}{number}")).unwrap();
        let field = FIELDS[usize::from(seed / 7) % 5].clone();
        let (key, value) = match seed % 4 {
            0..3 => (
                Key::value(STROKES, id('s', seed % 30)),
                Value::Bytes(vec![seed as u8; 150].into()),
            ),
            _ => (
                Key::field(ITEMS, id('t', seed % 10), field),
                Value::text(seed.to_string()),
            ),
        };
        let value = (!seed.is_multiple_of(3)).then_some(value);
        replica.write(&[Write { key, value }]);
    }

    fn shown(replica: &Replica) -> BTreeMap<Key, Value> {
        replica.cells().into_iter().collect()
    }

    fn amount(replica: &Replica) -> Amount {
        let count = |name: &str, table| (name.to_owned(), replica.count(table));
        [count("board", &STROKES), count("todo", &ITEMS)]
            .into_iter()
            .collect()
    }

    /// Keeps a version by itself; says whether there was one to keep.
    fn keep(versions: &mut Vec<Version>, replica: &Replica, at: u64) -> bool {
        let next = Version::next(replica, amount(replica), versions.last(), at, None);
        let is_kept = next.is_some();
        versions.extend(next);
        is_kept
    }

    /// A version after each of `steps`, and what the document held then.
    fn kept(
        replica: &mut Replica,
        steps: &[Vec<u16>],
    ) -> (Vec<Version>, Vec<BTreeMap<Key, Value>>) {
        let (mut versions, mut then) = (Vec::<Version>::new(), Vec::new());
        for (step, at) in steps.iter().zip((0..).step_by(VERSION_MS as usize)) {
            step.iter().for_each(|&seed| change(replica, seed));
            if keep(&mut versions, replica, at) {
                then.push(shown(replica));
            }
        }
        (versions, then)
    }

    proptest! {
        #[test]
        fn every_version_comes_back_and_can_be_restored(
            steps in proptest::collection::vec(proptest::collection::vec(any::<u16>(), 0..40), 1..12),
        ) {
            let mut replica = Replica::new(PeerId::from_random(7));
            let (versions, then) = kept(&mut replica, &steps);
            for (at, then) in then.iter().enumerate() {
                let past = replay(&versions[..=at]).unwrap();
                prop_assert_eq!(&shown(&past), then);
                replica.write(&restored(&past, &replica));
                prop_assert_eq!(&shown(&replica), then);
            }
        }

        #[test]
        fn thinning_drops_versions_and_leaves_the_others_as_they_were(
            steps in proptest::collection::vec(proptest::collection::vec(any::<u16>(), 1..40), 4..16),
            named in any::<prop::sample::Index>(),
        ) {
            let mut replica = Replica::new(PeerId::from_random(7));
            let (mut versions, then) = kept(&mut replica, &steps);
            prop_assume!(versions.len() > 3);
            let named = named.index(versions.len());
            versions[named].name = Some("the best one".into());
            let thinner = thinned(&versions).unwrap().unwrap_or_else(|| versions.clone());
            prop_assert!(thinner.iter().any(|version| version.name.is_some()));
            for (at, version) in thinner.iter().enumerate() {
                prop_assert_eq!(version.number as usize, at + 1);
                let was = versions.iter().position(|old| old.at == version.at).unwrap();
                let past = replay(&thinner[..=at]).unwrap();
                prop_assert_eq!(&shown(&past), &then[was]);
                prop_assert_eq!(Digest(version.digest), replay(&versions[..=was]).unwrap().digest());
            }
            let bytes: usize = thinner.iter().map(|version| version.update.len()).sum();
            prop_assert_eq!(thinner.last().unwrap().total_bytes, bytes as u64);
        }

        #[test]
        fn any_bytes_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Version::read(&bytes);
        }
    }

    #[test]
    fn versions_come_once_a_minute_and_only_of_something_new() {
        let mut replica = Replica::new(PeerId::from_random(7));
        let nothing = Version::next(&replica, amount(&replica), None, 0, None);
        assert_eq!(nothing, None, "an empty room has no past");
        change(&mut replica, 1);
        let first = Version::next(&replica, amount(&replica), None, 5, None).unwrap();
        let next = |replica: &Replica, at, name: Option<&str>| {
            Version::next(
                replica,
                amount(replica),
                Some(&first),
                at,
                name.map(str::to_owned),
            )
        };
        assert_eq!(next(&replica, 5 + VERSION_MS, None), None, "nothing is new");
        change(&mut replica, 2);
        assert_eq!(next(&replica, 4 + VERSION_MS, None), None, "too early");
        let second = next(&replica, 5 + VERSION_MS, None).unwrap();
        assert_eq!(second.number, 2);
        assert_eq!(Version::read(&second.to_bytes()), Some(second));
        assert!(
            next(&replica, 6, Some("now")).is_some(),
            "a person may at any time"
        );
    }

    /// A board that only grows, for five hours.
    #[test]
    fn a_large_room_keeps_its_versions() {
        let mut replica = Replica::new(PeerId::from_random(7));
        let mut versions: Vec<Version> = Vec::new();
        for minute in 0..300_u64 {
            let writes = (0..10).map(|n| Write {
                key: Key::value(STROKES, Id::parse(&format!("s{minute}/{n}")).unwrap()),
                value: Some(Value::Bytes(vec![minute as u8; 400].into())),
            });
            replica.write(&writes.collect::<Vec<_>>());
            keep(&mut versions, &replica, minute * VERSION_MS);
            assert!(
                !versions
                    .last()
                    .unwrap()
                    .is_too_much(replica.snapshot().len() as u64),
                "minute {minute}"
            );
        }
        assert_eq!(versions.len(), 300);
        assert!(replica.snapshot().len() as u64 > 4 * VERSIONS_BYTES);
    }

    #[test]
    fn versions_of_the_first_format_are_read_and_those_of_later_ones_are_not() {
        let mut replica = Replica::new(PeerId::from_random(7));
        change(&mut replica, 1);
        let name = Some("mine".to_owned());
        let version = Version::next(&replica, amount(&replica), None, 5, name).unwrap();
        let Version { number, at, .. } = version;
        let [strokes, items] = ["board", "todo"].map(|app| version.amount.of(app));
        let (name, digest) = (version.name.clone(), version.digest);
        let rest = (
            digest,
            &version.state_vector,
            &version.update,
            version.total_bytes,
        );
        let first = ((number, at, name, strokes, items), rest);
        let first = postcard::to_extend(&first, vec![FIRST_FORMAT]).unwrap();
        assert_eq!(Version::read(&first), Some(version.clone()));
        let mut later = version.to_bytes();
        assert_eq!(Version::read(&later), Some(version));
        later[0] = FORMAT + 1;
        assert_eq!(Version::read(&later), None);
        assert_eq!(Version::read(&first[..9]), None);
    }

    #[test]
    fn a_copy_that_lacks_something_of_the_last_version_keeps_none() {
        let (mut one, mut other) = (
            Replica::new(PeerId::from_random(1)),
            Replica::new(PeerId::from_random(2)),
        );
        change(&mut one, 1);
        change(&mut other, 2);
        let first = Version::next(&one, amount(&one), None, 0, None).unwrap();
        let name = || Some("mine".to_owned());
        assert_eq!(
            Version::next(&other, amount(&other), Some(&first), VERSION_MS, name()),
            None
        );
        other.apply(&one.snapshot()).unwrap();
        assert!(Version::next(&other, amount(&other), Some(&first), VERSION_MS, name()).is_some());
    }

    /// A board that is drawn and wiped again and again, for a day.
    #[test]
    fn versions_take_no_more_than_the_document_or_a_little() {
        let mut replica = Replica::new(PeerId::from_random(7));
        let mut versions: Vec<Version> = Vec::new();
        for minute in 0..600_u64 {
            let writes = (0..40).map(|n| Write {
                key: Key::value(
                    STROKES,
                    Id::parse(&format!("s{}", (minute * 20 + n) % 400)).unwrap(),
                ),
                value: (n >= 20).then(|| Value::Bytes(vec![minute as u8; 400].into())),
            });
            replica.write(&writes.collect::<Vec<_>>());
            keep(&mut versions, &replica, minute * VERSION_MS);
            while versions
                .last()
                .unwrap()
                .is_too_much(replica.snapshot().len() as u64)
            {
                versions = thinned(&versions).unwrap().unwrap();
            }
        }
        let bytes: usize = versions.iter().map(|version| version.update.len()).sum();
        let limit = VERSIONS_BYTES.max(2 * replica.snapshot().len() as u64);
        assert!(bytes as u64 <= limit, "{bytes} of {limit}");
        assert!(versions.len() > 10, "{}", versions.len());
    }
}
