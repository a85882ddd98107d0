//! The server's card: what kind of server answered, in plain words, and what follows from it.

use crate::core::{
    session::status::Status,
    wire::profile::{Audience, Profile},
};

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

/// One line for the tape.
pub fn summary(server: &Profile) -> String {
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

fn form(server: &Profile) -> &'static str {
    match server.binary {
        true => "binary",
        false => "text",
    }
}

fn habits(server: &Profile) -> Vec<&'static str> {
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

impl Status {
    /// Names and values of what is known of the server.
    pub fn card(&self) -> Vec<(&'static str, String)> {
        let server = &self.line.server;
        let mut lines = Vec::new();
        let Some(relay) = &self.line.relay else {
            return lines;
        };
        lines.push(("Relay", relay.to_string()));
        if let (place @ 1.., count) = self.line.place {
            lines.push((
                "Place",
                format!(
                    "number {} of the {count} relays of this link; those before it did not serve",
                    place + 1
                ),
            ));
        }
        if self.is_shared {
            let holder =
                "Another tab of this browser holds the connection, and shows what happens on it.";
            lines.push(("Shared", holder.to_owned()));
        }
        lines.push(("Reach", audience(server.audience).to_owned()));
        lines.push((
            "Frames",
            format!("as {}, up to {} bytes", form(server), server.frame_bytes),
        ));
        let habits = habits(server);
        if !habits.is_empty() {
            lines.push(("Habits", format!("{}; none of it harms", habits.join(", "))));
        }
        if let Some(rtt) = self.line.rtt_ms {
            lines.push(("Round trip", format!("{rtt} ms")));
        }
        let counters = self.line.counters;
        for (name, count, what) in [
            (
                "Strangers",
                counters.strangers,
                "frames of other programs were ignored",
            ),
            (
                "Refused",
                counters.forged,
                "frames did not open with this room\u{2019}s key",
            ),
            (
                "Repeated",
                counters.repeated,
                "frames came twice and counted once",
            ),
        ] {
            if count > 0 {
                lines.push((name, format!("{count} {what}")));
            }
        }
        lines
    }
}
