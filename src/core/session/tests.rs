//! What the simulation cannot show, because its network has no width: a long answer that is half here.
#![cfg(test)]

use super::{trust::TRUST, *};
use crate::{
    core::{
        doc::schema::{Cell, Id, Value},
        socket::{close::CloseEvent, endpoint::Endpoint},
        wire::{
            envelope,
            profile::{Audience, Profile as Server},
            seal::RoomKey,
        },
    },
    limits::{
        ANSWER_PART_BYTES, ANSWERED_BYTES, ANSWERED_BYTES_A_SECOND, LARGEST_FRAME_BYTES,
        TRUST_WAITS_MS,
    },
};

const STROKES: usize = 100;
const STROKE_BYTES: usize = 9_000;

/// A session and the connection that it wants.
struct Person {
    session: Session,
    generation: Option<machine::Generation>,
    now: Millis,
}

impl Person {
    fn new(id: u64) -> Self {
        Self::fetching_trust(id, false)
    }

    fn fetching_trust(id: u64, fetches_trust: bool) -> Self {
        let relay = Endpoint::parse("ws://127.0.0.1/relay/x", false).unwrap();
        let server = Server {
            audience: Audience::Others,
            binary: true,
            frame_bytes: LARGEST_FRAME_BYTES,
            ..Default::default()
        };
        let (session, _) = Session::new(Setup {
            tag: Tag::derive("x", None),
            room_key: RoomKey::derive("x", None),
            me: PeerId::from_random(id),
            salt: [id as u8; 4],
            seed: id,
            profile: Profile::new("Ada", [0; 3]),
            person: None,
            known: vec![(relay.as_str().to_owned(), server)],
            relays: vec![relay],
            shares: false,
            fetches_trust,
        });
        let mut person = Self {
            session,
            generation: None,
            now: 0,
        };
        person.input(Input::Loaded(Stored::default()));
        person
    }

    fn input(&mut self, input: Input) {
        for output in self.session.handle(self.now, input) {
            if let Output::Socket(machine::Output::Open(generation, _)) = output {
                self.generation = Some(generation);
            }
        }
    }

    /// What it says until `now`, on a connection that is opened as soon as it is wanted.
    fn says(&mut self, now: Millis) -> Vec<Frame> {
        let mut frames = Vec::new();
        while self.now < now {
            if let Some(generation) = self.generation.take() {
                self.input(Input::Socket(machine::Input::Opened(generation)));
            }
            self.input(Input::Ticked);
            frames.extend(std::iter::from_fn(|| self.session.next_frame(self.now, 0)));
            self.now += 10;
        }
        frames
    }

    fn hears(&mut self, frames: &[Frame]) {
        for frame in frames {
            self.input(Input::FrameArrived(frame.clone()));
        }
    }

    fn strokes(&self) -> usize {
        self.session.replica().inks().len()
    }
}

fn bytes(frames: &[Frame]) -> usize {
    frames.iter().map(|frame| frame.as_bytes().len()).sum()
}

#[test]
fn what_is_here_of_a_long_answer_is_not_sent_again() {
    let (mut holder, mut joiner) = (Person::new(1), Person::new(2));
    for stroke in 0..STROKES {
        holder.input(Input::Edited(vec![Write {
            cell: Cell::Ink(Id::parse(&stroke.to_string()).unwrap()),
            value: Some(Value::Bytes(vec![stroke as u8; STROKE_BYTES].into())),
        }]));
    }
    holder.says(5_000);
    holder.hears(&joiner.says(5_000));
    let answer = holder.says(6_000);
    assert!(bytes(&answer) > STROKES * STROKE_BYTES);
    joiner.hears(&answer[..answer.len() / 2]);
    let arrived = joiner.session.status().arrived;
    assert!(
        arrived.is_some_and(|percent| (40..60).contains(&percent)),
        "{arrived:?}"
    );
    let here = joiner.strokes();
    assert!((40..60).contains(&here), "{here} strokes are shown");
    let meanwhile = joiner.says(6_500);
    let mut kinds = meanwhile
        .iter()
        .flat_map(|frame| envelope::kinds(frame.as_bytes()));
    assert!(
        kinds.all(|kind| kind != b'q'),
        "it asks for what is on its way"
    );

    let generation = joiner.session.relay.machine.generation();
    let closed = machine::Input::Closed(generation, CloseEvent::ours(""));
    joiner.input(Input::Socket(closed));
    let mut rest = 0;
    for now in (6_500..9_000).step_by(10) {
        holder.hears(&joiner.says(now));
        let more = holder.says(now);
        rest += bytes(&more);
        joiner.hears(&more);
    }
    assert_eq!(joiner.strokes(), STROKES);
    assert_eq!(joiner.session.status().arrived, None);
    let missing = (STROKES - here) * STROKE_BYTES;
    let limit = missing + 2 * ANSWER_PART_BYTES;
    assert!(rest < limit, "{rest} bytes for {missing}");
}

