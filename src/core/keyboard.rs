//! What a key press means, on any keyboard layout.

use super::{
    apps::board::tools::{self, Tool},
    doc::undo::Direction,
};

/// A key press, as the browser's `KeyboardEvent` has it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Press<'a> {
    pub key: &'a str,
    pub code: &'a str,
    pub shift: bool,
    /// Control, or the command key of a Mac.
    pub control: bool,
    pub alt: bool,
    /// The key for third characters, which some systems do not report as Alt.
    pub alt_graph: bool,
}

/// What a person can ask for by key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    Choose(&'static Tool),
    Step(Direction),
    ZoomIn,
    ZoomOut,
    ZoomReset,
    ZoomToFit,
    SelectAll,
    /// Ends what is under way, and selects nothing.
    Escape,
    /// What is selected.
    Delete,
    ShowShortcuts,
}

/// Keys that mean the same everywhere. What they mean on a page is its app's ([`super::apps::Engine::keys`]).
pub const ALL_KEYS: [(&str, &str); 3] = [
    ("Ctrl + Z", "Undo"),
    ("Ctrl + Shift + Z, Ctrl + Y", "Redo"),
    ("?", "Show this list"),
];

impl Press<'_> {
    /// The character that selects a command: the one that the key writes if it is ASCII, or a Latin letter on a letter
    /// key; otherwise the one at the same place on a US keyboard. So a Latin layout such as Dvorak keeps the places of
    /// its letters.
    pub fn character(&self) -> Option<char> {
        let mut chars = self.key.chars();
        let written = match (chars.next(), chars.next()) {
            (Some(c), None) => Some(c),
            // An input method, or a key that only prepares an accent.
            _ if matches!(self.key, "Process" | "Unidentified" | "Dead") => None,
            _ => return None,
        };
        // A script without Latin letters may write a sign where the others have a letter, as Thai and Arabic do with
        // Shift and Z. Dvorak has a colon there.
        let is_sign_of_a_letter = |c: char| {
            let is_sign = !c.is_alphanumeric() && c != ':';
            is_sign && self.control && self.shift && self.code.starts_with("Key")
        };
        if let Some(c) = written.filter(|c| c.is_ascii() && !is_sign_of_a_letter(*c)) {
            return Some(c.to_ascii_lowercase());
        }
        let at_place = |prefix: &str| {
            let rest = self.code.strip_prefix(prefix)?;
            let mut rest = rest.chars();
            rest.next().filter(|_| rest.next().is_none())
        };
        // An accented Latin letter shows that the layout has Latin letters: the place of a letter key is not used.
        let is_other = !written.is_some_and(is_latin_letter);
        let place = at_place("Key").filter(|_| is_other);
        let place = place.map(|c| c.to_ascii_lowercase());
        let digit = || at_place("Digit").or_else(|| at_place("Numpad"));
        let symbol = || match (self.code, self.shift) {
            ("Equal", _) | ("NumpadAdd", _) => Some('+'),
            ("Minus", _) | ("NumpadSubtract", _) => Some('-'),
            ("Slash", true) => Some('?'),
            _ => None,
        };
        place.or_else(digit).or_else(symbol).or(written)
    }

    pub fn command(&self) -> Option<Command> {
        if self.alt || self.alt_graph {
            return None;
        }
        // Shift + 1 is another character on every keyboard layout.
        if self.shift && !self.control && self.code == "Digit1" {
            return Some(Command::ZoomToFit);
        }
        match self.key {
            "Delete" | "Backspace" if !self.control => return Some(Command::Delete),
            "Escape" => return Some(Command::Escape),
            _ => {}
        }
        let character = self.character()?;
        if self.control {
            return Some(match (character, self.shift) {
                ('z', false) => Command::Step(Direction::Undo),
                ('z', true) | ('y', false) => Command::Step(Direction::Redo),
                ('+' | '=', _) => Command::ZoomIn,
                ('-', _) => Command::ZoomOut,
                ('0', _) => Command::ZoomReset,
                ('a', false) => Command::SelectAll,
                _ => return None,
            });
        }
        match character {
            // Arabic has a question mark of its own.
            '?' | '\u{61f}' => Some(Command::ShowShortcuts),
            _ => tools::by_key(character).map(Command::Choose),
        }
    }
}

