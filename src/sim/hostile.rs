//! Somebody who has the room's key and no manners: says anything to anybody, under any name.

use super::world::{ROOM, World};
use crate::core::{
    frame::Frame,
    peer::PeerId,
    session::message::Body,
    wire::{
        ed25519::ED25519,
        envelope::{Envelope, Form, Head},
        identity::{Identity, Introduction},
        seal::{RoomKey, Salt, SessionKey},
        tag::Tag,
    },
};

/// How a liar signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgery {
    Unsigned,
    /// With a key that is not that of the name.
    OwnKey,
    /// The same, without a word on whose key it is.
    OwnKeyUnsaid,
}

/// In the room of the simulation.
pub struct Hostile {
    name: PeerId,
    key: SessionKey,
    forgery: Forgery,
    identity: Identity,
    seq: u32,
}

impl Hostile {
    pub fn new(name: PeerId, salt: Salt, forgery: Forgery) -> Self {
        Self {
            name,
            key: RoomKey::derive(ROOM, None).session(name, salt),
            forgery,
            identity: Identity::new(ED25519, [13; 32]),
            seq: 0,
        }
    }

    /// To these clients only, as a relay that serves this one would pass it on.
    pub fn say(&mut self, world: &mut World, to: &[usize], body: Body) {
        if let Some(frame) = self.frame(body) {
            to.iter()
                .for_each(|&client| world.deliver(client, 1, &frame));
        }
    }

    pub fn frame(&mut self, body: Body) -> Option<Frame> {
        self.seq += 1;
        let (kind, body) = body.write();
        let head = Head {
            tag: Tag::derive(ROOM, None),
            sender: self.name,
            seq: self.seq,
            part: 0,
            parts: 1,
            kind,
        };
        let signed = match self.forgery {
            Forgery::Unsigned => body,
            Forgery::OwnKey => self.identity.signed(&head, &body, Introduction::Made),
            Forgery::OwnKeyUnsaid => self.identity.signed(&head, &body, Introduction::Omitted),
        };
        let body = self.key.seal(&head, &signed)?;
        Some(Envelope { head, body }.write(Form::Text))
    }
}
