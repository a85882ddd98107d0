//! A Lucide icon, for the eye only: whatever it stands beside says the same in words.

use icondata::Icon as IconData;
use leptos::{prelude::*, tachys::html::InertElement};

/// The crate `leptos_icons` makes every attribute of an icon a signal; this is a twentieth of its code.
#[component]
pub fn Icon(#[prop(into)] icon: Signal<IconData>) -> impl IntoView {
    move || {
        InertElement::new(format!(
            "<svg viewBox=\"0 0 24 24\" width=\"1em\" height=\"1em\" fill=\"none\" stroke=\"currentColor\" \
             stroke-width=\"2\" stroke-linecap=\"round\" stroke-linejoin=\"round\" aria-hidden=\"true\">{}</svg>",
            icon.get().data
        ))
    }
}
