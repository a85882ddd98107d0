//! Where a person is: `#/r/<room>/<page>?relay=…&key=…`, read and written, and the host's `config.json`. Every part
//! that does not read costs a sentence, never the page.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde::Deserialize;
use serde_json::Value;

use super::{
    socket::endpoint::{Endpoint, EndpointError},
    todo::filter::Filter,
    wire::{seal::RoomKey, tag::Tag},
};
use crate::limits::{CONFIG_BYTES, RELAYS, ROOM_CHARS};

/// A room's secret: 16 to 64 random bytes. Its Debug form hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Vec<u8>);

impl Key {
    pub const NEW_BYTES: usize = 16;

    pub fn from_random(bytes: [u8; Self::NEW_BYTES]) -> Self {
        Self(bytes.to_vec())
    }

    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64.decode(text.trim_end_matches('=')).ok()?;
        (Self::NEW_BYTES..=64)
            .contains(&bytes.len())
            .then_some(Self(bytes))
    }

    fn to_text(&self) -> String {
        BASE64.encode(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    #[default]
    Board,
    Todo,
}

impl Page {
    pub fn name(self) -> &'static str {
        match self {
            Self::Board => "board",
            Self::Todo => "todo",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Board, Self::Todo]
            .into_iter()
            .find(|page| page.name() == name)
    }
}

/// Which relay a link asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RelayChoice {
    /// The link says nothing: what the host offers.
    #[default]
    Default,
    /// `relay=none`.
    None,
    /// The preferred one first; the others are for when it fails.
    At(Vec<Endpoint>),
}

impl RelayChoice {
    /// The relays that were chosen.
    pub fn endpoints(&self) -> &[Endpoint] {
        match self {
            Self::Default | Self::None => &[],
            Self::At(endpoints) => endpoints,
        }
    }

    /// One more, behind those that are there; a link names no more than [`RELAYS`].
    fn with(&self, endpoint: Endpoint) -> Self {
        let mut endpoints = self.endpoints().to_vec();
        if endpoints.len() < RELAYS && !endpoints.contains(&endpoint) {
            endpoints.push(endpoint);
        }
        Self::At(endpoints)
    }
}

/// A room and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    pub name: String,
    /// Without one the room is open: whoever knows its name is in.
    pub key: Option<Key>,
}

impl Room {
    /// Ten characters and a key, out of random bytes.
    pub fn fresh(random: [u8; 32]) -> Self {
        let mut name = BASE64.encode(random).to_ascii_lowercase();
        name.retain(|c| c.is_ascii_alphanumeric());
        name.truncate(10);
        let mut key = [0; Key::NEW_BYTES];
        key.iter_mut()
            .zip(random.iter().rev())
            .for_each(|(k, r)| *k = *r);
        Self {
            name,
            key: Some(Key::from_random(key)),
        }
    }

    pub fn tag(&self) -> Tag {
        Tag::derive(&self.name, self.key.as_ref().map(|key| key.0.as_slice()))
    }

    /// What frames are sealed with.
    pub fn room_key(&self) -> RoomKey {
        RoomKey::derive(&self.name, self.key.as_ref().map(|key| key.0.as_slice()))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub room: Room,
    pub page: Page,
    pub relay: RelayChoice,
    pub filter: Filter,
}

/// A part of an address or of `config.json` that was left aside.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressProblem {
    #[error("The link's relay cannot be used. {0}")]
    Relay(EndpointError),
    #[error(
        "The link's key is damaged, so this is a different room than the one you were invited to. Ask for the link again."
    )]
    Key,
    #[error("There is no page called \u{201c}{0}\u{201d}. This is the board.")]
    Page(String),
    #[error("The link names no room that can be opened. This is a new one.")]
    Room,
    #[error("The part \u{201c}{0}\u{201d} of the link is not known, and was left aside.")]
    Parameter(String),
    #[error("This host's config.json is not usable: {0} It was left aside.")]
    Config(String),
}

