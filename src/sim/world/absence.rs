//! Pages that stand still: frozen, or left and come back to.

use super::{Event, World};
use crate::core::{doc::store::Command, session::Input};

impl World {
    /// Nothing of a page runs any more, as while it shows an `alert()` or rests in the back/forward cache. Its socket and
    /// its locks stay as they are.
    pub fn freeze(&mut self, client: usize) {
        if let Some(page) = self.pages.get_mut(client) {
            page.frozen.get_or_insert_default();
        }
    }

    /// It runs again, and hears of everything at once.
    pub fn thaw(&mut self, client: usize) {
        let frozen = self
            .pages
            .get_mut(client)
            .and_then(|page| page.frozen.take());
        for event in frozen.into_iter().flatten() {
            self.happen(client, event);
        }
        self.input(client, Input::Ticked);
    }

    /// A person goes to another page: this one says goodbye and is frozen. What it was writing may be aborted.
    pub fn leave(&mut self, client: usize) {
        self.store_gesture(client, true);
        self.input(client, Input::Left);
        self.freeze(client);
    }

    /// And comes back.
    pub fn come_back(&mut self, client: usize) {
        let frozen = self
            .pages
            .get_mut(client)
            .and_then(|page| page.frozen.take());
        let Some(events) = frozen else { return };
        for event in events {
            match event {
                Event::Storage(Command::Write(batch)) if self.rng.bool() => {
                    self.write_fails(client, Some(batch.number), "it was aborted");
                }
                event => self.happen(client, event),
            }
        }
        self.input(client, Input::Returned);
    }

    pub fn is_frozen(&self, client: usize) -> bool {
        let page = self.pages.get(client);
        page.is_some_and(|page| page.frozen.is_some())
    }
}
