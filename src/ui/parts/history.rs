//! The way back: undo and redo, as buttons and as keys, of one's own steps on whatever page they were made; and the
//! room's earlier versions.

use leptos::prelude::*;

use super::{button::IconButton, dialog::Dialog, shortcuts};
use crate::{
    core::{doc::undo::Direction, keyboard::Command},
    ui::hooks::{use_key::use_key, use_room::use_room},
};

#[component]
pub fn History() -> impl IntoView {
    let room = use_room();
    let versions = RwSignal::new(false);
    use_key("keydown", move |event| {
        if let Some(Command::Step(direction)) = shortcuts::command(event) {
            event.prevent_default();
            room.undo(direction);
        }
    });
    view! {
        <div class="panel history">
            <IconButton
                icon=icondata::LuUndo2
                name="Undo"
                shortcut="Ctrl + Z"
                disabled=Signal::derive(move || !room.can_undo.get())
                on_press=move |()| room.undo(Direction::Undo)
            />
            <IconButton
                icon=icondata::LuRedo2
                name="Redo"
                shortcut="Ctrl + Shift + Z"
                disabled=Signal::derive(move || !room.can_redo.get())
                on_press=move |()| room.undo(Direction::Redo)
            />
            <IconButton icon=icondata::LuHistory name="Versions" on_press=move |()| versions.set(true)/>
        </div>
        <Dialog open=versions title="Versions" contents=|dialogs| dialogs.versions aside=true/>
    }
}