/// What a hash says. `None` for one that names no room: the caller makes a fresh one.
pub fn parse(hash: &str, page_is_secure: bool) -> (Option<Address>, Vec<AddressProblem>) {
    let mut problems = Vec::new();
    let hash = hash.trim_start_matches('#');
    let (path, query) = hash.split_once('?').unwrap_or((hash, ""));
    let mut segments = path.trim_matches('/').split('/');
    let name = match (segments.next(), segments.next().map(percent_decoded)) {
        (Some(""), None) => return (None, problems),
        (Some("r"), Some(Some(name))) if is_room_name(&name) => name,
        _ => return (None, vec![AddressProblem::Room]),
    };
    let page = match segments.next() {
        None | Some("") => Page::default(),
        Some(page) => Page::parse(page).unwrap_or_else(|| {
            problems.push(AddressProblem::Page(excerpt(page)));
            Page::default()
        }),
    };
    let mut address = Address {
        room: Room { name, key: None },
        page,
        relay: RelayChoice::Default,
        filter: Filter::default(),
    };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match (name, percent_decoded(value)) {
            ("relay", Some(relay)) if relay == "none" => address.relay = RelayChoice::None,
            ("relay", relay) => match Endpoint::parse(&relay.unwrap_or_default(), page_is_secure) {
                Ok(endpoint) => address.relay = address.relay.with(endpoint),
                Err(error) => {
                    // The host's own relay would be no help: the others of this room are not there.
                    if address.relay == RelayChoice::Default {
                        address.relay = RelayChoice::None;
                    }
                    problems.push(AddressProblem::Relay(error));
                }
            },
            ("key", key) => match key.as_deref().and_then(Key::parse) {
                Some(key) => address.room.key = Some(key),
                None => problems.push(AddressProblem::Key),
            },
            ("filter", filter) if filter.as_deref().and_then(Filter::parse).is_some() => {
                address.filter = filter
                    .as_deref()
                    .and_then(Filter::parse)
                    .unwrap_or_default();
            }
            _ => problems.push(AddressProblem::Parameter(excerpt(name))),
        }
    }
    (Some(address), problems)
}

impl Address {
    /// The hash that [`parse`] reads back, with its `#`.
    pub fn to_hash(&self) -> String {
        let mut hash = format!(
            "#/r/{}/{}",
            percent_encoded(&self.room.name),
            self.page.name()
        );
        let mut parameters = Vec::new();
        match &self.relay {
            RelayChoice::Default => {}
            RelayChoice::None => parameters.push("relay=none".to_owned()),
            RelayChoice::At(endpoints) => {
                let relays = endpoints
                    .iter()
                    .map(|endpoint| percent_encoded(endpoint.as_str()));
                parameters.extend(relays.map(|relay| format!("relay={relay}")));
            }
        }
        if let Some(key) = &self.room.key {
            parameters.push(format!("key={}", key.to_text()));
        }
        if self.filter != Filter::default() {
            parameters.push(format!("filter={}", self.filter.name()));
        }
        for (separator, parameter) in std::iter::once('?')
            .chain(std::iter::repeat('&'))
            .zip(parameters)
        {
            hash.push(separator);
            hash.push_str(&parameter);
        }
        hash
    }
}

fn is_room_name(name: &str) -> bool {
    (1..=ROOM_CHARS).contains(&name.chars().count())
        && !name.chars().any(|c| c.is_control() || c == '/')
}

fn excerpt(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(24).collect()
}

/// RFC 3986 §2.1; `None` where it is broken or no UTF-8.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut hex = || rest.next().and_then(|b| char::from(b).to_digit(16));
                let (high, low) = (hex()?, hex()?);
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Everything but RFC 3986's unreserved characters.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(byte.into())
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// What the host offers, from `config.json` beside the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    pub relays: Vec<Endpoint>,
    pub title: Option<String>,
}

