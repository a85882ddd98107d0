//! Relays of several kinds, lists of them, and slow lines: whether two people meet, and what they are told if not.

use std::collections::BTreeMap;

use duplex::{
    core::{
        doc::{
            presence::Profile,
            schema::{Cell, Id, Value, Write},
            storage::Stored,
            store::Command,
        },
        frame::Frame,
        peer::PeerId,
        session::{
            Input, Output, Scout, ScoutNews, Session, Setup, network::NETWORK, status::Status,
        },
        socket::{
            close::CloseEvent,
            endpoint::Endpoint,
            machine::{self, Generation},
        },
        wire::{profile::Audience, seal::RoomKey, tag::Tag},
    },
    limits::Millis,
};

/// What a relay does with connections and frames.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Manner {
    Passes,
    Broadcasts,
    Echoes,
    Swallows,
    /// Says something of its own every second, and passes nothing on.
    Ticks,
    /// Passes, but refuses the first person.
    RefusesFirst,
    /// Takes a connection and closes it with this code and reason.
    Closes(u16, &'static str),
}

/// One of a person's connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Own(Generation),
    Scout(u32),
}

enum News {
    Opened,
    Frame(Frame),
    Closed(CloseEvent),
}

struct Person {
    session: Session,
    /// Connections that are not closed: on which relay, and whether they are open.
    ways: Vec<(Way, usize, bool)>,
    scouts: u32,
    opened: usize,
    sentences: Vec<String>,
}

struct Net {
    now: Millis,
    one_way: Millis,
    relays: Vec<Manner>,
    people: Vec<Person>,
    queue: BTreeMap<(Millis, u64), (usize, Way, News)>,
    events: u64,
    ticked_at: Millis,
}

fn endpoint(relay: usize) -> Endpoint {
    Endpoint::parse(&format!("ws://relay{relay}.example/"), false).unwrap()
}

impl Net {
    fn new(relays: &[Manner], people: usize, one_way: Millis) -> Self {
        let mut net = Self {
            now: 1_000,
            one_way,
            relays: relays.to_vec(),
            people: Vec::new(),
            queue: BTreeMap::new(),
            events: 0,
            ticked_at: 0,
        };
        (0..people).for_each(|_| net.join());
        net
    }

    fn join(&mut self) {
        let id = self.people.len() as u64 + 1;
        let (session, _) = Session::new(Setup {
            tag: Tag::derive("lines", None),
            room_key: RoomKey::derive("lines", None),
            me: PeerId::from_random(id),
            salt: [id as u8; 4],
            seed: id,
            profile: Profile::new(&format!("P{id}"), [0; 3]),
            person: None,
            relays: (0..self.relays.len()).map(endpoint).collect(),
            known: Vec::new(),
            shares: false,
            network: Some(NETWORK),
        });
        self.people.push(Person {
            session,
            ways: Vec::new(),
            scouts: 0,
            opened: 0,
            sentences: Vec::new(),
        });
        self.input(id as usize - 1, Input::Loaded(Stored::default()));
    }

    fn status(&self, person: usize) -> Status {
        self.people[person].session.status()
    }

    fn audience(&self, person: usize) -> Audience {
        self.status(person).line.server.audience
    }

    /// The relay that a person's own connection is open to.
    fn relay_of(&self, person: usize) -> Option<usize> {
        let mut ways = self.people[person].ways.iter();
        let own = ways.find(|(way, _, is_open)| *is_open && matches!(way, Way::Own(_)));
        own.map(|(_, relay, _)| *relay)
    }

    fn draw(&mut self, person: usize, name: &str) {
        let write = Write {
            cell: Cell::Ink(Id::parse(name).unwrap()),
            value: Some(Value::Bytes(vec![7; 40].into())),
        };
        self.input(person, Input::Edited(vec![write]));
    }

    fn has(&self, person: usize, name: &str) -> bool {
        let replica = self.people[person].session.replica();
        replica.ink(&Id::parse(name).unwrap()).is_some()
    }

    fn schedule(&mut self, after: Millis, person: usize, way: Way, news: News) {
        self.events += 1;
        let at = (self.now + after, self.events);
        self.queue.insert(at, (person, way, news));
    }

