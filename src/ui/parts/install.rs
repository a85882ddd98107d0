//! The way to have the page as an app.

use leptos::prelude::*;

use crate::browser::{
    install::{self, Install},
    update,
};

pub fn install() -> AnyView {
    let kept = match update::is_kept() {
        true => "Duplex itself is kept here, too: it opens without the network.",
        false => {
            "Duplex itself is not kept here yet: without the network it does not open. Over plain http, and in some private windows, a browser keeps no program."
        }
    };
    let way = match install::state() {
        Install::Done => ().into_any(),
        Install::Offered => view! {
            <button type="button" class="primary" on:click=|_| install::ask()>"Install Duplex as an app"</button>
        }
        .into_any(),
        Install::FromShareMenu => view! {
            <p class="hint">"To have it as an app: press Safari\u{2019}s share button, then \u{201c}Add to Home Screen\u{201d}. Safari then keeps what is stored, too."</p>
        }
        .into_any(),
        Install::FromMenu => view! {
            <p class="hint">"To have it as an app, look for \u{201c}Install\u{201d} in the browser\u{2019}s menu. Where there is none, a bookmark does the same."</p>
        }
        .into_any(),
    };
    view! {
        <p class="hint">{kept}</p>
        {way}
    }
    .into_any()
}
