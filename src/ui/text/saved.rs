//! What has become of the last edits in this browser.

use crate::core::{doc::store::Saved, session::status::Status};

/// A word or two for small places.
pub fn label(saved: Saved) -> &'static str {
    match saved {
        Saved::Saving => "Saving",
        Saved::Saved => "Saved",
        Saved::MemoryOnly => "Not stored",
        Saved::Failed => "Not saved",
    }
}

pub fn sentence(status: &Status) -> String {
    told(status, status.saved)
}

/// The same for the state `saved`, which is shown with a delay and may differ from the current one.
pub fn told(status: &Status, saved: Saved) -> String {
    let problem = status.storage_problem.as_deref().unwrap_or("unknown");
    match saved {
        Saved::Saving if status.unstored == 0 => "Opening this browser\u{2019}s storage.".to_owned(),
        Saved::Saving => "Saving in this browser.".to_owned(),
        Saved::Saved => match status.lasts {
            Some(true) => "Everything is saved in this browser, and it promises to keep it.",
            Some(false) => "Everything is saved in this browser, for as long as it has space.",
            None => "Everything is saved in this browser.",
        }
        .to_owned(),
        Saved::MemoryOnly if status.is_newer => {
            "A newer version of Duplex stored this room. Load the page again to get it; until then edits stay in this page."
                .to_owned()
        }
        Saved::MemoryOnly => format!(
            "This browser gives no storage ({problem}). Export before you close the page."
        ),
        Saved::Failed => format!(
            "The last edits could not be saved ({problem}). It is tried again; export to be safe."
        ),
    }
}
