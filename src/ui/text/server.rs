//! What kind of server answered, in plain words.

use crate::core::line::server::{Audience, Server};

/// To whom the server passes frames on, and what to do where that is not enough.
pub fn audience(audience: Audience) -> &'static str {
    match audience {
        Audience::None => {
            "This server returns nothing of what it is sent, so nobody can be met here. Edits stay in this browser. Choose a relay that echoes or broadcasts, under Share."
        }
        Audience::SelfOnly => {
            "This server echoes to the sender only, so two machines cannot meet through it. Tabs of this browser do. To draw with others choose a relay that broadcasts, under Share."
        }
        Audience::Others => "This server passes on what one sends to all the others.",
        Audience::All => "This server passes on what one sends to everybody, the sender too.",
        Audience::Unknown => {
            "It is not known yet to whom this server passes frames on. Edits are kept here in any case."
        }
    }
}

/// One line for the log.
pub fn summary(server: &Server) -> String {
    let habits = habits(server);
    let habits = match habits.is_empty() {
        true => String::new(),
        false => format!(", {}", habits.join(", ")),
    };
    format!(
        "The server's audience is {}; frames go as {} of up to {} bytes{habits}",
        server.audience.name(),
        form(server),
        server.frame_bytes
    )
}

pub fn form(server: &Server) -> &'static str {
    match server.binary {
        true => "binary",
        false => "text",
    }
}

pub fn habits(server: &Server) -> Vec<&'static str> {
    [
        (server.greets, "it speaks first"),
        (server.decorates, "it adds text around what it returns"),
        (server.trims, "it cuts spaces off"),
        (server.joins, "it joins messages in one frame"),
        (server.flips, "it returns text as binary"),
    ]
    .into_iter()
    .filter_map(|(does, what)| does.then_some(what))
    .collect()
}
