//! The to-do list: items and their order, what a person does to them as writes, and the filters.

use super::{Engine, Said};
use crate::core::app::App;

pub mod filter;
pub mod formats;
pub mod item;
pub mod list;
pub mod order;
pub mod overruled;
pub mod revision;
pub mod table;
pub mod title;

pub const APP: App = App {
    name: "todo",
    takes: |name, value| name == filter::PARAMETER && filter::Filter::parse(value).is_some(),
    tables: &[table::TODO],
    slots: &[],
};

pub const ENGINE: Engine = Engine {
    app: &APP,
    keys: || {
        vec![
            ("Enter", "Add what was typed"),
            ("F2 or Enter on an item", "Edit it"),
            ("Escape", "Leave an item as it was"),
            ("Alt + arrow up, down", "Move an item"),
        ]
    },
    nouns: ["to-do", "to-dos"],
    // More than a list can hold.
    count: |replica| u32::try_from(list::List::of(replica).len()).unwrap_or(u32::MAX),
    added: list::added,
    implied: |_, _| None,
    settled: |replaced, history, replica| {
        let (writes, notices) = overruled::settled(replaced, history, replica);
        (writes, notices.into_iter().map(Said::Todo).collect())
    },
};
