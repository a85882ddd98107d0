//! The rooms of this device: an entry each in `localStorage`, and what is stored of them in IndexedDB.

use js_sys::Promise;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, window};

use super::{
    clock,
    idb::{self, StoreError},
    preferences,
    quarantine::Marks,
    random,
    tabs::Tabs,
    versions,
};
use crate::core::{
    address,
    doc::{replica::Replica, storage::Storage},
    line::tabs::ROOM_FORGOTTEN,
    peer::PeerId,
    rooms::Entry,
    wire::{identity::Seed, tag::Tag},
};

/// Begins the names of entries, and of rooms that may have none yet.
const ENTRY: &str = "room/";
const VISITED: &str = "visited/";

/// Under which a room is stored. It gives away neither name nor key.
pub fn place(tag: Tag) -> String {
    format!("{}{}", preferences::prefix(), tag.to_text())
}

/// What this browser's pages of a room show that they are one person's; made at the first visit.
pub fn person(tag: Tag) -> Option<Seed> {
    let name = format!("person/{}", tag.to_text());
    if let Some(kept) = preferences::load::<Vec<u8>>(&name)
        && let Ok(seed) = kept.try_into()
    {
        return Some(seed);
    }
    let seed: Seed = random::bytes()?;
    preferences::keep(&name, &seed.to_vec());
    Some(seed)
}

/// Something was found or made in a room: it belongs on the list, even if the page is left before its entry is written.
pub fn visited(tag: Tag, hash: &str) {
    preferences::keep_text(&format!("{VISITED}{}", tag.to_text()), hash);
}

/// Makes the entries that are missing of rooms that were visited.
pub async fn note_visited() {
    for name in preferences::names(VISITED) {
        let hash = preferences::text(&name).unwrap_or_default();
        let Some(address) = address::parse(&hash, false).0 else {
            preferences::forget(&name);
            continue;
        };
        let tag = address.room.tag();
        if entry(tag).is_none()
            && let Ok(replica) = load(tag).await
            && let bytes = replica.snapshot().len() as u64
            && let Some(noted) =
                Entry::noted(None, &address, &replica, bytes, &[], clock::unix_ms())
        {
            keep(tag, &noted);
        }
        preferences::forget(&name);
    }
}

pub fn entry(tag: Tag) -> Option<Entry> {
    preferences::load(&name(tag))
}

pub fn keep(tag: Tag, entry: &Entry) {
    preferences::keep(&name(tag), entry);
}

fn name(tag: Tag) -> String {
    format!("{ENTRY}{}", tag.to_text())
}

/// The latest first.
pub fn all() -> Vec<Entry> {
    let names = preferences::names(ENTRY);
    let mut entries: Vec<Entry> = names
        .iter()
        .filter_map(|name| preferences::load(name))
        .collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.changed_at));
    entries
}

/// A copy of what is stored of a room, without what was set aside.
pub async fn load(tag: Tag) -> Result<Replica, StoreError> {
    let place = place(tag);
    let marks = Marks::of(&place);
    marks.look_back().await;
    // Nobody writes to this copy.
    let mut replica = Replica::new(PeerId::FIRST);
    replica.guard(marks.quarantine());
    let stored = open(&place).await?.load().await?;
    for update in stored.updates() {
        // What does not read is not shown in the room either.
        let _ = replica.apply(update);
    }
    Ok(replica)
}

/// Stores a room that was not here before.
pub async fn store(tag: Tag, entry: &Entry, replica: &Replica) -> Result<(), StoreError> {
    open(&place(tag))
        .await?
        .write(&[replica.snapshot()], &[])
        .await?;
    keep(tag, entry);
    Ok(())
}

async fn open(place: &str) -> Result<idb::Store, StoreError> {
    idb::Store::open(place, |_| ()).await
}

/// Deletes all that this browser has of a room: its entry, what is stored, its versions.
pub async fn forget(tag: Tag) -> Result<(), StoreError> {
    let place = place(tag);
    // Tabs that show it are told that it is not to come back.
    if let Some(tabs) = Tabs::join(&place, |_| ()) {
        tabs.send(ROOM_FORGOTTEN);
    }
    delete(&place).await?;
    delete(&versions::name(&place)).await?;
    Marks::of(&place).forget_all();
    preferences::forget(&name(tag));
    for kept in [VISITED, "view/", "person/"] {
        preferences::forget(&format!("{kept}{}", tag.to_text()));
    }
    Ok(())
}

async fn delete(database: &str) -> Result<(), StoreError> {
    let factory = window().and_then(|window| window.indexed_db().ok()?);
    let request = factory.and_then(|factory| factory.delete_database(database).ok());
    let request = request.ok_or_else(|| StoreError::Use("it was refused".to_owned()))?;
    let done = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
        // It goes on when the tab that keeps the database open is closed, which may be never.
        request.set_onblocked(Some(&reject));
    });
    match JsFuture::from(done).await {
        Ok(_) => Ok(()),
        Err(event) => Err(StoreError::Use(
            match event.dyn_ref::<Event>().map(Event::type_) == Some("blocked".to_owned()) {
                true => "another tab has the room open in an older version of Duplex: close it",
                false => "it was refused",
            }
            .to_owned(),
        )),
    }
}
