//! A button with an icon, found by its name.

use icondata::Icon as IconData;
use leptos::prelude::*;

use super::icon::Icon;

#[component]
pub fn IconButton(
    icon: IconData,
    /// The accessible name; also the tooltip, followed by the shortcut.
    name: &'static str,
    #[prop(optional)] shortcut: &'static str,
    #[prop(optional, into)] disabled: Signal<bool>,
    /// For buttons that stay down.
    #[prop(optional, into)]
    pressed: Option<Signal<bool>>,
    /// Boxed, so that one component serves every button.
    #[prop(into)]
    on_press: UnsyncCallback<()>,
) -> impl IntoView {
    let title = match shortcut {
        "" => name.to_owned(),
        shortcut => [name, " — ", shortcut].concat(),
    };
    view! {
        <button
            type="button"
            class="icon-button"
            aria-label=name
            title=title
            aria-pressed=move || pressed.map(|pressed| pressed.get().to_string())
            disabled=disabled
            on:click=move |_| on_press.run(())
        >
            <Icon icon=icon/>
        </button>
    }
}
