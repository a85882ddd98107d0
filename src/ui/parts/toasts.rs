//! Sentences that people should read now.

use leptos::prelude::*;

use super::button::IconButton;
use crate::ui::hooks::use_room::use_room;

#[component]
pub fn Toasts() -> impl IntoView {
    let toasts = use_room().toasts;
    view! {
        <div class="toasts" role="status">
            <For each=move || toasts.get() key=|toast| toast.number let:toast>
                <div class="toast">
                    <p>{toast.text}</p>
                    <IconButton
                        icon=icondata::LuX
                        name="Dismiss"
                        on_press=move |()| toasts.update(|toasts| toasts.retain(|t| t.number != toast.number))
                    />
                </div>
            </For>
        </div>
    }
}
