//! What stands around every page: where one is, who is here, how it stands, and the way to others.

use leptos::prelude::*;

use super::{
    app::ROOMS,
    chunks::{self, Fetched},
    hooks::use_room::use_room,
    pages::board::BoardPage,
    parts::{
        button::IconButton, connection::ConnectionPill, icon::Icon, people::People,
        saved::SavedPill, share::Share, toasts::Toasts,
    },
    theme::{Theme, use_theme},
};
use crate::core::{
    address::{Address, Page},
    session::status::Status,
};

#[component]
pub fn Shell() -> impl IntoView {
    let room = use_room();
    let theme = use_theme();
    let page = Memo::new(move |_| room.address.with(|address| address.page));
    let theme_icon = move || match theme.chosen.get() {
        Theme::System => icondata::LuSunMoon,
        Theme::Light => icondata::LuSun,
        Theme::Dark => icondata::LuMoon,
    };
    view! {
        <header class="topbar">
            <nav class="tabs" aria-label="Pages">
                <a class="icon-button" href=ROOMS aria-label="Rooms on this device" title="Rooms on this device">
                    <Icon icon=icondata::LuHouse/>
                </a>
                <Tab to=Page::Board icon=icondata::LuPenLine label="Board"/>
                <Tab to=Page::Todo icon=icondata::LuListTodo label="To-do"/>
            </nav>
            <div class="topbar-status">
                <ConnectionPill/>
                <SavedPill/>
                <OpenRoom/>
            </div>
            <div class="topbar-actions">
                {move || view! {
                    <IconButton
                        icon=theme_icon()
                        name=Signal::derive(move || theme.chosen.get().label().to_owned())
                        on_press=move |()| theme.turn()
                    />
                }}
                <People/>
                <Share/>
            </div>
        </header>
        <Trouble/>
        <main>
            {move || match page.get() {
                Page::Board => view! { <BoardPage/> }.into_any(),
                Page::Todo => view! { <Fetched part=chunks::todo_page/> }.into_any(),
            }}
        </main>
        <Toasts/>
    }
}

/// An open room says so in plain view.
#[component]
fn OpenRoom() -> impl IntoView {
    let room = use_room();
    let is_open = Memo::new(move |_| room.address.with(|address| address.room.key.is_none()));
    move || {
        is_open.get().then(|| view! {
            <span
                class="pill open-room"
                data-testid="open-room"
                title="An open room: whoever knows or guesses its name can see and change everything here."
            >
                <Icon icon=icondata::LuLockOpen/>
                "Open room"
            </span>
        })
    }
}

/// What stands in the way of being stored or of meeting others, as long as it does, where all of it can be read.
#[component]
fn Trouble() -> impl IntoView {
    let status = use_room().status;
    let trouble = Memo::new(move |_| status.with(Status::trouble));
    move || {
        trouble
            .get()
            .map(|sentence| view! { <p class="trouble" data-testid="trouble">{sentence}</p> })
    }
}

#[component]
fn Tab(to: Page, icon: icondata::Icon, label: &'static str) -> impl IntoView {
    let address = use_room().address;
    let is_here = move || address.with(|address| address.page == to);
    let href = move || {
        address.with(|address| {
            let there = Address {
                page: to,
                ..address.clone()
            };
            there.to_hash()
        })
    };
    view! {
        <a class="tab" href=href aria-current=move || is_here().then_some("page")>
            <Icon icon=icon/>
            <span>{label}</span>
        </a>
    }
}
