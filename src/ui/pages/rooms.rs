//! The rooms of this device: to go back to, to name, to copy, to save as a file, to forget.

use leptos::prelude::*;
use serde_json::Value;
use web_sys::{HtmlInputElement, SubmitEvent};

use crate::{
    browser::{
        address::{self, replace_hash},
        clock,
        files::{self, FileError},
        idb::StoreError,
        random, rooms, styles, task,
    },
    core::{
        address::Address,
        apps::board::{edit, formats::excalidraw, scene::Scene},
        doc::replica::Replica,
        json,
        peer::PeerId,
        rooms::{Entry, copied, from_file, is_file, to_file},
        text::one_line,
    },
    limits::ROOM_TITLE_CHARS,
    ui::{
        parts::drop::{self, on_files_dropped},
        text,
    },
};

/// What is being done to one of the rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Renaming,
    Forgetting,
}

#[derive(Clone, Copy)]
struct Rooms {
    entries: RwSignal<Vec<Entry>>,
    /// By the hash of its entry.
    doing: RwSignal<Option<(String, Doing)>>,
    /// What came of the last thing that was done.
    said: RwSignal<String>,
}

impl Rooms {
    fn look(self) {
        self.doing.set(None);
        self.entries.set(rooms::all());
    }

    /// Says what came of it, and looks again.
    fn done(self, sentence: Result<String, StoreError>) {
        self.look();
        self.said.set(sentence.unwrap_or_else(|error| {
            format!("The browser's storage did not let this be done: {error}. Try it again.")
        }));
    }
}

pub fn page() -> AnyView {
    // What is dropped beside the list opens nothing.
    drop::watch(|| ());
    let page = Rooms {
        entries: RwSignal::new(rooms::all()),
        doing: RwSignal::new(None),
        said: RwSignal::new(String::new()),
    };
    document().set_title("Rooms · Duplex");
    task::spawn(async move {
        rooms::note_visited().await;
        // Whoever has begun something is not disturbed.
        if page.doing.try_get_untracked() == Some(None) {
            page.look();
        }
    });
    // Another tab may be at work in one of them.
    let back = window_event_listener(leptos::ev::focus, move |_| {
        if page.doing.get_untracked().is_none() {
            page.look();
        }
    });
    on_cleanup(move || back.remove());
    styles::adopt(include_str!("../../../style/rooms.css"));
    view! {
        <div class="rooms">
            <header>
                <h1>"Rooms on this device"</h1>
                <a class="primary" href="#">"New room"</a>
                <Import page=page/>
            </header>
            <p role="status">{move || page.said.get()}</p>
            <ul aria-label="Rooms, the latest first">
                {move || page.entries.get().into_iter().map(|entry| row(page, entry)).collect_view()}
            </ul>
            {move || page.entries.with(Vec::is_empty).then(|| view! {
                <p class="hint">"No room has been kept here yet. A room shows up here as soon as something is in it."</p>
            })}
            <p class="hint">
                "They are kept in this browser only, with their links. Whoever else has a room has a copy of their own."
            </p>
        </div>
    }
    .into_any()
}

fn row(page: Rooms, entry: Entry) -> AnyView {
    let Some(address) = entry.address() else {
        return ().into_any();
    };
    let name = entry.name();
    let (this, of) = (StoredValue::new((entry.clone(), address)), name.clone());
    let about = move |what: &str| format!("{what} {of}");
    let doing = {
        let hash = entry.hash.clone();
        move || {
            page.doing
                .get()
                .filter(|(of, _)| *of == hash)
                .map(|(_, doing)| doing)
        }
    };
    let begin = move |what| {
        let hash = this.with_value(|(entry, _)| entry.hash.clone());
        page.doing.set(Some((hash, what)));
    };
    let duplicate = move |_| {
        let (entry, address) = this.get_value();
        task::spawn(async move { page.done(duplicated(entry, address).await) });
    };
    let save = move |_| {
        let (entry, address) = this.get_value();
        task::spawn(async move {
            match saved(entry, address).await {
                Ok(sentence) => page.said.set(sentence),
                failed => page.done(failed),
            }
        });
    };
    let extra = move || match doing() {
        None => ().into_any(),
        Some(Doing::Renaming) => renaming(page, this).into_any(),
        Some(Doing::Forgetting) => forgetting(page, this).into_any(),
    };
    view! {
        <li>
            <a href=entry.hash.clone()>
                <strong dir="auto">{name}</strong>
                <span class="hint">{summary(&entry)}</span>
            </a>
            <div class="row">
                <button type="button" class="link-button" aria-label=about("Rename") on:click=move |_| begin(Doing::Renaming)>"Rename"</button>
                <button type="button" class="link-button" aria-label=about("Duplicate") on:click=duplicate>"Duplicate"</button>
                <button type="button" class="link-button" aria-label=about("Save as a file:") on:click=save>"Save as a file"</button>
                <button type="button" class="link-button" aria-label=about("Forget") on:click=move |_| begin(Doing::Forgetting)>"Forget"</button>
            </div>
            {extra}
        </li>
    }
    .into_any()
}

