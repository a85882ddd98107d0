//! Repair of a forked document. In a fork one operation has two different contents, and every copy has merged one of
//! them. An exchange of operations cannot repair that: no copy lacks an operation, or what it lacks cannot be merged
//! into it. So one page requests another's whole copy. It deletes the rows in which the two copies differ, and writes
//! both versions of them as new operations. Nothing is lost, and all copies are equal again.

use super::{
    contents,
    id::Id,
    replica::{Digest, Replica},
    table::{Key, Value, Write},
};
use crate::{
    core::peer::PeerId,
    limits::{ANSWER_MS, FORK_RANK_MS, FORKS, Millis, REASSEMBLY_BYTES},
};

/// A difference that this page looks into at some time, if it is still there.
struct Noticed {
    peer: PeerId,
    mine: Digest,
    theirs: Digest,
    at: Millis,
}

/// Somebody's copy, on its way here.
struct Copy {
    of: PeerId,
    pieces: Vec<Vec<u8>>,
    /// Bytes that are still to come, once that is known.
    left: Option<usize>,
    /// The two digests for which it was asked.
    digests: (Digest, Digest),
    until: Millis,
}

/// When to look into a fork, and at whose copy.
#[derive(Default)]
pub struct Forks {
    noticed: Option<Noticed>,
    copy: Option<Copy>,
    /// The two digests of each fork that was looked into: once is enough.
    seen: Vec<(Digest, Digest)>,
}

impl Forks {
    /// `peer` has seen what we have and holds something else, or has for long. `rank` counts those who look into it
    /// before us.
    pub fn noticed(&mut self, now: Millis, peer: PeerId, mine: Digest, theirs: Digest, rank: u64) {
        let is_known = self.seen.contains(&(mine, theirs)) || self.copy.is_some();
        let waits = |noticed: &Noticed| noticed.mine == mine;
        if !is_known && !self.noticed.as_ref().is_some_and(waits) {
            self.noticed = Some(Noticed {
                peer,
                mine,
                theirs,
                at: now + rank * FORK_RANK_MS,
            });
        }
    }

    pub fn wake_at(&self) -> Option<Millis> {
        let noticed = self.noticed.as_ref().map(|noticed| noticed.at);
        let copy = self.copy.as_ref().map(|copy| copy.until);
        noticed.into_iter().chain(copy).min()
    }

    /// Gives whose copy to ask for. `mine` is what we hold now.
    pub fn tick(&mut self, now: Millis, mine: Digest) -> Option<PeerId> {
        self.copy.take_if(|copy| copy.until <= now);
        let noticed = self.noticed.take_if(|noticed| noticed.at <= now)?;
        if noticed.mine != mine {
            return None;
        }
        self.copy = Some(Copy {
            of: noticed.peer,
            pieces: Vec::new(),
            left: None,
            digests: (mine, noticed.theirs),
            until: now + ANSWER_MS,
        });
        Some(noticed.peer)
    }

    /// An answer of somebody comes, so many bytes long.
    pub fn answered(&mut self, from: PeerId, bytes: usize) {
        if let Some(copy) = self.copy_of(from) {
            copy.left = Some(bytes);
        }
        // More than any room holds.
        self.copy.take_if(|copy| copy.left > Some(REASSEMBLY_BYTES));
    }

    fn copy_of(&mut self, peer: PeerId) -> Option<&mut Copy> {
        self.copy.as_mut().filter(|copy| copy.of == peer)
    }

    /// An update of an answer arrived. Returns all updates of the requested copy once it is complete.
    pub fn arrived(&mut self, from: PeerId, update: Vec<u8>) -> Option<Vec<Vec<u8>>> {
        let copy = self.copy_of(from)?;
        let left = copy.left?.saturating_sub(update.len());
        copy.left = Some(left);
        copy.pieces.push(update);
        if left > 0 {
            return None;
        }
        if self.seen.len() >= FORKS {
            self.seen.remove(0);
        }
        let copy = self.copy.take()?;
        self.seen.push(copy.digests);
        Some(copy.pieces)
    }
}