impl Config {
    /// Reads `{ "relays": ["wss://…"], "title": "…" }`; both may be missing. A relay that cannot be used is left
    /// out, and named.
    pub fn parse(text: &str, page_is_secure: bool) -> (Self, Vec<AddressProblem>) {
        #[derive(Deserialize)]
        struct Raw {
            #[serde(default)]
            relays: Vec<String>,
            title: Option<String>,
        }
        let problem = |why: String| AddressProblem::Config(why);
        if text.len() > CONFIG_BYTES {
            return (
                Self::default(),
                vec![problem("It is too large.".to_owned())],
            );
        }
        let raw: serde_json::Result<Raw> =
            serde_json::from_str(text).and_then(|value: Value| serde_json::from_value(value));
        let raw = match raw {
            Ok(raw) => raw,
            Err(error) => return (Self::default(), vec![problem(format!("{error}."))]),
        };
        let mut config = Self {
            relays: Vec::new(),
            title: raw
                .title
                .map(|title| excerpt(&title))
                .filter(|title| !title.is_empty()),
        };
        let mut problems = Vec::new();
        for relay in raw.relays {
            match Endpoint::parse(&relay, page_is_secure) {
                Ok(endpoint) => config.relays.push(endpoint),
                Err(error) => problems.push(problem(error.to_string())),
            }
        }
        (config, problems)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn good(hash: &str) -> Address {
        let (address, problems) = parse(hash, false);
        assert_eq!(problems, []);
        address.unwrap()
    }

    #[test]
    fn a_full_link_reads_and_writes_the_same() {
        let hash = "#/r/our%20attic/todo?relay=wss%3A%2F%2Frelay.example%2Fa%3Fb%3Dc&key=AAECAwQFBgcICQoLDA0ODw&filter=active";
        let address = good(hash);
        assert_eq!(address.room.name, "our attic");
        assert_eq!(address.page, Page::Todo);
        assert_eq!(address.to_hash(), hash);
        assert_eq!(good("#/r/attic").to_hash(), "#/r/attic/board");
        assert_eq!(good("#/r/attic/board?relay=none").relay, RelayChoice::None);
    }

    #[test]
    fn an_empty_hash_names_no_room_and_is_no_problem() {
        for hash in ["", "#", "#/"] {
            assert_eq!(parse(hash, false), (None, vec![]));
        }
    }

    #[test]
    fn each_bad_part_costs_a_sentence_and_the_rest_works() {
        let (address, problems) = parse(
            "#/r/attic/chess?relay=http%3A%2F%2Fx&key=short&colour=red",
            false,
        );
        let address = address.unwrap();
        assert_eq!(
            (address.page, address.relay),
            (Page::Board, RelayChoice::None)
        );
        assert_eq!(
            problems,
            [
                AddressProblem::Page("chess".into()),
                AddressProblem::Relay(EndpointError::Scheme),
                AddressProblem::Key,
                AddressProblem::Parameter("colour".into()),
            ]
        );
        for hash in ["#/x/attic", "#/r/", "#/r/%zz/board", "#/r/%00", "#section"] {
            assert_eq!(
                parse(hash, false),
                (None, vec![AddressProblem::Room]),
                "{hash}"
            );
        }
    }

    #[test]
    fn fresh_rooms_have_a_name_and_a_key_that_no_debug_print_shows() {
        let random = std::array::from_fn(|i| (i * 37) as u8);
        let room = Room::fresh(random);
        assert_eq!(room.name.len(), 10);
        assert_eq!(format!("{:?}", room.key), "Some(Key(…))");
        let address = Address {
            room,
            page: Page::Board,
            relay: RelayChoice::None,
            filter: Filter::All,
        };
        assert_eq!(good(&address.to_hash()), address);
    }

    #[test]
    fn a_bad_config_is_named_and_left_aside() {
        let (config, problems) = Config::parse(
            r#"{"relays":["wss://a/","http://b"],"title":"Class 3b"}"#,
            false,
        );
        assert_eq!((config.relays.len(), problems.len()), (1, 1));
        assert_eq!(config.title.as_deref(), Some("Class 3b"));
        for text in [
            "<!doctype html>",
            "[]",
            r#"{"relays":7}"#,
            &" ".repeat(CONFIG_BYTES + 1),
        ] {
            let (config, problems) = Config::parse(text, false);
            assert_eq!((config, problems.len()), (Config::default(), 1));
        }
        assert_eq!(Config::parse("{}", false), (Config::default(), vec![]));
    }

    proptest! {
        #[test]
        fn any_hash_reads_without_a_panic(hash in ".*") {
            let _ = parse(&hash, true);
            let _ = parse(&format!("#/r/{hash}"), false);
        }

        #[test]
        fn any_room_name_survives_the_link(name in "[^/\\p{Cc}]{1,80}") {
            let address = Address {
                room: Room { name, key: None },
                page: Page::Board,
                relay: RelayChoice::Default,
                filter: Filter::All,
            };
            prop_assert_eq!(parse(&address.to_hash(), false), (Some(address), vec![]));
        }
    }
}
