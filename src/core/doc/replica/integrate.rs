//! How an update gets into the document.

use yrs::{
    ClientID, ID, IdSet, ReadTxn, Transact, Update, WriteTxn,
    updates::{decoder::Decode, encoder::Encode},
};

use super::{Replica, ReplicaError};
use crate::{
    core::doc::gate::{self, Passed},
    limits::COUNTED_BYTES,
};

/// What yrs made of an update.
pub struct Integrated {
    pub news: bool,
    /// What it was good for, if not for all that it said.
    pub torn: Option<Vec<u8>>,
}

impl Integrated {
    fn and(self, next: Self) -> Self {
        Self {
            news: self.news || next.news,
            torn: self.torn.or(next.torn),
        }
    }
}

impl Replica {
    /// Takes an update in that has `passed` the gate.
    ///
    /// yrs (0.28.1, `Block::splice`) breaks its document where it has the end of a deleted stretch and not its beginning.
    /// That can be where operations arrived before earlier ones of their author, or wait for others. There it is given the
    /// missing parts of deleted stretches first, so that none of them waits, and then the rest.
    pub(super) fn integrate(
        &mut self,
        update: &[u8],
        passed: &Passed,
    ) -> Result<Integrated, ReplicaError> {
        let is_in_order = self.beyond_gaps.is_empty() && !self.doc.transact().has_missing_updates();
        match (passed.stretches, is_in_order) {
            (false, _) => self.merge(update),
            (true, false) => self.merge_apart(update),
            (true, true) => {
                let merged = self.merge(update)?;
                let waiting = self.doc.transact_mut().prune_pending();
                match waiting.map(|waiting| waiting.encode_v1()) {
                    Some(waiting) => Ok(merged.and(self.merge_apart(&waiting)?)),
                    None => Ok(merged),
                }
            }
        }
    }

    fn merge_apart(&mut self, update: &[u8]) -> Result<Integrated, ReplicaError> {
        let state = self.doc.transact().state_vector();
        let mut unknown = Vec::new();
        let mut known = (None, Vec::<(u64, u64)>::new());
        for stretch in gate::blocks(update)?
            .iter()
            .filter(|block| block.is_stretch())
        {
            let author = ClientID::new(stretch.author);
            if known.0 != Some(stretch.author) {
                let ranges = self.beyond_gaps.get(&author).into_iter();
                let ranges = ranges.flat_map(|ranges| ranges.iter());
                let ranges = ranges.map(|(range, ())| (range.start.into(), range.end.into()));
                known = (Some(stretch.author), ranges.collect());
            }
            let end = stretch.clock.saturating_add(stretch.length);
            let mut from = stretch.clock.max(state.get(&author).into());
            let first = known.1.partition_point(|(_, known_end)| *known_end <= from);
            let overlapping = known.1.iter().skip(first);
            for (start, known_end) in overlapping.take_while(|(start, _)| *start < end) {
                unknown.push((stretch.author, from, start.saturating_sub(from)));
                from = *known_end;
            }
            unknown.push((stretch.author, from, end.saturating_sub(from)));
        }
        unknown.retain(|(.., length)| *length > 0);
        let stretches = gate::stretches(unknown);
        let first = self.merge(&stretches)?;
        let is_rest = |block: &gate::Block| !block.is_stretch() && !block.is_skip();
        let mut rest = self.merge(&gate::filtered(update, is_rest)?)?;
        if rest.torn.is_some() {
            // The stretches have to be kept, too.
            rest.torn = Some(self.doc.transact().encode_diff_v1(&state));
        }
        Ok(first.and(rest))
    }

    fn merge(&mut self, update: &[u8]) -> Result<Integrated, ReplicaError> {
        let length = update.len();
        let update = Update::decode_v1(update).map_err(|_| ReplicaError::Update)?;
        let (inserted, merged) = {
            let mut txn = self.doc.transact_mut();
            // yrs gives up in the middle where an operation has no place; what came before it stays.
            let is_whole = txn.apply_update(update).is_ok();
            txn.commit();
            match length <= COUNTED_BYTES {
                true => self.count_in(&txn, &txn.encode_update_v1()),
                false => drop(self.seen.take()),
            }
            // Those of earlier updates that waited for these are among them.
            let inserted = txn.insert_set().clone();
            let merged = Integrated {
                news: !inserted.is_empty() || !txn.delete_set().is_empty(),
                torn: (!is_whole).then(|| txn.encode_update_v1()),
            };
            (inserted, merged)
        };
        if merged.news {
            self.note_gaps(inserted);
        }
        Ok(merged)
    }

    /// yrs takes an operation before its author's earlier ones have arrived, and leaves it out of the state vector.
    fn note_gaps(&mut self, inserted: IdSet) {
        let state = self.doc.transact().state_vector();
        self.beyond_gaps.merge_with(inserted);
        let mut reached = IdSet::new();
        for client in self.beyond_gaps.client_ids() {
            if state.get(&client) > 0 {
                reached.insert(ID::new(client, 0), state.get(&client));
            }
        }
        self.beyond_gaps.diff_with(&reached);
    }
}
