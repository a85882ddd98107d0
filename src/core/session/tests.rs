//! What the simulation cannot show, because its network has no width: a long answer that is half here.
#![cfg(test)]

use super::{
    message::Body,
    network::{NETWORK, Network},
    *,
};
use crate::{
    core::{
        apps::board::{
            presence::{Pointer, WET},
            table::{elements, ink},
        },
        doc::{
            id::Id,
            storage::Stored,
            table::{Value, Write},
            undo::Record,
        },
        frame::Frame,
        line::{
            self,
            known::Known,
            server::{Audience, Server},
        },
        socket::{close::CloseEvent, endpoint::Endpoint, machine},
        wire::{envelope, parts::Missing, seal::RoomKey},
    },
    limits::{
        ANSWER_PART_BYTES, ANSWERED_BYTES, ANSWERED_BYTES_A_SECOND, LARGEST_FRAME_BYTES,
        PARTS_PER_REQUEST, PONGS, PONGS_A_SECOND,
    },
};

const STROKES: usize = 100;
const STROKE_BYTES: usize = 9_000;

/// A session and the connection that it wants.
struct Person {
    session: Session,
    /// Of the connection that it wants, and of the one that is open.
    generation: Option<machine::Generation>,
    opened: Option<machine::Generation>,
    said: Vec<Frame>,
    /// What its socket holds already.
    buffered: usize,
    now: Millis,
}

impl Person {
    fn new(id: u64) -> Self {
        Self::with(id, Some(NETWORK))
    }

    fn with(id: u64, network: Option<Network>) -> Self {
        Self::reading(id, network, Stored::default())
    }

    fn reading(id: u64, network: Option<Network>, stored: Stored) -> Self {
        let relay = Endpoint::parse("ws://127.0.0.1/relay/x", false).unwrap();
        let server = Server {
            audience: Audience::Others,
            binary: true,
            frame_bytes: LARGEST_FRAME_BYTES,
            ..Default::default()
        };
        let mut known = Known::default();
        known.learn(&relay, server);
        let session = Session::new(Setup {
            tag: Tag::derive("x", None),
            room_key: RoomKey::derive("x", None),
            me: PeerId::from_random(id),
            salt: [id as u8; 4],
            seed: id,
            profile: Profile::new("Ada", [0; 3]),
            person: None,
            known: known.to_text(),
            relays: vec![relay],
            shares: false,
            network,
        });
        let mut person = Self {
            session,
            generation: None,
            opened: None,
            said: Vec::new(),
            buffered: 0,
            now: 0,
        };
        person.input(Input::Loaded(stored));
        person
    }

    fn input(&mut self, input: Input) {
        self.does(input);
    }

    /// The same, and gives what it wants done.
    fn does(&mut self, input: Input) -> Vec<Output> {
        let mut outputs = Vec::new();
        self.session.handle(self.now, input);
        loop {
            match self.session.poll(self.now, Some(self.buffered)) {
                Poll::Send(frame) => self.said.push(frame),
                Poll::Do(output) => outputs.push(output),
                Poll::Rest(_) => break,
            }
        }
        for output in &outputs {
            if let Output::Line(line::Output::Socket(machine::Output::Open(generation, _), _)) =
                output
            {
                self.generation = Some(*generation);
            }
        }
        outputs
    }

    /// What it says until `now`, on a connection that is opened as soon as it is wanted.
    fn says(&mut self, now: Millis) -> Vec<Frame> {
        while self.now < now {
            if let Some(generation) = self.generation.take() {
                self.opened = Some(generation);
                self.input(machine::Input::Opened(generation).into());
            }
            self.input(Input::Ticked);
            self.now += 10;
        }
        std::mem::take(&mut self.said)
    }

    fn hears(&mut self, frames: &[Frame]) {
        for frame in frames {
            self.input(Input::Line(line::Input::Frame(frame.clone())));
        }
    }

