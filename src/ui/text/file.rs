//! What came of a file that was opened.

use crate::{
    core::{
        apps::board::{edit::Merged, formats::excalidraw::ImportError, stroke::StrokeError},
        doc::{gate::Refusal, replica::ReplicaError},
        json,
        rooms::FileError,
    },
    limits::{IMPORT_ELEMENTS, STROKE_SAMPLES},
};

/// What came of a drawing, and what did not.
pub fn merged(merged: &Merged) -> String {
    let strokes = |count: usize| match count {
        1 => "1 stroke".to_owned(),
        count => format!("{count} strokes"),
    };
    let mut words = match (merged.added(), merged.already.len()) {
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
        FileError::Damaged(why) => format!("This file is damaged. {}", unreadable(why)),
    }
}

/// Why a file is no drawing that can be opened.
pub fn no_drawing(error: &ImportError) -> String {
    match error {
        ImportError::Empty => "This file is empty.".to_owned(),
        ImportError::Json => "This is no JSON.".to_owned(),
        ImportError::NotExcalidraw => {
            "This is no Excalidraw drawing: its \"type\" is not \"excalidraw\".".to_owned()
        }
        ImportError::NoElements => "This drawing has no list of elements.".to_owned(),
        ImportError::TooMany => {
            format!("This drawing has more than {IMPORT_ELEMENTS} elements.")
        }
    }
}

/// Why a stroke cannot be kept.
pub fn no_stroke(error: &StrokeError) -> String {
    match error {
        StrokeError::Bytes => "These bytes are no stroke.".to_owned(),
        StrokeError::Version => "This stroke was made by a newer version of Duplex.".to_owned(),
        StrokeError::Samples => format!("A stroke has 1 to {STROKE_SAMPLES} points."),
        StrokeError::Range => "A stroke\u{2019}s points or style are out of range.".to_owned(),
    }
}

/// Why an earlier version of a room cannot be shown.
pub fn no_version(error: &ReplicaError) -> String {
    format!("This version cannot be shown. {}", unreadable(error))
}

fn unreadable(error: &ReplicaError) -> String {
    let why = match error {
        ReplicaError::SetAside => return "These bytes stopped the page once.".to_owned(),
        ReplicaError::Update => return "These bytes are no update of a document.".to_owned(),
        ReplicaError::StateVector => return "These bytes are no state vector.".to_owned(),
        ReplicaError::Gate(refusal) => match refusal {
            Refusal::CutOff => "It ends before it is complete.",
            Refusal::Trailing => "It goes on after its end.",
            Refusal::Number => "It has a number that is too large for its place.",
            Refusal::Count => "It announces more than there is.",
            Refusal::Text => "It has text that is not UTF-8.",
            Refusal::Depth => "It is nested too deeply.",
            Refusal::Kind => "It has a kind of content that is not known.",
            Refusal::Author => "It lists one author twice.",
            Refusal::Order => "It has an operation that builds on a later one of its author.",
        },
    };
    format!("These bytes cannot be read. {why}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::{
        apps::board::{edit, formats::excalidraw, scene::Scene},
        doc::replica::Replica,
        peer::PeerId,
    };

    #[test]
    fn what_came_and_what_did_not_is_said_whole() {
        let said = |elements: serde_json::Value| {
            let file = json!({"type": "excalidraw", "elements": elements});
            let imported = excalidraw::import(&file).unwrap();
            merged(&edit::merge(
                imported,
                &Scene::default(),
                &Replica::new(PeerId::FIRST),
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
