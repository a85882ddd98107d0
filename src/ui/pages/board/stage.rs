//! The two canvases, and the events that reach them: dry tiles below, wet ink above.

use js_sys::Number;
use kurbo::{Point, Size, Vec2};
use leptos::{ev, html, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, PointerEvent, ResizeObserver, WheelEvent};

use super::easel::Easel;
use crate::{
    browser::{canvas2d::Surface, lifecycle::Listener, pointer, task},
    core::{
        board::tool::{Input as ToolInput, PointerKind},
        session::Input,
    },
    ui::{
        hooks::{
            use_key::use_key,
            use_room::{Room, use_room},
        },
        parts::shortcuts::is_typing,
        theme::use_theme,
    },
};

/// A wheel's step of zoom: Chromium sends 100 for a notch, pinches on touch pads send small numbers.
const WHEEL_ZOOM: f64 = 0.0022;

#[component]
pub fn Stage() -> impl IntoView {
    let room = use_room();
    let easel = room.easel();
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
            (Some(dry), Some(wet)) => attach(room, &stage, dry, wet),
            _ => room.warn(
                "The browser gave no canvas to draw on. Close other pages and load this one again.",
            ),
        }
    });
    Effect::new(move || room.easel().borrow_mut().set_dark(is_dark.get()));
    let camera = easel.borrow().camera;
    Effect::new(move || {
        camera.track();
        let seen = room.easel().borrow().viewport();
        room.send(Input::Looked(seen));
    });
    on_cleanup(move || {
        let finished = room.easel().borrow_mut().detach();
        room.edit(finished);
        // By whatever way one leaves, the others see no pointer of one who is not here.
        room.send(Input::Pointed(None));
    });
    // The page may be about to go: what is under the pen is stored.
    for event in ["pagehide", "visibilitychange"] {
        let store = move |_| {
            let draft = room.easel().borrow_mut().draft_now();
            draft.into_iter().for_each(|input| room.send(input));
        };
        // Before the session says goodbye.
        keep(Listener::on_capture(window().unchecked_ref(), event, store));
    }
    for (event, held) in [("keydown", true), ("keyup", false)] {
        use_key(event, move |event| {
            // Letting go counts wherever the focus is by now.
            if event.code() == "Space" && !(held && is_typing(event)) {
                room.easel().borrow_mut().hold_space(held);
            }
        });
    }
    // A key or button that is let go elsewhere is not heard here.
    let release = move || Easel::use_tool(&room.easel(), ToolInput::Released);
    let released = window_event_listener(ev::blur, move |_| release());
    on_cleanup(move || released.remove());
    use_key("keydown", move |event| {
        if event.key() == "Escape" && !is_typing(event) {
            release();
        }
    });
    let pans = easel.borrow().pans;
    view! {
        <div
            node_ref=stage
            class="stage"
            data-testid="board"
            role="application"
            aria-label="Drawing board"
            class:pans=move || pans.get()
            on:pointerdown=move |event| on_pointer(room, stage, &event, Phase::Down)
            on:pointermove=move |event| on_pointer(room, stage, &event, Phase::Move)
            on:pointerup=move |event| on_pointer(room, stage, &event, Phase::Up)
            on:pointercancel=move |event| on_pointer(room, stage, &event, Phase::Cancel)
            on:lostpointercapture=move |event| on_pointer(room, stage, &event, Phase::Up)
            on:pointerleave=move |_| room.send(Input::Pointed(None))
            on:contextmenu=|event| event.prevent_default()
        >
            <canvas node_ref=dry></canvas>
            <canvas node_ref=wet></canvas>
        </div>
    }
}

fn attach(room: Room, stage: &Element, dry: Surface, wet: Surface) {
    let easel = room.easel();
    easel.borrow_mut().attach(room, dry, wet);
    let measured = stage.clone();
    let measure = move || {
        let size = Size::new(
            f64::from(measured.client_width()),
            f64::from(measured.client_height()),
        );
        easel
            .borrow_mut()
            .set_size(size, window().device_pixel_ratio());
    };
    measure();
    watch_density(measure.clone());
    watch_gestures(room, stage);
    let resized = Closure::<dyn FnMut()>::new(measure);
    if let Ok(observer) = ResizeObserver::new(resized.as_ref().unchecked_ref()) {
        observer.observe(stage);
        // The observer lives as long as the element it watches, and its callback with it.
        let kept = StoredValue::new_local((observer, resized));
        on_cleanup(move || kept.with_value(|(observer, _)| observer.disconnect()));
    }
}

