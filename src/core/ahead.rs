//! What a next version could add, to show that this one can live with it: a table, a field of a table that is known, a kind
//! of message, fields at the end of others, a format of what is stored. Only in builds with the feature `ahead`, whose
//! suite is tests/ahead.

use super::doc::table::{Key, Name, Value, Write};

/// A row for each stroke: a record of a number, a flag and shared text.
pub const MARK: Name = Name::known("mark");
/// Shared text, of a to-do item.
pub const NOTE: Name = Name::known("note");

/// The format of an undo step in storage.
pub const STEP: u8 = 3;
/// The letter of a message that only says something.
pub const KIND: u8 = b'z';

/// What an edit of the next version writes.
pub fn extended(writes: &[Write]) -> Vec<Write> {
    let mut extended = writes.to_vec();
    for Write { key, value } in writes {
        let id = || key.id.clone();
        let mark = |field| Key::field(MARK, id(), Name::known(field));
        match (&key.field, value) {
            (None, Some(Value::Bytes(bytes))) => extended.extend([
                Write::put(mark("length"), Value::number(bytes.len() as f64)),
                Write::put(mark("locked"), Value::Flag(true)),
                Write::put(mark("says"), Value::SharedText(key.id.as_str().into())),
            ]),
            (None, None) => extended.push(Write::clear(mark("locked"))),
            (Some(field), Some(Value::Text(title))) if field.as_str() == "title" => {
                let note = Key::field(key.table.clone(), id(), NOTE);
                let text = format!("about {title}");
                extended.push(Write::put(note, Value::SharedText(text.into())));
            }
            _ => {}
        }
    }
    extended
}

/// Fields that the next version has at the end of a body whose end is free.
pub fn extend(kind: u8, body: &mut Vec<u8>) {
    if matches!(
        kind,
        b'q' | b'a' | b'g' | b'b' | b'C' | b'V' | b'n' | b'l' | b'p' | b'o'
    ) {
        body.extend_from_slice(b"more");
    }
}
