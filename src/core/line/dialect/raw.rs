//! Servers that pass on frames as they are: echo and broadcast servers of any make. A payload is a frame. What such a
//! server does it does not say; so it is examined (`raw/profiler.rs`), watched, and examined again where nobody is heard.
//!
//! What an examination found out that did not come to an end is kept by address, for the next connection.

mod profiler;

use self::profiler::{Lesson, On, Order, Profiler};
use super::{Dialect, Input, Output, Speaker};
use crate::{
    core::{
        frame::Frame,
        line::{
            Scout, ScoutNews,
            server::{Audience, Server},
        },
        peer::PeerId,
        socket::{
            close::{CloseEvent, Verdict},
            endpoint::Endpoint,
        },
        wire::tag::Tag,
    },
    limits::{
        KNOWN_SERVERS, Millis, PROBE_PATIENCE_MS, USELESS_SOONER, VERIFY_ALONE_MS, VERIFY_CAP_MS,
        VERIFY_MS,
    },
};

/// A server whose connection died so often while a second one was opened gets no second one.
const SCOUT_DEATHS: u32 = 2;

#[derive(Debug)]
pub struct Raw {
    /// For probes.
    tag: Tag,
    me: PeerId,
    rng: fastrand::Rng,
    /// What examinations found out that did not come to an end, by address.
    lessons: Vec<(String, Lesson)>,
    /// Servers whose connection died while a second one was opened, and how often in a row.
    ended_by_scouts: Vec<(String, u32)>,
    /// The server that was opened last, and what is known of it.
    endpoint: Option<Endpoint>,
    server: Server,
    profiler: Option<Profiler>,
    handshake_ms: Millis,
    rtt_ms: Option<Millis>,
    /// The round trip that the last examination reckoned with.
    assumed_ms: Millis,
    /// When the server is examined again, if nobody is heard, and how much later each further time.
    verify_at: Option<Millis>,
    verify_ms: Millis,
    /// It is examined because it was known before, or served before.
    verifies: bool,
    /// Messages of this page, and of others, came over this connection.
    heard_own: bool,
    heard_others: bool,
}

impl Dialect for Raw {
    fn serves(&self, _: &Endpoint) -> bool {
        true
    }

    fn is_bare(&self) -> bool {
        true
    }

    fn handle(&mut self, now: Millis, input: Input<'_>) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::Opened {
                endpoint,
                handshake_ms,
                known,
            } => {
                self.endpoint = Some(endpoint.clone());
                self.opened(now, handshake_ms, known, &mut out);
            }
            Input::Closed(close) => self.closed(close, &mut out),
            Input::Frame(frame) => out.push(Output::Payload(frame.clone())),
            Input::Scout(news) => self.examine(now, &mut out, |profiler| match news {
                ScoutNews::Opened => profiler.scout_opened(now),
                ScoutNews::Closed => profiler.scout_closed(now),
                ScoutNews::Frame(frame) => profiler.frame_arrived(now, On::Scout, &frame),
            }),
            Input::Read {
                payload,
                own,
                others,
            } => self.read(now, payload, (own, others), &mut out),
            Input::RoundTrip(rtt_ms) => self.measured(now, rtt_ms),
            Input::Doubted => {
                // Perhaps they crashed, perhaps the server passes nothing on any more.
                if self.profiler.is_none() {
                    self.verify_ms = VERIFY_ALONE_MS;
                    self.verify_at = Some(now);
                }
            }
            Input::LookAgain => {
                if self.profiler.is_none() {
                    self.verifies = true;
                    self.begin_to_examine(now, Lesson::default(), &mut out);
                }
            }
            Input::Woke => {}
            Input::Ticked { is_alone } => self.tick(now, is_alone, &mut out),
        }
        out
    }

    fn wake_at(&self) -> Option<Millis> {
        let profiler = self.profiler.as_ref().map(Profiler::wake_at);
        profiler.into_iter().chain(self.verify_at).min()
    }
}

impl Raw {
    pub fn new(Speaker { tag, me, seed }: Speaker) -> Self {
        Self {
            tag,
            me,
            rng: fastrand::Rng::with_seed(seed),
            lessons: Vec::new(),
            ended_by_scouts: Vec::new(),
            endpoint: None,
            server: Server::default(),
            profiler: None,
            handshake_ms: 0,
            rtt_ms: None,
            assumed_ms: 0,
            verify_at: None,
            verify_ms: VERIFY_ALONE_MS,
            verifies: false,
            heard_own: false,
            heard_others: false,
        }
    }

