//! What a line makes of dialects that today's servers do not need. The simulation has the rest.
#![cfg(test)]

use std::{cell::RefCell, rc::Rc};

use super::{
    dialect::{self, raw::Raw},
    server::Audience,
    *,
};
use crate::{
    core::{
        frame::Frame,
        socket::close::CloseEvent,
        wire::{
            envelope::{Envelope, Form, Head},
            tag::Tag,
        },
    },
    limits::{CONTROL_FRAMES, PROFILE_DEADLINE_MS, READY_MS},
};

type Answers = Rc<RefCell<Vec<dialect::Output>>>;

/// Answers the next input with what the test says, and wraps a payload in two frames.
#[derive(Debug)]
struct Scripted {
    answers: Answers,
    /// Inputs by their names.
    heard: Rc<RefCell<Vec<String>>>,
}

impl Dialect for Scripted {
    fn serves(&self, _: &Endpoint) -> bool {
        true
    }

    fn handle(&mut self, _: Millis, input: dialect::Input<'_>) -> Vec<dialect::Output> {
        let name = format!("{input:?}");
        let name = name.split([' ', '(']).next().unwrap_or_default();
        self.heard.borrow_mut().push(name.to_owned());
        self.answers.take()
    }

    fn wrap(&mut self, payload: Frame) -> Vec<Frame> {
        vec![Frame::from("head"), payload]
    }

    fn wake_at(&self) -> Option<Millis> {
        Some(0)
    }
}

struct Test {
    line: Line,
    answers: Answers,
    heard: Rc<RefCell<Vec<String>>>,
    relays: Vec<Endpoint>,
}

impl Test {
    /// A line whose first relay is open, and answered that with `answers`.
    fn opened(answers: Vec<dialect::Output>) -> Self {
        let relays = ["ws://one.example/", "ws://two.example/"];
        let relays = relays.map(|relay| Endpoint::parse(relay, false).unwrap());
        let rng = fastrand::Rng::with_seed(1);
        let me = PeerId::from_random(1);
        let mut line = Line::new(me, rng, relays.to_vec(), false);
        let (answers, heard) = (Rc::new(RefCell::new(answers)), Rc::default());
        line.speak(
            me,
            Known::default(),
            Kind::unknown,
            vec![Box::new(Scripted {
                answers: Rc::clone(&answers),
                heard: Rc::clone(&heard),
            })],
        );
        let mut test = Self {
            line,
            answers,
            heard,
            relays: relays.to_vec(),
        };
        test.line.begin(0);
        test.open(10);
        test
    }

    fn open(&mut self, now: Millis) {
        let opened = machine::Input::Opened(self.line.machine.generation());
        self.line.handle(now, Input::Socket(opened));
    }

    fn close(&mut self, now: Millis) {
        let close = CloseEvent::ours("");
        let closed = machine::Input::Closed(self.line.machine.generation(), close);
        self.line.handle(now, Input::Socket(closed));
    }

    /// The dialect answers the next frame like this.
    fn answer(&mut self, now: Millis, answers: Vec<dialect::Output>) {
        self.answers.replace(answers);
        self.line.handle(now, Input::Frame("x".into()));
    }

    fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.line.next_event()).collect()
    }

    fn sent(&mut self, now: Millis) -> Vec<Frame> {
        std::iter::from_fn(|| self.line.next_frame(now, 0)).collect()
    }

    fn endpoint(&self) -> Option<&Endpoint> {
        self.line.machine.endpoint()
    }
}

fn server(audience: Audience) -> dialect::Output {
    dialect::Output::Server(Server {
        audience,
        ..Server::default()
    })
}

fn ready() -> Vec<dialect::Output> {
    use dialect::Output::{Profiled, Ready};
    vec![server(Audience::Others), Profiled, Ready]
}

#[test]
fn payloads_wait_for_the_dialect_and_its_own_frames_go_first() {
    let mut test = Test::opened(vec![dialect::Output::Send("hello".into())]);
    test.line.publish(vec!["lost".into()], None);
    assert_eq!(test.sent(20), [Frame::from("hello")]);
    test.answer(30, ready());
    assert!(test.events().contains(&Event::Joined));
    test.line.publish(vec!["a".into()], None);
    test.answer(40, vec![dialect::Output::Send("pong".into())]);
    assert_eq!(test.sent(50), ["pong", "head", "a"].map(Frame::from));
}

#[test]
fn who_leaves_in_the_middle_of_a_payload_says_the_rest_and_goodbye() {
    let mut test = Test::opened(ready());
    test.line.publish(vec!["a".into()], None);
    assert_eq!(test.line.next_frame(20, 0), Some("head".into()));
    test.line.part();
    test.line.publish(vec!["goodbye".into()], None);
    test.line.leave(20);
    assert_eq!(test.sent(20), ["a", "head", "goodbye"].map(Frame::from));
}

#[test]
fn an_answer_that_ends_a_connection_is_the_last_of_it() {
    use dialect::Output::{Profiled, Ready, Send};
    let mut test = Test::opened(Vec::new());
    test.answer(
        20,
        vec![server(Audience::None), Profiled, Ready, Send("late".into())],
    );
    assert_eq!(
        test.endpoint(),
        Some(&test.relays[1]),
        "the next one has its turn"
    );
    assert!(!test.events().contains(&Event::Joined));
    test.open(30);
    test.line.publish(vec!["early".into()], None);
    assert_eq!(test.sent(40), []);
}

