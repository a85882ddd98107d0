//! Light, dark, or as the system says.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsCast;

use crate::browser::{lifecycle::Listener, preferences};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub fn label(self) -> &'static str {
        match self {
            Self::System => "Theme: as the system",
            Self::Light => "Theme: light",
            Self::Dark => "Theme: dark",
        }
    }

    fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }
}

#[derive(Clone, Copy)]
pub struct UseTheme {
    pub chosen: RwSignal<Theme>,
    pub is_dark: Signal<bool>,
}

impl UseTheme {
    pub fn turn(&self) {
        self.chosen.update(|theme| *theme = theme.next());
        preferences::keep("theme", &self.chosen.get_untracked());
    }
}

pub fn use_theme() -> UseTheme {
    expect_context()
}

/// Reads the kept choice, follows the system's, and marks the document's root.
pub fn provide_theme() {
    let chosen = RwSignal::new(preferences::load("theme").unwrap_or_default());
    let query = window()
        .match_media("(prefers-color-scheme: dark)")
        .ok()
        .flatten();
    let system_is_dark = RwSignal::new(query.as_ref().is_some_and(|query| query.matches()));
    if let Some(query) = query {
        let watched = query.clone();
        // Lives as long as the page.
        std::mem::forget(Listener::on(query.unchecked_ref(), "change", move |_| {
            system_is_dark.set(watched.matches());
        }));
    }
    let forced = window()
        .match_media("(forced-colors: active)")
        .ok()
        .flatten();
    let is_forced = RwSignal::new(forced.as_ref().is_some_and(|query| query.matches()));
    if let Some(query) = forced {
        let watched = query.clone();
        std::mem::forget(Listener::on(query.unchecked_ref(), "change", move |_| {
            is_forced.set(watched.matches());
        }));
    }
    let is_dark = Signal::derive(move || match chosen.get() {
        // The page has the system's colours then, whatever was chosen here, and ink has to show on them.
        _ if is_forced.get() => system_is_dark.get(),
        Theme::System => system_is_dark.get(),
        Theme::Light => false,
        Theme::Dark => true,
    });
    Effect::new(move || {
        let theme = if is_dark.get() { "dark" } else { "light" };
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-theme", theme);
        }
    });
    provide_context(UseTheme { chosen, is_dark });
}
