//! Where no ink is in view there is a way to it.

use leptos::prelude::*;

use super::easel::use_easel;
use crate::core::keyboard::Command;

pub fn back_to_ink() -> AnyView {
    let easel = use_easel();
    let button = move || {
        easel.is_lost.get().then(|| {
            view! {
                <button
                    type="button"
                    class="panel back-to-ink"
                    on:click=move |_| easel.command(Command::ZoomToFit)
                >
                    "Show the drawing"
                </button>
            }
        })
    };
    button.into_any()
}
