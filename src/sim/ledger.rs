//! Records which strokes pages reported as saved. To compare the clients' copies is not enough: all of them may have
//! lost the same stroke.

use std::collections::BTreeSet;

use crate::core::doc::id::Id;

/// Strokes, from the moment their page says that everything is saved until somebody removes them.
#[derive(Debug, Default)]
pub struct Ledger {
    drawn: Vec<(usize, Id)>,
    saved: BTreeSet<Id>,
    /// By erasing or undoing. Whether such a stroke comes back is not followed.
    removed: BTreeSet<Id>,
}

impl Ledger {
    /// What an operation of `client` did to the strokes that it shows.
    pub fn operated(&mut self, client: usize, before: &BTreeSet<Id>, after: &BTreeSet<Id>) {
        self.removed.extend(before.difference(after).cloned());
        let drawn = after.difference(before).cloned();
        self.drawn.extend(drawn.map(|id| (client, id)));
    }

    /// The page of `client` says that everything is saved.
    pub fn promised(&mut self, client: usize) {
        let drawn = self.drawn.extract_if(.., |(by, _)| *by == client);
        self.saved.extend(drawn.map(|(_, id)| id));
    }

    /// The page of `client` was killed: what it had not promised may be gone.
    pub fn killed(&mut self, client: usize) {
        self.drawn.retain(|(by, _)| *by != client);
    }

    /// What was promised and is not among `shown`.
    pub fn lost(&self, shown: &BTreeSet<Id>) -> Vec<Id> {
        let kept = self.saved.difference(&self.removed);
        kept.filter(|id| !shown.contains(*id)).cloned().collect()
    }
}