    fn input(&mut self, person: usize, input: Input) {
        let outputs = self.people[person].session.handle(self.now, input);
        while let Some(frame) = self.people[person].session.next_frame(self.now, 0) {
            let own = |(way, ..): &&(Way, usize, bool)| matches!(way, Way::Own(_));
            if let Some(&(way, relay, true)) = self.people[person].ways.iter().find(own) {
                self.send(person, way, relay, &frame);
            }
        }
        for output in outputs {
            self.carry_out(person, output);
        }
        let sentence = self.status(person).sentence();
        let sentences = &mut self.people[person].sentences;
        if sentences.last() != Some(&sentence) {
            sentences.push(sentence);
        }
    }

    fn carry_out(&mut self, person: usize, output: Output) {
        match output {
            Output::Socket(machine::Output::Open(generation, endpoint)) => {
                self.open(person, Way::Own(generation), &endpoint);
            }
            Output::Socket(
                machine::Output::Abandon(generation) | machine::Output::Close(generation),
            ) => self.close(person, Way::Own(generation)),
            Output::Scout(Scout::Open(endpoint)) => {
                self.close_scout(person);
                self.people[person].scouts += 1;
                let way = Way::Scout(self.people[person].scouts);
                self.open(person, way, &endpoint);
            }
            Output::Scout(Scout::Close) => self.close_scout(person),
            Output::Scout(Scout::Send(frame)) => {
                let way = Way::Scout(self.people[person].scouts);
                let mut ways = self.people[person].ways.iter();
                if let Some(&(way, relay, true)) = ways.find(|(this, ..)| *this == way) {
                    self.send(person, way, relay, &frame);
                }
            }
            Output::Store(Command::Write(batch)) => {
                self.input(person, Input::Written(batch.number));
            }
            _ => {}
        }
    }

    fn open(&mut self, person: usize, way: Way, there: &Endpoint) {
        let relay = (0..self.relays.len())
            .find(|&relay| endpoint(relay) == *there)
            .unwrap();
        self.people[person].ways.push((way, relay, false));
        let news = match self.relays[relay] {
            Manner::RefusesFirst if person == 0 => News::Closed(CloseEvent::ours("")),
            _ => News::Opened,
        };
        self.schedule(2 * self.one_way, person, way, news);
    }

    fn close(&mut self, person: usize, way: Way) {
        self.people[person].ways.retain(|(this, ..)| *this != way);
    }

    fn close_scout(&mut self, person: usize) {
        let is_scout = |way: &Way| matches!(way, Way::Scout(_));
        self.people[person].ways.retain(|(way, ..)| !is_scout(way));
    }

    fn send(&mut self, from: usize, way: Way, relay: usize, frame: &Frame) {
        let to_self = match self.relays[relay] {
            Manner::Passes | Manner::RefusesFirst => Some(false),
            Manner::Broadcasts => None,
            Manner::Echoes => Some(true),
            Manner::Swallows | Manner::Ticks | Manner::Closes(..) => return,
        };
        for to in 0..self.people.len() {
            for (other, there, is_open) in self.people[to].ways.clone() {
                let is_self = (to, other) == (from, way);
                if is_open && there == relay && to_self.is_none_or(|own| own == is_self) {
                    self.schedule(2 * self.one_way, to, other, News::Frame(frame.clone()));
                }
            }
        }
    }

    fn happen(&mut self, person: usize, way: Way, news: News) {
        let mut ways = self.people[person].ways.iter_mut();
        let Some(known) = ways.find(|(this, ..)| *this == way) else {
            return;
        };
        match &news {
            News::Opened => {
                known.2 = true;
                if let Manner::Closes(code, reason) = self.relays[known.1] {
                    let close = CloseEvent {
                        code,
                        reason: reason.to_owned(),
                        was_clean: true,
                    };
                    self.schedule(1, person, way, News::Closed(close));
                }
            }
            News::Closed(_) => self.close(person, way),
            News::Frame(_) => {}
        }
        if let (Way::Own(_), News::Opened) = (way, &news) {
            self.people[person].opened += 1;
        }
        let input = match (way, news) {
            (Way::Own(generation), News::Opened) => {
                Input::Socket(machine::Input::Opened(generation))
            }
            (Way::Own(generation), News::Closed(close)) => {
                Input::Socket(machine::Input::Closed(generation, close))
            }
            (Way::Own(_), News::Frame(frame)) => Input::FrameArrived(frame),
            (Way::Scout(_), News::Opened) => Input::Scout(ScoutNews::Opened),
            (Way::Scout(_), News::Closed(_)) => Input::Scout(ScoutNews::Closed),
            (Way::Scout(_), News::Frame(frame)) => Input::Scout(ScoutNews::Frame(frame)),
        };
        self.input(person, input);
    }

