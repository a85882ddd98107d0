//! Relays of several kinds on a virtual clock, and the people on them.

use std::collections::BTreeMap;

use super::toy;
use duplex::{
    core::{
        apps::board::table::{element, ink},
        doc::{
            id::Id,
            presence::Profile,
            storage::Stored,
            store::Command,
            table::{Value, Write},
        },
        frame::Frame,
        line::{self, Scout, ScoutNews, server::Audience},
        peer::PeerId,
        session::{Input, Output, Poll, Session, Setup, network::NETWORK, status::Status},
        socket::{
            close::CloseEvent,
            endpoint::Endpoint,
            machine::{self, Generation},
        },
        wire::{seal::RoomKey, tag::Tag},
    },
    limits::Millis,
    ui::text::connection,
};

/// What a relay does with connections and frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Manner {
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
    /// Broadcasts; a second connection of one person ends the first, with this code.
    OneEach(u16),
    /// Passes, and closes with this code on whoever says more than so many things in a second.
    Limits(usize, u16),
    /// Passes binary frames, and no text.
    PassesBinary,
    /// Broadcasts each frame so late; connections open at once.
    Holds(Millis),
    /// Speaks the toy's protocol, with lines of so many bytes; closes on who does not.
    Toy(usize),
    /// The same, which says nothing any more.
    MuteToy,
    /// The same, which lets nobody in.
    ShutToy,
}

/// One of a person's connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Own(Generation),
    Scout(u32),
}

pub enum News {
    Opened,
    Frame(Frame),
    Closed(CloseEvent),
}

pub struct Person {
    pub session: Session,
    /// Connections that are not closed: on which relay, and whether they are open.
    pub ways: Vec<(Way, usize, bool)>,
    pub scouts: u32,
    pub opened: usize,
    /// When something was said, lately.
    pub said_at: Vec<Millis>,
    pub sentences: Vec<String>,
}

pub struct Net {
    pub now: Millis,
    pub one_way: Millis,
    pub relays: Vec<Manner>,
    pub people: Vec<Person>,
    pub queue: BTreeMap<(Millis, u64), (usize, Way, News)>,
    pub events: u64,
    /// Payloads that a toy server was sent.
    pub published: usize,
    pub ticked_at: Millis,
}

impl Manner {
    fn is_toy(self) -> bool {
        matches!(self, Self::Toy(_) | Self::MuteToy | Self::ShutToy)
    }
}

pub fn endpoint(relay: usize, manner: Manner) -> Endpoint {
    let path = if manner.is_toy() { "toy" } else { "" };
    Endpoint::parse(&format!("ws://relay{relay}.example/{path}"), false).unwrap()
}

impl Net {
    pub fn new(relays: &[Manner], people: usize, one_way: Millis) -> Self {
        let mut net = Self {
            now: 1_000,
            one_way,
            relays: relays.to_vec(),
            people: Vec::new(),
            queue: BTreeMap::new(),
            events: 0,
            published: 0,
            ticked_at: 0,
        };
        (0..people).for_each(|_| net.join());
        net
    }

    pub fn join(&mut self) {
        let id = self.people.len() as u64 + 1;
        let session = Session::new(Setup {
            tag: Tag::derive("lines", None),
            room_key: RoomKey::derive("lines", None),
            me: PeerId::from_random(id),
            salt: [id as u8; 4],
            seed: id,
            profile: Profile::new(&format!("P{id}"), [0; 3]),
            person: None,
            relays: self.endpoints(),
            known: String::new(),
            shares: false,
            network: Some(NETWORK.speaking(toy::dialects)),
        });
        self.people.push(Person {
            session,
            ways: Vec::new(),
            scouts: 0,
            opened: 0,
            said_at: Vec::new(),
            sentences: Vec::new(),
        });
        self.input(id as usize - 1, Input::Loaded(Stored::default()));
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        let relays = self.relays.iter().enumerate();
        relays.map(|(at, manner)| endpoint(at, *manner)).collect()
    }

    pub fn status(&self, person: usize) -> Status {
        self.people[person].session.status()
    }

    pub fn audience(&self, person: usize) -> Audience {
        self.status(person).line.server.audience
    }

    /// The relay that a person's own connection is open to.
    pub fn relay_of(&self, person: usize) -> Option<usize> {
        let mut ways = self.people[person].ways.iter();
        let own = ways.find(|(way, _, is_open)| *is_open && matches!(way, Way::Own(_)));
        own.map(|(_, relay, _)| *relay)
    }

