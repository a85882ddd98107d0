//! What stands around every page: where one is, who is here, how it stands, and the way to others.

use leptos::prelude::*;

use super::{
    hooks::use_room::use_room,
    loading::around,
    pages::{self, PAGES, Page},
    parts::{
        button::IconButton, connection::ConnectionPill, icon::Icon, saved::SavedPill, share::Share,
        toasts::Toasts,
    },
    theme::{Theme, use_theme},
};
use crate::core::address::{Address, ROOMS};

#[component]
pub fn Shell() -> impl IntoView {
    let room = use_room();
    let theme = use_theme();
    let app = Memo::new(move |_| room.address.with(|address| address.app));
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
                {PAGES.iter().map(|page| view! { <Tab to=page/> }).collect::<Vec<_>>()}
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
                        name=theme.chosen.get().label()
                        on_press=move |()| theme.turn()
                    />
                }}
                <span class="people-place">{around(|start| start.people)}</span>
                <Share/>
            </div>
        </header>
        {around(|start| start.trouble)}
        <main>
            {move || pages::of(app.get()).map(|page| (page.view)())}
        </main>
        <Toasts/>
    }
}

#[component]
fn Tab(to: &'static Page) -> impl IntoView {
    let address = use_room().address;
    let is_here = move || address.with(|address| address.app == to.app);
    let href = move || {
        address.with(|address| {
            let there = Address {
                app: to.app,
                ..address.clone()
            };
            there.to_hash()
        })
    };
    view! {
        <a class="tab" href=href aria-current=move || is_here().then_some("page")>
            <Icon icon=to.icon/>
            <span>{to.label}</span>
        </a>
    }
}
