//! How much there is in a document: so many things of each app, by the app's name. Of tables that no app of this version
//! has it is their rows, by the table's name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// As it is stored, names of other versions included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<String, u32>")]
pub struct Amount(BTreeMap<String, u32>);

/// What the first builds called things that apps count.
const FIRST_NAMES: [(&str, &str); 2] = [("strokes", "board"), ("items", "todo")];

impl From<BTreeMap<String, u32>> for Amount {
    fn from(counts: BTreeMap<String, u32>) -> Self {
        counts
            .into_iter()
            .map(|(name, count)| {
                let mut renamed = FIRST_NAMES.iter().filter(|(first, _)| *first == name);
                let name = renamed.next().map_or(name.as_str(), |(_, name)| name);
                (name.to_owned(), count)
            })
            .collect()
    }
}

impl FromIterator<(String, u32)> for Amount {
    fn from_iter<T: IntoIterator<Item = (String, u32)>>(counts: T) -> Self {
        Self(counts.into_iter().filter(|(_, count)| *count > 0).collect())
    }
}

impl Amount {
    pub fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }

    pub fn of(&self, name: &str) -> u32 {
        self.0.get(name).copied().unwrap_or_default()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.0.iter().map(|(name, count)| (name.as_str(), *count))
    }

    /// What came since there was as much as `before`.
    pub fn since(&self, before: &Self) -> Self {
        self.iter()
            .map(|(name, count)| (name.to_owned(), count.saturating_sub(before.of(name))))
            .collect()
    }
}
