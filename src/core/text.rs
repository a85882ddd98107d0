//! Text of people, as far as it has to be looked into without tables of Unicode.

/// Whether anything of it can be seen: not only spaces, controls and characters without a shape.
pub fn is_visible(text: &str) -> bool {
    text.chars()
        .any(|c| !c.is_whitespace() && !c.is_control() && !is_invisible(c))
}

/// Unicode's Default_Ignorable_Code_Point, the marks of interlinear annotation, and two fillers that are shown as nothing.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// A file's text: UTF-8, or UTF-16 where its first bytes say so. What is neither becomes U+FFFD.
pub fn of_file(bytes: &[u8]) -> String {
    let units = |of: fn([u8; 2]) -> u16| -> Vec<u16> {
        let pairs = bytes
            .chunks_exact(2)
            .filter_map(|pair| pair.try_into().ok());
        pairs.map(of).collect()
    };
    // The mark of the order, or an ASCII character.
    match bytes {
        [0xff, 0xfe, ..] | [1..=255, 0, ..] => String::from_utf16_lossy(&units(u16::from_le_bytes)),
        [0xfe, 0xff, ..] | [0, 1..=255, ..] => String::from_utf16_lossy(&units(u16::from_be_bytes)),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Trimmed, in one line, without controls and without what turns the direction of the text around it.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c {
            '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                // A line break is a space, and several are one.
                if !line.ends_with(' ') {
                    line.push(' ');
                }
            }
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => {}
            c => line.push(c),
        }
    }
    line
}

/// A name or title inside a sentence: with its own direction, which changes nothing around it (Unicode Standard Annex 9,
/// FSI and PDI).
pub fn isolated(text: &str) -> String {
    format!("\u{2068}{text}\u{2069}")
}

/// The beginning of `text`, at most `chars` characters. It does not split what people see as one character, unless that
/// is longer than `CLUSTER_CHARS`.
pub fn cut(text: &str, chars: usize) -> &str {
    let Some((end, _)) = text.char_indices().nth(chars) else {
        return text;
    };
    // The last place, some way back at most, where one certainly ends.
    let starts = text.char_indices().take(chars + 1).collect::<Vec<_>>();
    let certain = starts
        .windows(2)
        .rev()
        .take(CLUSTER_CHARS)
        .find(|pair| matches!(pair, [(_, before), (_, after)] if is_boundary(*before, *after)));
    let at = certain
        .and_then(|pair| pair.last())
        .map_or(end, |(at, _)| *at);
    text.get(..at).unwrap_or(text)
}

/// What people see as one character has no more than so many.
const CLUSTER_CHARS: usize = 32;

fn is_boundary(before: char, after: char) -> bool {
    // Two of these are a flag.
    let is_flag = |c: char| matches!(c, '\u{1f1e6}'..='\u{1f1ff}');
    let joins = before == '\u{200d}' || is_linker(before);
    !joins && (starts_cluster(after) || (is_flag(after) && !is_flag(before)))
}

/// A sign of a script of India, Burma or Cambodia that joins the next consonant to the one before.
fn is_linker(c: char) -> bool {
    let is_virama = u32::from(c) & 0x7f == 0x4d;
    matches!(c, '\u{900}'..='\u{d7f}') && is_virama
        || matches!(c, '\u{dca}' | '\u{1039}' | '\u{17d2}')
}

/// A letter of the scripts of India, whose blocks are laid out alike.
fn is_indic_letter(c: char) -> bool {
    matches!(c, '\u{900}'..='\u{d7f}') && matches!(u32::from(c) & 0x7f, 0x05..=0x39)
}