/// When it changed, what is in it, what it takes, and who was there.
fn summary(entry: &Entry) -> String {
    let mut parts = vec![
        clock::local_time(entry.changed_at),
        text::amount::list(&entry.amount),
        format!("{} kB", entry.bytes.div_ceil(1_000)),
    ];
    if !entry.people.is_empty() {
        parts.push(format!("with {}", entry.people.join(", ")));
    }
    parts.join(" · ")
}

type This = StoredValue<(Entry, Address)>;

fn renaming(page: Rooms, this: This) -> impl IntoView {
    let before = this.with_value(|(entry, _)| entry.title.clone().unwrap_or_default());
    let field = NodeRef::<leptos::html::Input>::new();
    Effect::new(move || {
        if let Some(field) = field.get() {
            let _ = field.focus();
            field.select();
        }
    });
    let rename = move |event: SubmitEvent| {
        event.prevent_default();
        let title = field
            .get_untracked()
            .map(|field| field.value())
            .unwrap_or_default();
        let (_, address) = this.get_value();
        // It may have changed since it was listed.
        let tag = address.room.tag();
        let Some(entry) = rooms::entry(tag) else {
            return page.done(Ok("It was forgotten meanwhile.".to_owned()));
        };
        let count = one_line(&title).chars().count();
        if count > ROOM_TITLE_CHARS {
            return page.said.set(format!(
                "A name has at most {ROOM_TITLE_CHARS} characters, and this one has {count}."
            ));
        }
        let entry = entry.titled(&title);
        rooms::keep(tag, &entry);
        page.done(Ok(format!("It is called {} now.", entry.name())));
    };
    view! {
        <form class="row" on:submit=rename>
            <label class="field">
                <span>"Name, on this device"</span>
                <input node_ref=field type="text" dir="auto" value=before/>
            </label>
            <button type="submit" class="primary">"Rename"</button>
            <button type="button" class="link-button" on:click=move |_| page.doing.set(None)>"Cancel"</button>
        </form>
    }
}

fn forgetting(page: Rooms, this: This) -> impl IntoView {
    let forget = move |_| {
        let (entry, address) = this.get_value();
        task::spawn(async move {
            let gone = rooms::forget(address.room.tag()).await;
            page.done(gone.map(|()| format!("{} is forgotten.", entry.name())));
        });
    };
    view! {
        <div class="row" role="alert">
            <p>"Everything of it in this browser is deleted: its contents, its versions, its link. This cannot be undone."</p>
            <button type="button" class="danger" on:click=forget>"Forget for ever"</button>
            <button type="button" class="link-button" on:click=move |_| page.doing.set(None)>"Cancel"</button>
        </div>
    }
}

async fn duplicated(entry: Entry, address: Address) -> Result<String, StoreError> {
    let replica = rooms::load(address.room.tag()).await?;
    let Some(random) = random::bytes() else {
        return Ok(NO_RANDOMNESS.to_owned());
    };
    let there = copied(&address, random);
    let title = format!("Copy of {}", entry.name());
    let name = entry.name();
    Ok(
        match Entry::of_copy(title, &there, &replica, clock::unix_ms()) {
            Some(copy) => {
                rooms::store(there.room.tag(), &copy, &replica).await?;
                format!("{name} is copied, into a room of its own.")
            }
            None => format!("There is nothing in {name} to copy."),
        },
    )
}

const NO_RANDOMNESS: &str = "This browser has no Web Crypto, so no private room can be made.";

