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
        cells.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        cells
    });
    let lacks = |side: &[(Key, Value)], (key, value): &(Key, Value)| {
        let at = side.binary_search_by(|(this, _)| this.cmp(key));
        let held = at.ok().and_then(|at| side.get(at));
        held.is_none_or(|(_, held)| held != value)
    };
    let mut apart: Vec<_> = (ours.iter().filter(|cell| lacks(&others, cell)))
        .chain(others.iter().filter(|cell| lacks(&ours, cell)))
        .map(|(key, _)| key.row())
        .collect();
    apart.sort_unstable();
    let [ours, others] = [ours, others].map(|mut cells| {
        cells.retain(|(key, _)| apart.binary_search(&key.row()).is_ok());
        cells
    });
    let mut writes: Vec<_> = (ours.iter())
        .map(|(key, _)| Write::clear(key.clone()))
        .collect();
    let same = |(a, _): &(Key, Value), (b, _): &(Key, Value)| a.row() == b.row();
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
