//! The board: canvases, tools around them, and the cursors of the others.

pub mod cursors;
pub mod easel;
pub mod following;
pub mod stage;
pub mod toolbar;

use leptos::{html, prelude::*};
use web_sys::HtmlInputElement;

use self::{
    cursors::Cursors,
    following::Following,
    stage::Stage,
    toolbar::{Toolbar, Zoom},
};
use crate::{
    browser::{files, task},
    ui::{
        chunks,
        hooks::{use_key::use_key, use_room::use_room},
        parts::{
            button::IconButton,
            history::History,
            shortcuts::{self, Command, Shortcuts},
        },
    },
};

#[component]
pub fn BoardPage() -> impl IntoView {
    let room = use_room();
    let show_shortcuts = RwSignal::new(false);
    use_key("keydown", move |event| {
        if let Some(command) = shortcuts::command(event) {
            match command {
                // `History` has them.
                Command::Step(_) => return,
                Command::ShowShortcuts => show_shortcuts.set(true),
                command => room.easel().borrow_mut().command(command),
            }
            event.prevent_default();
        }
    });
    view! {
        <div class="board-page">
            <Stage/>
            <Cursors/>
            <Following/>
            <div class="panel board-files">
                <Files/>
                <IconButton
                    icon=icondata::LuKeyboard
                    name="Keyboard"
                    shortcut="?"
                    on_press=move |()| show_shortcuts.set(true)
                />
            </div>
            <Toolbar/>
            <Zoom/>
            <History/>
            <Shortcuts open=show_shortcuts/>
        </div>
    }
}

/// Open and export `.excalidraw`.
#[component]
fn Files() -> impl IntoView {
    let room = use_room();
    let input = NodeRef::<html::Input>::new();
    let export = move || async move {
        let Ok(formats) = chunks::formats().await else {
            return room.say(chunks::NOT_FETCHED);
        };
        let document = (formats.export_board)(room).to_string();
        if files::download("board.excalidraw", "application/json", document.as_bytes()).is_none() {
            room.say("The browser did not let the file be saved.");
        }
    };
    let open = move |input: HtmlInputElement| async move {
        let Some(chosen) = files::chosen_text(&input).await else {
            return;
        };
        let Ok(formats) = chunks::formats().await else {
            return room.say(chunks::NOT_FETCHED);
        };
        let opened = chosen
            .map_err(|error| error.to_string())
            .and_then(|text| (formats.open_board)(room, &text));
        match opened {
            Ok(None) => {}
            Ok(Some(sentence)) | Err(sentence) => room.say(sentence),
        }
    };
    view! {
        <IconButton
            icon=icondata::LuFolderOpen
            name="Open"
            on_press=move |()| {
                if let Some(input) = input.get_untracked() {
                    input.click();
                }
            }
        />
        <input
            node_ref=input
            type="file"
            class="visually-hidden"
            tabindex="-1"
            aria-label="Drawing to open"
            accept=".excalidraw,.json,application/json"
            on:change=move |event| task::spawn(open(event_target(&event)))
        />
        <IconButton icon=icondata::LuDownload name="Export" on_press=move |()| task::spawn(export())/>
    }
}
