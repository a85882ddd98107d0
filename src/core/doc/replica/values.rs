//! Values of the document as yrs holds them.

use yrs::{
    Any, GetString, Map, MapRef, Number, Out, Text, TextPrelim, TextRef, Transaction,
    TransactionMut, encoding::read::Cursor,
};

use crate::core::doc::{
    gate,
    table::{Name, Value},
};

/// None for shared types that no value is.
pub fn read(out: Out, txn: &Transaction) -> Option<Value> {
    match out {
        Out::YText(text) => Some(Value::SharedText(text.get_string(txn).into())),
        out => constant(out),
    }
}

/// The same for one that never changes in place.
pub fn constant(out: Out) -> Option<Value> {
    match out {
        Out::Any(any) => Some(of_any(any)),
        _ => None,
    }
}

fn of_any(any: Any) -> Value {
    match any {
        Any::Buffer(bytes) => Value::Bytes(bytes),
        Any::String(text) => Value::Text(text),
        Any::Bool(flag) => Value::Flag(flag),
        Any::Number(number) => match number.as_f64() {
            Some(number) => Value::number(number),
            None => other(&any),
        },
        _ => other(&any),
    }
}

fn other(any: &Any) -> Value {
    let mut bytes = Vec::new();
    encode(any, &mut bytes);
    Value::Other(bytes.into())
}

/// In lib0's encoding, the same for equal values: keys are sorted, and numbers have 64 bits whatever their author wrote.
fn encode(any: &Any, out: &mut Vec<u8>) {
    match any {
        Any::Array(items) => {
            out.push(gate::ARRAY);
            gate::write_number(out, items.len() as u64);
            items.iter().for_each(|item| encode(item, out));
        }
        Any::Map(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            out.push(gate::MAP);
            gate::write_number(out, entries.len() as u64);
            for (key, value) in entries {
                gate::write_number(out, key.len() as u64);
                out.extend_from_slice(key.as_bytes());
                encode(value, out);
            }
        }
        Any::Number(number)
            if let Some(number) = number.as_f64()
                && let Value::Number(bits) = Value::number(number) =>
        {
            out.push(gate::FLOAT64);
            out.extend(bits.to_be_bytes());
        }
        any => any.encode(out),
    }
}

/// None for bytes that are no value.
fn to_any(value: &Value) -> Option<Any> {
    Some(match value {
        Value::Bytes(bytes) => Any::Buffer(bytes.clone()),
        Value::Text(text) | Value::SharedText(text) => Any::String(text.clone()),
        Value::Flag(flag) => Any::Bool(*flag),
        Value::Number(bits) => Any::Number(Number::try_i64(f64::from_bits(*bits))),
        Value::Other(bytes) => {
            gate::any(bytes).ok()?;
            Any::decode(&mut Cursor::new(bytes)).ok()?
        }
    })
}

/// What a row holds: fields, or one value without a field.
pub fn each(row: Out, txn: &Transaction, to: &mut dyn FnMut(Option<Name>, Value)) {
    match row.cast::<MapRef>() {
        Ok(record) => {
            for (field, value) in record.iter(txn) {
                if let (Ok(field), Some(value)) = (Name::parse(field), read(value, txn)) {
                    to(Some(field), value);
                }
            }
        }
        Err(row) => {
            if let Some(value) = read(row, txn) {
                to(None, value);
            }
        }
    }
}

/// Puts `after` in the place of `before`. A shared text is edited where it differs.
pub fn put(
    txn: &mut TransactionMut,
    map: &MapRef,
    key: &str,
    before: Option<&Value>,
    after: Option<&Value>,
) {
    match after {
        None => drop(map.remove(txn, key)),
        Some(Value::SharedText(after)) => match (map.get(txn, key), before) {
            (Some(Out::YText(text)), Some(Value::SharedText(before))) => {
                replace(txn, &text, before, after);
            }
            _ => drop(map.insert(txn, key, TextPrelim::new(after.as_ref()))),
        },
        Some(after) => {
            if let Some(any) = to_any(after) {
                map.insert(txn, key, any);
            }
        }
    }
}

/// Makes `old` into `new` by one deletion and one insertion.
fn replace(txn: &mut TransactionMut, text: &TextRef, old: &str, new: &str) {
    let pairs = || old.chars().zip(new.chars());
    let same = pairs().take_while(|(a, b)| a == b);
    let start: usize = same.map(|(char, _)| char.len_utf8()).sum();
    let (old_rest, new_rest) = (
        old.get(start..).unwrap_or_default(),
        new.get(start..).unwrap_or_default(),
    );
    let same = old_rest.chars().rev().zip(new_rest.chars().rev());
    let same = same.take_while(|(a, b)| a == b);
    let end: usize = same.map(|(char, _)| char.len_utf8()).sum();
    let middle = |rest: &str| rest.len().saturating_sub(end);
    let removed = old_rest.get(..middle(old_rest)).unwrap_or_default();
    let added = new_rest.get(..middle(new_rest)).unwrap_or_default();
    let units = |text: &str| u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX);
    let at = units(old.get(..start).unwrap_or_default());
    if !removed.is_empty() {
        text.remove_range(txn, at, units(removed));
    }
    if !added.is_empty() {
        text.insert(txn, at, added);
    }
}
