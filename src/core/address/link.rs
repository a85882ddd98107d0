//! Links as they arrive. Mail and chat programs encode, wrap, quote and cut them: what they do is undone as far as it
//! can be told. A relay never gets what may be a room's key, and a link that has lost its key says so.

use super::{
    Address, AddressProblem, Key, RelayChoice, Room, excerpt, is_room_name,
    percent::{decoded, decoded_leniently},
};
use crate::core::{apps, socket::endpoint::Endpoint};

/// What a hash says. `None` for one that names no room: the caller makes a fresh one.
pub fn parse(hash: &str, page_is_secure: bool) -> (Option<Address>, Vec<AddressProblem>) {
    let hash = hash.trim_start_matches('#');
    let whole = hash.trim_end_matches(|c: char| is_blank(c) || ENDS.contains(c));
    let forms = forms(whole);
    let mut plain = forms.iter().enumerate().filter_map(|(encoded, form)| {
        let mut reading = Link::plain(form)?.read(page_is_secure);
        reading.is_mended |= encoded > 0 || whole.len() < hash.len();
        reading.problems.is_empty().then_some(reading)
    });
    if let Some(reading) = plain.next() {
        return reading.finish();
    }
    let has_key = |reading: &Reading| reading.address.room.key.is_some();
    let readings = forms.iter().filter_map(|form| {
        let mut reading = Link::mended(form)?.read(page_is_secure);
        if !has_key(&reading)
            && !reading.problems.contains(&AddressProblem::Key)
            && has_lost_key(whole, &reading.address.relay)
        {
            reading.problems.push(AddressProblem::Key);
        }
        Some(reading)
    });
    let best = readings.min_by_key(|reading| (!reading.problems.is_empty(), !has_key(reading)));
    match best {
        Some(mut reading) => {
            reading.is_mended |= whole.len() < hash.len();
            reading.finish()
        }
        None if whole.trim_matches('/').is_empty() => (None, Vec::new()),
        None if has_lost_key(whole, &RelayChoice::None) => (None, vec![AddressProblem::Key]),
        None => (None, vec![AddressProblem::Room]),
    }
}

/// The link, and what it was before it was encoded once, or twice, more.
fn forms(whole: &str) -> Vec<String> {
    let mut forms = vec![whole.to_owned()];
    while forms.len() < 3
        && let Some(last) = forms.last()
        && let Some(form) = decoded(last).filter(|form| form != last)
    {
        forms.push(form);
    }
    forms
}

/// What may stand behind a link in a text, and at the end of none that this program writes.
pub(super) const ENDS: &str = ").,;:!>]}\"'*\u{2019}\u{201d}\u{bb}";

/// White space, control characters and invisible characters.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
        )
}

fn without_blanks(text: &str) -> String {
    text.chars().filter(|c| !is_blank(*c)).collect()
}

/// `&` and `=` as JSON and HTML write them, once or several times.
fn unescaped(text: &str) -> String {
    let escapes = [
        ("\\u0026", "&"),
        ("\\u003d", "="),
        ("&amp;", "&"),
        ("&#38;", "&"),
        ("&#x26;", "&"),
        ("&#61;", "="),
        ("&#x3d;", "="),
    ];
    let unescaped = |text: String| {
        let escapes = escapes.iter();
        escapes.fold(text, |text, (escape, c)| text.replace(escape, c))
    };
    until_stable(text.to_owned(), unescaped)
}

/// What is left when `step` finds no more to do. A text that needs more steps than any program takes is left as it is by
/// then.
fn until_stable(mut text: String, step: impl Fn(String) -> String) -> String {
    const STEPS: usize = 8;
    for _ in 0..STEPS {
        let next = step(text.clone());
        if next == text {
            break;
        }
        text = next;
    }
    text
}

impl Key {
    pub(super) const NEW_CHARS: usize = 22;

    /// The key in a text that programs may have wrapped, quoted or written on behind.
    fn found_in(text: &str) -> Option<Self> {
        let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        // A line of quoted-printable ends with the first of these.
        let unwrapped = text.replace("=\r\n", "").replace("=\n", "");
        let from = unwrapped.trim_start_matches(|c| !is_key(c));
        let end = from.find(|c| !is_key(c)).unwrap_or(from.len());
        Self::new_in(from.get(..end)?).or_else(|| {
            let joined = without_blanks(from).replace('+', "-").replace('/', "_");
            let end = joined.find(|c| !is_key(c)).unwrap_or(joined.len());
            Self::parse(joined.get(..end)?)
        })
    }

