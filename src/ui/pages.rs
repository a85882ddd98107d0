//! What a room can be looked at as.

use leptos::prelude::*;

use super::chunks::{self, Fetched};
use crate::core::{app::App, board as board_app, todo as todo_app};

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
}

/// In the order of their tabs.
pub static PAGES: [Page; 2] = [
    Page {
        app: &board_app::APP,
        label: "Board",
        icon: icondata::LuPenLine,
        view: || view! { <board::BoardPage/> }.into_any(),
    },
    Page {
        app: &todo_app::APP,
        label: "To-do",
        icon: icondata::LuListTodo,
        view: || view! { <Fetched part=chunks::todo_page/> }.into_any(),
    },
];

/// The page of an app.
pub fn of(app: &App) -> Option<&'static Page> {
    PAGES.iter().find(|page| page.app == app)
}