async fn saved(entry: Entry, address: Address) -> Result<String, StoreError> {
    let replica = rooms::load(address.room.tag()).await?;
    // An open room's name is the way in.
    let title = entry.title.as_deref().unwrap_or("Room");
    let file = to_file(title, &replica).to_string();
    let name = entry.name();
    let saved = files::download(
        &format!("{title}.duplex"),
        "application/json",
        file.as_bytes(),
    );
    Ok(match saved {
        Some(()) => format!("{name} is saved as a file."),
        None => "The browser did not let the file be saved.".to_owned(),
    })
}

#[component]
fn Import(page: Rooms) -> impl IntoView {
    let input = NodeRef::<leptos::html::Input>::new();
    on_files_dropped(move |file| {
        task::spawn(async move { opened(page, files::text_of(file).await).await });
    });
    let import = move |input: HtmlInputElement| async move {
        if let Some(chosen) = files::chosen_text(&input).await {
            opened(page, chosen).await;
        }
    };
    view! {
        <button
            type="button"
            class="link-button"
            on:click=move |_| {
                if let Some(input) = input.get_untracked() {
                    input.click();
                }
            }
        >
            "Open a room\u{2019}s file"
        </button>
        <input
            node_ref=input
            type="file"
            class="visually-hidden"
            tabindex="-1"
            aria-label="Room to open"
            accept=".duplex,.json,application/json"
            on:change=move |event| task::spawn(import(event_target(&event)))
        />
    }
}

/// What a file's room is made of.
struct Opened {
    title: String,
    replica: Replica,
    /// What did not come as it is in the file.
    remarks: Option<String>,
}

/// A room's file, or a drawing.
fn read(file: &Value) -> Result<Opened, String> {
    if is_file(file) {
        let (title, replica) = from_file(file).map_err(|error| text::file::no_room(&error))?;
        return Ok(Opened {
            title,
            replica,
            remarks: None,
        });
    }
    let drawing = excalidraw::import(file);
    let drawing = drawing.map_err(|_| "This file holds no room and no drawing.".to_owned())?;
    let mut rng = fastrand::Rng::with_seed(random::bits().unwrap_or_default());
    // Nobody goes on writing in this copy.
    let mut replica = Replica::new(PeerId::from_random(rng.u64(..)));
    let merged = edit::merge(drawing, &Scene::default(), &replica, &mut rng);
    match replica.write(&merged.writes) {
        Some(_) => Ok(Opened {
            title: "Drawing".to_owned(),
            replica,
            remarks: (!merged.is_whole()).then(|| text::file::merged(&merged)),
        }),
        None => Err(text::file::merged(&merged)),
    }
}

/// Goes to the room that a file became, says what did not come into it, or why there is none.
async fn opened(page: Rooms, text: Result<String, FileError>) {
    let text = match text {
        Ok(text) => text,
        Err(error) => return page.said.set(error.to_string()),
    };
    match imported(&text).await {
        Ok(Ok((address, None))) => {
            replace_hash(&address.to_hash());
            address::reload();
        }
        Ok(Ok((_, Some(remarks)))) => {
            page.look();
            page.said.set(format!(
                "The drawing is a room of its own now, the first of this list. {remarks}"
            ));
        }
        Ok(Err(sentence)) => page.said.set(sentence),
        Err(error) => page.done(Err(error)),
    }
}

/// A new private room with what a file holds, and what did not come into it; or why there is no such room.
async fn imported(text: &str) -> Result<Result<(Address, Option<String>), String>, StoreError> {
    let Some(file) = json::parse(text) else {
        return Ok(Err("This file holds no room and no drawing.".to_owned()));
    };
    let Opened {
        title,
        replica,
        remarks,
    } = match read(&file) {
        Ok(opened) => opened,
        Err(sentence) => return Ok(Err(sentence)),
    };
    let Some(address) = random::bytes().map(Address::fresh) else {
        return Ok(Err(NO_RANDOMNESS.to_owned()));
    };
    match Entry::of_copy(title, &address, &replica, clock::unix_ms()) {
        Some(entry) => rooms::store(address.room.tag(), &entry, &replica).await?,
        None => return Ok(Err("There is nothing in this room.".to_owned())),
    }
    Ok(Ok((address, remarks)))
}
