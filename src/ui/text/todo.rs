//! What the list refuses.

use crate::{core::apps::todo::title::TooLong, limits::TITLE_CHARS};

pub fn too_long(TooLong(count): TooLong) -> String {
    format!(
        "A title has at most {TITLE_CHARS} characters, and this one has {count}. Shorten it, or make several of it."
    )
}
