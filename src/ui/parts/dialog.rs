//! A modal dialog: the browser's own `<dialog>`, which keeps focus inside, closes on Escape and gives focus back.

use leptos::{html, prelude::*};

use super::button::IconButton;
use crate::ui::loading::{Dialogs, Part, from_dialogs};

#[component]
pub fn Dialog(
    open: RwSignal<bool>,
    title: &'static str,
    contents: fn(&Dialogs) -> Part,
    /// At the side, so that the page behind it can be seen.
    #[prop(optional)]
    aside: bool,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let Some(dialog) = dialog.get() else { return };
        match open.get() {
            true if !dialog.open() => drop(dialog.show_modal()),
            false if dialog.open() => dialog.close(),
            _ => {}
        }
    });
    // A press on the backdrop lands on the dialog itself.
    let on_backdrop = move |event: web_sys::MouseEvent| {
        let pressed: web_sys::HtmlDialogElement = event_target(&event);
        if dialog
            .get_untracked()
            .is_some_and(|dialog| dialog == pressed)
        {
            open.set(false);
        }
    };
    view! {
        <dialog node_ref=dialog class:aside=aside aria-label=title on:close=move |_| open.set(false) on:click=on_backdrop>
            <div class="dialog-body">
                <header>
                    <h2>{title}</h2>
                    <IconButton icon=icondata::LuX name="Close" on_press=move |()| open.set(false)/>
                </header>
                {move || open.get().then(|| from_dialogs(contents))}
            </div>
        </dialog>
    }
}
