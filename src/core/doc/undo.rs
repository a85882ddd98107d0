//! What a person can take back: their own steps only, as inverse writes. A value that somebody else has changed since
//! is left as it is, and counted. Steps are recorded in storage, so that a reload takes none of them away; those that
//! were taken back can be done again until the page goes.

use std::collections::{HashMap, HashSet};

use super::{
    id::Id,
    replica::Replica,
    step::{self, Step},
    table::{Change, Key, Name, Value, Write},
};
use crate::{
    core::peer::PeerId,
    limits::{STEP_BYTES, UNDO_STEPS},
};

/// Names a recorded step; in the order in which they were made, as far as tabs knew of each other. 52 bits: its number,
/// and some of the page's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StepKey(u64);

impl StepKey {
    const PAGE_BITS: u32 = 20;

    pub fn new(number: u32, page: PeerId) -> Self {
        let page = page.get() % (1 << Self::PAGE_BITS);
        Self(u64::from(number) << Self::PAGE_BITS | page)
    }

    fn number(self) -> u32 {
        (self.0 >> Self::PAGE_BITS) as u32
    }

    /// A whole number, as IndexedDB takes for a key.
    pub fn to_f64(self) -> f64 {
        self.0 as f64
    }

    pub fn from_f64(key: f64) -> Self {
        Self(key as u64)
    }
}

/// What storage is to do about a step, or a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    Keep(StepKey, Vec<u8>),
    Drop(StepKey),
    /// The draft of a page ([`super::draft`]), in place of the one before.
    KeepDraft(PeerId, Vec<u8>),
    DropDraft(PeerId),
}

impl Record {
    /// Whether this comes in place of `older`, which is about the same step or draft.
    pub fn supersedes(&self, older: &Self) -> bool {
        let step = |record: &Self| match record {
            Self::Keep(step, _) | Self::Drop(step) => Some(*step),
            Self::KeepDraft(..) | Self::DropDraft(_) => None,
        };
        let draft = |record: &Self| match record {
            Self::KeepDraft(page, _) | Self::DropDraft(page) => Some(*page),
            Self::Keep(..) | Self::Drop(_) => None,
        };
        step(self) == step(older) && draft(self) == draft(older)
    }
}

#[derive(Debug)]
pub struct History {
    page: PeerId,
    next: u32,
    done: Vec<(StepKey, Step)>,
    undone: Vec<Step>,
    records: Vec<Record>,
    /// What earlier pages recorded is here.
    is_loaded: bool,
}

/// The writes that take a step back, or do it again.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Inverse {
    pub writes: Vec<Write>,
    /// Rows that hold something else by now, and keep it.
    pub skipped: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Undo,
    Redo,
}

impl History {
    /// `page`: of this page load, no other one.
    pub fn new(page: PeerId) -> Self {
        Self {
            page,
            next: 0,
            done: Vec::new(),
            undone: Vec::new(),
            records: Vec::new(),
            is_loaded: false,
        }
    }

    /// What earlier pages of this person recorded comes before what this one did. A step that does not read, since a newer
    /// version recorded it, stays in storage, and nothing is taken in a second time.
    ///
    /// `steps`: in the order of their keys.
    pub fn loaded(&mut self, steps: &[(StepKey, Vec<u8>)]) {
        if std::mem::replace(&mut self.is_loaded, true) {
            return;
        }
        let own: Vec<_> = self.done.iter().map(|(key, _)| *key).collect();
        let read = |(key, bytes): &(StepKey, Vec<u8>)| {
            let step = step::read(bytes)?;
            (!own.contains(key)).then_some((*key, step))
        };
        let last = steps.last().map_or(0, |(key, _)| key.number());
        self.next = self.next.max(last.saturating_add(1));
        let steps: Vec<_> = steps.iter().filter_map(read).collect();
        self.done.splice(..0, steps);
        self.forget_oldest();
    }

    /// A new step. What was undone before can no longer be redone. Says whether a reload takes the step away, because it
    /// is too large to be stored.
    pub fn did(&mut self, step: Step) -> bool {
        self.undone.clear();
        self.keep(step)
    }

    fn keep(&mut self, step: Step) -> bool {
        let key = StepKey::new(self.next, self.page);
        self.next = self.next.saturating_add(1);
        let bytes = step::to_bytes(&step);
        let is_too_large = bytes.len() > STEP_BYTES;
        if !bytes.is_empty() && !is_too_large {
            self.records.push(Record::Keep(key, bytes));
        }
        self.done.push((key, step));
        self.forget_oldest();
        is_too_large
    }

