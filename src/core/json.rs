//! JSON from outside, read leniently: half of a surrogate pair and a number beyond all numbers cost that detail and not
//! the file.

use std::{borrow::Cow, collections::HashSet};

use serde::Serialize;
use serde_json::Value;

/// Something about one element of a file, by its place there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    pub index: usize,
    pub why: String,
}

/// None for what is no JSON.
pub fn parse(text: &str) -> Option<Value> {
    let text = text.trim_start_matches('\u{feff}');
    serde_json::from_str(&mended(text)).ok()
}

/// Replaces what serde_json rejects: an unpaired escaped surrogate by U+FFFD, a number out of range by 1e308 or -1e308,
/// and `NaN`, `Infinity` and `-Infinity`, which Python writes, by null.
fn mended(text: &str) -> Cow<'_, str> {
    let (mut out, mut copied, mut at) = (String::new(), 0, 0);
    let (bytes, mut in_string) = (text.as_bytes(), false);
    while let Some(&byte) = bytes.get(at) {
        let starts = |word: &str| {
            bytes
                .get(at..)
                .is_some_and(|rest| rest.starts_with(word.as_bytes()))
        };
        let (length, mended) = match byte {
            b'"' => {
                in_string = !in_string;
                (1, None)
            }
            b'\\' if in_string => match surrogate(text, at) {
                Some(0xd800..=0xdbff) => match surrogate(text, at + 6) {
                    Some(0xdc00..=0xdfff) => (12, None),
                    _ => (6, Some("\\ufffd")),
                },
                Some(_) => (6, Some("\\ufffd")),
                None => (2, None),
            },
            b'-' | b'0'..=b'9' if !in_string => {
                let rest = text.get(at..).unwrap_or_default();
                let is_part =
                    |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
                let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
                let number = rest.get(..end).unwrap_or_default();
                let largest = match byte {
                    b'-' => "-1e308",
                    _ => "1e308",
                };
                match rest.strip_prefix('-').unwrap_or(rest).starts_with(INFINITY) {
                    true => (end + INFINITY.len(), Some("null")),
                    false => (end.max(1), is_out_of_range(number).then_some(largest)),
                }
            }
            b'I' if !in_string && starts(INFINITY) => (INFINITY.len(), Some("null")),
            b'N' if !in_string && starts(NO_NUMBER) => (NO_NUMBER.len(), Some("null")),
            _ => (1, None),
        };
        if let Some(mended) = mended {
            out.push_str(text.get(copied..at).unwrap_or_default());
            out.push_str(mended);
            copied = at + length;
        }
        at += length;
    }
    match copied {
        0 => Cow::Borrowed(text),
        _ => Cow::Owned(out + text.get(copied..).unwrap_or_default()),
    }
}

const INFINITY: &str = "Infinity";
const NO_NUMBER: &str = "NaN";

/// By serde_json's own word: a second parser of numbers, with its tables, would be part of the first load.
fn is_out_of_range(number: &str) -> bool {
    let read: Result<Value, _> = serde_json::from_str(number);
    read.is_err_and(|error| error.to_string().starts_with("number out of range"))
}

/// The surrogate that is escaped here.
fn surrogate(text: &str, at: usize) -> Option<u32> {
    let hex = text.get(at..at + 6)?.strip_prefix("\\u")?;
    let code = u32::from_str_radix(hex, 16).ok()?;
    (0xd800..=0xdfff).contains(&code).then_some(code)
}

/// How many elements these are about.
pub fn elements(remarks: &[Remark]) -> usize {
    let elements: HashSet<_> = remarks.iter().map(|remark| remark.index).collect();
    elements.len()
}

/// Remarks as people read them: each reason once, with how often it holds, the most frequent first.
pub fn grouped(remarks: &[Remark]) -> Vec<String> {
    const REASONS: usize = 6;
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for remark in remarks {
        match reasons.iter_mut().find(|(why, _)| *why == remark.why) {
            Some((_, count)) => *count += 1,
            None => reasons.push((&remark.why, 1)),
        }
    }
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let further: usize = reasons.iter().skip(REASONS).map(|(_, count)| count).sum();
    let lines = reasons
        .iter()
        .take(REASONS)
        .map(|(why, count)| match count {
            1 => (*why).to_owned(),
            count => format!("{count} \u{d7} {why}"),
        });
    let rest = (further > 0).then(|| format!("And {further} more."));
    lines.chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn half_a_pair_costs_one_character_and_not_the_file() {
        for (text, expected) in [
            (r#"{"source":"\ud83d"}"#, json!({"source": "\u{fffd}"})),
            (r#"["a\udc00b"]"#, json!(["a\u{fffd}b"])),
            (r#"["\ud83d\ude00"]"#, json!(["😀"])),
            (r#"["\ud83d\ud83d\ude00x"]"#, json!(["\u{fffd}😀x"])),
            (r#"["\\ud83d"]"#, json!(["\\ud83d"])),
            (r#"["\\\ud83d"]"#, json!(["\\\u{fffd}"])),
            (r#"["\"\uD83D\""]"#, json!(["\"\u{fffd}\""])),
            (r#"{"\ud83d":1}"#, json!({"\u{fffd}": 1})),
            ("\u{feff}[1]", json!([1])),
            ("[1e999,-2,3.5e2]", json!([1e308, -2, 350.0])),
            ("[-1e999]", json!([-1e308])),
            (
                r#"[NaN,-Infinity,{"a":Infinity},"NaN"]"#,
                json!([null, null, {"a": null}, "NaN"]),
            ),
            (r#"["1e999"]"#, json!(["1e999"])),
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
        for no_json in [
            "",
            "{",
            "[1,]",
            r#"["\u12"]"#,
            r#"["\ud83d]"#,
            "nul",
            "NaNN",
            "[- Infinity]",
            "[Inf]",
            "\\ud83d",
            "-",
        ] {
            assert_eq!(parse(no_json), None, "{no_json}");
        }
    }

    #[test]
    fn reasons_are_told_once_with_their_number() {
        let remark = |index, why: &str| Remark {
            index,
            why: why.to_owned(),
        };
        let remarks = [remark(0, "A."), remark(1, "B."), remark(2, "B.")];
        assert_eq!(grouped(&remarks), ["2 \u{d7} B.", "A."]);
        let many: Vec<_> = (0..20).map(|n| remark(n, &n.to_string())).collect();
        assert_eq!(
            grouped(&many).last().map(String::as_str),
            Some("And 14 more.")
        );
    }

    proptest! {
        #[test]
        fn what_reads_reads_the_same(text in ".*") {
            let value = json!([text, {"k": text}]);
            prop_assert_eq!(parse(&value.to_string()), Some(value));
            let _ = parse(&text);
        }
    }
}
