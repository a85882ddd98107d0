//! Who is here, oneself first, and the dialog in which one's own name and colour are chosen.

use leptos::prelude::*;
use web_sys::{Event, HtmlInputElement};

use super::dialog::Dialog;
use crate::{
    browser::text,
    core::{
        apps::board,
        doc::presence::{COLORS, Profile},
        peer::PeerId,
    },
    limits::NAME_CHARS,
    ui::hooks::use_room::use_room,
};

/// Badges beyond this many become a number.
const BADGES: usize = 4;

/// The button that shows who is here.
pub fn people() -> AnyView {
    let room = use_room();
    let open = RwSignal::new(false);
    let persons = move || {
        let others = room.others.get().into_iter();
        others.filter(|other| other.is_person).collect::<Vec<_>>()
    };
    let count = move || persons().len() + 1;
    let badges = move || {
        let me = room.profile.get();
        let others = persons();
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
    .into_any()
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
                    .filter(|other| other.is_person)
                    .map(|other| view! {
                        <li>
                            {badge(&other.name, other.color)}
                            <bdi class="name">{other.name.clone()}</bdi>
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
    let is_followed = move || {
        let follows = room.follows.read();
        follows
            .as_ref()
            .is_some_and(|followed| followed.leader == leader)
    };
    let turn = move |_| match is_followed() {
        true => room.follow(None),
        false => {
            room.go_to(&board::APP);
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
    view! { <span class="badge" style:--person=format!("rgb({r} {g} {b})") title=name.to_owned()>{text::initial(name)}</span> }
}

#[component]
fn WhoAmI() -> impl IntoView {
    let room = use_room();
    let problem = RwSignal::new(None::<String>);
    let rename = move |event: Event| {
        let (name, color) = room
            .profile
            .with_untracked(|profile| (profile.name.clone(), profile.color));
        let given = event_target_value(&event);
        let count = given.trim().chars().count();
        if count > NAME_CHARS {
            let sentence =
                format!("A name has at most {NAME_CHARS} characters, and this one has {count}.");
            return problem.set(Some(sentence));
        }
        let profile = Profile::new(&given, color);
        match profile.name.is_empty() {
            true => {
                let field: HtmlInputElement = event_target(&event);
                field.set_value(&name);
                problem.set(Some(
                    "A name needs something that can be seen. Yours stayed as it was.".to_owned(),
                ));
            }
            false => {
                problem.set(None);
                room.rename(profile);
            }
        }
    };
    let recolor = move |color| {
        let name = room.profile.with_untracked(|profile| profile.name.clone());
        room.rename(Profile::new(&name, color));
    };
    view! {
        <label class="field">
            <span>"Your name"</span>
            <input type="text" dir="auto" prop:value=move || room.profile.get().name on:change=rename/>
        </label>
        <p class="hint" role="alert">{move || problem.get()}</p>
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
                            style:--swatch=format!("rgb({r} {g} {b})")
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
