//! Messages in parts, in every order, form and state of repair.
#![cfg(test)]

use super::*;
use crate::core::wire::ed25519::ED25519;

fn codec(room: &str, me: u64) -> Codec {
    Codec::new(
        Tag::derive(room, None),
        RoomKey::derive(room, None),
        PeerId::from_random(me),
        [9, 9, 9, me as u8],
    )
}

fn pair() -> (Codec, Codec) {
    (codec("room", 1), codec("room", 2))
}

fn bodies(inbound: Inbound) -> Vec<Vec<u8>> {
    inbound.messages.into_iter().map(|m| m.body).collect()
}

fn one(codec: &mut Codec, body: &[u8]) -> Frame {
    codec.encode(b'u', body).unwrap().frames.remove(0)
}

#[test]
fn a_frame_that_comes_twice_is_delivered_once() {
    let (mut a, mut b) = pair();
    let frame = one(&mut a, b"hello");
    assert_eq!(bodies(b.frame_arrived(0, frame.as_bytes())), [b"hello"]);
    let again = b.frame_arrived(0, frame.as_bytes());
    assert_eq!((again.messages.len(), again.repeated), (0, 1));
}

#[test]
fn a_long_message_comes_whole_and_again_not() {
    for form in [Form::Text, Form::Binary] {
        let (mut a, mut b) = pair();
        let frame_bytes = FRAME_BYTES;
        a.set_shape(Shape { form, frame_bytes });
        let body: Vec<u8> = (0..5_000_u32).map(|i| i as u8).collect();
        let frames = a.encode(b'u', &body).unwrap().frames;
        assert!(frames.len() > 10 && frames.iter().all(|f| f.len() <= FRAME_BYTES));
        let got: Vec<_> = frames
            .iter()
            .rev()
            .chain(&frames)
            .flat_map(|f| bodies(b.frame_arrived(0, f.as_bytes())))
            .collect();
        assert_eq!(got, [body]);
    }
}

#[test]
fn lost_parts_are_asked_for_and_sent_again() {
    let (mut a, mut b) = pair();
    let mut rng = fastrand::Rng::with_seed(1);
    let frames = a.encode(b'u', &[7; 2_000]).unwrap().frames;
    for (at, frame) in frames.iter().enumerate() {
        if at % 3 != 0 {
            assert!(bodies(b.frame_arrived(0, frame.as_bytes())).is_empty());
        }
    }
    let asked = b.overdue(b.wake_at().unwrap(), &mut rng);
    let again = a.missing_asked(0, &asked[0]);
    let got: Vec<_> = again
        .iter()
        .flat_map(|f| bodies(b.frame_arrived(0, f.as_bytes())))
        .collect();
    assert_eq!(got, [vec![7; 2_000]]);
}

#[test]
fn five_hundred_envelopes_in_one_frame_all_arrive() {
    let (mut a, mut b) = pair();
    let frame: String = (0..500_u32)
        .map(|n| match one(&mut a, &n.to_be_bytes()) {
            Frame::Text(text) => text + "\n",
            Frame::Binary(_) => unreachable!("text until told otherwise"),
        })
        .collect();
    let expected: Vec<_> = (0..500_u32).map(|n| n.to_be_bytes().to_vec()).collect();
    assert_eq!(bodies(b.frame_arrived(0, frame.as_bytes())), expected);
}

#[test]
fn an_envelope_that_a_server_split_over_frames_arrives() {
    let (mut a, mut b) = pair();
    let stream: Vec<u8> = (0..20_u8)
        .flat_map(|n| one(&mut a, &[n; 30]).as_bytes().to_vec())
        .collect();
    for size in [1, 7, 64, 100] {
        let mut b = codec("room", 3);
        let got: Vec<_> = stream
            .chunks(size)
            .flat_map(|f| bodies(b.frame_arrived(0, f)))
            .collect();
        assert_eq!(
            got,
            (0..20).map(|n| vec![n; 30]).collect::<Vec<_>>(),
            "in pieces of {size}"
        );
    }
    // The end never comes: the next whole envelope is found all the same.
    let cut = one(&mut a, b"cut");
    b.frame_arrived(0, &cut.as_bytes()[..30]);
    let whole = one(&mut a, b"whole");
    assert_eq!(bodies(b.frame_arrived(0, whole.as_bytes())), [b"whole"]);
    b.frame_arrived(0, &cut.as_bytes()[..30]);
    b.reconnected();
    assert!(b.frame_arrived(0, b"other programs' text").stranger);
}

#[test]
fn every_byte_may_end_a_binary_envelope() {
    let (mut a, mut b) = pair();
    a.set_shape(Shape {
        form: Form::Binary,
        frame_bytes: FRAME_BYTES,
    });
    let mut ends = std::collections::HashSet::new();
    for n in 0..5_000_u32 {
        let frame = one(&mut a, &n.to_be_bytes());
        ends.extend(frame.as_bytes().last().copied());
        let got = bodies(b.frame_arrived(0, frame.as_bytes()));
        assert_eq!(got, [n.to_be_bytes()], "a tilde at the end begins no text");
    }
    assert_eq!(ends.len(), 256);
}

#[test]
fn other_rooms_and_own_echoes_are_not_messages() {
    let (mut a, mut b) = pair();
    let frame = one(&mut a, b"x");
    let echoed = a.frame_arrived(0, frame.as_bytes());
    assert_eq!((echoed.own, echoed.messages), (vec![1], Vec::new()));
    b.tag = Tag::derive("elsewhere", None);
    assert!(b.frame_arrived(0, frame.as_bytes()).stranger);
}

