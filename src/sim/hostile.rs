//! Somebody who has the room's key and no manners: says anything to anybody, under any name.

use super::world::{ROOM, World};
use crate::core::{
    peer::PeerId,
    session::message::Body,
    wire::{codec::Codec, seal::RoomKey, tag::Tag},
};

pub struct Hostile {
    codec: Codec,
}

impl Hostile {
    pub fn named(me: PeerId) -> Self {
        let (tag, key) = (Tag::derive(ROOM, None), RoomKey::derive(ROOM, None));
        Self {
            codec: Codec::new(tag, key, me, *b"evil"),
        }
    }

    /// To these clients only, as a relay that serves this one would pass it on.
    pub fn say(&mut self, world: &mut World, to: &[usize], body: Body) {
        let (kind, body) = body.write();
        let said = self.codec.encode(kind, &body);
        for frame in said.into_iter().flat_map(|said| said.frames) {
            for &client in to {
                world.deliver(client, 1, &frame);
            }
        }
    }
}
