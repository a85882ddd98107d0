//! Sentences that people should read now.

use leptos::prelude::*;

use super::button::IconButton;
use crate::{
    browser::files,
    ui::{
        hooks::use_room::{Offer, Room, Toast, use_room},
        loading::from_dialogs,
    },
};

#[component]
pub fn Toasts() -> impl IntoView {
    let room = use_room();
    let toast = move |toast: Toast| {
        let dismiss = move |()| {
            room.toasts
                .update(|toasts| toasts.retain(|other| other.number != toast.number));
        };
        view! {
            <div class="toast" class:stays=toast.stays>
                <div>
                    <p dir="auto">{toast.text}</p>
                    {toast.offer.map(|offer| match offer {
                        Offer::SetAside => from_dialogs(|dialogs| dialogs.set_aside),
                        Offer::Update => from_dialogs(|dialogs| dialogs.update),
                    })}
                </div>
                <IconButton icon=icondata::LuX name="Dismiss" on_press=dismiss/>
            </div>
        }
    };
    view! {
        <div class="toasts" role="status">
            {move || room.toasts.get().into_iter().map(toast).collect::<Vec<_>>()}
        </div>
    }
}

/// What can be done with pieces of the room that were set aside.
pub fn set_aside() -> AnyView {
    let room = use_room();
    view! {
        <button type="button" class="link-button" on:click=move |_| save(room)>"Save it"</button>
        <button type="button" class="link-button" on:click=move |_| room.try_set_aside_again()>"Try it again"</button>
    }
    .into_any()
}

/// Each piece as a file, a Yjs update.
fn save(room: Room) {
    let saved = room.read(|session| {
        session.set_aside().iter().enumerate().all(|(at, piece)| {
            let name = format!("duplex-set-aside-{}.yjs", at + 1);
            files::download(&name, "application/octet-stream", piece).is_some()
        })
    });
    if !saved {
        room.say("The browser did not let the file be saved.");
    }
}
