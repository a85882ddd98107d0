//! The server's card: what kind of server answered, in plain words, and what follows from it.

use super::server::{audience, form, habits};
use crate::core::session::status::Status;

/// Names and values of what is known of the server.
pub fn card(status: &Status) -> Vec<(&'static str, String)> {
    let server = &status.line.server;
    let mut lines = Vec::new();
    let Some(relay) = &status.line.relay else {
        return lines;
    };
    lines.push(("Relay", relay.to_string()));
    if let (place @ 1.., count) = status.line.place {
        lines.push((
            "Place",
            format!(
                "number {} of the {count} relays of this link; those before it did not serve",
                place + 1
            ),
        ));
    }
    if status.is_shared {
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
    if let Some(rtt) = status.line.rtt_ms {
        lines.push(("Round trip", format!("{rtt} ms")));
    }
    let counters = status.line.counters;
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
