//! A room gets its place in the list of this device's rooms.

use std::time::Duration;

use leptos::{ev, prelude::*};

use crate::{
    browser::{clock, rooms},
    core::{doc::store::Saved, rooms::Entry},
    limits::VERSION_MS,
    ui::hooks::use_room::Room,
};

/// From now on notes in the list what becomes of the room: each minute, and when the page is left.
pub fn keep(room: Room) {
    let note = move || note(room);
    note();
    set_interval(note, Duration::from_millis(VERSION_MS));
    let left = window_event_listener(ev::pagehide, move |_| note());
    // Lives as long as the page.
    std::mem::forget(left);
}

fn note(room: Room) {
    // One that is not stored cannot be found again.
    let is_saved = room
        .status
        .with_untracked(|status| status.saved == Saved::Saved);
    if room.is_forgotten() || !is_saved {
        return;
    }
    let address = room.address.get_untracked();
    let tag = address.room.tag();
    let before = rooms::entry(tag);
    let noted = room.read(|session| {
        let now = clock::unix_ms();
        let others = session.people().persons();
        let named = others.filter_map(|(_, person)| Some(person.profile.as_ref()?.name.clone()));
        // Another tab is nobody else.
        let own = &session.profile().name;
        let people: Vec<_> = named.filter(|name| name != own).collect();
        let (replica, bytes) = (session.replica(), session.stored_bytes());
        Entry::noted(before.as_ref(), &address, replica, bytes, &people, now)
    });
    if let Some(entry) = noted.filter(|noted| before.as_ref() != Some(noted)) {
        rooms::keep(tag, &entry);
    }
}