    fn opened(
        &mut self,
        now: Millis,
        handshake_ms: Millis,
        known: Option<&Server>,
        out: &mut Vec<Output>,
    ) {
        let is_known = known.is_some();
        self.server = known.cloned().unwrap_or_default();
        self.heard_own = false;
        self.heard_others = false;
        self.handshake_ms = handshake_ms;
        self.rtt_ms = self.server.rtt_ms.map(Millis::from);
        self.verify_ms = VERIFY_ALONE_MS;
        self.verifies = false;
        out.push(Output::Server(self.server.clone()));
        out.extend(self.rtt_ms.map(Output::RoundTrip));
        if is_known {
            self.verify_at = Some(now + VERIFY_MS);
            out.push(Output::Profiled);
        } else {
            let lesson = self.lesson();
            self.begin_to_examine(now, lesson, out);
        }
        out.push(Output::Ready);
    }

    fn closed(&mut self, close: Option<&CloseEvent>, out: &mut Vec<Output>) {
        let verdict = close.map(CloseEvent::verdict);
        if let Some(Verdict::SmallerFrames | Verdict::TextOnly) = verdict {
            // What was known of it is wrong: the next connection begins with what every server takes.
            self.believe(Server::default(), out);
            self.remember(out);
        }
        if let Some(profiler) = self.profiler.take() {
            self.count_scouts(profiler.has_new_scout());
            out.push(Output::Scout(Scout::Close));
            if let Some(address) = self.endpoint.as_ref().map(Endpoint::as_str) {
                self.lessons.retain(|(known, _)| known != address);
                let lesson = (address.to_owned(), profiler.lesson());
                self.lessons.push(lesson);
                let surplus = self.lessons.len().saturating_sub(KNOWN_SERVERS);
                self.lessons.drain(..surplus);
            }
        }
        let was_tried = self.verify_ms > VERIFY_ALONE_MS;
        let heard_any = self.heard_own || self.heard_others;
        if self.verify_at.take().is_some() && !was_tried && !heard_any {
            // It hung up on what it used to take: another server may answer at this address by now.
            self.believe(Server::default(), out);
            self.remember(out);
        }
    }

    fn read(
        &mut self,
        now: Millis,
        payload: &Frame,
        (own, others): (bool, bool),
        out: &mut Vec<Output>,
    ) {
        self.heard_own |= own;
        self.heard_others |= others;
        self.examine(now, out, |it| it.frame_arrived(now, On::Own, payload));
        if self.profiler.is_none() {
            let mut server = self.server.clone();
            server.noticed(own, others);
            if server != self.server {
                self.believe(server, out);
                self.remember(out);
            }
        }
    }

    fn believe(&mut self, server: Server, out: &mut Vec<Output>) {
        self.server = server.clone();
        out.push(Output::Server(server));
    }

    /// Remembers what the server at hand is, or forgets what was wrong.
    fn remember(&self, out: &mut Vec<Output>) {
        out.push(Output::Remember(self.server.clone()));
    }

    /// A round trip, or what opening the connection took, which is no shorter.
    fn round_trip_ms(&self) -> Millis {
        self.rtt_ms.unwrap_or(self.handshake_ms)
    }

    /// Looks again at a server that connected nobody, if the examination did not wait as long as this line takes.
    fn measured(&mut self, now: Millis, rtt_ms: Millis) {
        self.rtt_ms = Some(rtt_ms);
        let is_slower = rtt_ms > 2 * self.assumed_ms.max(PROBE_PATIENCE_MS);
        if !self.server.audience.may_connect() && self.profiler.is_none() && is_slower {
            self.verify_at = Some(now);
        }
    }

    fn tick(&mut self, now: Millis, is_alone: bool, out: &mut Vec<Output>) {
        if self.verify_at.take_if(|at| *at <= now).is_some() {
            // Nobody is heard: perhaps because nobody is here, perhaps because the server passes nothing on any more, or
            // another one answers at this address by now. To ask costs nobody anything.
            let was_tried = self.verify_ms > VERIFY_ALONE_MS;
            if !is_alone {
                self.verify_later(now);
            } else if self.profiler.is_none() {
                let lesson = match was_tried && self.server.audience.connects() {
                    true => Lesson::known(&self.server),
                    false => Lesson::default(),
                };
                self.verifies = true;
                self.begin_to_examine(now, lesson, out);
            }
        }
        self.examine(now, out, |profiler| profiler.tick(now));
    }

    /// The next examination of this connection, if nobody is heard until then.
    fn verify_later(&mut self, now: Millis) {
        self.verify_at = Some(now + self.verify_ms);
        self.verify_ms = (self.verify_ms * 2).min(VERIFY_CAP_MS);
    }

