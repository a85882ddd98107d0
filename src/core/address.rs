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

    /// The key in a text that mail and chat programs may have wrapped, quoted or put a full stop behind: what base64url
    /// has not is left out.
    fn found_in(text: &str) -> Option<Self> {
        let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        // A line of quoted-printable ends with the first of these.
        let unwrapped = text.replace("=\r\n", "").replace("=\n", "");
        let unwrapped: String = unwrapped.chars().filter(|c| !is_blank(*c)).collect();
        let text = unwrapped.replace('+', "-").replace('/', "_");
        let from = text.trim_start_matches(|c| !is_key(c));
        let end = from.find(|c| !is_key(c)).unwrap_or(from.len());
        Self::parse(from.get(..end)?)
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
        "This link\u{2019}s key is damaged, and without it the room it leads to cannot be opened. Ask for the link again."
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
    #[error("This link had been changed on its way here, and was put right.")]
    Mended,
}

/// What a hash says. `None` for one that names no room: the caller makes a fresh one. Mail and chat programs rewrite
/// links; what they do to one is undone as far as it can be told.
pub fn parse(hash: &str, page_is_secure: bool) -> (Option<Address>, Vec<AddressProblem>) {
    let hash = hash.trim_start_matches('#');
    let whole = hash.trim_end_matches(|c: char| is_blank(c) || ENDS.contains(c));
    let (mut link, mut is_mended) = (Link::split(whole), whole.len() < hash.len());
    if link.is_none()
        && let Some(decoded) = percent_decoded(whole).filter(|decoded| *decoded != whole)
    {
        // All of it was encoded once more.
        link = Link::split(&decoded);
        is_mended = link.is_some();
    }
    let Some(link) = link else {
        let problems = match whole.trim_matches('/') {
            "" => Vec::new(),
            _ => vec![AddressProblem::Room],
        };
        return (None, problems);
    };
    let (address, mut problems, was_mended) = link.read(page_is_secure);
    if (is_mended || was_mended) && problems.is_empty() {
        problems.push(AddressProblem::Mended);
    }
    (Some(address), problems)
}

/// What may stand behind a link in a text, and at the end of none that this program writes.
const ENDS: &str = ").,;:!>]}\"'*\u{2019}\u{201d}\u{bb}";

/// White space, and characters that nobody sees.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
        )
}

/// The parts of a hash, not looked into.
struct Link {
    room: String,
    page: String,
    /// Names and decoded values.
    parameters: Vec<(String, String)>,
    is_mended: bool,
}

impl Link {
    /// None for what leads to no room.
    fn split(hash: &str) -> Option<Self> {
        let (path, query) = match hash.split_once('?') {
            Some(parts) => parts,
            None => split_at_encoded_query(hash).unwrap_or((hash, "")),
        };
        let mut segments = path.trim_matches('/').split('/');
        let room = match (segments.next(), segments.next().map(percent_decoded)) {
            (Some("r"), Some(Some(name))) if is_room_name(name.trim()) => name.trim().to_owned(),
            _ => return None,
        };
        let page = percent_decoded(segments.next().unwrap_or_default()).unwrap_or_default();
        let mut link = Self {
            room,
            page,
            parameters: Vec::new(),
            is_mended: !hash.contains('?') && !query.is_empty(),
        };
        link.take_query(query, 0);
        Some(link)
    }

    /// `depth`: how often this part was decoded.
    fn take_query(&mut self, query: &str, depth: u8) {
        // As JSON writes them.
        let unescaped = query.replace("\\u0026", "&").replace("\\u003d", "=");
        self.is_mended |= unescaped != query;
        let mut pairs: Vec<String> = Vec::new();
        for pair in unescaped.split('&').filter(|pair| !pair.is_empty()) {
            // As HTML writes the character before.
            let escapes = ["amp;", "#38;", "#x26;"];
            let stripped = escapes
                .into_iter()
                .find_map(|escape| pair.strip_prefix(escape));
            self.is_mended |= stripped.is_some();
            let pair = stripped.unwrap_or(pair);
            match pairs.last_mut() {
                // What was decoded has a relay's own parameters beside those of the link.
                Some(relay) if depth > 0 && relay.starts_with("relay") && !is_parameter(pair) => {
                    relay.push('&');
                    relay.push_str(pair);
                }
                _ => pairs.push(pair.to_owned()),
            }
        }
        for pair in &pairs {
            match (pair.split_once('='), percent_decoded(pair)) {
                (None, _) if pair.is_empty() || pair == "amp" => self.is_mended = true,
                (Some((name, value)), _) => self.take_parameter(name, value, depth),
                (None, Some(decoded)) if depth < 2 && decoded.contains('=') => {
                    self.is_mended = true;
                    self.take_query(&decoded, depth + 1);
                }
                (None, _) => self.take_parameter(pair, "", depth),
            }
        }
    }

