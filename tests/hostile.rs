//! Frames that an enemy, a broken server or a cosmic ray made: never a panic, never a message that nobody sent.

use duplex::core::{
    frame::Frame,
    peer::PeerId,
    wire::{
        codec::{Codec, Shape},
        envelope::Form,
        seal::RoomKey,
        tag::Tag,
    },
};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

fn codec(me: u64, form: Form) -> Codec {
    let room_key = RoomKey::derive("hostile", None);
    let mut codec = Codec::new(
        Tag::derive("hostile", None),
        room_key,
        PeerId::from_random(me),
        [1; 4],
    );
    let frame_bytes = codec.shape().frame_bytes;
    codec.set_shape(Shape { form, frame_bytes });
    codec
}

/// Changes bytes, cuts, repeats, inserts: at least something is different.
fn mutate(frame: &[u8], rng: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = frame.to_vec();
    for _ in 0..rng.usize(1..4) {
        let at = rng.usize(0..bytes.len().max(1));
        match rng.u8(0..6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at.min(bytes.len()), rng.u8(..)),
            2 if !bytes.is_empty() => drop(bytes.remove(at)),
            3 => bytes.extend_from_within(at.min(bytes.len())..),
            4 if !bytes.is_empty() => bytes[at] = *rng.choice(b"~.-dx1A0=\0\xff").unwrap_or(&0),
            _ if !bytes.is_empty() => bytes[at] ^= 1 << rng.u8(0..8),
            _ => {}
        }
    }
    bytes
}

fn attack(frames: u32) {
    let mut rng = fastrand::Rng::with_seed(42);
    for form in [Form::Text, Form::Binary] {
        let (mut sender, mut receiver) = (codec(1, form), codec(2, form));
        let mut sent_bodies = Vec::new();
        for number in 0..frames / 2 {
            let body: Vec<u8> = (0..rng.usize(0..40)).map(|_| rng.u8(..)).collect();
            let sent = sender
                .encode(b'u', &body)
                .unwrap_or_else(|error| panic!("{error}"));
            let good = sent.frames.first().map(Frame::as_bytes).unwrap_or_default();
            let bad = mutate(good, &mut rng);
            let got = receiver.frame_arrived(0, &bad);
            sent_bodies.push(body);
            for message in got.messages {
                // One that was cut off may be completed by the frame after it.
                let earlier = sent_bodies
                    .iter()
                    .rev()
                    .take(3)
                    .any(|body| *body == message.body);
                assert!(earlier, "frame {number}: {bad:?}");
                assert_eq!(
                    (message.kind, message.sender),
                    (b'u', PeerId::from_random(1))
                );
            }
        }
        // It is still whole.
        receiver.reconnected();
        let sent = sender
            .encode(b'u', b"after all")
            .unwrap_or_else(|error| panic!("{error}"));
        let got = sent
            .frames
            .iter()
            .flat_map(|frame| receiver.frame_arrived(0, frame.as_bytes()).messages);
        assert_eq!(
            got.map(|message| message.body).collect::<Vec<_>>(),
            [b"after all"]
        );
    }
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn a_million_mutated_frames_cost_nothing() {
    attack(1_000_000);
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen_test::wasm_bindgen_test]
fn a_hundred_thousand_mutated_frames_cost_nothing() {
    attack(100_000);
}
