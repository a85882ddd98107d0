//! The two canvases, and the events that reach them: dry tiles below, wet ink above.

use std::{cell::RefCell, rc::Rc};

use kurbo::{Point, Size, Vec2};
use leptos::{ev, html, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, PointerEvent, ResizeObserver, WheelEvent};

use super::easel::Easel;
use crate::{
    browser::{canvas2d::Surface, pointer},
    core::{board::tool::Input as ToolInput, session::Input},
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
            _ => room.say(
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
        let was_drawing = room.easel().borrow_mut().detach();
        if was_drawing {
            room.send(Input::Drafted(Vec::new()));
        }
    });
    for (event, held) in [("keydown", true), ("keyup", false)] {
        use_key(event, move |event| {
            if event.code() == "Space" && !is_typing(event) {
                room.easel().borrow_mut().hold_space(held);
            }
        });
    }
    // A key that is let go elsewhere is not heard here.
    let released = window_event_listener(ev::blur, move |_| {
        room.easel().borrow_mut().hold_space(false)
    });
    on_cleanup(move || released.remove());
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
            on:pointerleave=move |_| room.send(Input::Pointed(None))
            on:wheel=move |event| on_wheel(&room.easel(), stage, &event)
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
    let resized = Closure::<dyn FnMut()>::new(measure);
    if let Ok(observer) = ResizeObserver::new(resized.as_ref().unchecked_ref()) {
        observer.observe(stage);
        // The observer lives as long as the element it watches, and its callback with it.
        let kept = StoredValue::new_local((observer, resized));
        on_cleanup(move || kept.with_value(|(observer, _)| observer.disconnect()));
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
    room.send(Input::Pointed(Some((at.x as f32, at.y as f32))));
}

/// The wheel pans; with Ctrl, which is also what a pinch on a touch pad sends, it zooms about the pointer.
fn on_wheel(easel: &Rc<RefCell<Easel>>, stage: NodeRef<html::Div>, event: &WheelEvent) {
    let Some(stage) = stage.get_untracked() else {
        return;
    };
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
    let camera = if event.ctrl_key() || event.meta_key() {
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
