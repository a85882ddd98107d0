//! Members who lie, in real browsers.

use anyhow::{Context, Result, ensure};
use duplex::{
    core::{
        doc::{
            presence::Profile,
            replica::{Digest, Operations},
        },
        frame::Frame,
        peer::PeerId,
        session::message::Body,
        wire::{codec::Codec, ed25519::ED25519, identity::Identity, seal::RoomKey, tag::Tag},
    },
    sim::{
        hostile::{Forgery, Hostile},
        world::ROOM,
    },
};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};
use xtask::relay::{Faults, Server};

use crate::Ground;

const SALT: [u8; 4] = *b"salt";

fn beat(name: &str) -> Body {
    Body::Beat {
        operations: Operations(1),
        digest: Digest(1),
        profile: Profile::new(name, [1, 2, 3]),
        follows: None,
        claim: Vec::new(),
        level: 0,
    }
}

fn member(me: PeerId) -> Codec {
    let (tag, key) = (Tag::derive(ROOM, None), RoomKey::derive(ROOM, None));
    Codec::new(tag, key, me, SALT)
}

/// A message that is small enough to be sent.
fn frames(codec: &mut Codec, kind: u8, body: &[u8]) -> Result<Vec<Frame>> {
    let sealed = codec.encode(kind, body).ok().context("a small message")?;
    Ok(sealed.frames)
}

async fn say(
    socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>,
    frames: impl IntoIterator<Item = Frame>,
) -> Result<()> {
    for frame in frames {
        if let Frame::Text(text) = frame {
            socket.send(Message::text(text)).await?;
        }
    }
    Ok(())
}

/// What a page signs is good elsewhere, and it believes nobody who speaks in the name of another.
pub async fn nobody_speaks_in_the_name_of_another(ground: Ground) -> Result<()> {
    let relay = Server::start(0, Faults::default()).await?;
    let url = format!("{}{ROOM}", relay.address());
    let page = ground.window().await?;
    page.goto(&ground.address(ROOM, "board", Some(&url)))
        .await?;
    page.until_open().await?;
    let (mut socket, _) = connect_async(&url).await?;

    let identity = Identity::new(ED25519, [7; 32]);
    let name = identity.name();
    let mut ada = member(PeerId::FIRST);
    ada.identify(identity);
    let (kind, body) = beat("Ada").write();
    say(&mut socket, frames(&mut ada, kind, &body)?).await?;
    page.until("Ada", "return duplex.status().people === 2")
        .await?;
    // The page introduces itself, with a signature that holds.
    let heard = loop {
        let message = socket.next().await.context("the relay hung up")??;
        let mut inbound = ada.frame_arrived(0, &message.into_data());
        ensure!(inbound.forged == 0, "its signature does not hold");
        inbound.messages.retain(|message| message.kind == b'b');
        if let Some(message) = inbound.messages.pop() {
            break message;
        }
    };
    ensure!(heard.sender.is_keyed(), "the page does not sign");

    for forgery in [Forgery::Unsigned, Forgery::OwnKey, Forgery::OwnKeyUnsaid] {
        let mut liar = Hostile::new(name, SALT, forgery);
        let lies = [beat("Liar"), Body::Leave].map(|lie| liar.frame(lie));
        say(&mut socket, lies.into_iter().flatten()).await?;
    }
    // Who says nothing of Ada is believed: that came after the lies.
    let mut ben = member(PeerId::from_random(2));
    let (kind, body) = beat("Ben").write();
    say(&mut socket, frames(&mut ben, kind, &body)?).await?;
    page.until("Ada and Ben", "return duplex.status().people === 3")
        .await?;
    let (kind, body) = Body::Leave.write();
    say(&mut socket, frames(&mut ada, kind, &body)?).await?;
    page.until("Ben alone", "return duplex.status().people === 2")
        .await?;
    page.close().await
}
