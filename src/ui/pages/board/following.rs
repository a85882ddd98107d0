//! Somebody else's view in place of one's own: it moves as theirs does, until one moves it oneself.

use leptos::prelude::*;

use super::controller::use_board;
use crate::{
    core::apps::board::{camera::Camera, engine::Board, presence::Viewport},
    ui::hooks::use_key::use_key,
};

/// Shown while somebody is followed.
pub fn following() -> AnyView {
    let controller = use_board();
    let room = controller.room;
    let stop = move || room.follow(None);
    on_cleanup(move || controller.with(Board::show_own));
    // A pointer that moves is no other view.
    let view = Memo::new(move |_| {
        let follows = room.follows.read();
        follows.as_ref()?.shown.get::<Viewport>()
    });
    Effect::new(move || {
        if let Some(view) = view.get() {
            controller.with(|board| board.show(view));
        }
    });
    Effect::new(move |before: Option<Camera>| {
        let now = controller.shown.read().camera;
        if before.is_some_and(|before| before != now) && !controller.look(Board::is_led) {
            stop();
        }
        now
    });
    use_key("keydown", move |event| {
        if event.key() == "Escape" {
            stop();
        }
    });
    let pill = move || {
        let leader = room.follows.read().as_ref()?.leader;
        let others = room.others.read();
        let other = others.iter().find(|other| other.peer == leader)?;
        let [r, g, b] = other.color;
        let name = other.name.clone();
        Some(view! {
            <div class="following" style:--person=format!("rgb({r} {g} {b})") data-testid="following">
                <p role="status">"Following " <bdi>{name}</bdi></p>
                <button type="button" class="link-button" on:click=move |_| stop()>"Stop"</button>
            </div>
        })
    };
    pill.into_any()
}