    fn take_parameter(&mut self, name: &str, value: &str, depth: u8) {
        let name = name.to_ascii_lowercase();
        let Some(mut value) = percent_decoded(value) else {
            return self.parameters.push((name, String::new()));
        };
        if name == "relay" {
            if !value.contains("://")
                && let Some(decoded) = percent_decoded(&value)
            {
                // It was encoded once more.
                self.is_mended |= decoded != value;
                value = decoded;
            }
            // What stood behind it was encoded along with it.
            if let Some((relay, rest)) = split_at_parameter(&value) {
                self.is_mended = true;
                self.take_query(rest, depth + 1);
                value = relay.to_owned();
            }
        }
        self.parameters.push((name, value));
    }

    /// As quoted-printable writes the character before a value.
    fn unquote(&mut self) {
        let is_quoted = |(name, value): &(String, String)| {
            name == "relay" && (value.starts_with("3Dws") || value == "3Dnone")
        };
        if self.parameters.iter().any(is_quoted) {
            self.is_mended = true;
            for (_, value) in &mut self.parameters {
                *value = value.strip_prefix("3D").unwrap_or(value).to_owned();
            }
        }
    }

    /// Also says whether something had to be put right.
    fn read(mut self, page_is_secure: bool) -> (Address, Vec<AddressProblem>, bool) {
        self.unquote();
        let mut problems = Vec::new();
        let named = self
            .page
            .trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        self.is_mended |= named != self.page;
        let page = match named {
            "" => Page::default(),
            page => Page::parse(page).unwrap_or_else(|| {
                problems.push(AddressProblem::Page(excerpt(page)));
                Page::default()
            }),
        };
        let mut address = Address {
            room: Room {
                name: self.room,
                key: None,
            },
            page,
            relay: RelayChoice::Default,
            filter: Filter::default(),
        };
        for (name, value) in &self.parameters {
            match name.as_str() {
                "relay" if value == "none" => address.relay = RelayChoice::None,
                "relay" => match Endpoint::parse(value, page_is_secure) {
                    Ok(endpoint) => address.relay = address.relay.with(endpoint),
                    Err(error) => {
                        // The host's own relay would be no help: the others of this room are not there.
                        if address.relay == RelayChoice::Default {
                            address.relay = RelayChoice::None;
                        }
                        problems.push(AddressProblem::Relay(error));
                    }
                },
                "key" => match Key::found_in(value) {
                    Some(key) => {
                        self.is_mended |= Key::parse(value).is_none();
                        address.room.key = Some(key);
                    }
                    None => problems.push(AddressProblem::Key),
                },
                "filter" => match Filter::parse(value) {
                    Some(filter) => address.filter = filter,
                    None => problems.push(AddressProblem::Parameter(excerpt(name))),
                },
                _ => problems.push(AddressProblem::Parameter(excerpt(name))),
            }
        }
        (address, problems, self.is_mended)
    }
}

/// Whether this is a parameter of a link.
fn is_parameter(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default();
    ["relay", "key", "filter"].contains(&name)
}

/// A path, and the parameters behind a question mark that was encoded. A room's name may have one.
fn split_at_encoded_query(hash: &str) -> Option<(&str, &str)> {
    let lower = hash.to_ascii_lowercase();
    let mut starts = ["relay", "key"].into_iter().flat_map(|name| {
        let pairs = ["=", "%3d"].map(|equals| format!("%3f{name}{equals}"));
        pairs
            .into_iter()
            .filter_map(|pair| lower.find(&pair))
            .collect::<Vec<_>>()
    });
    let at = starts.next()?;
    Some((hash.get(..at)?, hash.get(at + "%3f".len()..)?))
}

/// A relay's address, and parameters of the link behind it. A relay may have a parameter `key` of its own: one that is
/// as long as a room's is taken for the room's, since a relay must never see that.
fn split_at_parameter(relay: &str) -> Option<(&str, &str)> {
    let mut ands = relay.match_indices('&').map(|(at, _)| at);
    let at = ands.find(|&at| {
        let rest = relay.get(at + 1..).unwrap_or_default();
        let rest = rest.strip_prefix("amp;").unwrap_or(rest);
        let key = rest
            .strip_prefix("key=")
            .map(|key| key.split('&').next().unwrap_or_default());
        key.is_some_and(|key| Key::found_in(key).is_some())
    })?;
    Some((relay.get(..at)?, relay.get(at + 1..)?))
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
mod tests;
