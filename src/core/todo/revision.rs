//! The name of an edit of a title: characters drawn at random, and behind a space those of the edit that it was made
//! on. Whoever sees a title give way to another can tell from that whether its author had seen the first.

const CHARS: usize = 6;

/// The next one after `base`.
pub fn next(base: Option<&str>, rng: &mut fastrand::Rng) -> String {
    let own: String = std::iter::repeat_with(|| rng.alphanumeric())
        .take(CHARS)
        .collect();
    match base.map(name) {
        Some(base) if !base.is_empty() => format!("{own} {base}"),
        _ => own,
    }
}

fn name(revision: &str) -> &str {
    revision.split(' ').next().unwrap_or_default()
}

fn base(revision: &str) -> Option<&str> {
    revision.split_once(' ').map(|(_, base)| base)
}

/// Whether the edit `later` was made without knowing of `earlier`, in whose place it came. One that takes the title back
/// to what `earlier` was made on knew of it. (A restored version can look as if it did not: that costs an item too many,
/// never one too few.)
pub fn is_blind(later: &str, earlier: &str) -> bool {
    let is_return = base(earlier).is_some_and(|base| base == name(later));
    base(later).is_some_and(|base| base != name(earlier))
        && !is_return
        && name(later) != name(earlier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_tell_what_they_were_made_on() {
        let mut rng = fastrand::Rng::with_seed(1);
        let created = next(None, &mut rng);
        let mine = next(Some(&created), &mut rng);
        let theirs = next(Some(&created), &mut rng);
        assert!(is_blind(&theirs, &mine) && is_blind(&mine, &theirs));
        let after = next(Some(&mine), &mut rng);
        assert!(!is_blind(&after, &mine), "it was made on mine");
        assert!(!is_blind(&created, &mine), "taken back");
        assert!(!is_blind(&mine, &mine));
        assert!(!is_blind("older", "x"), "older versions do not tell");
        assert!(
            next(Some(&after), &mut rng).len() <= 2 * CHARS + 1,
            "it does not grow"
        );
    }
}
