//! What a session makes of what its line says.

use super::{Output, Session, message::Body};
use crate::{
    core::{
        doc::presence::slots::To,
        frame::Frame,
        line::{Event, Via},
        wire::codec::Inbound,
    },
    limits::Millis,
};

impl Session {
    /// Does what the line says, until it says nothing more.
    pub(super) fn route(&mut self, now: Millis, out: &mut Vec<Output>) {
        while let Some(event) = self.line.next_event() {
            match event {
                Event::Do(output) => out.push(Output::Line(output)),
                Event::Payload(payload, via) => self.payload(now, &payload, via, out),
                Event::Tab(tab) => self.heard(now, tab),
                Event::TabGone(tab) => {
                    if self.people.left(now, tab) {
                        self.forget_absent();
                    }
                }
                Event::Opened => self.codec.reconnected(),
                Event::Joined => self.joined(now, out),
                Event::Met => self.met(now, out),
                Event::Closed => self.sent_state = self.replica.state_vector(),
                Event::Shape(shape) => self.codec.set_shape(shape),
                Event::Paced(rtt_ms) => {
                    // Engines that wait for others wait as long as the line takes.
                    self.sync.set_round_trip(rtt_ms);
                    self.codec.set_round_trip(rtt_ms);
                }
                Event::Heartbeat(peers) => {
                    self.line.heartbeat_sent(now);
                    self.say_timed(now, Body::Ping(peers), out);
                }
                Event::ScoutClosed => {
                    if self.store.is_loaded() {
                        self.sync.ready(now);
                    }
                }
                Event::Greet => {
                    let greeting = self.greeting();
                    self.line.greet(greeting);
                }
                Event::Sent => {
                    self.unsent = 0;
                    self.sent_state = self.replica.state_vector();
                }
                Event::Drained => self.sync.edited(now),
            }
        }
    }

    fn payload(&mut self, now: Millis, payload: &Frame, via: Via, out: &mut Vec<Output>) {
        let before = (via == Via::CutOff).then(|| self.replica.digest());
        let inbound = self.inbound(now, payload);
        if self.line.read(now, via, payload, &inbound) {
            self.messages(now, inbound.messages, out);
        }
        // A follower's edit, which the relay was not sent.
        if before.is_some_and(|before| before != self.replica.digest()) {
            self.unsent += 1;
        }
    }

    fn inbound(&mut self, now: Millis, frame: &Frame) -> Inbound {
        let inbound = self.codec.frame_arrived(now, frame.as_bytes());
        let others = inbound.others.iter();
        others.for_each(|&peer| self.sync.heard(now, peer));
        inbound
    }

    /// The relay is reached: say what was made meanwhile, then ask and show ourselves.
    pub(super) fn joined(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.unsent > 0 {
            self.unsent = 0;
            if let Ok(Some(update)) = self.replica.diff(&self.sent_state) {
                self.say(Body::Update(update), out);
            } else {
                self.say(Body::Update(self.replica.deletions()), out);
            }
        }
        self.met(now, out);
    }

    /// The others can be reached: asks them, and shows ourselves.
    pub(super) fn met(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.show_again(To::Everyone);
        self.show_again(To::Followers);
        self.people.met(now);
        self.ask(now);
        self.tick_network(now, out);
    }
}