    fn run(&mut self, span: Millis) {
        let end = self.now + span;
        while self.now < end {
            if self.now >= self.ticked_at + 1_000 {
                self.ticked_at = self.now;
                for person in 0..self.people.len() {
                    for (way, relay, is_open) in self.people[person].ways.clone() {
                        if is_open && self.relays[relay] == Manner::Ticks {
                            self.schedule(0, person, way, News::Frame(Frame::from("tick")));
                        }
                    }
                }
            }
            while let Some(entry) = self.queue.first_entry().filter(|e| e.key().0 <= self.now) {
                let (person, way, news) = entry.remove();
                self.happen(person, way, news);
            }
            for person in 0..self.people.len() {
                let wake = self.people[person].session.wake_at();
                if wake.is_some_and(|at| at <= self.now) {
                    self.input(person, Input::Ticked);
                }
            }
            self.now += 5;
        }
    }

    /// How long it takes until something holds.
    fn until(&mut self, limit: Millis, holds: impl Fn(&Self) -> bool) -> Millis {
        let since = self.now;
        while !holds(self) {
            assert!(
                self.now < since + limit,
                "not within {limit} ms: {:#?}",
                self.told()
            );
            self.run(50);
        }
        self.now - since
    }

    fn told(&self) -> Vec<&[String]> {
        self.people
            .iter()
            .map(|person| person.sentences.as_slice())
            .collect()
    }

    fn are_together(&self) -> bool {
        (0..self.people.len()).all(|person| self.status(person).people == self.people.len())
    }

    fn meet(&mut self, limit: Millis) {
        self.until(limit, Self::are_together);
        self.draw(0, "a");
        self.until(5_000, |net| {
            (0..net.people.len()).all(|person| net.has(person, "a"))
        });
    }
}

#[test]
fn a_relay_that_connects_nobody_gives_way_to_the_next_one() {
    for manner in [
        Manner::Swallows,
        Manner::Echoes,
        Manner::Ticks,
        Manner::Closes(1006, ""),
        Manner::Closes(1000, ""),
        Manner::Closes(1008, "no"),
    ] {
        let mut net = Net::new(&[manner, Manner::Passes], 2, 5);
        net.meet(25_000);
        assert_eq!(
            [0, 1].map(|person| net.relay_of(person)),
            [Some(1); 2],
            "{manner:?}"
        );
    }
    // The last of three, too.
    let list = [Manner::Swallows, Manner::Echoes, Manner::Broadcasts];
    Net::new(&list, 2, 5).meet(25_000);
}

#[test]
fn a_relay_that_works_for_a_minute_and_then_swallows_is_left() {
    for manner in [Manner::Swallows, Manner::Ticks, Manner::Echoes] {
        for first in [Manner::Passes, Manner::Broadcasts] {
            let mut net = Net::new(&[first, Manner::Passes], 2, 5);
            net.meet(10_000);
            net.run(60_000);
            net.relays[0] = manner;
            net.draw(1, "b");
            net.until(60_000, |net| net.has(0, "b"));
            assert_eq!(net.relay_of(0), Some(1), "{first:?}, then {manner:?}");
        }
        // Who is alone on it is found by who comes later.
        let mut net = Net::new(&[Manner::Passes, Manner::Passes], 1, 5);
        net.run(60_000);
        net.relays[0] = manner;
        net.join();
        net.meet(300_000);
    }
}

#[test]
fn a_server_that_connects_nobody_is_looked_at_again_by_itself_and_on_demand() {
    for manner in [Manner::Swallows, Manner::Echoes, Manner::Ticks] {
        let mut net = Net::new(&[manner], 2, 5);
        let useless = |net: &Net| {
            let status = net.status(0);
            status.can_retry() && !status.reaches_others()
        };
        net.until(5_000, useless);
        net.run(20_000);
        assert!(useless(&net), "{manner:?}: \"try again\" is offered");
        net.relays[0] = Manner::Passes;
        net.meet(120_000);
        for asks in [
            machine::Input::RetryAsked,
            machine::Input::Showed,
            machine::Input::WentOnline,
        ] {
            let mut net = Net::new(&[manner], 2, 5);
            net.run(20_000);
            net.relays[0] = Manner::Passes;
            (0..2).for_each(|person| net.input(person, Input::Socket(asks.clone())));
            net.meet(5_000);
        }
    }
}

