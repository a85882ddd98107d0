//! Which relay a page uses whose link names none.

use std::pin::Pin;

use leptos::prelude::*;

use super::{app::use_relays, hooks::use_room::Room};
use crate::{
    browser::{address, http},
    core::{
        address::{Config, RelayChoice},
        socket::endpoint::Endpoint,
    },
};

/// The first of `config.json` that works, else the page's own server if it is a relay, else none.
pub fn find(room: Room) -> Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(async move {
        let config = match http::config().await {
            Some(text) => {
                let (config, problems) = Config::parse(&text, address::is_secure());
                problems
                    .iter()
                    .for_each(|problem| room.say(problem.to_string()));
                config
            }
            None => Config::default(),
        };
        room.title.set(config.title);
        let choice = room.address.with_untracked(|address| address.relay.clone());
        if choice != RelayChoice::Default {
            return;
        }
        let relays = match config.relays.is_empty() {
            false => config.relays,
            true => own(room).await.into_iter().collect(),
        };
        if !relays.is_empty() {
            use_relays(room, relays);
        }
    })
}

async fn own(room: Room) -> Option<Endpoint> {
    let origin = address::own_relay_origin()?;
    if !http::own_server_is_a_relay().await {
        return None;
    }
    let tag = room
        .address
        .with_untracked(|address| address.room.tag().to_text());
    Endpoint::parse(&format!("{origin}/relay/{tag}"), address::is_secure()).ok()
}
