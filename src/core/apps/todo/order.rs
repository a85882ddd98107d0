//! Fractional order keys: strings that sort as the list does, with room for another between any two.
//!
//! A key is a fraction below 1 in base 62, written without trailing zeros, so that string order is number order.
//! (The crate `fractional_index` 2.0.2 panics between keys of its own making after a thousand prepends.)

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ZERO: u8 = b'0';
const LAST: usize = 61;
/// A key longer than this is not built upon: somebody's program went wrong.
const KEY_BYTES: usize = 512;

/// A key between two neighbours, of which either may be missing. Where they leave no room (two people inserted at
/// one place at once, or a key from outside is malformed) the new key comes right after the first.
pub fn between(before: Option<&str>, after: Option<&str>) -> String {
    let before = before.filter(|key| is_key(key)).unwrap_or("");
    match after.filter(|key| is_key(key) && *key > before) {
        Some(after) => middle(before.as_bytes(), after.as_bytes()),
        None => next(before.as_bytes()),
    }
}

fn is_key(key: &str) -> bool {
    let bytes = key.as_bytes();
    (1..=KEY_BYTES).contains(&bytes.len())
        && bytes.iter().all(u8::is_ascii_alphanumeric)
        && bytes.last() != Some(&ZERO)
}

fn value(digit: Option<&u8>) -> usize {
    let at = digit.and_then(|digit| DIGITS.iter().position(|d| d == digit));
    at.unwrap_or_default()
}

fn digit(value: usize) -> u8 {
    DIGITS.get(value).copied().unwrap_or(b'z')
}

/// A little above `key`: appending grows a key by a character every 30 to 60 items.
fn next(key: &[u8]) -> String {
    let mut next = key.to_vec();
    while let Some(last) = next.pop() {
        let last = value(Some(&last));
        if last < LAST {
            next.push(digit(last + 1));
            return text(next);
        }
    }
    next.extend(key);
    next.push(digit(LAST / 2 + 1));
    text(next)
}

/// Between two keys, `low` below `high`; an empty `low` is zero.
fn middle(low: &[u8], high: &[u8]) -> String {
    let mut key = Vec::new();
    for at in 0.. {
        let (below, above) = (value(low.get(at)), value(high.get(at)));
        match above.saturating_sub(below) {
            0 => key.push(digit(below)),
            1 => {
                key.push(digit(below));
                let rest = low.get(at + 1..).unwrap_or_default();
                return text([key, next(rest).into_bytes()].concat());
            }
            room => {
                // Prepending steps down by one, so that keys grow as slowly at the top as at the bottom.
                let step = if low.get(at).is_none() {
                    room - 1
                } else {
                    room / 2
                };
                key.push(digit(below + step));
                return text(key);
            }
        }
    }
    text(key)
}

fn text(digits: Vec<u8>) -> String {
    digits.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: Option<&str>, after: Option<&str>) -> String {
        let key = between(before, after);
        assert!(is_key(&key), "{key}");
        assert!(
            before.is_none_or(|before| before < key.as_str()),
            "{before:?} {key}"
        );
        assert!(
            after.is_none_or(|after| key.as_str() < after),
            "{key} {after:?}"
        );
        key
    }

    #[test]
    fn there_is_always_room_between() {
        for seed in 0..20 {
            let mut rng = fastrand::Rng::with_seed(seed);
            let mut keys: Vec<String> = Vec::new();
            for _ in 0..1_000 {
                let at = rng.usize(0..=keys.len());
                let before = at.checked_sub(1).and_then(|at| keys.get(at));
                let key = check(before.map(String::as_str), keys.get(at).map(String::as_str));
                keys.insert(at, key);
            }
            assert!(keys.is_sorted());
        }
    }

    #[test]
    fn a_thousand_at_one_place_stay_short() {
        let (mut first, mut last) = ("V".to_owned(), "V".to_owned());
        for _ in 0..1_000 {
            first = check(None, Some(&first));
            last = check(Some(&last), None);
        }
        assert!(
            first.len() <= 40 && last.len() <= 40,
            "{} {}",
            first.len(),
            last.len()
        );
        let (low, mut high) = ("A", "B".to_owned());
        for _ in 0..1_000 {
            high = check(Some(low), Some(&high));
        }
        assert!(high.len() <= 200, "{}", high.len());
    }

    #[test]
    fn keys_from_outside_cannot_break_it() {
        for (before, after) in [
            ("", ""),
            ("x0", "y"),
            ("a", "a"),
            ("b", "a"),
            ("\u{0}", "é"),
            ("a", "a0"),
        ] {
            let key = between(Some(before), Some(after));
            assert!(is_key(&key), "{before:?} {after:?} {key}");
        }
        assert!(is_key(&between(Some(&"z".repeat(10_000)), None)));
    }
}
