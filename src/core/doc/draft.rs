//! Drafts: edits that are not finished, such as a stroke that is being drawn. An edit enters the document only when it
//! is finished. Until then its draft is stored regularly, so that a killed page loses only the last moment of it. The
//! next page finishes the drafts of a page that is gone.

use super::{
    step::{self, Step},
    table::{Change, Key, Write},
    undo::Record,
};
use crate::{
    core::peer::PeerId,
    limits::{DRAFT_IS_LEFT_MS, Millis},
};

#[derive(Debug, Default)]
pub struct Drafts {
    /// Of pages that may be gone, and when that is looked into.
    found: Vec<(PeerId, Step)>,
    look_at: Option<Millis>,
    /// What our own draft is about.
    mine: Option<Key>,
    /// Pages whose drafts were finished, and may be dropped once that is stored.
    finished: Vec<PeerId>,
    was_loaded: bool,
}

impl Drafts {
    /// Our draft is this by now: the step that would finish it.
    pub fn drew(&mut self, me: PeerId, draft: &Step) -> Option<Record> {
        if draft.is_empty() {
            self.mine = None;
            self.finished(me);
            return None;
        }
        self.mine = draft.first().map(|change| change.key.clone());
        self.finished.retain(|page| *page != me);
        Some(Record::KeepDraft(me, step::to_bytes(draft)))
    }

    /// We edited: if it is what we drafted, that is finished.
    pub fn committed(&mut self, me: PeerId, writes: &[Write]) {
        let is_mine = |write: &Write| self.mine.as_ref() == Some(&write.key);
        if writes.iter().any(is_mine) {
            self.mine = None;
            self.finished(me);
        }
    }

    /// From now on we have another name: what was drafted under the old one is drafted anew.
    pub fn renamed(&mut self, before: PeerId) {
        if self.mine.is_some() {
            self.finished(before);
        }
    }

    /// What was drafted is in the document, or not wanted.
    pub fn finished(&mut self, page: PeerId) {
        if !self.finished.contains(&page) {
            self.finished.push(page);
        }
    }

    /// What storage is told once all edits are stored.
    pub fn dropped(&mut self) -> Vec<Record> {
        self.finished.drain(..).map(Record::DropDraft).collect()
    }

    pub fn has_finished(&self) -> bool {
        !self.finished.is_empty()
    }

    /// The room was read. A draft that does not read, since a newer version made it, stays in storage. One whose changes are
    /// all here was finished: it must not come back after it is erased.
    pub fn loaded(
        &mut self,
        now: Millis,
        drafts: &[(PeerId, Vec<u8>)],
        is_here: impl Fn(&Change) -> bool,
    ) {
        if std::mem::replace(&mut self.was_loaded, true) {
            return;
        }
        for (page, bytes) in drafts {
            match step::read(bytes) {
                Some(draft) if !draft.iter().all(&is_here) => self.found.push((*page, draft)),
                Some(_) => self.finished(*page),
                None => {}
            }
        }
        self.wait_again(now);
    }

    /// From now on a page that is still there can be heard.
    pub fn wait_again(&mut self, now: Millis) {
        self.look_at = (!self.found.is_empty()).then_some(now + DRAFT_IS_LEFT_MS);
    }

    pub fn wake_at(&self) -> Option<Millis> {
        self.look_at
    }

    /// The drafts that were found, once a page that is still there has had the time to be heard.
    pub fn due(&mut self, now: Millis) -> Vec<(PeerId, Step)> {
        match self.look_at.take_if(|at| *at <= now) {
            Some(_) => std::mem::take(&mut self.found),
            None => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::doc::{id::Id, table::Name};

    fn key(id: &str) -> Key {
        Key::value(Name::known("ink"), Id::parse(id).unwrap())
    }

    #[test]
    fn only_what_may_be_unfinished_is_looked_into() {
        let mut drafts = Drafts::default();
        let page = |id| PeerId::from_random(id);
        let draft = |id: &str| -> Step {
            vec![Change {
                key: key(id),
                before: None,
                after: None,
            }]
        };
        let bytes = |id| step::to_bytes(&draft(id));
        let stored = [
            (page(1), vec![0, 200, 9]),
            (page(2), bytes("open")),
            (page(3), bytes("here")),
        ];
        drafts.loaded(100, &stored, |change| *change == draft("here")[0]);
        assert_eq!(drafts.dropped(), [Record::DropDraft(page(3))]);
        let at = drafts.wake_at().unwrap();
        assert_eq!(drafts.due(at - 1), []);
        assert_eq!(drafts.due(at), [(page(2), draft("open"))]);
        assert_eq!(drafts.wake_at(), None);
    }

    #[test]
    fn another_edit_does_not_finish_what_is_under_the_pen() {
        let (mut drafts, me) = (Drafts::default(), PeerId::FIRST);
        let write = |id: &str| Write {
            key: key(id),
            value: None,
        };
        let change = Change {
            key: key("pen"),
            before: None,
            after: None,
        };
        assert!(drafts.drew(me, &vec![change]).is_some());
        drafts.committed(me, &[write("other")]);
        assert!(!drafts.has_finished());
        drafts.committed(me, &[write("other"), write("pen")]);
        assert_eq!(drafts.dropped(), [Record::DropDraft(me)]);
    }
}
