//! What happened on the wire, a line for each event.

use super::server;
use crate::core::line::log::{Event, FrameSeen};

pub fn line(event: &Event) -> String {
    match event {
        Event::Opening { relay } => format!("Opening {relay}"),
        Event::Opened => "Opened".to_owned(),
        Event::Sent(seen) => frame("Sent", seen),
        Event::Received(seen) => frame("Received", seen),
        Event::Closed {
            code,
            reason,
            meaning,
            ..
        } => match reason.as_str() {
            "" => format!("Closed with {code}: the relay {meaning}"),
            reason => {
                format!("Closed with {code}: the relay {meaning} (\u{201c}{reason}\u{201d})")
            }
        },
        Event::Abandoned => "Gave the connection up".to_owned(),
        Event::State { state } => format!("Now {state}"),
        Event::Verdict { server } => server::summary(server),
    }
}

fn frame(verb: &str, frame: &FrameSeen) -> String {
    let more = match frame.more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "{verb} {}{more}: {} bytes, {}",
        frame.meaning, frame.bytes, frame.form
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::frame::Frame;

    #[test]
    fn a_frame_with_several_messages_says_so() {
        let seen = FrameSeen::new(&Frame::from("hello"), &["edit", "cursor"]);
        assert_eq!(
            line(&Event::Sent(seen)),
            "Sent edit and 1 more: 5 bytes, text"
        );
    }
}
