//! Where the others point, with their names.

use kurbo::Point;
use leptos::prelude::*;

use crate::ui::hooks::use_room::use_room;

#[component]
pub fn Cursors() -> impl IntoView {
    let room = use_room();
    let camera = room.easel().borrow().camera;
    let pointing = move || {
        let others = room.others.get();
        others
            .into_iter()
            .filter(|other| other.cursor.is_some())
            .map(|other| other.peer)
            .collect::<Vec<_>>()
    };
    view! {
        <div class="cursors" aria-hidden="true">
            <For each=pointing key=|peer| *peer let:peer>
                {
                    let other = Memo::new(move |_| {
                        room.others.with(|others| others.iter().find(|other| other.peer == peer).cloned())
                    });
                    let style = move || {
                        let other = other.get()?;
                        let (x, y) = other.cursor?;
                        let [r, g, b] = other.color;
                        let at = camera.get().screen_from_board(Point::new(x.into(), y.into()));
                        Some(format!(
                            "--person: rgb({r} {g} {b}); transform: translate({:.1}px, {:.1}px)",
                            at.x, at.y
                        ))
                    };
                    view! {
                        <div class="cursor" style=style>
                            <svg viewBox="0 0 16 16" width="16" height="16">
                                <path d="M1 1l5.5 13 2-5.5L14 6.5z"></path>
                            </svg>
                            <span>{move || other.get().map(|other| other.name)}</span>
                        </div>
                    }
                }
            </For>
        </div>
    }
}