    /// A key as [`Room::fresh`] makes it, with what quoted-printable writes before it, or emphasis behind it.
    fn new_in(word: &str) -> Option<Self> {
        let word = match word.strip_prefix("3D") {
            Some(rest) if rest.len() >= Self::NEW_CHARS => rest,
            _ => word,
        };
        let (key, rest) = word.split_at_checked(Self::NEW_CHARS)?;
        let is_whole = rest.chars().all(|c| matches!(c, '-' | '_'));
        is_whole.then(|| Self::parse(key)).flatten()
    }
}

/// The parts of a hash, not looked into.
struct Link {
    room: String,
    page: String,
    /// Names and decoded values.
    parameters: Vec<(String, String)>,
    is_mended: bool,
}

/// What a link says, as far as it can be read.
struct Reading {
    address: Address,
    problems: Vec<AddressProblem>,
    /// Something had to be put right.
    is_mended: bool,
}

impl Reading {
    fn finish(mut self) -> (Option<Address>, Vec<AddressProblem>) {
        if self.is_mended && self.problems.is_empty() {
            self.problems.push(AddressProblem::Mended);
        }
        (Some(self.address), self.problems)
    }
}

impl Link {
    /// A link as this program writes it. None for any other.
    fn plain(hash: &str) -> Option<Self> {
        let (path, query) = match hash.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (hash, None),
        };
        let mut link = Self::at(path)?;
        for pair in query.into_iter().flat_map(|query| query.split('&')) {
            let (name, value) = pair.split_once('=')?;
            let value = decoded(value)?;
            let is_plain = match name {
                "relay" => value == without_blanks(&value),
                "key" => Key::parse(&value).is_some_and(|key| Key::found_in(&value) == Some(key)),
                name => apps::takes(name, &value),
            };
            if !is_plain {
                return None;
            }
            link.parameters.push((name.to_owned(), value));
        }
        let has_key = link.parameters.iter().any(|(name, _)| name == "key");
        let is_plain = link.parameters.iter().all(|(name, value)| {
            // Where the link has a key, one in a relay's own query is the relay's.
            name != "relay"
                || (has_key && value.contains('?'))
                || split_at_parameter(value).is_none()
        });
        is_plain.then_some(link)
    }

    /// A link that was changed on its way. None for what leads to no room.
    fn mended(hash: &str) -> Option<Self> {
        let (path, query) = match hash.split_once('?') {
            Some(parts) => parts,
            None => split_at_encoded_query(hash).unwrap_or((hash, "")),
        };
        let mut link = Self::at(path)?;
        link.is_mended = !hash.contains('?') && !query.is_empty();
        // What a program put behind the link came before what was encoded.
        if let Some((page, encoded)) = link.page.clone().split_once('?') {
            link.is_mended = true;
            page.clone_into(&mut link.page);
            link.take_query(encoded, 1);
        }
        link.take_query(query, 0);
        link.unquote();
        Some(link)
    }

    /// `/r/<room>/<page>`.
    fn at(path: &str) -> Option<Self> {
        let mut segments = path.trim_matches('/').split('/');
        let (mark, room) = (segments.next()?, decoded(segments.next()?)?);
        let page = decoded_leniently(segments.next().unwrap_or_default());
        (mark == "r" && is_room_name(room.trim())).then(|| Self {
            room: room.trim().to_owned(),
            page,
            parameters: Vec::new(),
            is_mended: false,
        })
    }

    /// `depth`: how often this part was decoded.
    fn take_query(&mut self, query: &str, depth: u8) {
        let unescaped = unescaped(query);
        self.is_mended |= unescaped != query;
        let mut pairs: Vec<String> = Vec::new();
        for pair in unescaped.split('&').filter(|pair| !pair.is_empty()) {
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
            match pair.split_once('=') {
                Some((name, value)) => self.take_parameter(name, value, depth),
                None => {
                    let decoded = decoded_leniently(pair);
                    if depth < 2 && decoded != *pair && decoded.contains(['=', '%']) {
                        self.is_mended = true;
                        self.take_query(&decoded, depth + 1);
                    } else if parameter_name(pair).is_empty() {
                        self.is_mended = true;
                    } else {
                        self.take_parameter(pair, "", depth);
                    }
                }
            }
        }
    }

    fn take_parameter(&mut self, name: &str, value: &str, depth: u8) {
        let (name, mut value) = (parameter_name(name), decoded_leniently(value));
        if name == "relay" {
            let written = value.clone();
            if !value.contains("://") {
                // It was encoded once more.
                value = decoded_leniently(&value);
            }
            value = without_blanks(&unescaped(&value));
            self.is_mended |= value != written;
            // What stood behind it was encoded along with it.
            if let Some((relay, rest)) = split_at_parameter(&value) {
                self.is_mended = true;
                self.parameters.push((name, relay));
                return self.take_query(&rest, depth + 1);
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

    fn read(self, page_is_secure: bool) -> Reading {
        let mut is_mended = self.is_mended;
        let mut problems = Vec::new();
        let named = self
            .page
            .trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        is_mended |= named != self.page;
        let app = match named {
            "" => apps::FIRST,
            name => apps::named(name).unwrap_or_else(|| {
                problems.push(AddressProblem::Page(excerpt(name)));
                apps::FIRST
            }),
        };
        let mut address = Address {
            room: Room {
                name: self.room,
                key: None,
            },
            app,
            relay: RelayChoice::Default,
            parameters: Vec::new(),
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
                        is_mended |= Key::parse(value).as_ref() != Some(&key);
                        address.room.key = Some(key);
                    }
                    None => problems.push(AddressProblem::Key),
                },
                name if apps::takes(name, value) => address = address.with(name, Some(value)),
                _ => problems.push(AddressProblem::Parameter(excerpt(name))),
            }
        }
        Reading {
            address,
            problems,
            is_mended,
        }
    }
}

