//! The test vectors of the page in `wire`: a client that is written from the page can be checked step by step.
#![cfg(test)]

use std::collections::BTreeMap;

use super::message::Body;
use crate::core::{
    doc::{
        id::Id,
        presence::Profile,
        replica::{Digest, Operations, Replica},
        table::{Key, Name, Value, Write},
    },
    peer::PeerId,
    wire::{
        codec::{Codec, Shape},
        ed25519::ED25519,
        envelope::Head,
        identity::{Identity, Introduction},
        parts::Missing,
        seal::RoomKey,
        tag::Tag,
    },
};

const ROOM: &str = "attic";
const KEY: &[u8] = b"0123456789abcdef";
const SALT: [u8; 4] = [1, 2, 3, 4];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the page says, by name.
fn page() -> BTreeMap<String, String> {
    let lines = include_str!("../wire.rs").lines();
    let rows = lines.filter_map(|line| {
        let row = line.strip_prefix("//! | ")?.strip_suffix(" |")?;
        let (name, value) = row.split_once(" | ")?;
        Some((name.to_owned(), value.trim_matches('`').to_owned()))
    });
    rows.collect()
}

fn check(name: &str, value: &str) {
    assert_eq!(page().get(name).map(String::as_str), Some(value), "{name}");
}

fn identity() -> Identity {
    Identity::new(ED25519, [7; 32])
}

fn head(sender: PeerId) -> Head {
    Head {
        tag: Tag::derive(ROOM, Some(KEY)),
        sender,
        seq: 1,
        part: 0,
        parts: 1,
        kind: b'l',
    }
}

#[test]
fn tags_names_and_seals_are_those_of_the_page() {
    check("tag of the open room", &Tag::derive(ROOM, None).to_text());
    check(
        "tag of the room with the key",
        &Tag::derive(ROOM, Some(KEY)).to_text(),
    );
    let name = identity().name();
    check("name of the client", &hex(&name.to_bytes()));
    let head = head(name);
    check("associated data", &hex(&head.associated()));
    let signed = identity().signed(&head, b"", Introduction::Made);
    check("signed body", &hex(&signed));
    let sealed = RoomKey::derive(ROOM, Some(KEY))
        .session(name, SALT)
        .seal(&head, &signed);
    check("sealed body", &hex(&sealed.unwrap()));
}

#[test]
fn a_goodbye_is_the_envelope_of_the_page() {
    let room_key = RoomKey::derive(ROOM, Some(KEY));
    let me = PeerId::from_random(1);
    let mut codec = Codec::new(Tag::derive(ROOM, Some(KEY)), room_key, me, SALT);
    codec.identify(identity());
    let (kind, body) = Body::Leave.write();
    let said = codec.encode_for(Shape::default(), kind, &body).unwrap();
    let [frame] = &said.frames[..] else {
        panic!("one frame")
    };
    check("envelope", std::str::from_utf8(frame.as_bytes()).unwrap());
}

#[test]
fn bodies_are_those_of_the_page() {
    let (digest, peer) = (Digest(0x0102), PeerId::from_random(300));
    for (name, body) in [
        (
            "question",
            Body::Ask {
                state_vector: vec![0],
                digest,
            },
        ),
        (
            "answer",
            Body::Answer {
                to: peer,
                digest,
                update: vec![0, 0],
                more: 9,
            },
        ),
        ("question for a whole copy", Body::Whole(peer)),
        (
            "beat",
            Body::Beat {
                operations: Operations(5),
                digest,
                profile: Profile::new("Ada", [1, 2, 3]),
                follows: Some(peer),
                claim: vec![],
                level: 1,
            },
        ),
        (
            "request for lost parts",
            Body::Missing(Missing {
                sender: peer,
                seq: 7,
                parts: vec![0, 4],
            }),
        ),
        ("heartbeat", Body::Ping(vec![peer])),
        ("heartbeat answer", Body::Pong(peer)),
    ] {
        let (kind, bytes) = body.write();
        check(name, &format!("{} {}", char::from(kind), hex(&bytes)));
    }
}

#[test]
fn digests_are_those_of_the_page() {
    let mut replica = Replica::new(PeerId::from_random(300));
    let digest = |replica: &Replica| format!("{:016x}", replica.digest().0);
    let operations = |replica: &Replica| format!("{:016x}", replica.operations().0);
    check("digest of nothing", &digest(&replica));
    let title = Key::field(
        Name::known("todo"),
        Id::parse("a").unwrap(),
        Name::known("title"),
    );
    replica.write(&[Write::put(title.clone(), Value::text("milk"))]);
    check("update of the edit", &hex(&replica.snapshot()));
    check("operations of the edit", &operations(&replica));
    check("digest of the edit", &digest(&replica));
    replica.write(&[Write::clear(title)]);
    check("digest of the edit taken back", &digest(&replica));
}
