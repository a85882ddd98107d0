//! What stands around every page: where one is, who is here, how it stands, and the way to others.

use leptos::prelude::*;

use super::{
    app::ROOMS,
    chunks::{self, Fetched, around},
    hooks::use_room::use_room,
    pages::board::BoardPage,
    parts::{
        button::IconButton, connection::ConnectionPill, icon::Icon, saved::SavedPill, share::Share,
        toasts::Toasts,
    },
    theme::{Theme, use_theme},
};
use crate::core::address::{Address, Page};

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
                {around(|start| start.open_room)}
            </div>
            <div class="topbar-actions">
                {move || view! {
                    <IconButton
                        icon=theme_icon()
                        name=Signal::derive(move || theme.chosen.get().label().to_owned())
                        on_press=move |()| theme.turn()
                    />
                }}
                <span class="people-place">{around(|start| start.people)}</span>
                <Share/>
            </div>
        </header>
        {around(|start| start.trouble)}
        <main>
            {move || match page.get() {
                Page::Board => view! { <BoardPage/> }.into_any(),
                Page::Todo => view! { <Fetched part=chunks::todo_page/> }.into_any(),
            }}
        </main>
        <Toasts/>
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