    fn strokes(&self) -> usize {
        elements(self.session.replica()).len()
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
            key: ink(Id::parse(&stroke.to_string()).unwrap()),
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

    let generation = joiner.opened.unwrap();
    let closed = machine::Input::Closed(generation, CloseEvent::ours(""));
    joiner.input(closed.into());
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

/// Somebody asks one page for everything, as often as it can.
#[test]
fn who_asks_for_everything_again_and_again_gets_no_more_than_a_page_can_spare() {
    let mut holder = Person::new(1);
    for stroke in 0..STROKES {
        holder.input(Input::Edited(vec![Write {
            key: ink(Id::parse(&stroke.to_string()).unwrap()),
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
            asker.input(machine::Input::Opened(1).into());
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

fn drawn(id: &str) -> Input {
    Input::Edited(vec![Write {
        key: ink(Id::parse(id).unwrap()),
        value: Some(Value::Bytes([1].into())),
    }])
}

/// However late its code comes, and whatever is told to it meanwhile.
#[test]
fn before_its_network_is_here_a_page_draws_and_stores_and_says_nothing_and_nothing_is_lost_by_that()
{
    for late in [20, 2_000, 60_000] {
        let (mut early, mut other) = (Person::with(1, None), Person::new(2));
        other.input(drawn("theirs"));
        let before = other.says(10);
        let mut stored = Vec::new();
        for input in [
            drawn("early"),
            Input::shows(Some(&Pointer { x: 1.0, y: 2.0 })),
            Input::Renamed(Profile::new("Eve", [9; 3])),
            Input::Shows(WET, Some(vec![1])),
            Input::Left,
            Input::Returned,
            machine::Input::RetryAsked.into(),
        ] {
            stored.extend(early.does(input));
        }
        let writes = |output: &Output| matches!(output, Output::Store(store::Command::Write(_)));
        assert!(stored.iter().any(writes));
        early.hears(&before);
        assert_eq!(early.strokes(), 1, "it is deaf");
        assert_eq!(early.says(late), []);
        // Nothing is due again and again that only the network could do.
        let wake = early.session.wake_at();
        assert!(wake.is_none_or(|at| at > late), "{wake:?} at {late}");

        early.input(Input::NetworkCame(NETWORK, [7; 32]));
        let name = early.session.me();
        assert!(name.is_keyed());
        let said = early.says(late + 1_000);
        assert!(kinds(&said).contains(&b'u'), "{:?}", kinds(&said));
        other.hears(&said);
        assert_eq!(other.strokes(), 2);
        let person = other.session.people().get(name).unwrap();
        assert_eq!(person.name(), "Eve");
        for now in (late + 1_000..late + 4_000).step_by(20) {
            early.hears(&other.says(now));
            other.hears(&early.says(now));
        }
        assert_eq!(early.strokes(), 2);
        // Another one is too late.
        early.input(Input::NetworkCame(NETWORK, [8; 32]));
        assert_eq!(early.session.me(), name);
    }
}

#[test]
fn a_page_that_was_away_when_its_network_came_connects_when_it_is_back() {
    let mut page = Person::with(1, None);
    page.input(Input::Left);
    page.input(Input::NetworkCame(NETWORK, [7; 32]));
    assert_eq!(page.generation, None);
    page.input(Input::Returned);
    assert!(page.generation.is_some());
}

/// Whoever is drawing in another tab cannot be heard yet: half of their stroke must not take the place of the whole.
#[test]
fn a_page_without_its_network_takes_up_nobodys_draft_and_later_only_that_of_a_page_that_is_gone() {
    for is_there in [true, false] {
        let mut author = Person::new(9);
        let half = Write {
            key: ink(Id::parse("half").unwrap()),
            value: Some(Value::Bytes([1].into())),
        };
        let drafted = author.does(Input::Drafted(vec![half]));
        let records = drafted.into_iter().filter_map(|output| match output {
            Output::Store(store::Command::Write(batch)) => Some(batch.records),
            _ => None,
        });
        let drafts = records.flatten().filter_map(|record| match record {
            Record::KeepDraft(page, draft) => Some((page, draft)),
            _ => None,
        });
        let stored = Stored {
            drafts: drafts.collect(),
            ..Stored::default()
        };
        assert_eq!(stored.drafts.len(), 1);
        let mut page = Person::reading(1, None, stored);
        assert_eq!(page.says(60_000), []);
        assert_eq!(page.strokes(), 0);
        page.input(Input::NetworkCame(NETWORK, [7; 32]));
        page.says(60_500);
        if is_there {
            page.hears(&author.says(60_500));
        }
        page.says(70_000);
        assert_eq!(page.strokes(), usize::from(!is_there));
    }
}

impl Person {
    /// This body as a frame for every server.
    fn frames_of(&mut self, body: &Body) -> Vec<Frame> {
        let (kind, body) = body.clone().write();
        self.session.codec.encode(kind, &body).unwrap().frames
    }
}

/// Somebody lets others talk in the hope that all the room mutes them.
#[test]
fn who_asks_for_life_again_and_again_makes_nobody_talk() {
    let (mut asked, mut asker) = (Person::new(1), Person::new(2));
    asked.says(5_000);
    asked.hears(&asker.says(5_000));
    let ping = Body::Ping(vec![asked.session.me()]);
    const SECONDS: u64 = 20;
    let mut said = Vec::new();
    for tenth in 0..10 * SECONDS {
        for _ in 0..50 {
            let frames = asker.frames_of(&ping);
            asked.hears(&frames);
        }
        said.extend(kinds(&asked.says(5_000 + 100 * (tenth + 1))));
    }
    let pongs = said.iter().filter(|&&kind| kind == b'o').count() as u64;
    assert!(pongs > 0, "an honest question is answered");
    assert!(pongs <= PONGS + (SECONDS + 1) * PONGS_A_SECOND, "{pongs}");
}

/// A request for lost parts that names one of them many times, and many such requests.
#[test]
fn who_asks_for_lost_parts_again_and_again_gets_no_more_than_a_page_can_spare() {
    let (mut holder, mut asker) = (Person::new(1), Person::new(2));
    holder.says(5_000);
    holder.hears(&asker.says(5_000));
    let long = 10 * LARGEST_FRAME_BYTES;
    holder.input(Input::Edited(vec![Write {
        key: ink(Id::parse("long").unwrap()),
        value: Some(Value::Bytes(vec![1; long].into())),
    }]));
    assert!(bytes(&holder.says(5_100)) > long);
    let sender = holder.session.me();
    let mut said = 0;
    const SECONDS: u64 = 60;
    for tenth in 0..10 * SECONDS {
        for seq in 0..12 {
            let parts = vec![0; PARTS_PER_REQUEST];
            let again = Body::Missing(Missing { sender, seq, parts });
            let frames = asker.frames_of(&again);
            holder.hears(&frames);
        }
        said += bytes(&holder.says(5_100 + 100 * (tenth + 1)));
    }
    assert!(
        said > LARGEST_FRAME_BYTES / 2,
        "an honest question is answered"
    );
    let requests = 10 * SECONDS as usize;
    assert!(
        said < 2 * requests * LARGEST_FRAME_BYTES,
        "one part each: {said}"
    );
}

/// Bytes that one server takes may throw everybody out of another.
#[test]
fn frames_that_were_made_for_one_relay_do_not_go_to_the_next() {
    let mut person = Person::new(1);
    person.says(5_000);
    // The socket takes nothing more.
    person.buffered = usize::MAX;
    person.input(drawn("a"));
    let is_binary = |frame: &Frame| matches!(frame, Frame::Binary(_));
    let other = Endpoint::parse("ws://other.example/", false).unwrap();
    person.input(Input::RelaysChosen(vec![other]));
    assert_eq!(person.said, []);
    person.buffered = 0;
    let frames = person.says(20_000);
    assert!(!frames.is_empty() && !frames.iter().any(is_binary));
    assert!(
        person
            .session
            .replica()
            .get(&ink(Id::parse("a").unwrap()))
            .is_some()
    );
}
