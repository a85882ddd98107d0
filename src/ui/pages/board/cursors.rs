//! Where the others point, with their names.

use kurbo::Point;
use leptos::prelude::*;

use super::controller::use_board;
use crate::{browser::styles, core::apps::board::presence::Pointer, ui::hooks::use_room::Other};

pub fn cursors() -> AnyView {
    let controller = use_board();
    let cursor = move |other: Other| {
        let Pointer { x, y } = other.shown.get()?;
        let [r, g, b] = other.color;
        let at = controller
            .shown
            .read()
            .camera
            .screen_from_board(Point::new(x, y));
        let place = format!(
            "translate({}px, {}px)",
            at.x.round() as i32,
            at.y.round() as i32
        );
        Some(view! {
            <div class="cursor" style:--person=format!("rgb({r} {g} {b})") style:transform=place>
                <svg viewBox="0 0 16 16" width="16" height="16">
                    <path d="M1 1l5.5 13 2-5.5L14 6.5z"></path>
                </svg>
                <span dir="auto">{other.name}</span>
            </div>
        })
    };
    styles::adopt(include_str!("../../../../style/cursors.css"));
    view! {
        <div class="cursors" aria-hidden="true">
            {move || controller.room.others.get().into_iter().filter_map(cursor).collect::<Vec<_>>()}
        </div>
    }
    .into_any()
}
