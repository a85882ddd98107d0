//! What a person can take back: their own steps only, as inverse writes. A cell that somebody else has changed since
//! is left as it is, and counted.

use super::{
    replica::Replica,
    schema::{Change, Write},
};
use crate::limits::UNDO_STEPS;

/// One thing a person did: the changes of one commit.
pub type Step = Vec<Change>;

#[derive(Debug, Default)]
pub struct History {
    done: Vec<Step>,
    undone: Vec<Step>,
}

/// The writes that take a step back, or do it again.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Inverse {
    pub writes: Vec<Write>,
    /// Cells that hold something else by now.
    pub skipped: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Undo,
    Redo,
}

impl History {
    /// A new step. What was undone before can no longer be redone.
    pub fn did(&mut self, step: Step) {
        self.undone.clear();
        self.done.push(step);
        if self.done.len() > UNDO_STEPS {
            self.done.remove(0);
        }
    }

    pub fn can(&self, direction: Direction) -> bool {
        match direction {
            Direction::Undo => !self.done.is_empty(),
            Direction::Redo => !self.undone.is_empty(),
        }
    }

    /// Takes the newest step off its stack, puts it on the other one, and says how to reverse or repeat it.
    pub fn step(&mut self, direction: Direction, replica: &Replica) -> Option<Inverse> {
        let (from, to) = match direction {
            Direction::Undo => (&mut self.done, &mut self.undone),
            Direction::Redo => (&mut self.undone, &mut self.done),
        };
        let step = from.pop()?;
        let mut inverse = Inverse::default();
        for Change {
            cell,
            before,
            after,
        } in step.iter().rev()
        {
            let (expected, wanted) = match direction {
                Direction::Undo => (after, before),
                Direction::Redo => (before, after),
            };
            if replica.get(cell) == *expected {
                inverse.writes.push(Write {
                    cell: cell.clone(),
                    value: wanted.clone(),
                });
            } else {
                inverse.skipped += 1;
            }
        }
        to.push(step);
        Some(inverse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{
        doc::schema::{Cell, Id, Value},
        peer::PeerId,
    };

    fn ink(id: &str, byte: Option<u8>) -> Write {
        Write {
            cell: Cell::Ink(Id::parse(id).unwrap()),
            value: byte.map(|byte| Value::Bytes([byte].into())),
        }
    }

    #[test]
    fn a_step_is_taken_back_and_done_again() {
        let (mut replica, mut history) = (Replica::new(PeerId::FIRST), History::default());
        history.did(
            replica
                .write(&[ink("a", Some(1)), ink("b", Some(2))])
                .unwrap()
                .changes,
        );
        let undo = history.step(Direction::Undo, &replica).unwrap();
        replica.write(&undo.writes);
        assert!(replica.inks().is_empty());
        let redo = history.step(Direction::Redo, &replica).unwrap();
        replica.write(&redo.writes);
        assert_eq!(replica.inks().len(), 2);
        assert!(history.can(Direction::Undo) && !history.can(Direction::Redo));
    }

    #[test]
    fn what_somebody_else_changed_since_stays() {
        let (mut mine, mut history) = (Replica::new(PeerId::FIRST), History::default());
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
    fn a_new_step_ends_redoing() {
        let (mut replica, mut history) = (Replica::new(PeerId::FIRST), History::default());
        history.did(replica.write(&[ink("a", Some(1))]).unwrap().changes);
        history.step(Direction::Undo, &replica);
        history.did(replica.write(&[ink("b", Some(1))]).unwrap().changes);
        assert!(!history.can(Direction::Redo));
    }

    #[test]
    fn steps_are_bounded() {
        let (mut replica, mut history) = (Replica::new(PeerId::FIRST), History::default());
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
