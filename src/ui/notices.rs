//! How a notice of the session is shown.

use std::time::Duration;

use super::{
    hooks::use_room::{Offer, Room},
    text::notice,
};
use crate::core::session::Notice;

/// How long a sentence stays that nobody has to read.
const PASSING: Duration = Duration::from_secs(4);

/// Shows a notice: until it is closed, if it has to be read; for a while; or for a moment.
pub fn tell(room: Room, notice: &Notice) {
    let words = notice::sentence(notice);
    match notice {
        Notice::SetAside => room.offer(words, Offer::SetAside),
        Notice::Came(_) | Notice::Went(_) => room.say_for(PASSING, words),
        Notice::TooLarge(_)
        | Notice::StoredRowUnreadable
        | Notice::App(_)
        | Notice::Contradicted(_)
        | Notice::Newer(_) => room.warn(words),
        Notice::StepTooLarge
        | Notice::UndoSkipped(_)
        | Notice::Muted(_)
        | Notice::Mended
        | Notice::Recovered => room.say(words),
    }
}
