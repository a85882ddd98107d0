//! Sentences that people should read now.

use leptos::prelude::*;

use super::button::IconButton;
use crate::ui::hooks::use_room::{Toast, use_room};

#[component]
pub fn Toasts() -> impl IntoView {
    let toasts = use_room().toasts;
    view! {
        <div class="toasts" role="status">
            {move || {
                let toast = |Toast { number, text }| {
                    let dismiss = move |()| toasts.update(|toasts| toasts.retain(|t| t.number != number));
                    view! {
                        <div class="toast">
                            <p>{text}</p>
                            <IconButton icon=icondata::LuX name="Dismiss" on_press=dismiss/>
                        </div>
                    }
                };
                toasts.get().into_iter().map(toast).collect::<Vec<_>>()
            }}
        </div>
    }
}