/// Whether a character certainly begins something new: letters, ideographs,
/// syllables, punctuation, most emoji. Flags, skin tones, joiners and combining marks do not.
fn starts_cluster(c: char) -> bool {
    is_indic_letter(c)
        || matches!(
            c,
            ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{370}'..='\u{482}' | '\u{48a}'..='\u{58f}'
                | '\u{5d0}'..='\u{5ea}' | '\u{620}'..='\u{64a}' | '\u{e01}'..='\u{e30}' | '\u{e32}' | '\u{e3f}'..='\u{e46}'
                | '\u{e81}'..='\u{eb0}' | '\u{ec0}'..='\u{ec6}' | '\u{f40}'..='\u{f6c}' | '\u{1000}'..='\u{102a}'
                | '\u{10d0}'..='\u{10fa}' | '\u{1200}'..='\u{135a}' | '\u{1780}'..='\u{17b3}' | '\u{2010}'..='\u{2027}' | '\u{20a0}'..='\u{20c0}'
                | '\u{2190}'..='\u{27ff}' | '\u{3001}'..='\u{3029}' | '\u{3030}'..='\u{3098}'
                | '\u{309b}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}'
                | '\u{1f300}'..='\u{1f3fa}' | '\u{1f400}'..='\u{1faff}' | '\u{20000}'..='\u{323af}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_nobody_sees_is_no_text() {
        for nothing in [
            "",
            " ",
            "\u{200b}",
            "\u{2060}\u{feff}",
            "\u{3164}",
            "\u{2800}",
            "\u{e0061}",
            "\u{ad}\t",
            "\u{202e}",
            "\u{1d173}",
            "\u{1bca0}",
            "\u{fff9}",
        ] {
            assert!(!is_visible(nothing), "{nothing:?}");
        }
        for something in ["a", "é", "\u{200b}x", "👩‍👩‍👧", "مرحبا", "."] {
            assert!(is_visible(something), "{something:?}");
        }
    }

    #[test]
    fn a_files_text_is_read_in_each_form_that_editors_write() {
        let text = "{\"é\":\"😀\"}";
        let units = || text.encode_utf16();
        let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
        for (bytes, mark) in [
            (text.as_bytes(), [0xef, 0xbb, 0xbf].as_slice()),
            (&little, &[0xff, 0xfe]),
            (&big, &[0xfe, 0xff]),
        ] {
            assert_eq!(of_file(bytes), text);
            assert_eq!(
                of_file(&[mark, bytes].concat()).trim_start_matches('\u{feff}'),
                text
            );
        }
        assert_eq!(of_file(&[b'a', 0xff, b'b']), "a\u{fffd}b");
        assert_eq!(of_file(&[]), "");
    }

    #[test]
    fn a_line_break_becomes_a_space_and_no_letter_is_lost() {
        assert_eq!(one_line("first\nsecond"), "first second");
        assert_eq!(one_line("  a\r\n\tb\u{2028}c\u{7} \u{202e}d "), "a b c d");
    }

    #[test]
    fn nothing_that_is_seen_as_one_is_cut_in_two() {
        let family = "👩‍👩‍👧‍👦";
        for (text, whole) in [
            (format!("abc{family}"), "abc"),
            ("ab👍🏽".to_owned(), "ab"),
            ("ab🇩🇪".to_owned(), "ab"),
            ("abe\u{301}\u{302}".to_owned(), "ab"),
            ("ab❤\u{fe0f}".to_owned(), "ab"),
        ] {
            let all = text.chars().count();
            for chars in 3..all {
                assert_eq!(cut(&text, chars), whole, "{text} at {chars}");
            }
            assert_eq!(cut(&text, all), text);
        }
        // Scripts without spaces between words: a vowel or tone stays with its letter, a conjunct stays whole.
        for (syllable, count) in [
            ("\u{e17}\u{e35}\u{e48}", 20),
            ("\u{e81}\u{eb4}\u{ec8}", 20),
            ("\u{915}\u{94d}\u{937}\u{93f}", 20),
            ("\u{9a8}\u{9cd}\u{9a4}\u{9c1}", 20),
            ("\u{1000}\u{1039}\u{1000}\u{102c}", 20),
            ("\u{1780}\u{17d2}\u{1798}\u{17b6}", 20),
        ] {
            let text = syllable.repeat(count);
            let length = syllable.chars().count();
            for chars in 40..48 {
                let kept = cut(&text, chars).chars().count();
                assert_eq!(kept, chars / length * length, "{syllable} at {chars}");
            }
        }
        assert_eq!(cut("hello", 3), "hel");
        assert_eq!(cut("日本語", 2), "日本");
        assert_eq!(
            cut("\u{301}\u{301}\u{301}", 2),
            "\u{301}\u{301}",
            "there is no better place"
        );
    }

    proptest! {
        #[test]
        fn a_cut_is_a_beginning_and_not_too_long(text in ".*", chars in 0..50_usize) {
            let kept = cut(&text, chars);
            prop_assert!(text.starts_with(kept) && kept.chars().count() <= chars);
            prop_assert!(chars <= CLUSTER_CHARS || kept.chars().count() + CLUSTER_CHARS >= chars.min(text.chars().count()));
        }
    }
}
