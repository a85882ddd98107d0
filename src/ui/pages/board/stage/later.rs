//! What of the stage the first stroke does not wait for: what is selected, the cursors of the others, the wheel, pinches on a touch pad, and
//! screens of another density.

use js_sys::Number;
use kurbo::{Point, Vec2};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, WheelEvent};

use super::{keep, measure};
use crate::{
    browser::{lifecycle::Listener, task},
    core::apps::board::{engine::Wheel, tools::LATER},
    ui::pages::board::{
        controller::{BoardController, use_board},
        cursors::cursors,
        marks::marks,
    },
};

pub fn later() -> AnyView {
    let controller = use_board();
    controller.with(|board| board.equip(LATER));
    // Once the page is there: it may be made in the same moment as this.
    Effect::new(move || {
        if let Ok(Some(stage)) = document().query_selector(".stage") {
            watch_gestures(controller, &stage);
            let watched = StoredValue::new_local(None);
            on_cleanup(move || watched.set_value(None));
            watch_density(controller, stage, watched);
        }
        if let Ok(Some(page)) = document().query_selector(".board-page") {
            watch_wheel(controller, page);
        }
    });
    (marks(), cursors()).into_any()
}

/// A window that moves to another screen, and a zoomed page, have other pixels: the query of today's density changes then,
/// once.
fn watch_density(
    controller: BoardController,
    stage: Element,
    watched: StoredValue<Option<Listener>, LocalStorage>,
) {
    let ratio = Number::from(window().device_pixel_ratio()).to_string_with_radix(10);
    let query = format!(
        "(resolution: {}dppx)",
        ratio.map_or_else(|_| String::new(), String::from)
    );
    let Ok(Some(query)) = window().match_media(&query) else {
        return;
    };
    let changed = move |_| {
        measure(controller, &stage);
        let stage = stage.clone();
        // Not from within the listener that this one replaces.
        task::spawn(async move { watch_density(controller, stage, watched) });
    };
    let listener = Listener::on(query.unchecked_ref(), "change", changed);
    let _ = watched.try_set_value(Some(listener));
}

/// Safari's own events for pinches on a touch pad, where others send a wheel with Ctrl. On a touch screen they come beside
/// the fingers' pointers, which count.
fn watch_gestures(controller: BoardController, stage: &Element) {
    let last = StoredValue::new_local(1.0_f64);
    for event in ["gesturestart", "gesturechange", "gestureend"] {
        let target = stage.clone();
        let listener = Listener::on(stage, event, move |gesture| {
            gesture.prevent_default();
            let number = |name: &str| {
                let value = js_sys::Reflect::get(&gesture, &name.into()).ok();
                value.and_then(|value| value.as_f64())
            };
            let scale = number("scale").filter(|scale| *scale > 0.0).unwrap_or(1.0);
            let before = last.get_value();
            last.set_value(scale);
            if event == "gesturestart" {
                return;
            }
            let bounds = target.get_bounding_client_rect();
            let at = Point::new(
                number("clientX").unwrap_or_default() - bounds.left(),
                number("clientY").unwrap_or_default() - bounds.top(),
            );
            controller.with(|board| board.pinched(scale / before, at));
        });
        keep(listener);
    }
}

fn watch_wheel(controller: BoardController, page: Element) {
    let target = page.clone();
    let listener = Listener::on(&target, "wheel", move |event| {
        if let Ok(event) = event.dyn_into() {
            on_wheel(controller, &page, &event);
        }
    });
    keep(listener);
}

/// The wheel pans; with Ctrl, which is also what a pinch on a touch pad sends, it zooms about the pointer. Over the panels
/// around the board only the second is for the board, and over a dialog neither.
fn on_wheel(controller: BoardController, page: &Element, event: &WheelEvent) {
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    let is_within = |selector: &str| {
        let target = target.as_ref();
        target.is_some_and(|target| target.closest(selector).ok().flatten().is_some())
    };
    let zooms = event.ctrl_key() || event.meta_key();
    if is_within("dialog") || !(zooms || is_within(".stage")) {
        return;
    }
    event.prevent_default();
    // DOM_DELTA_LINE and DOM_DELTA_PAGE, as Firefox sends them for wheels.
    let unit = match event.delta_mode() {
        1 => 40.0,
        2 => 800.0,
        _ => 1.0,
    };
    let by = Vec2::new(event.delta_x(), event.delta_y()) * unit;
    let bounds = page.get_bounding_client_rect();
    let about = Point::new(
        f64::from(event.client_x()) - bounds.left(),
        f64::from(event.client_y()) - bounds.top(),
    );
    let across = event.shift_key();
    controller.with(|board| {
        board.wheel(Wheel {
            by,
            about,
            zooms,
            across,
        })
    });
}