fn kinds(frames: &[Frame]) -> Vec<u8> {
    let kinds = frames
        .iter()
        .flat_map(|frame| envelope::kinds(frame.as_bytes()));
    kinds.collect()
}

#[test]
fn nothing_is_said_before_a_page_has_its_name_and_nothing_is_lost_by_that() {
    for trust in [Some((TRUST, [7; 32])), None] {
        let (mut early, mut other) = (Person::fetching_trust(1, true), Person::new(2));
        early.input(Input::Edited(vec![Write {
            cell: Cell::Ink(Id::parse("early").unwrap()),
            value: Some(Value::Bytes([1].into())),
        }]));
        assert_eq!(early.says(TRUST_WAITS_MS - 100), []);
        early.input(Input::TrustCame(trust));
        assert_eq!(early.session.me().is_keyed(), trust.is_some());
        let name = early.session.me();
        let said = early.says(TRUST_WAITS_MS);
        assert!(kinds(&said).contains(&b'u'), "{:?}", kinds(&said));
        other.says(10);
        other.hears(&said);
        assert_eq!(other.strokes(), 1);
        assert!(other.session.people().get(name).is_some());
        // It is too late for another one, but not for the first.
        let had_one = trust.is_some();
        early.input(Input::TrustCame(Some((TRUST, [8; 32]))));
        assert_eq!(early.session.me() == name, had_one);
    }
}

#[test]
fn signatures_that_come_late_are_used_from_then_on_and_their_absence_is_said() {
    let (mut late, mut other) = (
        Person::fetching_trust(1, true),
        Person::fetching_trust(2, true),
    );
    other.input(Input::TrustCame(Some((TRUST, [9; 32]))));
    let said = late.says(TRUST_WAITS_MS + 500);
    other.says(TRUST_WAITS_MS + 500);
    let before = late.session.me();
    assert!(late.session.status().believes_everybody);
    other.hears(&said);
    assert!(other.session.people().get(before).is_some());
    late.input(Input::TrustCame(Some((TRUST, [8; 32]))));
    assert!(!late.session.status().believes_everybody);
    let name = late.session.me();
    assert!(name.is_keyed() && name != before);
    late.input(Input::Edited(vec![Write {
        cell: Cell::Ink(Id::parse("late").unwrap()),
        value: Some(Value::Bytes([1].into())),
    }]));
    other.hears(&late.says(TRUST_WAITS_MS + 1_500));
    let people = other.session.people();
    assert!(people.get(before).is_none() && people.get(name).is_some());
    assert_eq!(other.strokes(), 1);
    // And from now on it checks.
    assert!(late.session.trust().is_some());
}

/// Somebody asks one page for everything, as often as it can.
#[test]
fn who_asks_for_everything_again_and_again_gets_no_more_than_a_page_can_spare() {
    let mut holder = Person::new(1);
    for stroke in 0..STROKES {
        holder.input(Input::Edited(vec![Write {
            cell: Cell::Ink(Id::parse(&stroke.to_string()).unwrap()),
            value: Some(Value::Bytes(vec![stroke as u8; STROKE_BYTES].into())),
        }]));
    }
    holder.says(5_000);
    let mut said = 0;
    const SECONDS: u64 = 60;
    for tenth in 0..10 * SECONDS {
        for _ in 0..5 {
            let mut asker = Person::new(1_000 + tenth);
            let mut out = Vec::new();
            asker.input(Input::Socket(machine::Input::Opened(1)));
            let whole = Body::Whole(holder.session.me());
            let (kind, body) = whole.write();
            let frames = asker.session.codec.encode(kind, &body).unwrap().frames;
            out.extend(frames);
            holder.hears(&out);
        }
        said += bytes(&holder.says(5_000 + 100 * (tenth + 1)));
    }
    let limit = ANSWERED_BYTES + (SECONDS + 5) * ANSWERED_BYTES_A_SECOND;
    assert!(
        said as u64 <= limit + (STROKES * STROKE_BYTES * 2) as u64,
        "{said} of {limit}"
    );
    assert!(
        said > STROKES * STROKE_BYTES,
        "an honest question is answered"
    );
}

#[test]
fn a_page_goes_on_without_the_code_that_does_not_come() {
    let mut page = Person::fetching_trust(1, true);
    assert_eq!(page.says(TRUST_WAITS_MS), []);
    let said = page.says(TRUST_WAITS_MS + 100);
    assert!(kinds(&said).contains(&b'b'));
    assert!(!page.session.me().is_keyed());
}
