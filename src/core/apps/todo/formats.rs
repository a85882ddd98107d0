//! The list as JSON: `[{ "id", "title", "completed" }]` in list order. Reading is lenient: what can be told is taken, what
//! had to be changed or left out is said, and nothing is refused for the sake of another item.

use serde::Serialize;
use serde_json::Value;

use super::{item::Listed, list::List, title};
use crate::{
    core::{doc::id::Id, json::Remark, text},
    limits::{IMPORT_ELEMENTS, TITLE_CHARS},
};

/// What a list from elsewhere holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    pub items: Vec<Listed>,
    /// Taken, but not as they were.
    pub changed: Vec<Remark>,
    /// Left out.
    pub skipped: Vec<Remark>,
}

#[derive(Serialize)]
struct Exported<'a> {
    id: &'a str,
    title: &'a str,
    completed: bool,
}

pub fn export(list: &List) -> Value {
    let listed = list.iter().map(|item| Exported {
        id: item.id.as_str(),
        title: &item.title,
        completed: item.completed,
    });
    let listed: Vec<_> = listed.collect();
    // Texts and flags always have a JSON form.
    serde_json::to_value(listed).unwrap_or_default()
}

/// Reads any JSON value; the error is a sentence.
pub fn read(list: &Value) -> Result<Reading, String> {
    let Some(list) = list.as_array() else {
        return Err("A list is [{ id, title, completed }]: an array of items.".to_owned());
    };
    if list.len() > IMPORT_ELEMENTS {
        return Err(format!("A list has at most {IMPORT_ELEMENTS} items."));
    }
    let mut reading = Reading::default();
    for (index, item) in list.iter().enumerate() {
        match listed(item) {
            Ok((listed, changes)) => {
                reading.items.push(listed);
                let remarks = changes.into_iter().map(|why| Remark { index, why });
                reading.changed.extend(remarks);
            }
            Err(why) => reading.skipped.push(Remark { index, why }),
        }
    }
    Ok(reading)
}

const FIELDS: [&str; 3] = ["id", "title", "completed"];

fn listed(item: &Value) -> Result<(Listed, Vec<String>), String> {
    let mut changes = Vec::new();
    let given = |name: &str| item.get(name).filter(|value| !value.is_null());
    let whole = match item {
        Value::Object(_) => given("title").and_then(as_text),
        other => as_text(other),
    };
    let whole = whole.ok_or("It has no title.")?;
    let title = title::cut(&whole);
    if !text::is_visible(&title) {
        return Err("Its title is empty.".to_owned());
    }
    if title.chars().count() < text::one_line(&whole).chars().count() {
        changes.push(format!(
            "Its title has more than {TITLE_CHARS} characters; the rest was left out."
        ));
    }
    let completed = match given("completed") {
        None => None,
        Some(Value::Bool(completed)) => Some(*completed),
        Some(Value::Number(number)) => Some(number.as_f64() != Some(0.0)),
        Some(other) => {
            let word = other
                .as_str()
                .unwrap_or_default()
                .trim()
                .to_ascii_lowercase();
            let completed = match word.as_str() {
                "true" | "1" => Some(true),
                "false" | "0" => Some(false),
                _ => None,
            };
            if completed.is_none() {
                changes.push(
                    "Whether it is completed is neither true nor false; it was left aside."
                        .to_owned(),
                );
            }
            completed
        }
    };
    let id = given("id").and_then(as_text).filter(|id| !id.is_empty());
    let id = id.map(|id| Id::of_foreign(&id));
    if let Some(fields) = item.as_object() {
        let others = fields
            .keys()
            .filter(|name| !FIELDS.contains(&name.as_str()));
        let others: Vec<_> = others
            .map(|name| format!("\u{201c}{}\u{201d}", text::cut(name, 24)))
            .collect();
        if !others.is_empty() {
            let others = others.join(", ");
            changes.push(format!("An item has no {others} here; it was left aside."));
        }
    }
    let listed = Listed {
        id,
        title,
        completed,
    };
    Ok((listed, changes))
}

