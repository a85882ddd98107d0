//! How deep the document's shared types are inside each other: yrs goes down a stack of them when one is deleted.

use std::collections::HashMap;

use crate::{
    core::doc::gate::{OperationId, Place, Refusal},
    limits::{NESTED_TYPES, TYPE_DEPTH},
};

#[derive(Default)]
pub struct Nesting {
    /// Where each type stands, as far as that is known.
    types: HashMap<OperationId, Place>,
    /// How many have no depth, or too much of it.
    unknown: usize,
}

impl Nesting {
    /// Takes in the types of an update from elsewhere, or none of them if they could be too deep.
    pub fn add(&mut self, types: &[(OperationId, Place)]) -> Result<(), Refusal> {
        let changed = self.take(types);
        if self.unknown <= NESTED_TYPES {
            return Ok(());
        }
        for (id, before) in changed.into_iter().rev() {
            match before {
                Some(before) => self.set(id, before),
                None => {
                    self.set(id, Place::Depth(1));
                    self.types.remove(&id);
                }
            }
        }
        Err(Refusal::Depth)
    }

    /// Takes in the types of an edit of ours.
    pub fn add_own(&mut self, types: &[(OperationId, Place)]) {
        self.take(types);
    }

    /// Gives where types stood before that stand elsewhere now.
    fn take(&mut self, types: &[(OperationId, Place)]) -> Vec<(OperationId, Option<Place>)> {
        let mut changed = Vec::new();
        for (id, place) in types {
            let place = self.resolved(*place);
            let before = self.types.get(id).copied();
            let place = match before {
                Some(before) if self.resolved(before) != place => Place::Unknown,
                _ => place,
            };
            if before != Some(place) {
                self.set(*id, place);
                changed.push((*id, before));
            }
        }
        // A type may be named before the one that it is in.
        let mut is_open = true;
        while std::mem::take(&mut is_open) && self.unknown > 0 {
            for (id, _) in types {
                let place = self.types.get(id).copied();
                if let Some(place @ (Place::Below(_) | Place::Beside(_))) = place
                    && let depth @ Place::Depth(_) = self.resolved(place)
                {
                    self.set(*id, depth);
                    is_open = true;
                }
            }
        }
        changed
    }

    fn set(&mut self, id: OperationId, place: Place) {
        let is_unknown = |place: Place| usize::from(!matches!(place, Place::Depth(_)));
        let before = self.types.insert(id, place);
        self.unknown += is_unknown(place);
        self.unknown -= before.map_or(0, is_unknown);
    }

    /// With its depth, where that follows from what is known.
    fn resolved(&self, place: Place) -> Place {
        let of = |id| match self.types.get(&id) {
            Some(Place::Depth(depth)) => Some(*depth),
            _ => None,
        };
        let depth = match place {
            Place::Below(id) => of(id).map(|depth| depth + 1),
            Place::Beside(id) => of(id),
            Place::Depth(_) | Place::Unknown => None,
        };
        let depth = depth.filter(|depth| *depth <= TYPE_DEPTH);
        depth.map_or(place, Place::Depth)
    }

    /// The document has this type inside of so many others.
    pub fn found(&mut self, id: OperationId, depth: u8) {
        if self.types.contains_key(&id) {
            self.set(id, Place::Depth(depth));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(clock: usize) -> OperationId {
        (1, clock as u64)
    }

    #[test]
    fn as_many_records_with_shared_text_as_there_are_pass() {
        let mut nesting = Nesting::default();
        for row in 0..5_000 {
            let (record, text) = (id(2 * row), id(2 * row + 1));
            let types = [(text, Place::Below(record)), (record, Place::Depth(1))];
            assert_eq!(nesting.add(&types), Ok(()));
            // In the place of another text.
            assert_eq!(
                nesting.add(&[((2, row as u64), Place::Beside(text))]),
                Ok(())
            );
        }
        // Each in the place of something that is no type, and found below its record afterwards.
        for row in 0..5_000 {
            assert_eq!(nesting.add(&[((3, row), Place::Beside((4, row)))]), Ok(()));
            nesting.found((3, row), 2);
        }
    }

    #[test]
    fn what_could_be_deep_is_counted_and_refused_as_a_whole() {
        let mut nesting = Nesting::default();
        let chain = |from: usize, to: usize| -> Vec<_> {
            let below = |at| (id(at), Place::Below(id(at - 1)));
            (from..to).map(below).collect()
        };
        assert_eq!(nesting.add(&[(id(0), Place::Depth(1))]), Ok(()));
        assert_eq!(nesting.add(&chain(1, NESTED_TYPES + 4)), Ok(()));
        let refused = nesting.add(&chain(NESTED_TYPES + 4, NESTED_TYPES + 5));
        assert_eq!(refused, Err(Refusal::Depth));
        assert_eq!(nesting.add(&[(id(9_000), Place::Depth(1))]), Ok(()));
        // Known ones that are said to be elsewhere are known no more.
        assert_eq!(
            nesting.add(&[(id(1), Place::Beside((9, 9)))]),
            Err(Refusal::Depth)
        );
        assert_eq!(nesting.add(&[(id(1), Place::Below(id(0)))]), Ok(()));
    }
}
