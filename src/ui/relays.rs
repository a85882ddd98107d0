//! Which relay a page uses whose link names none.

use std::pin::Pin;

use leptos::prelude::*;

use super::{hooks::use_room::Room, loading, text};
use crate::{
    browser::{
        address,
        http::{self, Unanswered},
    },
    core::{
        address::{Config, RelayChoice},
        socket::endpoint::Endpoint,
    },
};

/// The first of `config.json` that works, else the page's own server if it is a relay, else none. A host that does not
/// answer is asked again.
pub fn find(room: Room) -> Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(async move {
        loading::until_here(async || look(room).await.ok(), || {}).await;
    })
}

async fn look(room: Room) -> Result<(), Unanswered> {
    let text = http::config().await;
    let mut config = Config::default();
    if let Ok(Some(text)) = &text {
        let (read, problems) = Config::parse(text, address::is_secure());
        problems
            .iter()
            .for_each(|problem| room.warn(text::address::problem(problem)));
        config = read;
        room.title.set(config.title);
    }
    let choice = room.address.with_untracked(|address| address.relay.clone());
    if choice != RelayChoice::Default {
        return text.map(drop);
    }
    if config.relays.is_empty() {
        config.relays.extend(own(room).await?);
    }
    match config.relays.is_empty() {
        true => text.map(drop),
        false => {
            room.use_relays(config.relays);
            Ok(())
        }
    }
}

async fn own(room: Room) -> Result<Option<Endpoint>, Unanswered> {
    let Some(origin) = address::own_origin() else {
        return Ok(None);
    };
    if !http::own_server_is_a_relay().await? {
        return Ok(None);
    }
    let tag = room
        .address
        .with_untracked(|address| address.room.tag().to_text());
    Ok(Endpoint::parse(&format!("{origin}/relay/{tag}"), address::is_secure()).ok())
}