    pub fn draw(&mut self, person: usize, name: &str) {
        let write = Write {
            key: ink(Id::parse(name).unwrap()),
            value: Some(Value::Bytes(vec![7; 40].into())),
        };
        self.input(person, Input::Edited(vec![write]));
    }

    pub fn has(&self, person: usize, name: &str) -> bool {
        let replica = self.people[person].session.replica();
        element(replica, &Id::parse(name).unwrap()).is_some()
    }

    pub fn schedule(&mut self, after: Millis, person: usize, way: Way, news: News) {
        self.events += 1;
        let at = (self.now + after, self.events);
        self.queue.insert(at, (person, way, news));
    }

    pub fn input(&mut self, person: usize, input: Input) {
        self.people[person].session.handle(self.now, input);
        loop {
            match self.people[person].session.poll(self.now, Some(0)) {
                Poll::Send(frame) => {
                    let own = |(way, ..): &&(Way, usize, bool)| matches!(way, Way::Own(_));
                    if let Some(&(way, relay, true)) = self.people[person].ways.iter().find(own) {
                        self.send(person, way, relay, &frame);
                    }
                }
                Poll::Do(output) => self.carry_out(person, output),
                Poll::Rest(_) => break,
            }
        }
        let sentence = connection::sentence(&self.status(person));
        let sentences = &mut self.people[person].sentences;
        if sentences.last() != Some(&sentence) {
            sentences.push(sentence);
        }
    }

    fn carry_out_line(&mut self, person: usize, output: line::Output) {
        match output {
            line::Output::Socket(machine::Output::Open(generation, endpoint), subprotocols) => {
                let offered = toy::is_toy(&endpoint).then_some(toy::SUBPROTOCOLS);
                assert_eq!(subprotocols, offered.unwrap_or_default());
                self.open(person, Way::Own(generation), &endpoint);
            }
            line::Output::Socket(
                machine::Output::Abandon(generation) | machine::Output::Close(generation),
                _,
            ) => self.close(person, Way::Own(generation)),
            line::Output::Scout(Scout::Open(endpoint), _) => {
                self.close_scout(person);
                self.people[person].scouts += 1;
                let way = Way::Scout(self.people[person].scouts);
                self.open(person, way, &endpoint);
            }
            line::Output::Scout(Scout::Close, _) => self.close_scout(person),
            line::Output::Scout(Scout::Send(frame), _) => {
                let way = Way::Scout(self.people[person].scouts);
                let mut ways = self.people[person].ways.iter();
                if let Some(&(way, relay, true)) = ways.find(|(this, ..)| *this == way) {
                    self.send(person, way, relay, &frame);
                }
            }
            _ => {}
        }
    }

    pub fn carry_out(&mut self, person: usize, output: Output) {
        match output {
            Output::Line(output) => self.carry_out_line(person, output),
            Output::Store(Command::Write(batch)) => {
                self.input(person, Input::Written(batch.number));
            }
            _ => {}
        }
    }

    pub fn open(&mut self, person: usize, way: Way, there: &Endpoint) {
        let relays = self.endpoints();
        let relay = relays.iter().position(|relay| relay == there).unwrap();
        self.people[person].ways.push((way, relay, false));
        let news = match self.relays[relay] {
            Manner::RefusesFirst if person == 0 => News::Closed(CloseEvent::ours("")),
            _ => News::Opened,
        };
        self.schedule(2 * self.one_way, person, way, news);
    }

    pub fn close(&mut self, person: usize, way: Way) {
        self.people[person].ways.retain(|(this, ..)| *this != way);
    }

    pub fn close_scout(&mut self, person: usize) {
        let is_scout = |way: &Way| matches!(way, Way::Scout(_));
        self.people[person].ways.retain(|(way, ..)| !is_scout(way));
    }

    pub fn send(&mut self, from: usize, way: Way, relay: usize, frame: &Frame) {
        if self.relays[relay].is_toy() {
            return self.send_to_toy(from, way, relay, frame);
        }
        let to_self = match self.relays[relay] {
            Manner::PassesBinary if matches!(frame, Frame::Text(_)) => return,
            Manner::Limits(most, code) => {
                let since = self.now.saturating_sub(1_000);
                let said = &mut self.people[from].said_at;
                said.retain(|at| *at > since);
                said.push(self.now);
                if said.len() > most {
                    let close = CloseEvent {
                        code,
                        reason: "slow down".to_owned(),
                        was_clean: true,
                    };
                    return self.schedule(1, from, way, News::Closed(close));
                }
                Some(false)
            }
            Manner::Passes | Manner::PassesBinary | Manner::RefusesFirst => Some(false),
            Manner::Broadcasts | Manner::OneEach(_) | Manner::Holds(_) => None,
            Manner::Echoes => Some(true),
            Manner::Toy(_) | Manner::MuteToy | Manner::ShutToy => return,
            Manner::Swallows | Manner::Ticks | Manner::Closes(..) => return,
        };
        let held = match self.relays[relay] {
            Manner::Holds(span) => span,
            _ => 0,
        };
        for to in 0..self.people.len() {
            for (other, there, is_open) in self.people[to].ways.clone() {
                let is_self = (to, other) == (from, way);
                if is_open && there == relay && to_self.is_none_or(|own| own == is_self) {
                    let after = 2 * self.one_way + held;
                    self.schedule(after, to, other, News::Frame(frame.clone()));
                }
            }
        }
    }

