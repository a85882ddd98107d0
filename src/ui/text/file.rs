//! What came of a file that was opened.

use crate::core::{apps::board::edit::Merged, json, rooms::FileError};

/// What came of a drawing, and what did not.
pub fn merged(merged: &Merged) -> String {
    let strokes = |count: usize| match count {
        1 => "1 stroke".to_owned(),
        count => format!("{count} strokes"),
    };
    let mut words = match (merged.writes.len(), merged.already.len()) {
        (0, 0) => "There is nothing in this file that can be opened.".to_owned(),
        (0, 1) => "Nothing new is in this file: its stroke is here already.".to_owned(),
        (0, count) => format!(
            "Nothing new is in this file: its {} are here already.",
            strokes(count)
        ),
        (added, 0) => format!("{} came from the file.", strokes(added)),
        (added, count) => format!(
            "{} came from the file; {count} more were here already.",
            strokes(added)
        ),
    };
    for (remarks, what) in [(&merged.skipped, "left out"), (&merged.changed, "changed")] {
        if !remarks.is_empty() {
            let elements = match json::elements(remarks) {
                1 => "1 element was".to_owned(),
                count => format!("{count} elements were"),
            };
            words += &format!("\n{elements} {what}: {}", json::grouped(remarks).join(" "));
        }
    }
    words
}

/// Why a file is no room that can be opened.
pub fn no_room(error: &FileError) -> String {
    match error {
        FileError::Type => "This file holds no room.".to_owned(),
        FileError::Version => "This room was saved by a newer version of Duplex.".to_owned(),
        FileError::Damaged(why) => format!("This file is damaged. {why}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::apps::board::{edit, formats::excalidraw, scene::Scene};

    #[test]
    fn what_came_and_what_did_not_is_said_whole() {
        let said = |elements: serde_json::Value| {
            let file = json!({"type": "excalidraw", "elements": elements});
            let imported = excalidraw::import(&file).unwrap();
            merged(&edit::merge(
                imported,
                &Scene::default(),
                &mut fastrand::Rng::with_seed(1),
            ))
        };
        assert_eq!(
            said(json!([])),
            "There is nothing in this file that can be opened."
        );
        let ink = json!({"type": "freedraw", "points": [[0, 0], [9, 9]], "x": 1, "y": 1});
        assert_eq!(said(json!([ink])), "1 stroke came from the file.");
        let mixed = said(
            json!([ink, {"type": "text"}, {"type": "text"}, {"type": "arrow"}, {"type": "freedraw"}]),
        );
        let twice = json!({"type": "freedraw", "points": [[0, 0], [9, 9]], "strokeColor": "x", "opacity": null, "strokeWidth": -3});
        assert!(
            said(json!([twice])).contains("1 element was changed"),
            "one element, three remarks"
        );
        let none = said(json!([{"type": "freedraw", "points": [null, "x"]}]));
        assert!(!none.contains("changed"), "it was left out: {none}");
        for words in [
            "1 stroke came",
            "4 elements were left out",
            "2 \u{d7} Only freehand",
            "arrow",
            "no points",
        ] {
            assert!(mixed.contains(words), "{words}: {mixed}");
        }
    }
}
