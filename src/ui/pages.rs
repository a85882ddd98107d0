//! What a room can be looked at as.

use leptos::prelude::*;

use super::{hooks::use_room::Room, loading::fetched};
use crate::core::{app::App, apps::board as board_app, apps::todo as todo_app};

pub mod board;
pub mod damaged_link;
pub mod rooms;
pub mod todo;

/// What an app shows of a room.
pub struct Page {
    pub app: &'static App,
    pub label: &'static str,
    pub icon: icondata::Icon,
    pub view: fn() -> AnyView,
    /// Begins what of it lives as long as the room, below the component that calls this.
    pub begin: fn(Room),
}

/// In the order of their tabs.
pub static PAGES: [Page; 2] = [
    Page {
        app: &board_app::APP,
        label: "Board",
        icon: icondata::LuPenLine,
        view: || view! { <board::BoardPage/> }.into_any(),
        begin: board::controller::provide_board,
    },
    Page {
        app: &todo_app::APP,
        label: "To-do",
        icon: icondata::LuListTodo,
        view: || fetched(|chunks| (chunks.page)(&todo_app::APP)),
        begin: |_| {},
    },
];

/// The page of an app.
pub fn of(app: &App) -> Option<&'static Page> {
    PAGES.iter().find(|page| page.app == app)
}
