//! Frames: never a message that nobody sent.

use duplex::core::{
    frame::Frame,
    peer::PeerId,
    wire::{
        codec::{Codec, Shape},
        ed25519::ED25519,
        envelope::{Envelope, Form, Head},
        identity::{Identity, Introduction},
        seal::RoomKey,
        tag::Tag,
    },
};

use crate::mutate;

/// A signature takes as long as a hundred frames: so few of them are forged ones.
const SIGNED: u32 = 50;

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

fn attack(frames: u32, seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    for form in [Form::Text, Form::Binary] {
        let (mut sender, mut receiver) = (codec(1, form), codec(2, form));
        let mut sent_bodies = Vec::new();
        for number in 0..frames / 2 {
            let body: Vec<u8> = (0..rng.usize(0..40)).map(|_| rng.u8(..)).collect();
            let sent = sender
                .encode(b'u', &body)
                .unwrap_or_else(|error| panic!("{error:?}"));
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
            .unwrap_or_else(|error| panic!("{error:?}"));
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

/// A member has the key to seal anything in anybody's name, but not to sign it.
fn forge(frames: u32, seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut receiver = codec(2, Form::Binary);
    receiver.identify(Identity::new(ED25519, [2; 32]));
    let victim = Identity::new(ED25519, [1; 32]);
    let key = RoomKey::derive("hostile", None).session(victim.name(), [1; 4]);
    for seq in 1..=frames {
        let head = Head {
            tag: Tag::derive("hostile", None),
            sender: victim.name(),
            seq,
            part: 0,
            parts: 1,
            kind: b'b',
        };
        let introduction = match rng.bool() {
            true => Introduction::Made,
            false => Introduction::Omitted,
        };
        let signed = victim.signed(&head, b"it is me", introduction);
        let said = mutate(&signed, &mut rng);
        let body = key.seal(&head, &said).unwrap_or_default();
        let frame = Envelope { head, body }.write(Form::Binary);
        let got = receiver.frame_arrived(0, frame.as_bytes());
        assert!(
            got.messages.is_empty() || said == signed,
            "frame {seq}: {said:?}"
        );
    }
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn mutated_frames_cost_nothing() {
    let frames = crate::asked("DUPLEX_FUZZ_INPUTS").map_or(1_000_000, |inputs| inputs as u32);
    let seed = crate::asked("DUPLEX_FUZZ_SEED").unwrap_or(42);
    attack(frames, seed);
    forge(frames / SIGNED, seed);
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen_test::wasm_bindgen_test]
fn mutated_frames_cost_nothing() {
    attack(100_000, 42);
    forge(100_000 / SIGNED, 42);
}
