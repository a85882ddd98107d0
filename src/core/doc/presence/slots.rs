//! What a page shows of what its person does just now: a pointer, a view, ink that is being drawn. It is told to who is
//! here, never stored, and worth nothing to who comes later. Apps declare slots; the session carries them unread.

use std::{fmt, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};

use crate::limits::SLOT_BYTES;

#[derive(Clone, Copy)]
pub struct Slot {
    /// Its kind on the wire (`session::message`).
    pub letter: u8,
    /// For the event log.
    pub name: &'static str,
    pub lane: Lane,
    pub to: To,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// The newest message makes those before it worth nothing: a byte 1 and a value in postcard's format, or a byte 0 for
    /// none. Sent at most once in [`crate::limits::CURSOR_MS`].
    Latest,
    /// Each message counts, for a moment. Its sender throttles it.
    Stream,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    Everyone,
    /// Those who follow this page.
    Followers,
}

impl PartialEq for Slot {
    fn eq(&self, other: &Self) -> bool {
        self.letter == other.letter
    }
}

impl Eq for Slot {}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// What is shown in a slot of its own.
pub trait Shows: Serialize + DeserializeOwned {
    const SLOT: Slot;

    /// Whether the value is plausible: a peer can send any value.
    fn is_sane(&self) -> bool;

    fn bytes(&self) -> Vec<u8> {
        // Writing a plain structure to memory cannot fail.
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// None for bytes that do not read, or make no sense.
    fn read(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok().filter(Self::is_sane)
    }
}

/// What a page shows, by slot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown(Vec<(u8, Arc<[u8]>)>);

impl Shown {
    pub fn set(&mut self, slot: Slot, value: Option<&[u8]>) {
        self.0.retain(|(letter, _)| *letter != slot.letter);
        let value = value.filter(|value| value.len() <= SLOT_BYTES);
        self.0
            .extend(value.map(|value| (slot.letter, value.into())));
    }

    pub fn get<T: Shows>(&self) -> Option<T> {
        let mut shown = self.0.iter();
        let (_, value) = shown.find(|(letter, _)| *letter == T::SLOT.letter)?;
        T::read(value)
    }
}
