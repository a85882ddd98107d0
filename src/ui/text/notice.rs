//! What a person should know now.

use crate::core::{session::Notice, text::isolated};

/// A stored row could not be read.
pub const UNREADABLE: &str =
    "A part of this room's stored data could not be read. The rest is here.";
/// What stopped the program the last time.
pub const SET_ASIDE: &str =
    "Something in this room stopped Duplex the last time. It was set aside; the rest is here.";

/// What the session has to tell a person.
pub fn sentence(notice: &Notice) -> String {
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
