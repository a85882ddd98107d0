//! Who is here, oneself first, and the dialog in which one's own name and colour are chosen.

use leptos::prelude::*;

use super::dialog::Dialog;
use crate::{
    core::{
        address::Page,
        doc::presence::{COLORS, Profile},
        peer::PeerId,
    },
    limits::NAME_CHARS,
    ui::hooks::use_room::use_room,
};

/// Badges beyond this many become a number.
const BADGES: usize = 4;

#[component]
pub fn People() -> impl IntoView {
    let room = use_room();
    let open = RwSignal::new(false);
    let count = move || room.others.with(Vec::len) + 1;
    let badges = move || {
        let me = room.profile.get();
        let others = room.others.get();
        let hidden = (others.len() + 1).saturating_sub(BADGES);
        let shown = std::iter::once((me.name, me.color))
            .chain(others.into_iter().map(|o| (o.name, o.color)));
        let badges: Vec<_> = shown
            .take(BADGES)
            .map(|(name, color)| badge(&name, color))
            .collect();
        let more =
            (hidden > 0).then(|| view! { <span class="badge more">{format!("+{hidden}")}</span> });
        view! { {badges} {more} }
    };
    let name = move || match count() {
        1 => "You are alone here. Choose your name".to_owned(),
        count => format!("{count} people are here. Choose your name"),
    };
    view! {
        <button type="button" class="people" aria-label=name title=name on:click=move |_| open.set(true)>
            <span class="badges" aria-hidden="true">{badges}</span>
            <span class="visually-hidden" data-testid="people">{count}</span>
        </button>
        <Dialog open=open title="People here" contents=|dialogs| dialogs.people/>
    }
}

/// Oneself, to be named, and everybody else.
pub fn list() -> AnyView {
    let room = use_room();
    view! {
        <WhoAmI/>
        <ul class="person-list">
            {move || {
                let others = room.others.get();
                others
                    .into_iter()
                    .map(|other| view! {
                        <li>
                            {badge(&other.name, other.color)}
                            <span class="name">{other.name.clone()}</span>
                            <Follow leader=other.peer name=other.name/>
                            {other.is_muted.then(|| view! { <span class="hint">"sends too much, and is not listened to"</span> })}
                        </li>
                    })
                    .collect::<Vec<_>>()
            }}
        </ul>
        {move || room.others.with(Vec::is_empty).then(|| view! {
            <p class="hint">
                "Nobody else is here yet. Share the link; whoever opens it shows up here. The relay keeps nothing: whoever comes while nobody is here finds the room empty until somebody who has it opens it too. Leave a tab open for them, or send them an export."
            </p>
        })}
    }
    .into_any()
}

/// Closes the dialog, and shows what somebody sees.
#[component]
fn Follow(leader: PeerId, name: String) -> impl IntoView {
    let room = use_room();
    let is_followed = move || room.follows.get() == Some(leader);
    let turn = move |_| match is_followed() {
        true => room.follow(None),
        false => {
            room.go_to(Page::Board);
            room.follow(Some(leader));
        }
    };
    view! {
        <form method="dialog">
            <button
                type="submit"
                class="link-button"
                aria-label=format!("Follow {name}")
                aria-pressed=move || is_followed().to_string()
                on:click=turn
            >
                {move || if is_followed() { "Stop following" } else { "Follow" }}
            </button>
        </form>
    }
}

fn badge(name: &str, [r, g, b]: [u8; 3]) -> impl IntoView + use<> {
    let initial = name.chars().next().unwrap_or('?').to_ascii_uppercase();
    view! { <span class="badge" style=format!("--person: rgb({r} {g} {b})") title=name.to_owned()>{initial.to_string()}</span> }
}

#[component]
fn WhoAmI() -> impl IntoView {
    let room = use_room();
    let rename = move |event| {
        let color = room.profile.with_untracked(|profile| profile.color);
        let profile = Profile::new(&event_target_value(&event), color);
        if !profile.name.is_empty() {
            room.rename(profile);
        }
    };
    let recolor = move |color| {
        let name = room.profile.with_untracked(|profile| profile.name.clone());
        room.rename(Profile::new(&name, color));
    };
    view! {
        <label class="field">
            <span>"Your name"</span>
            <input type="text" maxlength=NAME_CHARS prop:value=move || room.profile.get().name on:change=rename/>
        </label>
        <div class="swatches" role="group" aria-label="Your colour">
            {COLORS
                .into_iter()
                .enumerate()
                .map(|(at, color)| {
                    let [r, g, b] = color;
                    view! {
                        <button
                            type="button"
                            class="swatch"
                            style=format!("--swatch: rgb({r} {g} {b})")
                            aria-label=format!("Your colour {}", at + 1)
                            aria-pressed=move || (room.profile.get().color == color).to_string()
                            on:click=move |_| recolor(color)
                        ></button>
                    }
                })
                .collect::<Vec<_>>()}
        </div>
    }
}
