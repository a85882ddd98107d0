//! Links as this program writes them. Most are; those that were changed on their way are for [`super::parse`], whose code
//! comes when it is needed.

use super::{
    Address, Key, RelayChoice, Room, is_room_name,
    link::{ENDS, is_blank},
    percent::decoded,
};
use crate::core::{apps, socket::endpoint::Endpoint};

/// A link that has something unusual, which may be damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unusual;

/// What a hash says: what [`super::parse`] would read, without a problem. `Ok(None)` for one that says nothing.
pub fn plain(hash: &str, page_is_secure: bool) -> Result<Option<Address>, Unusual> {
    let hash = hash.trim_start_matches('#');
    if hash.trim_matches('/').is_empty() {
        return Ok(None);
    }
    read(hash, page_is_secure).map(Some).ok_or(Unusual)
}

fn read(hash: &str, page_is_secure: bool) -> Option<Address> {
    if hash.contains(is_blank) || hash.ends_with(|c| ENDS.contains(c)) {
        return None;
    }
    let (path, query) = match hash.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (hash, None),
    };
    let (name, app) = match path.strip_prefix("/r/")?.split_once('/') {
        Some((name, app)) => (name, apps::named(app)?),
        None => (path.strip_prefix("/r/")?, apps::FIRST),
    };
    let name = decoded(name)?;
    if !is_room_name(&name) || name != name.trim() {
        return None;
    }
    let mut address = Address {
        room: Room { name, key: None },
        app,
        relay: RelayChoice::Default,
        parameters: Vec::new(),
    };
    for pair in query.into_iter().flat_map(|query| query.split('&')) {
        let (name, value) = pair.split_once('=')?;
        let value = decoded(value)?;
        match name {
            "relay" if value == "none" => address.relay = RelayChoice::None,
            "relay" => {
                // A relay's own query may have swallowed the rest of the link.
                if value.contains(['?', '&', '%', ';']) || value.contains(is_blank) {
                    return None;
                }
                let endpoint = Endpoint::parse(&value, page_is_secure).ok()?;
                address.relay = address.relay.with(endpoint);
            }
            "key" if address.room.key.is_none() && is_key_of_ours(&value) => {
                address.room.key = Some(Key::parse(&value)?);
            }
            name if apps::takes(name, &value) => address = address.with(name, Some(&value)),
            _ => return None,
        }
    }
    Some(address)
}

/// One that [`Room::fresh`] made, whole and without anything around it.
fn is_key_of_ours(text: &str) -> bool {
    let is_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    text.len() == Key::NEW_CHARS && text.chars().all(is_char) && !text.starts_with("3D")
}