#[test]
fn a_server_that_never_is_ready_or_says_no_gives_way_to_the_next() {
    let mut test = Test::opened(Vec::new());
    let until = 10 + READY_MS;
    test.line.tick(until - 1);
    assert_eq!(test.endpoint(), Some(&test.relays[0]));
    assert!(test.line.dialect_wakes_at().is_some_and(|at| at <= until));
    test.line.tick(until);
    assert_eq!(test.endpoint(), Some(&test.relays[1]));
    let mut test = Test::opened(Vec::new());
    let no = CloseEvent {
        code: 3000,
        ..CloseEvent::ours("who are you?")
    };
    test.answer(20, vec![dialect::Output::Refused(no)]);
    assert_eq!(test.endpoint(), Some(&test.relays[1]));
}

#[test]
fn a_new_connection_begins_with_nothing_of_the_last() {
    let mut test = Test::opened(Vec::new());
    test.answer(20, ready());
    test.answer(30, vec![dialect::Output::Payload("of the last".into())]);
    test.events();
    test.line.part();
    let generation = test.line.machine.generation();
    test.close(40);
    assert_eq!(
        test.line.live.server.audience,
        Audience::Others,
        "it is shown"
    );
    while !matches!(test.line.machine.state(), machine::State::Connecting) {
        let now = test.line.machine.wake_at().unwrap();
        test.line.tick(now);
    }
    test.open(9_000);
    assert_eq!(test.line.live.server, Server::default());
    assert!(!test.line.parting && !test.line.is_open());
    let inbound = crate::core::wire::codec::Inbound {
        others: vec![PeerId::from_random(2)],
        is_life: true,
        ..Default::default()
    };
    let is_read = test
        .line
        .read(9_010, Via::Relay(generation), &"x".into(), &inbound);
    assert!(is_read && test.line.is_alone() && !test.line.live.heard_any);
}

#[test]
fn a_queue_that_waits_for_another_socket_wakes_nobody() {
    let mut test = Test::opened(ready());
    test.line.publish(vec!["a".into(), "b".into()], None);
    assert_eq!(test.line.next_frame(20, 1_000_000), None);
    assert!(test.line.wake_at().is_some());
    let offline = Input::Socket(machine::Input::WentOffline);
    test.line.handle(30, offline);
    test.close(30);
    assert!(test.line.wake_at().is_none_or(|at| at > 30));
}

#[test]
fn a_server_that_asks_without_end_is_left() {
    let mut test = Test::opened(ready());
    let pongs = vec![dialect::Output::Send("pong".into()); CONTROL_FRAMES];
    test.answer(20, pongs.clone());
    assert_eq!(
        test.line.next_frame(20, 1_000_000),
        None,
        "the browser has enough"
    );
    assert!(test.line.machine.is_open());
    test.answer(30, pongs);
    assert_eq!(test.endpoint(), Some(&test.relays[1]));
}

#[test]
fn a_closed_connection_is_closed_for_the_dialect_and_its_scout() {
    let there = Endpoint::parse("ws://one.example/", false).unwrap();
    let mut test = Test::opened(vec![dialect::Output::Scout(Scout::Open(there))]);
    test.heard.take();
    test.events();
    test.close(20);
    let closed = Event::Do(Output::Scout(Scout::Close, &[]));
    assert!(test.events().contains(&closed));
    assert_eq!(
        test.line.lookout.wake_at(),
        None,
        "nobody looks out any more"
    );
    test.line.tick(30);
    test.line.doubt(30);
    test.line.handle(40, Input::Frame("late".into()));
    assert_eq!(*test.heard.borrow(), ["Closed"]);
}

/// It comes with the message that ends the examination.
#[test]
fn a_server_that_passed_a_message_on_at_the_last_moment_passes_messages_on() {
    let speaker = dialect::Speaker {
        tag: Tag::derive("x", None),
        me: PeerId::from_random(1),
        seed: 1,
    };
    let endpoint = Endpoint::parse("ws://one.example/", false).unwrap();
    let envelope = Envelope {
        head: Head {
            tag: speaker.tag,
            sender: PeerId::from_random(2),
            seq: 1,
            part: 0,
            parts: 1,
            kind: b'u',
        },
        body: vec![1],
    };
    let payload = envelope.write(Form::Text);
    let mut raw = Raw::new(speaker);
    raw.handle(
        0,
        dialect::Input::Opened {
            endpoint: &endpoint,
            handshake_ms: 5,
            known: None,
        },
    );
    raw.handle(5, dialect::Input::Scout(ScoutNews::Opened));
    let verdict = loop {
        let now = raw.wake_at().unwrap();
        let mut ended = raw.handle(
            now,
            dialect::Input::Read {
                payload: &payload,
                own: false,
                others: now >= PROFILE_DEADLINE_MS,
            },
        );
        ended.extend(raw.handle(now, dialect::Input::Ticked { is_alone: true }));
        let audience = ended.into_iter().find_map(|output| match output {
            dialect::Output::Server(server) => Some(server.audience),
            _ => None,
        });
        if let Some(audience) = audience {
            break audience;
        }
    };
    assert_eq!(verdict, Audience::Others);
}
