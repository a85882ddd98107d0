//! Earlier versions of the room: kept by themselves while somebody works here, or under a name; looked at in place of
//! the room, and restored by an edit.

use std::time::Duration;

use leptos::prelude::*;

use crate::{
    browser::{clock, idb::StoreError, task, versions::Versions},
    core::{
        apps,
        doc::{
            replica::Replica,
            versions::{self, Version},
        },
        text::{is_visible, one_line},
    },
    limits::{VERSION_MS, VERSION_NAME_CHARS},
    ui::{
        hooks::use_room::{Room, use_room},
        text,
    },
};

/// From now on keeps a version a minute while there is something new.
pub fn keep(room: Room) {
    let is_said = StoredValue::new(false);
    let take = move || {
        task::spawn(async move {
            let taken = add(room, None).await;
            if let Err(sentence) = taken
                && !is_said.get_value()
            {
                is_said.set_value(true);
                room.warn(format!(
                    "{sentence} Your edits are stored as ever; it is tried again each minute."
                ));
            }
        });
    };
    take();
    set_interval(take, Duration::from_millis(VERSION_MS));
}

/// Keeps the room as it is, and fewer of the older versions if they are too much. Says whether there was a version to
/// keep.
async fn add(room: Room, name: Option<String>) -> Result<bool, String> {
    let kept = async {
        if room.is_forgotten() {
            return Ok(false);
        }
        let versions = Versions::open(&room.storage_name()).await?;
        let added = versions.add(|last| {
            let is_forgotten = room.is_forgotten();
            // What was set aside is in earlier versions, but not here.
            room.read(|session| match session.set_aside() {
                [] if !is_forgotten => Version::next(
                    session.replica(),
                    apps::amount(session.replica()),
                    last,
                    clock::unix_ms(),
                    name,
                ),
                _ => None,
            })
        });
        let Some(added) = added.await? else {
            return Ok(false);
        };
        if room.read(|session| added.is_too_much(session.stored_bytes()))
            && let Ok(Some(fewer)) = versions::thinned(&versions.all().await?)
        {
            versions.replace(&added, &fewer).await?;
        }
        Ok(true)
    };
    let kept: Result<bool, StoreError> = kept.await;
    kept.map_err(|error| format!("The version could not be kept: {error}."))
}

/// What the dialog shows.
pub fn list() -> AnyView {
    let room = use_room();
    on_cleanup(move || room.show_now());
    let kept = RwSignal::new(None::<Result<Vec<Version>, String>>);
    let chosen = RwSignal::new(None::<u32>);
    let past = StoredValue::new_local(None::<Replica>);
    let shown = move || chosen.get().filter(|_| room.is_past.get());
    let look = move || {
        task::spawn(async move {
            let all = async { Versions::open(&room.storage_name()).await?.all().await };
            let all = all.await.map_err(|error| error.to_string());
            // The dialog may have been closed.
            let _ = kept.try_set(Some(all));
        });
    };
    look();
    let show = move |number: Option<u32>| {
        chosen.set(number);
        let Some(number) = number else {
            past.set_value(None);
            return room.show_now();
        };
        let then = kept.with(|kept| {
            let kept = kept.iter().flatten().flatten();
            versions::replay(kept.take_while(|version| version.number <= number))
        });
        match then {
            Ok(then) => {
                room.show_past(&then);
                past.set_value(Some(then));
            }
            Err(error) => room.say(text::file::no_version(&error)),
        }
    };
    let restore = move |_| {
        let writes = past.with_value(|then| match then {
            Some(then) => room.read(|session| versions::restored(then, session.replica())),
            None => Vec::new(),
        });
        show(None);
        room.say(match writes.as_slice() {
            [] => "The room is as it was then already.",
            _ => "The room is again as it was then. Undo takes that back.",
        });
        room.edit(writes);
    };
    let name = RwSignal::new(String::new());
    let keep = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let given = name.get_untracked();
        let given = one_line(&given);
        let count = given.chars().count();
        if !is_visible(&given) {
            return room.say("A version is kept under a name that can be seen.");
        }
        if count > VERSION_NAME_CHARS {
            return room.say(format!("The name of a version has at most {VERSION_NAME_CHARS} characters, and this one has {count}."));
        }
        name.set(String::new());
        // What is kept is the room as it is, whatever was looked at.
        show(None);
        task::spawn(async move {
            match add(room, Some(given)).await {
                Ok(true) => look(),
                Ok(false) => room.say("The version could not be kept: this page does not have all that the last one has."),
                Err(sentence) => room.say(sentence),
            }
        });
    };
    let row = move |version: &Version| {
        let number = version.number;
        view! {
            <li>
                <button
                    type="button"
                    aria-pressed=move || (shown() == Some(number)).to_string()
                    on:click=move |_| show(Some(number))
                >
                    <strong>{version.name.clone()}</strong>
                    <time>{clock::local_time(version.at)}</time>
                    <span class="hint">{text::amount::list(&version.amount)}</span>
                </button>
            </li>
        }
    };
    let rows = move || match &*kept.read() {
        None => view! { <p class="hint" role="status">"Loading…"</p> }.into_any(),
        Some(Err(error)) => {
            view! { <p role="alert">{format!("The versions cannot be read: {error}.")}</p> }
                .into_any()
        }
        Some(Ok(versions)) => versions.iter().rev().map(row).collect_view().into_any(),
    };
    view! {
        <form class="row" on:submit=keep>
            <label class="field">
                <span>"Name of this version"</span>
                <input
                    type="text"
                    dir="auto"
                    prop:value=move || name.get()
                    on:input=move |event| name.set(event_target_value(&event))
                />
            </label>
            <button type="submit" class="primary">"Keep"</button>
        </form>
        <ol class="versions" aria-label="Versions, the latest first">
            <li>
                <button
                    type="button"
                    aria-pressed=move || shown().is_none().to_string()
                    on:click=move |_| show(None)
                >
                    "Now"
                </button>
            </li>
            {rows}
        </ol>
        <button type="button" class="primary" disabled=move || shown().is_none() on:click=restore>
            "Restore this version"
        </button>
        <p class="hint">"One is kept every minute while you change something, in this browser."</p>
    }
    .into_any()
}