    fn forget_oldest(&mut self) {
        let surplus = self.done.len().saturating_sub(UNDO_STEPS);
        let forgotten = self.done.drain(..surplus);
        self.records
            .extend(forgotten.map(|(key, _)| Record::Drop(key)));
    }

    /// The texts that steps of this person put into a field, with the rows.
    pub fn wrote(&self, table: &Name, field: &Name) -> HashSet<(&Id, &str)> {
        let done = self.done.iter().map(|(_, step)| step);
        let changes = done.chain(&self.undone).flatten();
        let is_there = |key: &Key| key.table == *table && key.field.as_ref() == Some(field);
        let texts = changes.filter_map(|change| match (&change.key, &change.after) {
            (key, Some(Value::Text(text))) if is_there(key) => Some((&key.id, text.as_ref())),
            _ => None,
        });
        texts.collect()
    }

    /// What storage has to be told since the last time.
    pub fn records(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.records)
    }

    pub fn can(&self, direction: Direction) -> bool {
        match direction {
            Direction::Undo => !self.done.is_empty(),
            Direction::Redo => !self.undone.is_empty(),
        }
    }

    /// Takes the newest step off its stack, puts it on the other one, and says how to reverse or repeat it.
    pub fn step(&mut self, direction: Direction, replica: &Replica) -> Option<Inverse> {
        let step = match direction {
            Direction::Undo => {
                let (key, step) = self.done.pop()?;
                self.records.push(Record::Drop(key));
                step
            }
            Direction::Redo => self.undone.pop()?,
        };
        let (mut writes, mut places) = (Vec::<Write>::new(), HashMap::new());
        let mut skipped = Vec::new();
        let changes: Vec<_> = match direction {
            Direction::Undo => step.iter().rev().collect(),
            Direction::Redo => step.iter().collect(),
        };
        for Change { key, before, after } in changes {
            let (expected, wanted) = match direction {
                Direction::Undo => (after, before),
                Direction::Redo => (before, after),
            };
            // Steps of older versions may change a key twice.
            let planned = places.get(key).and_then(|&at: &usize| writes.get_mut(at));
            let is_mine = match &planned {
                Some(write) => write.value == *expected,
                None => replica.get(key) == *expected,
            };
            match planned {
                _ if !is_mine => skipped.push(key.row()),
                Some(write) => write.value = wanted.clone(),
                None => {
                    places.insert(key, writes.len());
                    writes.push(Write {
                        key: key.clone(),
                        value: wanted.clone(),
                    });
                }
            }
        }
        skipped.sort_unstable();
        skipped.dedup();
        let inverse = Inverse {
            writes,
            skipped: skipped.len(),
        };
        match direction {
            Direction::Undo => self.undone.push(step),
            Direction::Redo => {
                self.keep(step);
            }
        }
        Some(inverse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::peer::PeerId;

    const INK: Name = Name::known("ink");

    fn ink(id: &str, byte: Option<u8>) -> Write {
        Write {
            key: Key::value(INK, Id::parse(id).unwrap()),
            value: byte.map(|byte| Value::Bytes([byte].into())),
        }
    }

    #[test]
    fn a_step_is_taken_back_and_done_again() {
        let (mut replica, mut history) = (Replica::new(PeerId::FIRST), History::new(PeerId::FIRST));
        history.did(
            replica
                .write(&[ink("a", Some(1)), ink("b", Some(2))])
                .unwrap()
                .changes,
        );
        let undo = history.step(Direction::Undo, &replica).unwrap();
        replica.write(&undo.writes);
        assert!(replica.values(&INK).is_empty());
        let redo = history.step(Direction::Redo, &replica).unwrap();
        replica.write(&redo.writes);
        assert_eq!(replica.values(&INK).len(), 2);
        assert!(history.can(Direction::Undo) && !history.can(Direction::Redo));
    }

    #[test]
    fn what_somebody_else_changed_since_stays() {
        let (mut mine, mut history) = (Replica::new(PeerId::FIRST), History::new(PeerId::FIRST));
        history.did(mine.write(&[ink("a", Some(1))]).unwrap().changes);
        mine.write(&[ink("a", Some(9))]);
        let undo = history.step(Direction::Undo, &mine).unwrap();
        assert_eq!(
            undo,
            Inverse {
                writes: vec![],
                skipped: 1
            }
        );
    }

    #[test]
    fn a_key_that_a_step_changed_twice_gets_back_what_it_held_first() {
        let change = |before: Option<u8>, after: Option<u8>| Change {
            key: ink("a", None).key,
            before: ink("a", before).value,
            after: ink("a", after).value,
        };
        let (mut replica, mut history) = (Replica::new(PeerId::FIRST), History::new(PeerId::FIRST));
        replica.write(&[ink("a", Some(1))]);
        // As older versions recorded it: emptied, then filled.
        replica.write(&[ink("a", Some(3))]);
        history.did(vec![change(Some(1), None), change(None, Some(3))]);
        for (direction, holds) in [(Direction::Undo, 1), (Direction::Redo, 3)] {
            let inverse = history.step(direction, &replica).unwrap();
            assert_eq!(inverse.skipped, 0, "nobody else changed it");
            replica.write(&inverse.writes);
            assert_eq!(
                replica.get(&ink("a", None).key),
                ink("a", Some(holds)).value
            );
        }
        // Today it is one change.
        let commit = replica.write(&[ink("a", None), ink("a", Some(5))]).unwrap();
        assert_eq!(commit.changes, [change(Some(3), Some(5))]);
        assert!(
            replica
                .write(&[ink("a", None), ink("a", Some(5))])
                .is_none()
        );
    }

    #[test]
    fn one_item_that_somebody_else_renamed_is_one_change_that_stays() {
        let field = |field: &'static str, text: &str| Write {
            key: Key::field(
                Name::known("todo"),
                Id::parse("x").unwrap(),
                Name::known(field),
            ),
            value: Some(Value::text(text)),
        };
        let rename = |title| [field("title", title), field("rev", title)];
        let (mut replica, mut history) = (Replica::new(PeerId::FIRST), History::new(PeerId::FIRST));
        replica.write(&rename("milk"));
        history.did(replica.write(&rename("oat milk")).unwrap().changes);
        replica.write(&rename("soy milk"));
        let undo = history.step(Direction::Undo, &replica).unwrap();
        assert_eq!((undo.writes.len(), undo.skipped), (0, 1));
    }

    #[test]
    fn a_new_step_ends_redoing() {
        let (mut replica, mut history) = (Replica::new(PeerId::FIRST), History::new(PeerId::FIRST));
        history.did(replica.write(&[ink("a", Some(1))]).unwrap().changes);
        history.step(Direction::Undo, &replica);
        history.did(replica.write(&[ink("b", Some(1))]).unwrap().changes);
        assert!(!history.can(Direction::Redo));
    }

    #[test]
    fn what_was_recorded_is_taken_back_after_a_reload() {
        let (mut replica, mut before) = (Replica::new(PeerId::FIRST), History::new(PeerId::FIRST));
        for id in ["a", "b", "c"] {
            before.did(replica.write(&[ink(id, Some(1))]).unwrap().changes);
        }
        let undo = before.step(Direction::Undo, &replica).unwrap();
        replica.write(&undo.writes);
        let mut kept = Vec::new();
        for record in before.records() {
            match record {
                Record::Keep(key, bytes) => kept.push((key, bytes)),
                Record::Drop(key) => kept.retain(|(other, _)| *other != key),
                Record::KeepDraft(..) | Record::DropDraft(_) => {}
            }
        }
        let mut after = History::new(PeerId::from_random(2));
        after.did(replica.write(&[ink("d", Some(1))]).unwrap().changes);
        // By a newer version.
        kept.push((StepKey::new(70, PeerId::from_random(3)), vec![0, 200, 1]));
        after.loaded(&kept);
        assert_eq!(after.next, 71);
        after.records();
        let mut left = Vec::new();
        while let Some(undo) = after.step(Direction::Undo, &replica) {
            replica.write(&undo.writes);
            left.push(replica.values(&INK).len());
        }
        assert_eq!(
            left,
            [2, 1, 0],
            "its own step first, then those from before"
        );
    }

    #[test]
    fn keys_sort_by_number_and_survive_as_numbers() {
        let key = |number, page| StepKey::new(number, PeerId::from_random(page));
        let keys = [key(0, 9), key(1, 1), key(1, 2), key(u32::MAX, u64::MAX)];
        assert!(keys.is_sorted());
        for key in keys {
            assert_eq!(StepKey::from_f64(key.to_f64()), key);
        }
    }

    #[test]
    fn steps_are_bounded() {
        let (mut replica, mut history) = (Replica::new(PeerId::FIRST), History::new(PeerId::FIRST));
        for n in 0..UNDO_STEPS + 50 {
            history.did(
                replica
                    .write(&[ink(&n.to_string(), Some(1))])
                    .unwrap()
                    .changes,
            );
        }
        assert_eq!(history.done.len(), UNDO_STEPS);
    }
}
