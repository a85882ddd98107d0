//! A revision names one edit of a title: random characters and, after a space, those of the revision that it is based
//! on. When a title overwrites another, the revisions show whether the author of the new one had seen the old one.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use super::table::{REVISION, TITLE, TODO};
use crate::core::doc::{
    id::Id,
    table::{Change, Name, Value},
};

const CHARS: usize = 6;

/// The title of an item that gave way to one from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overwritten {
    pub item: Id,
    pub title: String,
    pub revision: String,
    /// The revision that came in its place.
    pub by: String,
}

impl Overwritten {
    /// The id of an item of its own, the same on every page.
    pub fn own_id(&self) -> Option<Id> {
        let mut hash = Sha256::new();
        for part in [self.item.as_str(), "\0", &self.revision] {
            hash.update(part);
        }
        let hash: [u8; 32] = hash.finalize().into();
        let short = hash.first_chunk().map(|part| u64::from_be_bytes(*part))?;
        Id::parse(&format!("{short:016x}")).ok()
    }
}

/// The titles among values that gave way to others, where their revisions did so, too.
pub fn overwritten(replaced: &[Change]) -> Vec<Overwritten> {
    let text = |value: &Option<Value>| value.as_ref()?.as_text().map(str::to_owned);
    let of = |name: Name| {
        let is_of = move |change: &&Change| {
            change.key.table == TODO && change.key.field.as_ref() == Some(&name)
        };
        replaced.iter().filter(is_of)
    };
    let revisions = of(REVISION).map(|change| (&change.key.id, change));
    let revisions: HashMap<_, _> = revisions.collect();
    let overwritten = of(TITLE).filter_map(|title| {
        let revision = revisions.get(&title.key.id)?;
        Some(Overwritten {
            item: title.key.id.clone(),
            title: text(&title.before)?,
            revision: text(&revision.before)?,
            by: text(&revision.after)?,
        })
    });
    overwritten.collect()
}

/// The next one after `base`.
pub fn next(base: Option<&str>, rng: &mut fastrand::Rng) -> String {
    let own: String = std::iter::repeat_with(|| rng.alphanumeric())
        .take(CHARS)
        .collect();
    match base.map(name) {
        Some(base) if !base.is_empty() => format!("{own} {base}"),
        _ => own,
    }
}

fn name(revision: &str) -> &str {
    revision.split(' ').next().unwrap_or_default()
}

fn base(revision: &str) -> Option<&str> {
    revision.split_once(' ').map(|(_, base)| base)
}

/// Whether the author of the edit `later` had not seen `earlier`, which it replaced. An edit that goes back to the
/// revision on which `earlier` is based, such as an undo, is not blind. (A restored version of the room can be taken
/// for a blind edit: then the list gets a superfluous item, but never loses one.)
pub fn is_blind(later: &str, earlier: &str) -> bool {
    let is_return = base(earlier).is_some_and(|base| base == name(later));
    base(later).is_some_and(|base| base != name(earlier))
        && !is_return
        && name(later) != name(earlier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_tell_what_they_were_made_on() {
        let mut rng = fastrand::Rng::with_seed(1);
        let created = next(None, &mut rng);
        let mine = next(Some(&created), &mut rng);
        let theirs = next(Some(&created), &mut rng);
        assert!(is_blind(&theirs, &mine) && is_blind(&mine, &theirs));
        let after = next(Some(&mine), &mut rng);
        assert!(!is_blind(&after, &mine), "it was made on mine");
        assert!(!is_blind(&created, &mine), "taken back");
        assert!(!is_blind(&mine, &mine));
        assert!(!is_blind("older", "x"), "older versions do not tell");
        assert!(
            next(Some(&after), &mut rng).len() <= 2 * CHARS + 1,
            "it does not grow"
        );
    }
}
