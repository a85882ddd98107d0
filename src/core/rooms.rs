//! The rooms that this device keeps: what a list of them shows, and a whole room as a file. A file holds no key: whoever
//! gets one gets what is in the room, and not the way into it.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    address::{self, Address, RelayChoice},
    apps,
    doc::{
        amount::Amount,
        replica::{Replica, ReplicaError},
    },
    peer::PeerId,
    text,
};
use crate::limits::{ROOM_PEOPLE, ROOM_TITLE_CHARS};

/// A room in the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The part of its link after `#`, with it: the way back, key and all.
    pub hash: String,
    /// What a person calls it.
    pub title: Option<String>,
    /// When it last changed here: milliseconds since 1970.
    pub changed_at: u64,
    pub amount: Amount,
    /// What it takes in storage, without its versions.
    pub bytes: u64,
    /// Names of others who were here last, the latest first.
    pub people: Vec<String>,
    /// Of the document, to tell a change from a visit.
    digest: u64,
    /// What a newer version of this program wrote beside it.
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Entry {
    /// The current entry of the room at `address`, updated from the entry `before`. None if there was no entry and the
    /// room is empty.
    ///
    /// `bytes`: what the document takes in storage.
    pub fn noted(
        before: Option<&Self>,
        address: &Address,
        replica: &Replica,
        bytes: u64,
        people: &[String],
        now: u64,
    ) -> Option<Self> {
        let amount = apps::amount(replica);
        if before.is_none() && amount.is_nothing() {
            return None;
        }
        let digest = replica.digest().0;
        let unchanged = before.filter(|before| before.digest == digest);
        let known = before.into_iter().flat_map(|before| &before.people);
        let mut names = Vec::<String>::new();
        for name in people.iter().chain(known) {
            if names.len() < ROOM_PEOPLE && !names.contains(name) {
                names.push(name.clone());
            }
        }
        Some(Self {
            hash: address.to_hash(),
            title: before.and_then(|before| before.title.clone()),
            changed_at: unchanged.map_or(now, |before| before.changed_at),
            amount,
            bytes,
            people: names,
            digest,
            others: before.map_or_else(Map::new, |before| before.others.clone()),
        })
    }

    /// The entry of a room that was just made of a copy.
    pub fn of_copy(title: String, address: &Address, replica: &Replica, now: u64) -> Option<Self> {
        let bytes = replica.snapshot().len() as u64;
        let entry = Self::noted(None, address, replica, bytes, &[], now)?;
        Some(entry.titled(&title))
    }

    /// Under another name; none of its own for an empty one.
    #[must_use]
    pub fn titled(self, title: &str) -> Self {
        let line = text::one_line(title);
        let title = text::cut(&line, ROOM_TITLE_CHARS).to_owned();
        Self {
            title: text::is_visible(&title).then_some(title),
            ..self
        }
    }

    /// What it is called in the list.
    pub fn name(&self) -> String {
        match (&self.title, self.address()) {
            (Some(title), _) => title.clone(),
            (None, Some(address)) => format!("Room {}", address.room.name),
            (None, None) => "A room".to_owned(),
        }
    }

    /// Where it is; none for an entry that a newer version of this program wrote.
    pub fn address(&self) -> Option<Address> {
        address::parse(&self.hash, false).0
    }
}

/// The address of a copy of the room at `original`: a room of its own, on the same relay. A relay that has a place for
/// each room gives it one of its own.
pub fn copied(original: &Address, random: [u8; 32]) -> Address {
    let room = address::Room::fresh(random);
    let is_for_one = |relay: &RelayChoice| {
        let tag = original.room.tag().to_text();
        let mut relays = relay.endpoints().iter();
        relays.any(|endpoint| endpoint.as_str().contains(&tag))
    };
    Address {
        room,
        relay: match is_for_one(&original.relay) {
            true => RelayChoice::Default,
            false => original.relay.clone(),
        },
        ..original.clone()
    }
}

const TYPE: &str = "duplex-room";
const VERSION: u64 = 1;

