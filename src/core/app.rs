//! What an app is, for the rest of core ([`super::apps`] names them all).

use std::fmt;

use super::doc::{
    presence::slots::Slot,
    replica::Replica,
    table::{Change, Name, Write},
    undo::History,
};

/// What the rest of core needs to know of an app.
pub struct App {
    /// Names it in links and in what is stored.
    pub name: &'static str,
    /// Whether a link may have this parameter, of this name and value, for its page.
    pub takes: fn(&str, &str) -> bool,
    pub tables: &'static [Name],
    /// What its page shows to others of what a person does.
    pub slots: &'static [Slot],
}

/// What an app does, apart from what it is: its code comes in chunks.
pub struct Engine {
    pub app: &'static App,
    /// Keys on its page, and what they do.
    pub keys: fn() -> Vec<(&'static str, &'static str)>,
    /// What it is made of: one, and many.
    pub nouns: [&'static str; 2],
    pub count: fn(&Replica) -> u32,
    /// The edit that brings what the first copy shows and the second does not. What is in that one stays as it is.
    pub added: fn(&Replica, &Replica) -> Vec<Write>,
    /// What a message of a slot says of another slot of its sender, too.
    pub implied: fn(Slot, &[u8]) -> Option<Implied>,
    /// Values of records gave way to others, perhaps concurrent ones of this person: the edit that resolves the conflict,
    /// which is no undo step, and its notices.
    pub settled: fn(&[Change], &History, &Replica) -> Settled,
}

impl PartialEq for App {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for App {}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A slot, and what is shown there.
pub type Implied = (Slot, Vec<u8>);

/// An edit, and what to say of it to the person.
pub type Settled = (Vec<Write>, Vec<String>);
