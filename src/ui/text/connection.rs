//! How the connection stands.

use super::{saved, server};
use crate::core::{
    doc::store::Saved,
    line::{
        server::Audience,
        status::{Connection, Ending},
    },
    session::status::Status,
    socket::{close::CloseEvent, endpoint::Endpoint},
};

/// A word or two for small places.
pub fn label(status: &Status) -> &'static str {
    let audience = status.line.server.audience;
    match status.line.connection {
        Connection::Idle => "Local only",
        Connection::Connecting | Connection::Probing => "Connecting",
        Connection::Open if audience == Audience::None => "No echo",
        Connection::Open if audience == Audience::SelfOnly => "Echo only",
        Connection::Open => "Connected",
        Connection::Stale => "Checking",
        Connection::Waiting => "Reconnecting",
        Connection::Offline => "Offline",
        Connection::Failed => "Refused",
    }
}

/// How it stands, and what follows from it.
pub fn sentence(status: &Status) -> String {
    let line = &status.line;
    let close = line.ending.as_ref().map(ending);
    let close = close.as_deref().unwrap_or("did not answer");
    let relay = || line.relay.as_ref().map_or("another relay", Endpoint::host);
    match line.connection {
        Connection::Idle if line.relay.is_none() => {
            "No relay: everything stays in this browser. Choose one under Share.".to_owned()
        }
        Connection::Idle => "Not connected yet.".to_owned(),
        Connection::Connecting => "Connecting to the relay.".to_owned(),
        Connection::Probing => "Connected. Finding out what kind of server this is.".to_owned(),
        Connection::Stale => {
            "The relay has gone quiet. If it stays so, the connection is made anew.".to_owned()
        }
        Connection::Open if !line.server.audience.connects() && status.people == 1 => {
            server::audience(line.server.audience).to_owned()
        }
        Connection::Open if line.place.0 > 0 && status.people == 1 => format!(
            "Connected to {}, the {} relay of this link, because another one before it did not serve. Nobody is here; somebody may be there, and is looked for now and then.",
            relay(),
            ordinal(line.place.0),
        ),
        Connection::Open if line.place.0 > 0 => format!(
            "{} This is {}, the {} relay of the link; whoever is on one before it is looked for now and then.",
            company(status),
            relay(),
            ordinal(line.place.0),
        ),
        Connection::Open => company(status),
        Connection::Waiting => format!(
            "The relay {close}. Keep working: edits are kept here and sent when it is back."
        ),
        Connection::Offline => {
            "No network. Keep working: edits are kept here and sent later.".to_owned()
        }
        Connection::Failed if line.retry_at.is_some() => format!(
            "The relay {close}. It is asked again now and then. Edits are kept here; try again now, or choose another one under Share."
        ),
        Connection::Failed => {
            format!("The relay {close}. Choose another one under Share, or try again.")
        }
    }
}

/// What stands in the way, for a place where all of it can be read; none while all is well, or soon will be.
pub fn trouble(status: &Status) -> Option<String> {
    let is_unstored = matches!(status.saved, Saved::MemoryOnly | Saved::Failed);
    let is_refused = status.line.connection == Connection::Failed;
    let is_cut_off = is_refused || (status.is_useless() && status.people == 1);
    let sentences = [
        is_unstored.then(|| saved::sentence(status)),
        is_cut_off.then(|| sentence(status)),
    ];
    let sentences: Vec<_> = sentences.into_iter().flatten().collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// Completes "The relay …".
fn ending(ending: &Ending) -> String {
    match ending {
        Ending::Blocked(why) => format!("could not be opened by this browser ({why})"),
        Ending::Closed(close) => close.in_words(),
        Ending::Mute(close) => {
            let said = close.as_ref().map(CloseEvent::quoted).unwrap_or_default();
            format!(
                "opens, but closes before anything comes back{said}: it is not a server that echoes"
            )
        }
    }
}

/// Who is here, and how far everybody has the same.
fn company(status: &Status) -> String {
    match (status.arrived, status.people, status.in_step) {
        (Some(percent), ..) => format!("Connected. {percent} % of the room is here."),
        (_, 1, _) if status.is_empty => {
            "Connected. Nobody else is here yet; what others made here comes with one of them."
                .to_owned()
        }
        (_, 1, _) => "Connected. Nobody else is here yet.".to_owned(),
        _ if status.apart > 0 => {
            "Connected, but out of step for a while: what differs is asked for again.".to_owned()
        }
        (_, 2, 1) => "Connected, in step with one other.".to_owned(),
        (_, people, in_step) if in_step + 1 == people => {
            format!("Connected, in step with {in_step} others.")
        }
        (_, 2, _) => "Connected, exchanging edits with one other.".to_owned(),
        (_, people, _) => format!("Connected, exchanging edits with {} others.", people - 1),
    }
}

fn ordinal(place: usize) -> String {
    match place + 1 {
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        number => format!("{number}th"),
    }
}