/// A parameter's name without what programs put around it.
fn parameter_name(written: &str) -> String {
    let name = without_blanks(&decoded_leniently(written)).to_ascii_lowercase();
    let name = name.trim_start_matches(['&', ';']);
    // What is left of an escape that was cut or encoded.
    let mut name = name.strip_suffix("&amp").unwrap_or(name);
    while let Some(rest) = name.strip_prefix("amp;") {
        name = rest;
    }
    match name {
        "amp" => String::new(),
        name => name.to_owned(),
    }
}

/// Whether this is a parameter of a link.
fn is_parameter(pair: &str) -> bool {
    let name = parameter_name(pair.split('=').next().unwrap_or_default());
    let value = pair.split_once('=').map_or("", |(_, value)| value);
    matches!(name.as_str(), "relay" | "key") || apps::takes(&name, value)
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

/// A relay's address, and parameters of the link behind it, encoded once more or not. A relay may have a parameter `key`
/// of its own: one that may be what is left of a room's is taken for the room's, since a relay must never see that.
fn split_at_parameter(relay: &str) -> Option<(String, String)> {
    let is_start = |relay: &str, at: usize, has_query: bool| {
        let rest = relay.get(at..).unwrap_or_default();
        let pair = rest.split('&').nth(1).unwrap_or_default();
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match parameter_name(name).as_str() {
            "key" => !has_query || may_be_key(value),
            "relay" => !has_query && (value.starts_with("ws") || value == "none"),
            name if apps::takes(name, value) => !has_query,
            // The link was cut here.
            name => rest.ends_with(pair) && is_cut_name(name) && (!has_query || name.is_empty()),
        }
    };
    [relay.to_owned(), unescaped(&decoded_leniently(relay))]
        .iter()
        .find_map(|relay| {
            let query = relay.find('?').unwrap_or(relay.len());
            let mut ands = relay.match_indices('&').map(|(at, _)| at);
            let at = ands.find(|&at| is_start(relay, at, query < at))?;
            Some((relay.get(..at)?.to_owned(), relay.get(at + 1..)?.to_owned()))
        })
}

/// A key, or one that lost some of its characters.
fn may_be_key(value: &str) -> bool {
    const FEWEST_CHARS: usize = 16;
    let value = decoded_leniently(value);
    let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let length = value.find(|c| !is_key(c)).unwrap_or(value.len());
    length >= FEWEST_CHARS || Key::found_in(&value).is_some()
}

/// Whether a key is named in a link, or its name was cut, and no relay has it for its own.
fn has_lost_key(whole: &str, relay: &RelayChoice) -> bool {
    let plain = |text: &str| {
        let step = |text: String| unescaped(&decoded_leniently(&text));
        without_blanks(&until_stable(text.to_owned(), step)).to_ascii_lowercase()
    };
    let count = |text: &str| {
        let before = |at: usize| text.get(..at).unwrap_or_default();
        let is_name = |at: usize| !before(at).ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let keys = text.match_indices("key=");
        keys.filter(|(at, _)| is_name(*at)).count()
    };
    let of_relays: usize = relay
        .endpoints()
        .iter()
        .map(|endpoint| count(&plain(endpoint.as_str())))
        .sum();
    let whole = plain(whole);
    let last = whole.rsplit_once('&').map(|(_, last)| last);
    count(&whole) > of_relays || last.is_some_and(is_cut_name)
}

/// The beginning of the parameter `key`, or of an escape before it.
fn is_cut_name(text: &str) -> bool {
    ["key", "amp"].iter().any(|name| name.starts_with(text))
}
