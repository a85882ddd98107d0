//! The apps of this program: the one place in core that names them all.

use super::{
    app::App,
    doc::{
        amount::Amount,
        presence::slots::Slot,
        replica::Replica,
        table::{Change, Name, Write},
        undo::History,
    },
};

pub mod board;
pub mod todo;

pub const APPS: [&App; 2] = [FIRST, &todo::APP];
pub const ENGINES: [&Engine; 2] = [&board::ENGINE, &todo::ENGINE];
/// Whose page a link leads to that names none.
pub const FIRST: &App = &board::APP;
/// How many tables the apps of this version have. No version has fewer than one before it.
pub const TABLES: u32 = {
    let (mut count, mut apps) = (0, APPS.as_slice());
    while let [app, rest @ ..] = apps {
        count += app.tables.len() as u32;
        apps = rest;
    }
    count
};

/// What an app does, apart from what it is: its code comes in chunks.
pub struct Engine {
    pub app: &'static App,
    /// Keys on its page, and what they do.
    pub keys: fn() -> Vec<(&'static str, &'static str)>,
    /// What it is made of: one, and many.
    pub nouns: [&'static str; 2],
    pub count: fn(&Replica) -> u32,
    /// The writes that add to the second copy what only the first copy shows. They do not change what the second copy
    /// shows.
    pub added: fn(&Replica, &Replica) -> Vec<Write>,
    /// The value of another slot that a message implies for its sender: wet ink implies the position of the pointer.
    pub implied: fn(Slot, &[u8]) -> Option<Implied>,
    /// Handles values of records that were overwritten, perhaps values that this person wrote concurrently. Gives the
    /// edit that resolves the conflicts, which is not an undo step, and notices for the person.
    pub settled: fn(&[Change], &History, &Replica) -> Settled,
}

/// A slot, and what is shown there.
pub type Implied = (Slot, Vec<u8>);

/// An edit, and what the person should know of it.
pub type Settled = (Vec<Write>, Vec<Said>);

/// Something that an app has to tell; `ui::text` has the words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    Todo(todo::overruled::Notice),
}

/// The app of this name.
pub fn named(name: &str) -> Option<&'static App> {
    APPS.into_iter().find(|app| app.name == name)
}

/// All slots of all apps.
pub fn slots() -> impl Iterator<Item = Slot> {
    APPS.iter().flat_map(|app| app.slots).copied()
}

/// The slot whose messages are of this kind.
pub fn slot(letter: u8) -> Option<Slot> {
    slots().find(|slot| slot.letter == letter)
}

/// [`Engine::implied`] of all apps.
pub fn implied(slot: Slot, message: &[u8]) -> Option<Implied> {
    let mut engines = ENGINES.iter();
    engines.find_map(|engine| (engine.implied)(slot, message))
}

/// Keys on the page of an app, and what they do.
pub fn keys(app: &App) -> Vec<(&'static str, &'static str)> {
    let mut engines = ENGINES.iter();
    let engine = engines.find(|engine| engine.app == app);
    engine.map_or_else(Vec::new, |engine| (engine.keys)())
}

/// Whether a link may have this parameter for any page.
pub fn takes(name: &str, value: &str) -> bool {
    APPS.iter().any(|app| (app.takes)(name, value))
}

/// The tables of a copy that no app of this version has.
fn others(replica: &Replica) -> impl Iterator<Item = &Name> {
    let is_known = |table: &Name| APPS.iter().any(|app| app.tables.contains(table));
    replica.tables().filter(move |table| !is_known(table))
}

pub fn amount(replica: &Replica) -> Amount {
    let apps = ENGINES.map(|engine| (engine.app.name.to_owned(), (engine.count)(replica)));
    let others = others(replica).map(|table| {
        let name = table.as_str().to_owned();
        (name, replica.count(table))
    });
    apps.into_iter().chain(others).collect()
}

/// The edit that brings what `other` shows and `here` does not, in all tables. What is here stays as it is.
pub fn added(other: &Replica, here: &Replica) -> Vec<Write> {
    let apps = ENGINES
        .iter()
        .flat_map(|engine| (engine.added)(other, here));
    let others = others(other).flat_map(|table| other.missing_in(here, table));
    apps.chain(others).collect()
}

/// Of all apps.
pub fn settled(replaced: &[Change], history: &History, replica: &Replica) -> Settled {
    let (mut writes, mut notices) = (Vec::new(), Vec::new());
    for engine in ENGINES {
        let (written, said) = (engine.settled)(replaced, history, replica);
        writes.extend(written);
        notices.extend(said);
    }
    (writes, notices)
}