/// Texts as they are, numbers as they are written.
fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::{doc::replica::Replica, peer::PeerId};

    /// A list that starts empty and takes lists in.
    struct Taker {
        replica: Replica,
        rng: fastrand::Rng,
    }

    impl Taker {
        fn new() -> Self {
            Self {
                replica: Replica::new(PeerId::FIRST),
                rng: fastrand::Rng::with_seed(1),
            }
        }

        /// Gives how many came, and how many writes it took.
        fn take(&mut self, list: &Value) -> (usize, usize) {
            let reading = read(list).unwrap();
            let merged = List::of(&self.replica).merge(&reading.items, &mut self.rng);
            let changed = self.replica.write(&merged.writes);
            (
                merged.added,
                changed.map_or(0, |commit| commit.changes.len()),
            )
        }

        fn exported(&self) -> Value {
            export(&List::of(&self.replica))
        }
    }

    #[test]
    fn a_list_comes_back_and_merging_it_again_changes_nothing() {
        let mut taker = Taker::new();
        let list = json!([{"title": "milk"}, {"id": "x", "title": "bread", "completed": true}, {"title": " "}]);
        assert_eq!(taker.take(&list).0, 2);
        let exported = taker.exported();
        assert_eq!(
            exported[1],
            json!({"id": "x", "title": "bread", "completed": true})
        );
        assert_eq!(taker.take(&exported), (0, 0));
    }

    #[test]
    fn one_bad_item_costs_a_sentence_and_no_other_item() {
        let list = json!([
            {"id": 0, "title": "zero"}, null, 7, "milk", [], {}, {"title": null}, {"title": {}}, true,
            {"title": "\u{200b}"}, {"title": 3.5}, {"id": null, "title": "a", "completed": "yes"},
            {"id": [1], "title": "b", "completed": "true"}, {"title": "x".repeat(1_500)},
            {"title": "c", "completed": "True", "done": true, "notes": ["n"]},
            {"title": format!("{}x", "\u{200b}".repeat(TITLE_CHARS))},
        ]);
        let reading = read(&list).unwrap();
        let titles: Vec<_> = reading
            .items
            .iter()
            .map(|item| item.title.as_str())
            .collect();
        assert_eq!(titles[..6], ["zero", "7", "milk", "3.5", "a", "b"]);
        assert_eq!(titles[6].len(), TITLE_CHARS);
        assert_eq!(reading.items[0].id.as_ref().map(Id::as_str), Some("0"));
        assert_eq!(reading.items[5].completed, Some(true));
        let places = |remarks: &[Remark]| -> Vec<_> { remarks.iter().map(|r| r.index).collect() };
        assert_eq!(reading.items[7].completed, Some(true));
        assert_eq!(places(&reading.skipped), [1, 4, 5, 6, 7, 8, 9, 15]);
        assert_eq!(places(&reading.changed), [11, 13, 14]);
        let aside = &reading.changed[2].why;
        assert!(aside.contains("done") && aside.contains("notes"), "{aside}");
        let all = reading.skipped.iter().chain(&reading.changed);
        assert!(all.clone().all(|remark| remark.why.ends_with('.')));
        for no_list in [json!({}), json!("x"), json!(null), json!(7)] {
            assert!(read(&no_list).unwrap_err().starts_with("A list is"));
        }
    }

    #[test]
    fn ids_that_ours_cannot_be_are_mapped_the_same_way_each_time() {
        let mut taker = Taker::new();
        let list = json!([
            {"id": "é".repeat(60), "title": "long"}, {"id": "tab\there", "title": "control"},
            {"id": 12_345_678_901_234_567_u64, "title": "number"}, {"id": -1.5, "title": "fraction"},
            {"id": "twice", "title": "one"}, {"id": "twice", "title": "two"}, {"id": 1, "title": "n"}, {"id": "1", "title": "t"},
        ]);
        assert_eq!(taker.take(&list).0, 8);
        assert_eq!(taker.take(&list), (0, 0), "nothing doubles");
    }

    #[test]
    fn what_is_not_said_is_left_alone() {
        let mut taker = Taker::new();
        taker.take(
            &json!([{"id": "a", "title": "a", "completed": true}, {"id": "b", "title": "b"}]),
        );
        let added = taker
            .take(&json!([{"title": "new"}, {"id": "b", "title": "B"}, {"id": "a", "title": "a"}]))
            .0;
        assert_eq!(added, 1);
        let exported = taker.exported();
        let titles: Vec<_> = (0..3)
            .map(|at| exported[at]["title"].as_str().unwrap())
            .collect();
        assert_eq!(
            titles,
            ["a", "B", "new"],
            "what was here stays in its place"
        );
        assert_eq!(exported[0]["completed"], true);
    }
}
