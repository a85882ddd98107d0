//! What a link or the host's `config.json` has that was left aside.

use crate::core::address::{AddressProblem, ConfigProblem};

pub fn problem(problem: &AddressProblem) -> String {
    match problem {
        AddressProblem::Relay(error) => format!("The link's relay cannot be used. {error}"),
        AddressProblem::Key => "This link\u{2019}s key is damaged, and without it the room it leads to cannot be opened. Ask for the link again.".to_owned(),
        AddressProblem::Page(name) => {
            format!("There is no page called \u{201c}{name}\u{201d}. This is the board.")
        }
        AddressProblem::Room => {
            "The link names no room that can be opened. This is a new one.".to_owned()
        }
        AddressProblem::Parameter(name) => format!(
            "The part \u{201c}{name}\u{201d} of the link is not known, and was left aside."
        ),
        AddressProblem::Config(why) => format!(
            "This host's config.json is not usable: {} It was left aside.",
            config(why)
        ),
        AddressProblem::Mended => {
            "This link had been changed on its way here, and was put right.".to_owned()
        }
    }
}

fn config(problem: &ConfigProblem) -> String {
    match problem {
        ConfigProblem::TooLarge => "It is too large.",
        ConfigProblem::Json => "It is no JSON.",
        ConfigProblem::Kind => "It is no object.",
        ConfigProblem::Title => "Its title is no text.",
        ConfigProblem::Relays => "Its relays are no list.",
        ConfigProblem::Relay(None) => "One of its relays is no text.",
        ConfigProblem::Relay(Some(error)) => return error.to_string(),
    }
    .to_owned()
}
