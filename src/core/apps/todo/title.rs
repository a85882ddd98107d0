//! What a title may be: one line of which something can be seen, and no book.

use crate::{core::text, limits::TITLE_CHARS};

/// The title has this many characters, which is more than [`TITLE_CHARS`]. Nothing of it was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong(pub usize);

/// As it is kept; none if nothing of it can be seen.
pub fn clean(title: &str) -> Result<Option<String>, TooLong> {
    let line = text::one_line(title);
    let count = line.chars().count();
    match count > TITLE_CHARS {
        true => Err(TooLong(count)),
        false => Ok(text::is_visible(&line).then_some(line)),
    }
}

/// In one line, and as much of it as a title may have.
pub fn cut(title: &str) -> String {
    text::cut(&text::one_line(title), TITLE_CHARS).to_owned()
}

/// All of it, as titles that are no longer than they may be.
pub fn pieces(title: &str) -> Vec<String> {
    let line = text::one_line(title);
    let (mut rest, mut pieces) = (line.as_str(), Vec::new());
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(text::cut(rest, TITLE_CHARS).len());
        pieces.push(piece.to_owned());
        rest = after;
    }
    pieces
}
