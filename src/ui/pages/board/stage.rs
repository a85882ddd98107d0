//! The two canvases, and the events that reach them: dry tiles below, wet ink above.

pub mod later;

use kurbo::Size;
use leptos::{ev, html, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, PointerEvent, ResizeObserver};

use super::controller::{BoardController, use_board};
use crate::{
    browser::{canvas2d::Surface, clock, lifecycle::Listener, pointer},
    core::{
        apps::board::{engine::Board, gesture::Input as PointerInput, tools::Cursor},
        session::Input,
    },
    ui::{hooks::use_key::use_key, parts::shortcuts::is_typing, theme::use_theme},
};

#[component]
pub fn Stage() -> impl IntoView {
    let controller = use_board();
    let stage = NodeRef::<html::Div>::new();
    let (dry, wet) = (
        NodeRef::<html::Canvas>::new(),
        NodeRef::<html::Canvas>::new(),
    );
    let is_dark = use_theme().is_dark;
    Effect::new(move || {
        let (Some(stage), Some(dry), Some(wet)) = (stage.get(), dry.get(), wet.get()) else {
            return;
        };
        match (Surface::of(dry), Surface::of(wet)) {
            (Some(dry), Some(wet)) => {
                controller.attach(dry, wet, is_dark.get_untracked());
                watch_size(controller, &stage);
            }
            _ => controller.room.warn(
                "The browser gave no canvas to draw on. Close other pages and load this one again.",
            ),
        }
    });
    Effect::new(move || controller.set_dark(is_dark.get()));
    Effect::new(move || {
        controller.shown.track();
        look(controller);
    });
    on_cleanup(move || controller.detach());
    for event in ["pagehide", "visibilitychange"] {
        // Before the session says goodbye.
        let store = move |_| controller.store();
        keep(Listener::on_capture(window().unchecked_ref(), event, store));
    }
    for (event, held) in [("keydown", true), ("keyup", false)] {
        use_key(event, move |event| {
            // Letting go counts wherever the focus is by now.
            if event.code() == "Space" && !(held && is_typing(event)) {
                controller.handle(PointerInput::SpaceHeld(held));
            }
        });
    }
    // A key or button that is let go elsewhere is not heard here.
    let release = move || controller.handle(PointerInput::Released);
    let released = window_event_listener(ev::blur, move |_| release());
    on_cleanup(move || released.remove());
    view! {
        <div
            node_ref=stage
            class="stage"
            data-testid="board"
            role="application"
            aria-label="Drawing board"
            class:pans=move || controller.shown.read().cursor == Cursor::Grab
            class:selects=move || controller.shown.read().cursor == Cursor::Default
            on:pointerdown=move |event| on_pointer(controller, stage, &event, Phase::Down)
            on:pointermove=move |event| on_pointer(controller, stage, &event, Phase::Move)
            on:pointerup=move |event| on_pointer(controller, stage, &event, Phase::Up)
            on:pointercancel=move |event| on_pointer(controller, stage, &event, Phase::Cancel)
            on:lostpointercapture=move |event| on_pointer(controller, stage, &event, Phase::Up)
            on:pointerleave=move |_| controller.handle(PointerInput::Left)
            on:contextmenu=|event| event.prevent_default()
        >
            <canvas node_ref=dry></canvas>
            <canvas node_ref=wet></canvas>
        </div>
    }
}

/// Says what is seen, for those who follow.
fn look(controller: BoardController) {
    let seen = controller.look(Board::viewport);
    controller.room.send(Input::shows(Some(&seen)));
}

/// The board is as large as its element, and as dense as the screen.
pub fn measure(controller: BoardController, stage: &Element) {
    let size = Size::new(
        f64::from(stage.client_width()),
        f64::from(stage.client_height()),
    );
    let dpr = window().device_pixel_ratio();
    controller.with(|board| board.resize(clock::now(), size, dpr));
    look(controller);
}

fn watch_size(controller: BoardController, stage: &Element) {
    measure(controller, stage);
    let measured = stage.clone();
    let resized = Closure::<dyn FnMut()>::new(move || measure(controller, &measured));
    if let Ok(observer) = ResizeObserver::new(resized.as_ref().unchecked_ref()) {
        observer.observe(stage);
        // The observer lives as long as the element it watches, and its callback with it.
        let kept = StoredValue::new_local((observer, resized));
        on_cleanup(move || kept.with_value(|(observer, _)| observer.disconnect()));
    }
}

/// For as long as the component is there.
pub fn keep(listener: Listener) {
    let kept = StoredValue::new_local(Some(listener));
    on_cleanup(move || kept.set_value(None));
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Down,
    Move,
    Up,
    Cancel,
}

fn on_pointer(
    controller: BoardController,
    stage: NodeRef<html::Div>,
    event: &PointerEvent,
    phase: Phase,
) {
    let Some(stage) = stage.get_untracked() else {
        return;
    };
    let pointer = event.pointer_id();
    let input = match phase {
        Phase::Down => {
            // Focus leaves the text field that may have it, and a middle press starts no scrolling.
            event.prevent_default();
            if let Some(active) = document()
                .active_element()
                .and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok())
            {
                let _ = active.blur();
            }
            let _ = stage.set_pointer_capture(pointer);
            pointer::pressed(event, &stage)
        }
        Phase::Move => pointer::moved(event, &stage),
        Phase::Up => PointerInput::Lifted { pointer },
        Phase::Cancel => PointerInput::Cancelled { pointer },
    };
    controller.handle(input);
}
