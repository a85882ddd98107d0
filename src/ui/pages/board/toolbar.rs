//! The buttons of the board: tools, colours, widths, zoom.

use icondata::Icon as IconData;
use leptos::prelude::*;

use super::controller::use_board;
use crate::{
    core::{
        apps::board::{
            paint,
            properties::Property,
            tools::{ERASER, HAND, PEN, SELECT, Tool},
        },
        keyboard::Command,
    },
    ui::{parts::button::IconButton, theme::use_theme},
};

/// Ink colours with their names.
const INKS: [(&str, [u8; 3]); 6] = [
    ("Black", [30, 30, 30]),
    ("Red", [224, 49, 49]),
    ("Orange", [232, 89, 12]),
    ("Green", [47, 158, 68]),
    ("Blue", [25, 113, 194]),
    ("Violet", [132, 94, 247]),
];

/// Excalidraw's three stroke widths.
const WIDTHS: [(&str, f32); 3] = [("Thin", 1.0), ("Medium", 2.0), ("Thick", 4.0)];

/// The tools, in their order.
static ICONS: [(&Tool, IconData); 4] = [
    (&SELECT, icondata::LuMousePointer2),
    (&HAND, icondata::LuHand),
    (&PEN, icondata::LuPen),
    (&ERASER, icondata::LuEraser),
];

#[component]
pub fn Toolbar() -> impl IntoView {
    view! {
        <div class="panel toolbar" role="toolbar" aria-label="Drawing">
            <div class="group">
                {ICONS.into_iter().map(|(tool, icon)| view! { <ToolButton tool icon/> }).collect::<Vec<_>>()}
            </div>
            <Inks/>
            <Widths/>
        </div>
    }
}

#[component]
fn ToolButton(tool: &'static Tool, icon: IconData) -> impl IntoView {
    let controller = use_board();
    view! {
        <IconButton
            icon=icon
            name=tool.name
            shortcut=tool.shortcut
            pressed=Signal::derive(move || controller.shown.read().tool == tool)
            on_press=move |()| controller.command(Command::Choose(tool))
        />
    }
}

#[component]
fn Inks() -> impl IntoView {
    let controller = use_board();
    let style = move || controller.shown.read().style;
    let is_dark = use_theme().is_dark;
    let swatch = move |(name, color): (&'static str, [u8; 3])| {
        let shown = move || {
            let [r, g, b] = if is_dark.get() {
                paint::on_dark(color)
            } else {
                color
            };
            format!("rgb({r} {g} {b})")
        };
        view! {
            <button
                type="button"
                class="swatch"
                style:--swatch=shown
                aria-label=name
                title=name
                aria-pressed=move || (style().color == color).to_string()
                on:click=move |_| controller.set(Property::Color(color))
            ></button>
        }
    };
    view! {
        <div class="group swatches" role="group" aria-label="Colour">
            {INKS.into_iter().map(swatch).collect::<Vec<_>>()}
        </div>
    }
}

#[component]
fn Widths() -> impl IntoView {
    let controller = use_board();
    let style = move || controller.shown.read().style;
    let button = move |(name, width): (&'static str, f32)| {
        view! {
            <button
                type="button"
                class="width"
                style:--width=format!("{}px", (1.0 + width * 2.0) as u32)
                aria-label=name
                title=name
                aria-pressed=move || (style().width == width).to_string()
                on:click=move |_| controller.set(Property::Width(width))
            ></button>
        }
    };
    view! {
        <div class="group widths" role="group" aria-label="Width">
            {WIDTHS.into_iter().map(button).collect::<Vec<_>>()}
        </div>
    }
}

#[component]
pub fn Zoom() -> impl IntoView {
    let controller = use_board();
    let command = move |command| controller.command(command);
    let percent = move || {
        format!(
            "{} %",
            (controller.shown.read().camera.zoom * 100.0).round() as u32
        )
    };
    view! {
        <div class="panel zoom">
            <IconButton
                icon=icondata::LuMinus
                name="Zoom out"
                shortcut="Ctrl + minus"
                on_press=move |()| command(Command::ZoomOut)
            />
            <button
                type="button"
                class="percent"
                title="Zoom to 100 %"
                on:click=move |_| command(Command::ZoomReset)
            >
                {percent}
            </button>
            <IconButton
                icon=icondata::LuPlus
                name="Zoom in"
                shortcut="Ctrl + plus"
                on_press=move |()| command(Command::ZoomIn)
            />
            <IconButton
                icon=icondata::LuMaximize
                name="Zoom to fit"
                shortcut="Shift + 1"
                on_press=move |()| command(Command::ZoomToFit)
            />
        </div>
    }
}