/// The writes that repair a fork; none if there is no fork. They delete the rows in which `mine` and `copy` differ, and
/// put both versions of them under new ids. The new ids are hashes of the rows, so two pages that repair the same fork
/// write the same. `copy`: the other copy as a list of updates, which `mine` has already merged as far as possible.
///
/// Rows of one id in a table and in the tables beside it (`ink`, `ink.color`) are one thing: they stay together.
pub fn mended(mine: &Replica, copy: &[Vec<u8>]) -> Vec<Write> {
    let mut theirs = Replica::new(PeerId::FIRST);
    let is_read = copy.iter().all(|piece| theirs.apply(piece).is_ok());
    let is_forked =
        theirs.operations() == mine.operations() || mine.lacks(&theirs.state_vector()) == Ok(true);
    if !is_read || !is_forked {
        return Vec::new();
    }
    let [ours, others] = [mine, &theirs].map(|replica| {
        let mut cells = replica.cells();
        cells.sort_unstable_by(|(a, _), (b, _)| (thing(a), a).cmp(&(thing(b), b)));
        cells
    });
    let lacks = |side: &[(Key, Value)], (key, value): &(Key, Value)| {
        let at = side.binary_search_by(|(this, _)| (thing(this), this).cmp(&(thing(key), key)));
        let held = at.ok().and_then(|at| side.get(at));
        held.is_none_or(|(_, held)| held != value)
    };
    let mut apart: Vec<_> = (ours.iter().filter(|cell| lacks(&others, cell)))
        .chain(others.iter().filter(|cell| lacks(&ours, cell)))
        .map(|(key, _)| thing(key))
        .collect();
    apart.sort_unstable();
    let [ours, others] = [&ours, &others].map(|cells| {
        let apart = |(key, _): &&(Key, Value)| apart.binary_search(&thing(key)).is_ok();
        cells.iter().filter(apart).cloned().collect::<Vec<_>>()
    });
    let mut writes: Vec<_> = (ours.iter())
        .map(|(key, _)| Write::clear(key.clone()))
        .collect();
    let same = |(a, _): &(Key, Value), (b, _): &(Key, Value)| thing(a) == thing(b);
    for row in ours.chunk_by(same).chain(others.chunk_by(same)) {
        // Hexadecimal digits are an id.
        let Ok(id) = Id::parse(&format!("{:032x}", contents::sum(row))) else {
            continue;
        };
        writes.extend(row.iter().map(|(key, value)| {
            let key = Key {
                id: id.clone(),
                ..key.clone()
            };
            Write::put(key, value.clone())
        }));
    }
    writes
}

/// What a row is a part of: the table that its own is beside, or is, and its id.
fn thing(key: &Key) -> (&str, &Id) {
    let table = key.table.as_str();
    let table = table.split_once('.').map_or(table, |(table, _)| table);
    (table, &key.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::doc::table::Name;

    const INK: Name = Name::known("ink");
    const COLOR: Name = Name::known("ink.color");

    fn put(table: Name, id: &str, byte: u8) -> Write {
        let key = Key::value(table, Id::parse(id).unwrap());
        Write::put(key, Value::Bytes([byte].into()))
    }

    /// What each id has of ink and colour.
    fn things(replica: &Replica) -> Vec<[Option<Value>; 2]> {
        let ids = [INK, COLOR].map(|table| replica.values(&table)).concat();
        let mut ids: Vec<_> = ids.into_iter().map(|(id, _)| id).collect();
        ids.sort_unstable();
        ids.dedup();
        let of = |id: &Id| [INK, COLOR].map(|table| replica.get(&Key::value(table, id.clone())));
        let mut things: Vec<_> = ids.iter().map(of).collect();
        things.sort_unstable();
        things
    }

    fn bytes(things: &[[u8; 2]]) -> Vec<[Option<Value>; 2]> {
        let value = |byte| Some(Value::Bytes([byte].into()));
        things.iter().map(|thing| thing.map(value)).collect()
    }

    /// Two copies in which one operation has two meanings, each with what everybody wrote about it before or since.
    fn forked(common: &[Write], forks: [Write; 2], since: &[Write]) -> [Replica; 2] {
        forks.map(|fork| {
            let mut author = Replica::new(PeerId::FIRST);
            author.write(common);
            author.write(&[fork]);
            let mut copy = Replica::new(PeerId::from_random(7));
            copy.apply(&author.snapshot()).unwrap();
            copy.write(since);
            copy
        })
    }

    #[test]
    fn what_was_forked_keeps_what_is_in_the_tables_beside_it() {
        for (common, forks, since, expected) in [
            // Two inks under one id, whose colour everybody knows.
            (
                vec![],
                [put(INK, "a", 1), put(INK, "a", 2)],
                vec![put(COLOR, "a", 9)],
                [[1, 9], [2, 9]],
            ),
            // Two colours of one ink.
            (
                vec![put(INK, "a", 1)],
                [put(COLOR, "a", 8), put(COLOR, "a", 9)],
                vec![],
                [[1, 8], [1, 9]],
            ),
        ] {
            let [mut mine, other] = forked(&common, forks, &since);
            let writes = mended(&mine, &[other.snapshot()]);
            assert!(!writes.is_empty());
            mine.write(&writes);
            assert_eq!(things(&mine), bytes(&expected));
        }
    }
}
