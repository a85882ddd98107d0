//! Conflicts between titles: one of this person gave way to a concurrent one, and both are kept; or an item that this
//! person deleted is back, because a peer renamed it at the same time.

use super::{
    list::List,
    revision,
    table::{DELETED_REVISION, REVISION, TODO},
};
use crate::core::doc::{
    replica::Replica,
    table::{Change, Write},
    undo::History,
};

/// How a conflict between titles was resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Both titles are in the list.
    BothKept {
        ours: String,
        theirs: String,
        /// Of how many more items that is true.
        more: usize,
    },
    /// Items that this person deleted are back, with these titles.
    Returned(Vec<String>),
}

/// The edit that keeps both, which is no undo step, and its notices.
pub fn settled(
    replaced: &[Change],
    history: &History,
    replica: &Replica,
) -> (Vec<Write>, Vec<Notice>) {
    let (mut writes, mut notices) = (Vec::new(), Vec::new());
    let lost = revision::overwritten(replaced);
    if lost.is_empty() {
        return (writes, notices);
    }
    let titled = history.wrote(&TODO, &REVISION);
    let deleted = history.wrote(&TODO, &DELETED_REVISION);
    let is_in = |edits: &std::collections::HashSet<_>, lost: &revision::Overwritten| {
        edits.contains(&(&lost.item, lost.revision.as_str()))
    };
    let is_ours = |lost: &&revision::Overwritten| is_in(&titled, lost) || is_in(&deleted, lost);
    let mut ours = lost.iter().filter(is_ours).peekable();
    if ours.peek().is_none() {
        return (writes, notices);
    }
    let list = List::of(replica);
    let (mut kept, mut returned) = (Vec::new(), Vec::new());
    for lost in ours {
        let Some(winner) = list.get(&lost.item).map(|item| item.title.clone()) else {
            continue;
        };
        if is_in(&deleted, lost) {
            returned.push(winner);
        } else if revision::is_blind(&lost.by, &lost.revision) && winner != lost.title {
            writes.extend(list.both(lost));
            kept.push((lost.title.clone(), winner));
        }
    }
    let more = kept.len().saturating_sub(1);
    if let Some((ours, theirs)) = kept.into_iter().next() {
        notices.push(Notice::BothKept { ours, theirs, more });
    }
    if !returned.is_empty() {
        notices.push(Notice::Returned(returned));
    }
    (writes, notices)
}