/// Of Latin-1, or one of Latin's extensions.
fn is_latin_letter(c: char) -> bool {
    c.is_alphabetic() && matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::apps::board::tools::{ERASER, HAND, PEN};

    fn press<'a>(key: &'a str, code: &'a str, modifiers: &str) -> Press<'a> {
        Press {
            key,
            code,
            shift: modifiers.contains('s'),
            control: modifiers.contains('c'),
            alt: modifiers.contains('a'),
            alt_graph: modifiers.contains('g'),
        }
    }

    #[test]
    fn undo_redo_and_the_tools_work_on_every_layout() {
        use Command::{Choose, Step};
        let undo = Some(Step(Direction::Undo));
        let redo = Some(Step(Direction::Redo));
        for (key, code, modifiers, command) in [
            ("z", "KeyZ", "c", undo),
            ("я", "KeyZ", "c", undo),
            ("Я", "KeyZ", "cs", redo),
            ("н", "KeyY", "c", redo),
            (":", "KeyZ", "cs", None),
            ("(", "KeyZ", "cs", redo),
            ("~", "KeyZ", "cs", redo),
            ("à", "KeyZ", "c", None),
            ("ę", "KeyE", "g", None),
            ("€", "KeyE", "g", None),
            ("ę", "KeyE", "", None),
            ("ζ", "KeyZ", "c", undo),
            ("ز", "KeyZ", "c", undo),
            ("ז", "KeyZ", "c", undo),
            ("ㅋ", "KeyZ", "c", undo),
            ("Process", "KeyZ", "c", undo),
            ("Unidentified", "KeyZ", "c", undo),
            ("з", "KeyP", "", Some(Choose(&PEN))),
            ("π", "KeyP", "", Some(Choose(&PEN))),
            ("ح", "KeyP", "", Some(Choose(&PEN))),
            ("у", "KeyE", "", Some(Choose(&ERASER))),
            ("р", "KeyH", "", Some(Choose(&HAND))),
            ("٧", "Digit7", "", Some(Choose(&PEN))),
            // AZERTY writes these without Shift.
            ("è", "Digit7", "", Some(Choose(&PEN))),
            ("à", "Digit0", "", Some(Choose(&ERASER))),
            ("à", "Digit0", "c", Some(Command::ZoomReset)),
            ("؟", "Slash", "s", Some(Command::ShowShortcuts)),
            ("?", "Digit7", "s", Some(Command::ShowShortcuts)),
            ("!", "Digit1", "s", Some(Command::ZoomToFit)),
            // Dvorak and QWERTZ keep their letters where they have them.
            ("z", "Slash", "c", undo),
            ("z", "KeyY", "c", undo),
            ("y", "KeyZ", "c", redo),
            (";", "KeyZ", "c", None),
            ("p", "KeyR", "", Some(Choose(&PEN))),
            ("l", "KeyP", "", None),
        ] {
            assert_eq!(
                press(key, code, modifiers).command(),
                command,
                "{key} {code} {modifiers}"
            );
        }
    }

    #[test]
    fn other_keys_mean_nothing() {
        for (key, code, modifiers) in [
            ("z", "KeyZ", ""),
            ("z", "KeyZ", "ca"),
            ("p", "KeyP", "c"),
            ("Shift", "ShiftLeft", "s"),
            ("F7", "F7", ""),
            ("ü", "BracketLeft", ""),
            ("", "", ""),
            ("日本", "KeyP", ""),
        ] {
            assert_eq!(press(key, code, modifiers).command(), None, "{key} {code}");
        }
    }
}