#[test]
fn only_what_members_or_we_ourselves_bring_now_is_life() {
    let (mut a, mut b) = pair();
    let frame = one(&mut a, b"x");
    let is_life =
        |codec: &mut Codec, frame: &Frame| codec.frame_arrived(0, frame.as_bytes()).is_life;
    assert!(is_life(&mut b, &frame), "of a member");
    assert!(!is_life(&mut b, &frame), "a recording");
    assert!(is_life(&mut a, &frame), "our own echo");
    assert!(!is_life(&mut a, &frame), "once more");
    let (early, late) = (one(&mut a, b"y"), one(&mut a, b"z"));
    a.reconnected();
    assert!(!is_life(&mut a, &early), "the history of a server");
    assert!(!is_life(&mut a, &late));
    for other in ["", "tick", "~dx2.", "ping 7"] {
        assert!(!is_life(&mut b, &Frame::from(other)));
    }
    let mut stranger = codec("elsewhere", 9);
    assert!(!is_life(&mut b, &one(&mut stranger, b"x")));
    let next = one(&mut a, b"now");
    assert!(is_life(&mut a, &next));
}

#[test]
fn what_strangers_forge_costs_a_counter_and_no_memory() {
    let (_, mut b) = pair();
    for id in 10..2_000 {
        let mut stranger = codec("room", id);
        stranger.key =
            RoomKey::derive("room", Some(b"wrong")).session(PeerId::from_random(id), [0; 4]);
        let inbound = b.frame_arrived(id, one(&mut stranger, b"x").as_bytes());
        assert_eq!((inbound.messages.len(), inbound.forged), (0, 1));
    }
    assert!(b.senders.is_empty());
}

#[test]
fn a_forged_part_does_not_spoil_a_message() {
    let (mut a, mut b) = pair();
    let frames = a.encode(b'u', &[7; 700]).unwrap().frames;
    let mut stranger = codec("room", 1);
    stranger.key =
        RoomKey::derive("room", Some(b"wrong")).session(PeerId::from_random(1), [9, 9, 9, 1]);
    let forged = stranger.encode(b'u', &[8; 700]).unwrap().frames;
    let got: Vec<_> = forged[..1]
        .iter()
        .chain(&frames)
        .flat_map(|f| bodies(b.frame_arrived(0, f.as_bytes())))
        .collect();
    assert_eq!(got, [vec![7; 700]]);
}

#[test]
fn remembered_senders_are_bounded() {
    let (_, mut b) = pair();
    for id in 10..5_000 {
        let mut member = codec("room", id);
        let now = id * 1_000;
        assert_eq!(
            b.frame_arrived(now, one(&mut member, b"x").as_bytes())
                .messages
                .len(),
            1
        );
    }
    assert!(b.senders.len() <= SENDERS);
}

#[test]
fn who_makes_up_names_pushes_nobody_out_and_is_hardly_listened_to() {
    let (mut a, mut b) = pair();
    let (mut names, mut heard) = (10, 0);
    for second in 0..120 {
        // Somebody who is here says so every twelve seconds.
        if second % 12 == 0 {
            let beat = one(&mut a, b"here");
            assert_eq!(
                bodies(b.frame_arrived(second * 1_000, beat.as_bytes())),
                [b"here"]
            );
            assert_eq!(b.frame_arrived(second * 1_000, beat.as_bytes()).repeated, 1);
        }
        for ms in 0..50 {
            names += 1;
            let mut made_up = codec("room", names);
            let frame = one(&mut made_up, b"x");
            let inbound = b.frame_arrived(second * 1_000 + ms, frame.as_bytes());
            heard += inbound.messages.len() as u64;
        }
    }
    assert!(heard <= NEW_SENDERS + 121 * NEW_SENDERS_A_SECOND, "{heard}");
}

#[test]
fn a_message_beyond_all_parts_is_refused() {
    let (mut a, _) = pair();
    let bytes = Form::Text.body_capacity(FRAME_BYTES) * usize::from(MESSAGE_PARTS) + 1;
    assert_eq!(a.encode(b'u', &vec![0; bytes]), Err(TooLarge { bytes }));
}

#[test]
fn who_signs_is_heard_once_introduced_and_in_parts() {
    let (mut a, mut b) = pair();
    a.identify(Identity::new(ED25519, [1; 32]));
    b.identify(Identity::new(ED25519, [2; 32]));
    let brief = a.encode_brief(b'c', b"here").unwrap().frames.remove(0);
    let inbound = b.frame_arrived(0, brief.as_bytes());
    assert_eq!((inbound.messages.len(), inbound.forged), (0, 0));
    assert!(inbound.others.is_empty(), "nobody is known to be here");
    let long = vec![7; 5 * FRAME_BYTES];
    let frames = a.encode(b'u', &long).unwrap().frames;
    assert!(frames.len() > 5 && frames.iter().all(|frame| frame.len() <= FRAME_BYTES));
    let mut came = Vec::new();
    for frame in frames.iter().rev() {
        came.extend(bodies(b.frame_arrived(0, frame.as_bytes())));
    }
    assert_eq!(came, [long]);
    let brief = a.encode_brief(b'c', b"there").unwrap().frames.remove(0);
    assert_eq!(bodies(b.frame_arrived(0, brief.as_bytes())), [b"there"]);
    // A page that could not get the code takes it as it is.
    let mut c = codec("room", 3);
    assert_eq!(bodies(c.frame_arrived(0, brief.as_bytes())), [b"there"]);
}
