//! The name of a row of a table.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{core::text, limits::ID_BYTES};

/// A row's id: 1 to 64 bytes without control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Id(Arc<str>);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("An id has 1 to {ID_BYTES} bytes and no control characters.")]
pub struct IdError;

/// Whether a text can name a row, a table or a field.
pub(super) fn is_name(text: &str) -> bool {
    (1..=ID_BYTES).contains(&text.len()) && !text.chars().any(char::is_control)
}

impl Id {
    pub fn parse(text: &str) -> Result<Self, IdError> {
        is_name(text).then(|| Self(text.into())).ok_or(IdError)
    }

    /// Ten characters, 59 bits: two ids meet by chance once in 700 million strokes.
    pub fn random(rng: &mut fastrand::Rng) -> Self {
        let text: String = std::iter::repeat_with(|| rng.alphanumeric())
            .take(10)
            .collect();
        Self(text.into())
    }

    /// The id of what has `text` for its id elsewhere: a text that no id can be becomes another, always the same.
    pub fn of_foreign(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|_| Self::of_contents(text))
    }

    /// The id of what has none, by what it is.
    pub fn of_contents(contents: &str) -> Self {
        let digest: [u8; 32] = Sha256::digest(contents).into();
        let hex: String = digest
            .iter()
            .take(12)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self(hex.into())
    }

    /// The id of the `number`th thing, counted from 1, that has this one; always the same.
    pub fn numbered(&self, number: usize) -> Self {
        match number {
            1 => self.clone(),
            // A long id has to lose its end.
            _ => Self(format!("{}~{number}", text::cut(&self.0, ID_BYTES / 4)).into()),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Id {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0.as_ref().to_owned()
    }
}