    fn begin_to_examine(&mut self, now: Millis, lesson: Lesson, out: &mut Vec<Output>) {
        let nonce = self.rng.u32(..).to_be_bytes();
        let lesson = match self.bears_no_scout() {
            true => lesson.alone(),
            false => lesson,
        };
        let round_trip_ms = self.round_trip_ms();
        let (profiler, orders) =
            Profiler::start(self.tag, self.me, nonce, now, round_trip_ms, lesson);
        self.assumed_ms = profiler.round_trip_ms();
        self.verify_at = None;
        self.profiler = Some(profiler);
        self.obey(now, orders, out);
    }

    /// The examination, if one is under way, goes on.
    fn examine(
        &mut self,
        now: Millis,
        out: &mut Vec<Output>,
        go_on: impl FnOnce(&mut Profiler) -> Vec<Order>,
    ) {
        if let Some(profiler) = &mut self.profiler {
            let orders = go_on(profiler);
            self.obey(now, orders, out);
        }
    }

    fn obey(&mut self, now: Millis, orders: Vec<Order>, out: &mut Vec<Output>) {
        for order in orders {
            match order {
                Order::Say(frame) => out.push(Output::Send(frame)),
                Order::OpenScout => {
                    let endpoint = self.endpoint.clone();
                    out.extend(endpoint.map(|endpoint| Output::Scout(Scout::Open(endpoint))));
                }
                Order::ScoutSay(frame) => out.push(Output::Scout(Scout::Send(frame))),
                Order::CloseScout => out.push(Output::Scout(Scout::Close)),
                Order::Finished(server) => self.profiled(now, server, out),
            }
        }
    }

    fn profiled(&mut self, now: Millis, server: Server, out: &mut Vec<Output>) {
        let profiler = self.profiler.take();
        let had_scout = profiler.is_some_and(|profiler| profiler.had_scout());
        let was_known = self.server.is_worth_keeping();
        if was_known && !had_scout {
            // Nothing was learned that outweighs what is known.
            return self.verify_later(now);
        }
        if had_scout {
            self.count_scouts(false);
        }
        if server.audience == Audience::None && was_known {
            // Perhaps it is not the server that is silent, but this connection: a new one is examined from the beginning.
            self.believe(Server::default(), out);
            self.remember(out);
            return out.push(Output::Silent);
        }
        let binary = self.server.binary;
        let mut server = server;
        // What came before this examination says nothing of what a server does now that fell silent.
        if !std::mem::take(&mut self.verifies) {
            server.noticed(self.heard_own, self.heard_others);
        }
        self.believe(server, out);
        if let Some(rtt_ms) = self.server.rtt_ms.map(Millis::from) {
            self.rtt_ms = Some(rtt_ms);
            out.push(Output::RoundTrip(rtt_ms));
        }
        let is_unheard = !self.heard_own && !self.heard_others;
        if is_unheard && binary != self.server.binary {
            // What was said in the other form may have reached nobody.
            out.push(Output::Lost);
        }
        self.remember(out);
        let verify_ms = self.verify_ms;
        self.verify_later(now);
        if !self.server.audience.may_connect() {
            self.verify_at = Some(now + verify_ms / USELESS_SOONER);
        }
        out.push(Output::Profiled);
    }

    /// Whether the server ends a connection when a second one is opened.
    fn bears_no_scout(&self) -> bool {
        let address = self.endpoint.as_ref().map(Endpoint::as_str);
        let mut ended = self.ended_by_scouts.iter();
        ended.any(|(known, times)| Some(known.as_str()) == address && *times >= SCOUT_DEATHS)
    }

    /// The connection ended; `by_scout`: as a second one was opened.
    fn count_scouts(&mut self, by_scout: bool) {
        let Some(address) = self.endpoint.as_ref().map(Endpoint::as_str) else {
            return;
        };
        let mut ended = self.ended_by_scouts.iter();
        let at = ended.position(|(known, _)| known == address);
        let times = at.map_or(0, |at| self.ended_by_scouts.swap_remove(at).1);
        if by_scout {
            self.ended_by_scouts.push((address.to_owned(), times + 1));
        }
        let surplus = self.ended_by_scouts.len().saturating_sub(KNOWN_SERVERS);
        self.ended_by_scouts.drain(..surplus);
    }

    /// What the last examination at this address left.
    fn lesson(&mut self) -> Lesson {
        let Some(address) = self.endpoint.as_ref().map(Endpoint::as_str) else {
            return Lesson::default();
        };
        let mut lessons = self.lessons.iter();
        let at = lessons.position(|(known, _)| known == address);
        at.map(|at| self.lessons.swap_remove(at).1)
            .unwrap_or_default()
    }
}
