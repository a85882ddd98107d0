//! The board: canvases, tools around them, and the cursors of the others.

pub mod back_to_ink;
pub mod controller;
pub mod cursors;
pub mod following;
pub mod marks;
pub mod stage;
pub mod toolbar;

use self::{
    controller::use_board,
    stage::Stage,
    toolbar::{Toolbar, Zoom},
};
use crate::{
    browser::task,
    core::keyboard::Command,
    ui::{
        hooks::use_key::use_key,
        loading::{Formats, NOT_FETCHED, around, from_dialogs, use_loading},
        parts::{
            button::IconButton,
            drop::on_files_dropped,
            history::History,
            shortcuts::{self, Shortcuts, ShortcutsButton},
        },
    },
};
use leptos::{html, prelude::*};

#[component]
pub fn BoardPage() -> impl IntoView {
    let controller = use_board();
    let room = controller.room;
    let follows = Memo::new(move |_| room.follows.read().is_some());
    let show_shortcuts = RwSignal::new(false);
    use_key("keydown", move |event| {
        if let Some(command) = shortcuts::command(event) {
            match command {
                // `History` has them.
                Command::Step(_) => return,
                Command::ShowShortcuts => show_shortcuts.set(true),
                // Others may have something to end, too.
                Command::Escape => return controller.command(command),
                command => controller.command(command),
            }
            event.prevent_default();
        }
    });
    view! {
        <div class="board-page">
            <Stage/>
            {around(|start| start.stage_later)}
            {move || follows.get().then(|| from_dialogs(|dialogs| dialogs.following))}
            <div class="panel board-files">
                <Files/>
                <ShortcutsButton open=show_shortcuts/>
            </div>
            <Toolbar/>
            <Zoom/>
            {around(|start| start.back_to_ink)}
            <History/>
            <Shortcuts open=show_shortcuts/>
        </div>
    }
}

/// Open and export `.excalidraw`.
#[component]
fn Files() -> impl IntoView {
    let (controller, chunks) = (use_board(), use_loading().chunks);
    let input = NodeRef::<html::Input>::new();
    let with_formats = move |act: Box<dyn FnOnce(&Formats)>| {
        task::spawn(async move {
            match (chunks.formats)().await {
                Ok(formats) => act(formats),
                Err(_) => controller.room.say(NOT_FETCHED),
            }
        });
    };
    on_files_dropped(move |file| {
        with_formats(Box::new(move |formats| {
            (formats.open_file)(controller, file)
        }));
    });
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
            accept=".excalidraw,.duplex,.json,application/json"
            on:change=move |event| {
                let input = event_target(&event);
                with_formats(Box::new(move |formats| (formats.open)(controller, input)));
            }
        />
        <IconButton icon=icondata::LuDownload name="Export" on_press=move |()| {
            with_formats(Box::new(move |formats| (formats.save_board)(controller)));
        }/>
    }
}
