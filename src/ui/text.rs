//! What the session has to tell a person, in words.

use std::time::Duration;

use super::hooks::use_room::{Room, SET_ASIDE, UNREADABLE};
use crate::core::{session::Notice, text::isolated};

/// How long a sentence stays that nobody has to read.
const PASSING: Duration = Duration::from_secs(4);

/// Shows a notice: until it is closed, if it has to be read; for a while; or for a moment.
pub fn tell(room: Room, notice: &Notice) {
    let words = words(notice);
    match notice {
        Notice::SetAside => room.offer_set_aside(words),
        Notice::Came(_) | Notice::Went(_) => room.say_for(PASSING, words),
        Notice::TooLarge(_)
        | Notice::StoredRowUnreadable
        | Notice::App(_)
        | Notice::Contradicted(_)
        | Notice::Newer(_) => room.warn(words),
        Notice::UndoSkipped(_) | Notice::Muted(_) | Notice::Mended | Notice::Recovered => {
            room.say(words);
        }
    }
}

fn words(notice: &Notice) -> String {
    match notice {
        Notice::UndoSkipped(1) => "One of your changes had been changed again by somebody else, and stayed as it is.".to_owned(),
        Notice::UndoSkipped(count) => format!(
            "{count} of your changes had been changed again by somebody else, and stayed as they are."
        ),
        Notice::App(sentence) => sentence.clone(),
        Notice::TooLarge(error) => error.to_string(),
        Notice::Came(name) => format!("{} is here.", isolated(name)),
        Notice::Went(name) => format!("{} left.", isolated(name)),
        Notice::Muted(name) => format!(
            "{} sends more than a page can take, and is not listened to until that ends. Nothing is lost.",
            isolated(name)
        ),
        Notice::Contradicted(name) => format!(
            "{} says two different things of one edit, and is not listened to for a while.",
            isolated(name)
        ),
        Notice::Mended => "Somebody had sent different people different versions of an edit. Both are here now, and everybody has the same.".to_owned(),
        Notice::Newer(name) => format!(
            "{} has a newer version of Duplex. What it adds is kept here and passed on; load the page again to see it.",
            isolated(name)
        ),
        Notice::Recovered => "What was being drawn when the page stopped is here again. Undo takes it away.".to_owned(),
        Notice::StoredRowUnreadable => UNREADABLE.to_owned(),
        Notice::SetAside => SET_ASIDE.to_owned(),
    }
}