/// For as long as the component is there.
fn keep(listener: Listener) {
    let kept = StoredValue::new_local(Some(listener));
    on_cleanup(move || kept.set_value(None));
}

/// A window that moves to another screen, and a zoomed page, have other pixels: the query of today's density changes then,
/// once.
fn watch_density(measure: impl Fn() + Clone + 'static) {
    let watched = StoredValue::new_local(None::<Listener>);
    on_cleanup(move || watched.set_value(None));
    watch_density_once(measure, watched);
}

fn watch_density_once(
    measure: impl Fn() + Clone + 'static,
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
        measure();
        let measure = measure.clone();
        // Not from within the listener that this one replaces.
        task::spawn(async move { watch_density_once(measure, watched) });
    };
    let listener = Listener::on(query.unchecked_ref(), "change", changed);
    let _ = watched.try_set_value(Some(listener));
}

/// Safari's own events for pinches on a touch pad, where others send a wheel with Ctrl. On a touch screen they come beside
/// the fingers' pointers, which count.
fn watch_gestures(room: Room, stage: &Element) {
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
            let easel = room.easel();
            let mut easel = easel.borrow_mut();
            if event == "gesturestart" || easel.is_pinching() {
                return;
            }
            let bounds = target.get_bounding_client_rect();
            let at = Point::new(
                number("clientX").unwrap_or_default() - bounds.left(),
                number("clientY").unwrap_or_default() - bounds.top(),
            );
            let camera = easel.camera.get_untracked();
            easel.set_camera(camera.zoomed(scale / before, at));
        });
        keep(listener);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Down,
    Move,
    Up,
    Cancel,
}

fn on_pointer(room: Room, stage: NodeRef<html::Div>, event: &PointerEvent, phase: Phase) {
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
        Phase::Move => {
            point(room, pointer::sample(event, &stage).at);
            if pointer::kind(event) == PointerKind::Pen {
                Easel::use_tool(&room.easel(), ToolInput::PenSeen);
            }
            pointer::moved(event, &stage)
        }
        Phase::Up => ToolInput::Lifted { pointer },
        Phase::Cancel => ToolInput::Cancelled { pointer },
    };
    Easel::use_tool(&room.easel(), input);
}

/// Tells the others where the pointer is, unless its ink does.
fn point(room: Room, at: Point) {
    let easel = room.easel();
    if easel.borrow().is_drawing() {
        return;
    }
    let at = easel.borrow().camera.get_untracked().board_from_screen(at);
    room.send(Input::Pointed(Some((at.x, at.y))));
}

/// The wheel pans; with Ctrl, which is also what a pinch on a touch pad sends, it zooms about the pointer. Over the panels
/// around the board only the second is for the board, and over a dialog neither.
pub fn on_wheel(room: Room, event: &WheelEvent) {
    let Some(page) = event
        .current_target()
        .and_then(|page| page.dyn_into::<Element>().ok())
    else {
        return;
    };
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
    let (stage, easel) = (page, room.easel());
    event.prevent_default();
    // DOM_DELTA_LINE and DOM_DELTA_PAGE, as Firefox sends them for wheels.
    let unit = match event.delta_mode() {
        1 => 40.0,
        2 => 800.0,
        _ => 1.0,
    };
    let by = Vec2::new(event.delta_x(), event.delta_y()) * unit;
    let mut easel = easel.borrow_mut();
    let camera = easel.camera.get_untracked();
    let camera = if zooms {
        let bounds = stage.get_bounding_client_rect();
        let about = Point::new(
            f64::from(event.client_x()) - bounds.left(),
            f64::from(event.client_y()) - bounds.top(),
        );
        camera.zoomed((-by.y * WHEEL_ZOOM).exp(), about)
    } else if event.shift_key() && by.x == 0.0 {
        camera.panned(Vec2::new(-by.y, 0.0))
    } else {
        camera.panned(-by)
    };
    easel.set_camera(camera);
}
