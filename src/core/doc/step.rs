//! One thing a person did, and how it is stored: as an undo step, or as the draft of what will be one.

use serde::Deserialize;

use super::table::Change;

/// The changes of one commit.
pub type Step = Vec<Change>;

/// Of a step in storage: two bytes, then the changes by postcard, with tables and fields by name. A step of 0.1's first
/// builds had no such bytes and never began with 0, the length of an empty step.
#[cfg(not(feature = "ahead"))]
const FORMAT: [u8; 2] = [0, 2];
#[cfg(feature = "ahead")]
const FORMAT: [u8; 2] = [0, crate::core::ahead::STEP];

/// Empty for an empty step: it is not worth storing.
pub fn to_bytes(step: &Step) -> Vec<u8> {
    match step.is_empty() {
        true => Vec::new(),
        // Writing this plain structure to memory cannot fail.
        false => postcard::to_extend(step, FORMAT.to_vec()).unwrap_or_default(),
    }
}

/// None for what a newer version stored: it is left where it is.
pub fn read(bytes: &[u8]) -> Option<Step> {
    let (mut rest, is_first) = match (bytes.strip_prefix(&FORMAT), bytes.first()?) {
        (Some(step), _) => (step, false),
        (None, 0) => return None,
        (None, _) => (bytes, true),
    };
    let count: u32 = take(&mut rest)?;
    let changes = (0..count).map(|_| {
        let key = match is_first {
            true => take::<first::Cell>(&mut rest)?.key(),
            false => take(&mut rest)?,
        };
        let (before, after) = take(&mut rest)?;
        Some(Change { key, before, after })
    });
    changes.collect()
}

fn take<'a, T: Deserialize<'a>>(rest: &mut &'a [u8]) -> Option<T> {
    let (value, left) = postcard::take_from_bytes(rest).ok()?;
    *rest = left;
    Some(value)
}

/// Steps without a format.
mod first {
    use serde::Deserialize;

    use crate::core::doc::{
        id::Id,
        table::{Key, Name},
    };

    #[derive(Deserialize)]
    pub enum Cell {
        Ink(Id),
        Todo(Id, Field),
    }

    #[derive(Clone, Copy, Deserialize)]
    pub enum Field {
        Title,
        Done,
        Order,
        Revision,
        DeletedRevision,
    }

    impl Cell {
        pub fn key(self) -> Key {
            match self {
                Self::Ink(id) => Key::value(Name::known("ink"), id),
                Self::Todo(id, field) => {
                    let field = match field {
                        Field::Title => "title",
                        Field::Done => "done",
                        Field::Order => "order",
                        Field::Revision => "rev",
                        Field::DeletedRevision => "gone",
                    };
                    Key::field(Name::known("todo"), id, Name::known(field))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            id::Id,
            table::{Key, Name, Value},
        },
        *,
    };

    fn key(table: &'static str, field: Option<&'static str>) -> Key {
        Key {
            table: Name::known(table),
            id: Id::parse("x").unwrap(),
            field: field.map(Name::known),
        }
    }

    #[test]
    fn a_step_comes_back_whatever_it_holds() {
        let values = [
            Value::Bytes([1, 2].into()),
            Value::text("milk"),
            Value::Flag(true),
            Value::number(0.5),
            Value::SharedText("notes".into()),
            Value::Other([126].into()),
        ];
        let step: Step = (values.iter())
            .map(|value| Change {
                key: key("another", Some("field")),
                before: None,
                after: Some(value.clone()),
            })
            .collect();
        assert_eq!(read(&to_bytes(&step)), Some(step));
        assert!(to_bytes(&Step::new()).is_empty());
    }

    /// As commit b8292b9 wrote them: `[Change { cell, before, after }]` by postcard.
    #[test]
    fn steps_of_the_first_builds_are_read() {
        // One stroke; one title that gave way to another, whose revision did so, too.
        let ink = [1, 0, 1, b'x', 0, 1, 0, 2, 7, 8];
        let change = |field, before, after| Change {
            key: key("todo", Some(field)),
            before: Some(Value::text(before)),
            after: Some(Value::text(after)),
        };
        assert_eq!(
            read(&ink),
            Some(vec![Change {
                key: key("ink", None),
                before: None,
                after: Some(Value::Bytes([7, 8].into())),
            }])
        );
        let todo = [
            &[2, 1, 1, b'x', 0, 1, 1, 1, b'a', 1, 1, 1, b'b'][..],
            &[1, 1, b'x', 3, 1, 1, 1, b'c', 1, 1, 1, b'd'],
        ];
        let read = read(&todo.concat());
        assert_eq!(
            read,
            Some(vec![change("title", "a", "b"), change("rev", "c", "d")])
        );
    }

    #[test]
    fn what_a_newer_version_stored_does_not_read_and_nothing_else_does() {
        for bytes in [
            &[][..],
            &[0, 3, 1, 1],
            &[0],
            &[255; 9],
            &[0, 2],
            b"nonsense",
        ] {
            assert_eq!(read(bytes), None, "{bytes:?}");
        }
    }
}
