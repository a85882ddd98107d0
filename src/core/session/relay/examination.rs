//! Finding out what the server does: when it is examined, with how much patience, and what follows from the verdict.

use super::{Relay, SCOUT_DEATHS};
use crate::{
    core::{
        session::{Output, Scout, ScoutNews, Session, server},
        socket::{endpoint::Endpoint, machine},
        tape::Event,
        wire::profile::{Audience, Lesson, Line, Order, Profile, Profiler},
    },
    limits::{
        KNOWN_SERVERS, Millis, PROBE_PATIENCE_MS, USELESS_SOONER, VERIFY_ALONE_MS, VERIFY_CAP_MS,
    },
};

impl Relay {
    /// Whether the server ends a connection when a second one is opened.
    pub(super) fn bears_no_scout(&self) -> bool {
        let address = self.opened.as_ref().map(Endpoint::as_str);
        let mut ended = self.ended_by_scouts.iter();
        ended.any(|(known, times)| Some(known.as_str()) == address && *times >= SCOUT_DEATHS)
    }

    /// The connection ended; `by_scout`: as a second one was opened.
    pub(super) fn count_scouts(&mut self, by_scout: bool) {
        let Some(address) = self.opened.as_ref().map(Endpoint::as_str) else {
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

    pub(super) fn lesson(&mut self) -> Lesson {
        let Some(address) = self.opened.as_ref().map(Endpoint::as_str) else {
            return Lesson::default();
        };
        let mut lessons = self.lessons.iter();
        let at = lessons.position(|(known, _)| known == address);
        at.map(|at| self.lessons.swap_remove(at).1)
            .unwrap_or_default()
    }

    /// The next examination of this connection, if nobody is heard until then.
    pub(super) fn verify_later(&mut self, now: Millis) {
        self.verify_at = Some(now + self.verify_ms);
        self.verify_ms = (self.verify_ms * 2).min(VERIFY_CAP_MS);
    }
}

impl Session {
    pub(super) fn begin_to_examine(&mut self, now: Millis, lesson: Lesson, out: &mut Vec<Output>) {
        self.relay.lookout.interrupted();
        let nonce = self.rng.u32(..).to_be_bytes();
        let lesson = match self.relay.bears_no_scout() {
            true => lesson.alone(),
            false => lesson,
        };
        let round_trip_ms = self.round_trip_ms();
        let (profiler, orders) =
            Profiler::start(self.tag, self.me, nonce, now, round_trip_ms, lesson);
        self.relay.assumed_ms = profiler.round_trip_ms();
        self.relay.verify_at = None;
        self.relay.profiler = Some(profiler);
        self.obey(now, orders, out);
    }

    /// Whether the relay is open and known to connect nobody.
    pub(in crate::core::session) fn is_useless(&self) -> bool {
        self.relay.machine.is_open() && !self.relay.server.audience.may_connect()
    }

    /// Looks at once at a server that connected nobody: somebody asks for it, or comes back to the page.
    pub(in crate::core::session) fn examine_useless(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.is_useless() && self.relay.profiler.is_none() {
            self.relay.verifies = true;
            self.begin_to_examine(now, Lesson::default(), out);
        }
    }

    /// Whether the last examination did not wait as long as this line takes.
    pub(super) fn is_slower_than_assumed(&self) -> bool {
        self.relay
            .rtt_ms
            .is_some_and(|rtt_ms| rtt_ms > 2 * self.relay.assumed_ms.max(PROBE_PATIENCE_MS))
    }

    pub(super) fn obey(&mut self, now: Millis, orders: Vec<Order>, out: &mut Vec<Output>) {
        for order in orders {
            match order {
                // A probe that does not fit a full queue is one that did not come back.
                Order::Say(frame) => drop(self.relay.outbox.push([frame])),
                Order::OpenScout => {
                    let endpoint = self.relay.machine.endpoint().cloned();
                    out.extend(endpoint.map(|endpoint| Output::Scout(Scout::Open(endpoint))));
                }
                Order::ScoutSay(frame) => out.push(Output::Scout(Scout::Send(frame))),
                Order::CloseScout => {
                    out.push(Output::Scout(Scout::Close));
                    if self.store.is_loaded() {
                        self.sync.ready(now);
                    }
                }
                Order::Finished(profile) => self.profiled(now, profile, out),
            }
        }
    }

    pub(super) fn profiled(&mut self, now: Millis, profile: Profile, out: &mut Vec<Output>) {
        let had_scout = self
            .relay
            .profiler
            .take()
            .is_some_and(|profiler| profiler.had_scout());
        self.relay.mute = false;
        let was_known = self.relay.server.is_worth_keeping();
        if was_known && !had_scout {
            // Nothing was learned that outweighs what is known.
            return self.relay.verify_later(now);
        }
        if had_scout {
            self.relay.count_scouts(false);
        }
        if profile.audience == Audience::None && was_known {
            // Perhaps it is not the server that is silent, but this connection: a new one is examined from the beginning.
            self.relay.server = Profile::default();
            out.extend(self.relay.learn());
            return self.socket(now, machine::Input::Distrusted, out);
        }
        let is_news = self.relay.server != profile;
        self.relay.server = profile;
        // What came before this examination says nothing of what a server does now that fell silent.
        if !std::mem::take(&mut self.relay.verifies) {
            self.relay
                .server
                .noticed(self.relay.heard_own, self.relay.heard_others);
        }
        if let Some(rtt_ms) = self.relay.server.rtt_ms {
            self.measured(now, rtt_ms.into(), out);
        }
        let form = self.codec.shape().form;
        self.codec.set_shape(self.relay.server.shape());
        let is_unheard = !self.relay.heard_own && !self.relay.heard_others;
        if is_unheard && form != self.codec.shape().form {
            // What was said in the other form may have reached nobody.
            self.met(now, out);
        }
        out.extend(self.relay.learn());
        if is_news {
            let verdict = server::summary(&self.relay.server);
            self.relay.tape.record(now, Event::verdict(verdict));
        }
        let connects = self.relay.server.audience.may_connect();
        match connects {
            true => self.relay.verify_later(now),
            false => {
                let sooner = now + self.relay.verify_ms / USELESS_SOONER;
                self.relay.verify_later(now);
                self.relay.verify_at = Some(sooner);
            }
        }
        self.socket(now, machine::Input::Profiled { connects }, out);
        self.judge(now, out);
    }

    /// The scout's news, while the server is being examined.
    pub(in crate::core::session) fn scouted(
        &mut self,
        now: Millis,
        news: ScoutNews,
        out: &mut Vec<Output>,
    ) {
        let Some(profiler) = &mut self.relay.profiler else {
            return self.looked_out(now, news, out);
        };
        let orders = match news {
            ScoutNews::Opened => profiler.scout_opened(now),
            ScoutNews::Closed => profiler.scout_closed(now),
            ScoutNews::Frame(frame) => profiler.frame_arrived(now, Line::Scout, &frame),
        };
        self.obey(now, orders, out);
    }

    pub(in crate::core::session) fn examine(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.relay.machine.is_open() && self.relay.verify_at.take_if(|at| *at <= now).is_some() {
            // Nobody is heard: perhaps because nobody is here, perhaps because the server passes nothing on any more, or
            // another one answers at this address by now. To ask costs nobody anything.
            let was_tried = self.relay.verify_ms > VERIFY_ALONE_MS;
            if !self.relay.is_alone() {
                self.relay.verify_later(now);
            } else if self.relay.profiler.is_none() {
                let lesson = match was_tried && self.relay.server.audience.connects() {
                    true => Lesson::known(&self.relay.server),
                    false => Lesson::default(),
                };
                self.relay.verifies = true;
                self.begin_to_examine(now, lesson, out);
            }
        }
        self.look_out(now, out);
        if let Some(profiler) = &mut self.relay.profiler {
            let orders = profiler.tick(now);
            self.obey(now, orders, out);
        }
    }
}
