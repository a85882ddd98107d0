//! How much there is in a room, or came to it.

use crate::core::{apps::ENGINES, doc::amount::Amount};

/// What there is of each app, and of those that this version does not know; apps of which there is nothing are left out.
pub fn list(amount: &Amount) -> String {
    let words = ENGINES.iter().filter_map(|engine| {
        let [one, many] = engine.nouns;
        match amount.of(engine.app.name) {
            0 => None,
            1 => Some(format!("1 {one}")),
            count => Some(format!("{count} {many}")),
        }
    });
    let is_known = |name: &str| ENGINES.iter().any(|engine| engine.app.name == name);
    let others = amount.iter().filter(|(name, _)| !is_known(name));
    let others = match others.map(|(_, count)| count).sum() {
        0_u32 => None,
        others => Some(format!("{others} of a newer version")),
    };
    let words: Vec<_> = words.chain(others).collect();
    match words.as_slice() {
        [] => "Nothing".to_owned(),
        words => words.join(" \u{b7} "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_listed_by_app_without_what_there_is_none_of() {
        for (counts, words) in [
            (vec![], "Nothing"),
            (vec![("board", 3)], "3 strokes"),
            (vec![("board", 1), ("todo", 1)], "1 stroke \u{b7} 1 to-do"),
            (
                vec![("todo", 2), ("of tomorrow", 3), ("later", 1)],
                "2 to-dos \u{b7} 4 of a newer version",
            ),
        ] {
            let counts = counts.into_iter();
            let amount = counts.map(|(name, count)| (name.to_owned(), count));
            assert_eq!(list(&amount.collect()), words);
        }
    }
}