/// Why a file is no room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileError {
    /// It does not say that it is one.
    Type,
    /// A newer version of this program saved it.
    Version,
    Damaged(ReplicaError),
}

impl From<ReplicaError> for FileError {
    fn from(error: ReplicaError) -> Self {
        Self::Damaged(error)
    }
}

/// A whole room, as JSON: `{ "type": "duplex-room", "version": 1, "title", "update" }`, the last a Yjs update (v1) in
/// base64.
pub fn to_file(title: &str, replica: &Replica) -> Value {
    json!({
        "type": TYPE,
        "version": VERSION,
        "title": title,
        "update": BASE64.encode(replica.snapshot()),
    })
}

/// Whether a JSON document says that it is a room.
pub fn is_file(file: &Value) -> bool {
    file["type"] == TYPE
}

/// Its title and what is in it.
pub fn from_file(file: &Value) -> Result<(String, Replica), FileError> {
    match file["version"].as_u64() {
        Some(VERSION) if is_file(file) => {}
        Some(VERSION..) if is_file(file) => return Err(FileError::Version),
        _ => return Err(FileError::Type),
    }
    let update = BASE64.decode(file["update"].as_str().unwrap_or_default());
    // Nobody writes to this copy.
    let mut replica = Replica::new(PeerId::FIRST);
    replica.apply(&update.map_err(|_| ReplicaError::Update)?)?;
    let title = file["title"].as_str().unwrap_or_default();
    Ok((title.to_owned(), replica))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{
        apps::board::table::{elements, ink},
        apps::todo::list::List,
        apps::{added, amount},
        doc::{
            id::Id,
            table::{Key, Name, Value as Held, Write},
        },
    };

    fn room(random: u8) -> Address {
        let hash =
            format!("#/r/room{random}/board?relay=ws%3A%2F%2Fr%2F&key=AAAAAAAAAAAAAAAAAAAAAA");
        address::parse(&hash, false).0.unwrap()
    }

    /// A copy with these strokes and one item for each title.
    fn replica(me: u64, strokes: &[&str], titles: &[&str]) -> Replica {
        let (mut replica, mut rng) = (
            Replica::new(PeerId::from_random(me)),
            fastrand::Rng::with_seed(me),
        );
        for id in strokes {
            replica.write(&[Write {
                key: ink(Id::parse(id).unwrap()),
                value: Some(Held::Bytes(vec![7; 90].into())),
            }]);
        }
        for title in titles {
            let list = List::of(&replica);
            replica.write(&list.add(title, &mut rng).unwrap());
        }
        replica
    }

    fn titles(replica: &Replica) -> Vec<String> {
        let list = List::of(replica);
        list.iter().map(|item| item.title.clone()).collect()
    }

    #[test]
    fn a_room_with_nothing_in_it_is_not_listed_and_a_visit_changes_nothing() {
        let noted = |before: Option<&Entry>, replica: &Replica, people: &[&str], now| {
            let people: Vec<_> = people.iter().map(|&name| name.to_owned()).collect();
            Entry::noted(before, &room(1), replica, 91, &people, now)
        };
        assert_eq!(noted(None, &replica(1, &[], &[]), &[], 1), None);
        let first = noted(None, &replica(1, &["a"], &["tea"]), &["Ada"], 5).unwrap();
        assert_eq!(["board", "todo"].map(|app| first.amount.of(app)), [1; 2]);
        assert!(first.bytes > 90);
        let first = first.titled("  Kitchen\u{7} ");
        let visited = noted(Some(&first), &replica(1, &["a"], &["tea"]), &["Ben"], 9).unwrap();
        assert_eq!((visited.changed_at, visited.name()), (5, "Kitchen".into()));
        assert_eq!(visited.people, ["Ben", "Ada"]);
        let changed = noted(Some(&visited), &replica(1, &["a", "b"], &[]), &[], 12).unwrap();
        assert_eq!(changed.changed_at, 12);
        assert_eq!(changed.titled(" ").name(), "Room room1");
    }

    #[test]
    fn what_a_newer_version_wrote_into_an_entry_stays_and_what_it_drew_counts() {
        let stored = json!({
            "hash": room(1).to_hash(), "title": null, "changed_at": 5, "bytes": 90, "people": [], "digest": 7,
            "amount": { "strokes": 1, "items": 0, "notes": 3 }, "pinned": true,
        });
        let read: Entry = serde_json::from_value(stored).unwrap();
        let counts = ["board", "todo", "notes"].map(|app| read.amount.of(app));
        assert_eq!(counts, [1, 0, 3]);
        let visited = Entry::noted(Some(&read), &room(1), &replica(1, &["a"], &[]), 91, &[], 9);
        let written = serde_json::to_value(visited.unwrap()).unwrap();
        assert_eq!(written["pinned"], true);
        let mut later = replica(2, &[], &[]);
        let key = Key::value(Name::known("note"), Id::parse("n").unwrap());
        later.write(&[Write::put(key, Held::text("milk"))]);
        let entry = Entry::noted(None, &room(1), &later, 91, &[], 9).unwrap();
        assert_eq!(entry.amount.of("note"), 1);
        let mut here = replica(3, &["a"], &["tea"]);
        here.write(&added(&later, &here));
        assert_eq!(amount(&here).of("note"), 1);
    }

    #[test]
    fn a_copy_is_another_room_on_the_same_relay_or_on_a_place_of_its_own() {
        let copy = copied(&room(1), [9; 32]);
        assert_ne!(copy.room.tag(), room(1).room.tag());
        assert_eq!(copy.relay, room(1).relay);
        let tag = room(1).room.tag().to_text();
        let own = room(1)
            .to_hash()
            .replace("%2Fr%2F", &format!("%2Frelay%2F{tag}"));
        let own = address::parse(&own, false).0.unwrap();
        assert_eq!(copied(&own, [9; 32]).relay, RelayChoice::Default);
    }

    #[test]
    fn a_room_comes_back_from_its_file_and_a_bad_file_costs_a_sentence() {
        let saved = replica(1, &["a", "b"], &["tea", "milk"]);
        let file = to_file("Kitchen", &saved);
        assert!(!file.to_string().contains("key"));
        let (title, read) = from_file(&file).unwrap();
        assert_eq!((title.as_str(), read.digest()), ("Kitchen", saved.digest()));
        let with = |name: &str, value: Value| {
            let mut file = file.clone();
            file[name] = value;
            from_file(&file).err()
        };
        assert_eq!(with("type", json!("excalidraw")), Some(FileError::Type));
        assert_eq!(with("version", json!(2)), Some(FileError::Version));
        for damaged in [json!("%"), json!("AQ=="), json!(7), Value::Null] {
            assert!(matches!(
                with("update", damaged),
                Some(FileError::Damaged(_))
            ));
        }
        assert_eq!(from_file(&json!([1])).err(), Some(FileError::Type));
    }

    #[test]
    fn a_file_brings_what_is_missing_and_changes_nothing_that_is_here() {
        let file = replica(1, &["a", "b"], &["tea", "milk", "salt"]);
        let mut here = Replica::new(PeerId::from_random(2));
        here.apply(&file.snapshot()).unwrap();
        let mut rng = fastrand::Rng::with_seed(3);
        let id_of = |title: &str| {
            let list = List::of(&file);
            let mut items = list.iter();
            items.find(|item| item.title == title).unwrap().id.clone()
        };
        here.write(&[Write {
            key: ink(Id::parse("a").unwrap()),
            value: None,
        }]);
        here.write(&List::of(&here).delete(&id_of("milk")));
        let list = List::of(&here);
        here.write(&list.rename(&id_of("tea"), "green tea", &mut rng).unwrap());
        here.write(&List::of(&here).add("rice", &mut rng).unwrap());
        let writes = added(&file, &here);
        here.write(&writes);
        assert_eq!(elements(&here).len(), 2);
        assert_eq!(titles(&here), ["green tea", "milk", "salt", "rice"]);
        assert_eq!(added(&file, &here), [], "all of it is here");
    }
}