#[test]
fn on_a_slow_line_nobody_is_told_that_the_server_is_useless_and_nothing_is_reconnected() {
    for one_way in [5, 250, 400, 450, 700, 1_000] {
        for (manner, audience) in [
            (Manner::Passes, Audience::Others),
            (Manner::Broadcasts, Audience::All),
        ] {
            let mut net = Net::new(&[manner], 1, one_way);
            net.until(30_000, |net| net.audience(0) == audience);
            for _ in 0..10 {
                for input in [machine::Input::Hid, machine::Input::Showed] {
                    net.run(2_000);
                    net.input(0, Input::Socket(input));
                }
            }
            net.run(20_000);
            let case = format!("{manner:?}, {one_way} ms each way");
            assert_eq!(net.people[0].opened, 1, "{case}: {:#?}", net.told());
            let said = net.people[0].sentences.join(" ");
            assert!(!said.contains("returns nothing"), "{case}: {said}");
            assert!(!said.contains("echoes to the sender"), "{case}: {said}");
            net.join();
            net.meet(30_000);
        }
        let mut net = Net::new(&[Manner::Echoes], 1, one_way);
        net.until(30_000, |net| net.audience(0) == Audience::SelfOnly);
    }
}

#[test]
fn frames_of_the_relay_itself_are_no_life() {
    let mut net = Net::new(&[Manner::Passes], 1, 5);
    net.run(30_000);
    net.relays[0] = Manner::Ticks;
    net.until(130_000, |net| {
        net.status(0).sentence().contains("returns nothing")
    });
    // Beside somebody who was there it is doubted at once.
    let mut net = Net::new(&[Manner::Passes], 2, 5);
    net.meet(10_000);
    net.relays[0] = Manner::Ticks;
    net.until(40_000, |net| net.people[0].opened > 1);
    net.until(20_000, |net| {
        net.status(0).sentence().contains("returns nothing")
    });
}

#[test]
fn two_people_on_different_relays_of_one_list_find_each_other() {
    for one_way in [5, 300] {
        let mut net = Net::new(&[Manner::RefusesFirst, Manner::Passes], 2, one_way);
        let place = |net: &Net| (net.relay_of(0), net.relay_of(1));
        net.until(30_000, |net| place(net) == (Some(1), Some(0)));
        net.until(10_000, |net| {
            let sentence = net.status(0).sentence();
            sentence.contains("relay1.example") && sentence.contains("second relay")
        });
        net.meet(30_000);
        // They stay together, and whoever comes joins them.
        net.run(200_000);
        assert!(net.are_together(), "{:#?}", net.told());
        net.join();
        net.meet(60_000);
    }
}

#[test]
fn a_limit_of_sessions_that_passes_is_waited_for_and_named() {
    let limit = Manner::Closes(1008, "session limit");
    let mut net = Net::new(&[limit], 1, 5);
    net.run(30_000);
    let status = net.status(0);
    assert_eq!(status.line.connection.name(), "failed");
    assert!(status.sentence().contains("\u{201c}session limit\u{201d}"));
    assert!(
        status.sentence().contains("asked again"),
        "{}",
        status.sentence()
    );
    net.relays[0] = Manner::Passes;
    net.until(45_000, |net| net.relay_of(0).is_some());
    for asks in [machine::Input::Showed, machine::Input::WentOnline] {
        let mut net = Net::new(&[limit], 1, 5);
        net.run(30_000);
        net.relays[0] = Manner::Passes;
        net.input(0, Input::Socket(asks));
        net.until(1_000, |net| net.relay_of(0).is_some());
    }
}

#[test]
fn what_arrived_is_confirmed_soon_and_nobody_is_said_to_exchange_what_is_there() {
    let mut net = Net::new(&[Manner::Passes], 2, 20);
    let in_step =
        |net: &Net| (0..2).all(|person| net.status(person).sentence().contains("in step"));
    net.until(10_000, in_step);
    for name in ["a", "b", "c"] {
        net.draw(0, name);
        net.run(500);
        net.until(4_000, in_step);
        net.run(5_000);
    }
    // Whoever comes and gets what is there says that it came.
    net.join();
    net.until(4_000, |net| {
        (0..3).all(|person| net.status(person).in_step == 2)
    });
}
