//! Somebody else's view in place of one's own: it moves as theirs does, until one moves it oneself.

use leptos::prelude::*;

use crate::{
    core::board::camera::Camera,
    ui::hooks::{use_key::use_key, use_room::use_room},
};

/// Shown while somebody is followed.
pub fn following() -> AnyView {
    let room = use_room();
    let camera = room.easel().borrow().camera;
    let stop = move || room.follow(None);
    on_cleanup(move || room.easel().borrow_mut().show_own());
    Effect::new(move || {
        if let Some(view) = room.led.get() {
            room.easel().borrow_mut().show(view);
        }
    });
    Effect::new(move |before: Option<Camera>| {
        let now = camera.get();
        if before.is_some_and(|before| before != now) && !room.easel().borrow().is_led() {
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
        let leader = room.follows.get()?;
        let others = room.others.read();
        let other = others.iter().find(|other| other.peer == leader)?;
        let [r, g, b] = other.color;
        let name = other.name.clone();
        Some(view! {
            <div class="following" style=format!("--person: rgb({r} {g} {b})") data-testid="following">
                <p role="status">"Following " <bdi>{name}</bdi></p>
                <button type="button" class="link-button" on:click=move |_| stop()>"Stop"</button>
            </div>
        })
    };
    pill.into_any()
}
