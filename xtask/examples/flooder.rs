//! A member of a room who floods it with valid edits, for `cargo xtask bench flood`.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use duplex::core::{
    apps::board::stroke::{Sample, Stroke, Style},
    apps::board::table::ink,
    doc::{
        id::Id,
        replica::Replica,
        table::{Value, Write},
    },
    frame::Frame,
    peer::PeerId,
    wire::{
        codec::{Codec, Shape},
        ed25519::ED25519,
        envelope::Form,
        identity::Identity,
        seal::RoomKey,
        tag::Tag,
    },
};
use futures_util::SinkExt;
use tokio_tungstenite::{connect_async, tungstenite::Message};

/// Of one edit: about 4 KiB.
const SAMPLES: u32 = 1_350;

/// Arguments: the relay's address, the open room's name, edits in a second, seconds.
#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().context("an argument is missing");
    let (relay, room) = (next()?, next()?);
    let (rate, seconds): (u32, u32) = (next()?.parse()?, next()?.parse()?);
    let mut rng = fastrand::Rng::new();
    let me = PeerId::from_random(rng.u64(..));
    let (tag, key) = (Tag::derive(&room, None), RoomKey::derive(&room, None));
    let mut codec = Codec::new(tag, key, me, rng.u32(..).to_be_bytes());
    // To check a signature is more work than to read an edit.
    codec.identify(Identity::new(ED25519, std::array::from_fn(|_| rng.u8(..))));
    codec.set_shape(Shape {
        form: Form::Binary,
        frame_bytes: duplex::limits::LARGEST_FRAME_BYTES,
    });
    let mut replica = Replica::new(me);
    let (mut socket, _) = connect_async(&relay).await?;
    println!("The flood begins.");
    let started = Instant::now();
    for edit in 0..rate * seconds {
        let commit = replica.write(&[stroke(&mut rng)?]).context("an edit")?;
        let sealed = codec.encode(b'u', &commit.update);
        for frame in sealed.ok().context("it is small enough")?.frames {
            let Frame::Binary(bytes) = frame else {
                continue;
            };
            socket.feed(Message::binary(bytes)).await?;
        }
        let at = Duration::from_secs(1) * edit / rate;
        if let Some(early) = at.checked_sub(started.elapsed()) {
            socket.flush().await?;
            tokio::time::sleep(early).await;
        }
    }
    socket.close(None).await?;
    Ok(())
}

fn stroke(rng: &mut fastrand::Rng) -> Result<Write> {
    let (x, y) = (rng.f64() * 1_200.0, rng.f64() * 700.0);
    let samples = (0..SAMPLES).map(|n| Sample {
        at: kurbo::Point::new(x + f64::from(n % 90), y + rng.f64() * 40.0),
        pressure: 0.5,
    });
    let stroke = Stroke {
        carried: String::new(),
        style: Style {
            color: [200, 0, 0],
            opacity: 100,
            width: 1.0,
        },
        z: 1,
        simulate_pressure: true,
        samples: samples.collect(),
    };
    Ok(Write {
        key: ink(Id::random(rng)),
        value: Some(Value::Bytes(
            stroke.to_bytes(3).ok().context("a short stroke")?.into(),
        )),
    })
}
