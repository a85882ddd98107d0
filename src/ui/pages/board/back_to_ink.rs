//! Where no ink is in view there is a way to it.

use leptos::prelude::*;

use super::controller::use_board;
use crate::core::keyboard::Command;

pub fn back_to_ink() -> AnyView {
    let controller = use_board();
    let button = move || {
        controller.is_lost.get().then(|| {
            view! {
                <button
                    type="button"
                    class="panel back-to-ink"
                    on:click=move |_| controller.command(Command::ZoomToFit)
                >
                    "Show the drawing"
                </button>
            }
        })
    };
    button.into_any()
}
