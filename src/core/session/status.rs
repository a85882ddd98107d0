//! A session at a glance; `ui::text` has the words.

use super::Session;
use crate::core::{
    doc::store::Saved,
    line::status::{Connection, LineStatus},
};

/// A session at a glance. Cheap to make: the document's digest is asked for on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub line: LineStatus,
    /// The line is that of another tab of this browser.
    pub is_shared: bool,
    /// Entries of the log so far.
    pub logged: usize,
    /// People, with oneself. All tabs of one browser are one of them.
    pub people: usize,
    /// Nothing was ever made here, as far as this browser knows.
    pub is_empty: bool,
    /// Other people of whom all pages showed the same digest last.
    pub in_step: usize,
    /// How much is here of a room that is on its way, in percent.
    pub arrived: Option<u8>,
    /// Others whose copy differs from this one for longer than edits take to arrive.
    pub apart: usize,
    /// Edits that storage has not taken.
    pub unstored: usize,
    pub saved: Saved,
    /// A newer version of this program stored the room.
    pub is_newer: bool,
    /// Whether the browser promises to keep what is stored; none until it has said.
    pub lasts: Option<bool>,
    pub storage_problem: Option<String>,
}

impl Session {
    pub fn status(&self) -> Status {
        let (line, is_shared) = self.line.status(self.unsent);
        Status {
            line,
            is_shared,
            logged: self.line.log().total(),
            people: 1 + self.people.persons().count(),
            is_empty: self.sync.is_empty(),
            in_step: {
                let is_in_step = |page| self.sync.is_in_step(page);
                let others = self.people.persons();
                others
                    .filter(|(page, _)| self.people.all_pages(*page, is_in_step))
                    .count()
            },
            arrived: self.sync.progress(),
            // What others lack may still wait here.
            apart: match self.line.is_drained() {
                true => self.sync.apart(),
                false => 0,
            },
            unstored: self.store.pending(),
            saved: self.store.saved(),
            is_newer: self.store.is_newer(),
            lasts: self.store.is_lasting(),
            storage_problem: self.store.problem().map(str::to_owned),
        }
    }

    /// A long answer is on its way.
    pub fn is_arriving(&self) -> bool {
        self.sync.progress().is_some()
    }
}

impl Status {
    /// Whether what is said can reach another machine, as far as is known.
    pub fn reaches_others(&self) -> bool {
        self.line.server.audience.may_connect()
    }

    /// The relay is open, and is known to connect nobody.
    pub fn is_useless(&self) -> bool {
        self.line.connection == Connection::Open && !self.reaches_others()
    }

    /// Whether somebody who waits can ask for another try, or for another look at the server.
    pub fn can_retry(&self) -> bool {
        match self.line.connection {
            Connection::Waiting | Connection::Offline | Connection::Failed => true,
            Connection::Open => self.is_useless(),
            _ => false,
        }
    }
}
