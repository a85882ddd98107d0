//! Reads and writes the address of a page, `#/r/<room>/<app>?relay=…&key=…`, and reads the host's `config.json`. A part
//! that cannot be read is reported as an [`AddressProblem`]; the page is shown all the same.

mod link;
mod percent;
mod plain;
#[cfg(test)]
mod tests;

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde_json::Value;

pub use self::{
    link::parse,
    plain::{Unusual, plain},
};
use super::{
    app::App,
    apps, json,
    socket::endpoint::{Endpoint, EndpointError},
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

/// The address of the list of this device's rooms.
pub const ROOMS: &str = "#/rooms";

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
    /// Whose page is shown.
    pub app: &'static App,
    pub relay: RelayChoice,
    /// Parameters of pages, such as the to-do list's filter: names and values, each name at most once.
    pub parameters: Vec<(String, String)>,
}

/// A part of an address or of `config.json` that was left aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressProblem {
    Relay(EndpointError),
    /// It is damaged, and without it the room cannot be opened.
    Key,
    /// There is none of this name.
    Page(String),
    /// The link names no room that can be opened.
    Room,
    /// One of this name is not known.
    Parameter(String),
    Config(ConfigProblem),
    /// The link had been changed on its way, and was put right.
    Mended,
}

/// What is wrong with `config.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigProblem {
    TooLarge,
    Json,
    /// It is another value than an object.
    Kind,
    Title,
    Relays,
    /// One that is no text, or cannot be used.
    Relay(Option<EndpointError>),
}

impl Address {
    /// The first page of a new private room, out of random bytes.
    pub fn fresh(random: [u8; 32]) -> Self {
        Self {
            room: Room::fresh(random),
            app: apps::FIRST,
            relay: RelayChoice::Default,
            parameters: Vec::new(),
        }
    }

    /// What a page is told by this parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters.iter();
        let (_, value) = parameters.find(|(this, _)| this == name)?;
        Some(value)
    }

    /// The same address with this parameter, or without it.
    #[must_use]
    pub fn with(mut self, name: &str, value: Option<&str>) -> Self {
        self.parameters.retain(|(this, _)| this != name);
        let parameter = value.map(|value| (name.to_owned(), value.to_owned()));
        self.parameters.extend(parameter);
        self
    }

    /// The hash that [`parse`] reads back, with its `#`.
    pub fn to_hash(&self) -> String {
        let mut hash = format!(
            "#/r/{}/{}",
            percent::encoded(&self.room.name),
            self.app.name
        );
        let mut parameters = Vec::new();
        match &self.relay {
            RelayChoice::Default => {}
            RelayChoice::None => parameters.push("relay=none".to_owned()),
            RelayChoice::At(endpoints) => {
                let relays = endpoints
                    .iter()
                    .map(|endpoint| percent::encoded(endpoint.as_str()));
                parameters.extend(relays.map(|relay| format!("relay={relay}")));
            }
        }
        if let Some(key) = &self.room.key {
            parameters.push(format!("key={}", key.to_text()));
        }
        parameters.extend(self.parameters.iter().map(|(name, value)| {
            let (name, value) = (percent::encoded(name), percent::encoded(value));
            format!("{name}={value}")
        }));
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

/// A room's name: 1 to [`ROOM_CHARS`] characters, no control characters, no slash.
fn is_room_name(name: &str) -> bool {
    (1..=ROOM_CHARS).contains(&name.chars().count())
        && !name.chars().any(|c| c.is_control() || c == '/')
}

fn excerpt(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(24).collect()
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
        let problem = AddressProblem::Config;
        if text.len() > CONFIG_BYTES {
            return (Self::default(), vec![problem(ConfigProblem::TooLarge)]);
        }
        let (mut config, mut problems) = (Self::default(), Vec::new());
        let fields = match json::parse(text) {
            Some(Value::Object(fields)) => fields,
            Some(_) => return (config, vec![problem(ConfigProblem::Kind)]),
            None => return (config, vec![problem(ConfigProblem::Json)]),
        };
        match fields.get("title") {
            None | Some(Value::Null) => {}
            Some(Value::String(title)) => {
                config.title = Some(excerpt(title)).filter(|title| !title.is_empty());
            }
            Some(_) => problems.push(problem(ConfigProblem::Title)),
        }
        let relays = match fields.get("relays") {
            None | Some(Value::Null) => &[],
            Some(Value::Array(relays)) => relays.as_slice(),
            Some(_) => {
                problems.push(problem(ConfigProblem::Relays));
                &[]
            }
        };
        for relay in relays {
            match relay
                .as_str()
                .map(|relay| Endpoint::parse(relay, page_is_secure))
            {
                Some(Ok(endpoint)) => config.relays.push(endpoint),
                Some(Err(error)) => problems.push(problem(ConfigProblem::Relay(Some(error)))),
                None => problems.push(problem(ConfigProblem::Relay(None))),
            }
        }
        (config, problems)
    }
}
