//! What a person should know now.

use crate::core::{
    apps::{Said, todo::overruled},
    session::Notice,
    text::isolated,
    wire::codec::TooLarge,
};

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
        Notice::App(Said::Todo(notice)) => overruled(notice),
        Notice::TooLarge(TooLarge { bytes }) => {
            format!("This is too large to send in one piece: {bytes} bytes.")
        }
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
        Notice::StepTooLarge => "This was much at once: undo takes it back, but not after this page was loaded again.".to_owned(),
        Notice::Recovered => "What was being drawn when the page stopped is here again. Undo takes it away.".to_owned(),
        Notice::StoredRowUnreadable => UNREADABLE.to_owned(),
        Notice::SetAside => SET_ASIDE.to_owned(),
    }
}

/// How a conflict between titles was resolved.
pub fn overruled(notice: &overruled::Notice) -> String {
    match notice {
        overruled::Notice::BothKept { ours, theirs, more } => {
            let more = match more {
                0 => String::new(),
                1 => " So it is with one more item.".to_owned(),
                more => format!(" So it is with {more} more items."),
            };
            format!(
                "Two titles were written for one item at the same time: {} and {}. Both are in the list now.{more}",
                isolated(theirs),
                isolated(ours),
            )
        }
        overruled::Notice::Returned(titles) => match titles.as_slice() {
            [title] => format!(
                "Somebody renamed an item while you deleted it, so it is in the list again: {}.",
                isolated(title)
            ),
            titles => format!(
                "Somebody renamed {} items while you deleted them, so they are in the list again.",
                titles.len()
            ),
        },
    }
}
