//! What is selected: a frame around it, the box that is being drawn, and what can be done to it without a keyboard.

use kurbo::Rect;
use leptos::prelude::*;

use super::controller::use_board;
use crate::{browser::styles, core::keyboard::Command, ui::parts::button::IconButton};

pub fn marks() -> AnyView {
    let controller = use_board();
    let shown = move || {
        let shown = controller.shown.read();
        let mark = |class: &'static str, area: Rect| {
            let from = shown.camera.screen_from_board(area.origin());
            let size = area.size() * shown.camera.zoom;
            let px = [from.x, from.y, size.width, size.height];
            // Whole numbers, because code that writes others is as large as all of this file.
            let [x, y, width, height] = px.map(|px| px.round() as i32);
            view! {
                <div
                    class=class
                    style:transform=format!("translate({x}px, {y}px)")
                    style:width=format!("{width}px")
                    style:height=format!("{height}px")
                ></div>
            }
        };
        let frame = shown.marks.frame.map(|area| mark("frame", area));
        let marquee = shown.marks.marquee.map(|area| mark("marquee", area));
        (frame, marquee)
    };
    let is_selected = Memo::new(move |_| {
        let marks = controller.shown.read().marks;
        marks.frame.is_some() && marks.marquee.is_none() && !controller.is_lost.get()
    });
    let actions = move || {
        let delete = move |()| controller.command(Command::Delete);
        is_selected.get().then(|| {
            view! {
                <div class="panel selected" role="toolbar" aria-label="Selected">
                    <IconButton icon=icondata::LuTrash2 name="Delete" shortcut="Delete" on_press=delete/>
                </div>
            }
        })
    };
    styles::adopt(include_str!("../../../../style/marks.css"));
    view! {
        <div class="marks" aria-hidden="true">{shown}</div>
        {actions}
    }
    .into_any()
}
