//! What an app is, for the rest of core ([`super::apps`] names them all).

use std::fmt;

use super::doc::{presence::slots::Slot, table::Name};

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
