//! Where no ink is in view there is a way to it.

use leptos::prelude::*;

use crate::{core::keyboard::Command, ui::hooks::use_room::use_room};

pub fn back_to_ink() -> AnyView {
    let room = use_room();
    let is_lost = room.easel().borrow().is_lost;
    let button = move || {
        is_lost.get().then(|| {
            view! {
                <button
                    type="button"
                    class="panel back-to-ink"
                    on:click=move |_| room.easel().borrow_mut().command(Command::ZoomToFit)
                >
                    "Show the drawing"
                </button>
            }
        })
    };
    button.into_any()
}
