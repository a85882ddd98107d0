//! What somebody is in the middle of, a stroke under the pen. It is in the document only once it is finished, but in
//! storage before, so that a page that is killed loses a moment of it and not all. What a page left there is taken up
//! by the next one.

use super::undo::{Record, Step};
use crate::{
    core::peer::PeerId,
    limits::{DRAFT_IS_LEFT_MS, Millis},
};

#[derive(Debug, Default)]
pub struct Drafts {
    /// Of pages that may be gone, and when that is looked into.
    found: Vec<(PeerId, Step)>,
    look_at: Option<Millis>,
    /// Pages whose drafts were finished, and may be dropped once that is stored.
    finished: Vec<PeerId>,
    was_loaded: bool,
}

impl Drafts {
    /// Our draft is this by now: the step that would finish it.
    pub fn drew(&mut self, me: PeerId, draft: &Step) -> Option<Record> {
        if draft.is_empty() {
            self.finished(me);
            return None;
        }
        self.finished.retain(|page| *page != me);
        let bytes = postcard::to_allocvec(draft).ok()?;
        Some(Record::KeepDraft(me, bytes))
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

    /// The room was read. A draft that does not read is dropped.
    pub fn loaded(&mut self, now: Millis, drafts: &[(PeerId, Vec<u8>)]) {
        if std::mem::replace(&mut self.was_loaded, true) {
            return;
        }
        for (page, bytes) in drafts {
            match postcard::from_bytes(bytes) {
                Ok(draft) => self.found.push((*page, draft)),
                Err(_) => self.finished(*page),
            }
        }
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

    #[test]
    fn a_draft_that_does_not_read_is_dropped_and_others_wait() {
        let mut drafts = Drafts::default();
        let (one, two) = (PeerId::from_random(1), PeerId::from_random(2));
        let empty = postcard::to_allocvec(&Step::new()).unwrap();
        drafts.loaded(100, &[(one, vec![255; 9]), (two, empty)]);
        assert_eq!(drafts.dropped(), [Record::DropDraft(one)]);
        let at = drafts.wake_at().unwrap();
        assert_eq!(drafts.due(at - 1), []);
        assert_eq!(drafts.due(at), [(two, Step::new())]);
        assert_eq!(drafts.wake_at(), None);
    }
}
