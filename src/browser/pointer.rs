//! `PointerEvent`s as the board's tools read them, with coalesced events where the browser has them.

use kurbo::Point;
use wasm_bindgen::JsCast;
use web_sys::{Element, PointerEvent};

use crate::core::apps::board::{
    gesture::{Button, Input},
    tools::{PointerKind, ScreenSample},
};

/// A press on `board`.
pub fn pressed(event: &PointerEvent, board: &Element) -> Input {
    let kind = kind(event);
    let button = match event.button() {
        0 => Button::Primary,
        1 => Button::Middle,
        // Pointer Events §10.1: the eraser of a pen.
        5 => Button::Eraser,
        _ => Button::Other,
    };
    Input::Pressed {
        pointer: event.pointer_id(),
        kind,
        is_primary: event.is_primary(),
        button,
        sample: sample(event, board),
    }
}

fn kind(event: &PointerEvent) -> PointerKind {
    match event.pointer_type().as_str() {
        "pen" => PointerKind::Pen,
        "touch" => PointerKind::Touch,
        _ => PointerKind::Mouse,
    }
}

/// All samples since the last event. Coalesced lists are missing in old browsers and on insecure origins, and empty
/// at times.
pub fn moved(event: &PointerEvent, board: &Element) -> Input {
    let has_coalesced = js_sys::Reflect::has(event, &"getCoalescedEvents".into()).unwrap_or(false);
    let coalesced: Vec<PointerEvent> = match has_coalesced {
        true => event
            .get_coalesced_events()
            .iter()
            .filter_map(|event| event.dyn_into().ok())
            .collect(),
        false => Vec::new(),
    };
    let samples = match coalesced.as_slice() {
        [] => vec![sample(event, board)],
        events => events.iter().map(|event| sample(event, board)).collect(),
    };
    Input::Moved {
        pointer: event.pointer_id(),
        kind: kind(event),
        buttons: event.buttons(),
        samples,
    }
}

/// Where the pointer is on `board`, in CSS pixels.
fn sample(event: &PointerEvent, board: &Element) -> ScreenSample {
    let bounds = board.get_bounding_client_rect();
    ScreenSample {
        at: Point::new(
            f64::from(event.client_x()) - bounds.left(),
            f64::from(event.client_y()) - bounds.top(),
        ),
        pressure: f64::from(event.pressure()),
    }
}