    /// A toy server answers what is its own, passes on what is published, and closes on anything else.
    fn send_to_toy(&mut self, from: usize, way: Way, relay: usize, frame: &Frame) {
        let longest = match self.relays[relay] {
            Manner::Toy(longest) => longest,
            Manner::ShutToy => 0,
            _ => return,
        };
        let after = 2 * self.one_way;
        let line = std::str::from_utf8(frame.as_bytes()).unwrap();
        self.published += usize::from(line == "PUB room");
        let answer = match line {
            "SUB room" if longest == 0 => "NO members only",
            "SUB room" => "OK",
            "PING" => "PONG",
            "PUB room" => return,
            _ if line.starts_with(['-', '.']) && line.len() <= longest => {
                for to in (0..self.people.len()).filter(|&to| to != from) {
                    for (other, there, is_open) in self.people[to].ways.clone() {
                        if is_open && there == relay {
                            self.schedule(after, to, other, News::Frame(frame.clone()));
                        }
                    }
                }
                return;
            }
            _ => {
                let close = CloseEvent {
                    code: 1002,
                    reason: "what?".to_owned(),
                    was_clean: true,
                };
                return self.schedule(after, from, way, News::Closed(close));
            }
        };
        self.schedule(after, from, way, News::Frame(Frame::from(answer)));
    }

    pub fn happen(&mut self, person: usize, way: Way, news: News) {
        let mut ways = self.people[person].ways.iter_mut();
        let Some(known) = ways.find(|(this, ..)| *this == way) else {
            return;
        };
        match &news {
            News::Opened => {
                known.2 = true;
                let relay = known.1;
                let longest = match self.relays[relay] {
                    Manner::Toy(longest) => Some(longest),
                    Manner::ShutToy => Some(400),
                    _ => None,
                };
                if let Some(longest) = longest {
                    let hello = Frame::from(format!("HELLO {longest}").as_str());
                    self.schedule(self.one_way, person, way, News::Frame(hello));
                }
                let (code, reason, ends) = match self.relays[relay] {
                    Manner::Closes(code, reason) => (code, reason, vec![way]),
                    Manner::OneEach(code) => {
                        let ways = self.people[person].ways.iter();
                        let others =
                            ways.filter(|(other, there, _)| *there == relay && *other != way);
                        (code, "", others.map(|(other, ..)| *other).collect())
                    }
                    _ => (1000, "", Vec::new()),
                };
                for way in ends {
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
            (Way::Own(generation), News::Opened) => machine::Input::Opened(generation).into(),
            (Way::Own(generation), News::Closed(close)) => {
                machine::Input::Closed(generation, close).into()
            }
            (Way::Own(_), News::Frame(frame)) => Input::Line(line::Input::Frame(frame)),
            (Way::Scout(_), News::Opened) => Input::Line(line::Input::Scout(ScoutNews::Opened)),
            (Way::Scout(_), News::Closed(_)) => Input::Line(line::Input::Scout(ScoutNews::Closed)),
            (Way::Scout(_), News::Frame(frame)) => {
                Input::Line(line::Input::Scout(ScoutNews::Frame(frame)))
            }
        };
        self.input(person, input);
    }

    pub fn run(&mut self, span: Millis) {
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
    pub fn until(&mut self, limit: Millis, holds: impl Fn(&Self) -> bool) -> Millis {
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

    pub fn told(&self) -> Vec<&[String]> {
        self.people
            .iter()
            .map(|person| person.sentences.as_slice())
            .collect()
    }

    pub fn are_together(&self) -> bool {
        (0..self.people.len()).all(|person| self.status(person).people == self.people.len())
    }

    pub fn meet(&mut self, limit: Millis) {
        self.until(limit, Self::are_together);
        self.draw(0, "a");
        self.until(5_000, |net| {
            (0..net.people.len()).all(|person| net.has(person, "a"))
        });
    }
}
