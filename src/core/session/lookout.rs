//! Two peers of one link can be on different relays of its list, because the first relay refused one of them, or was
//! down for a moment. A peer that is alone on a relay therefore looks on the others now and then, over a second,
//! short-lived connection: it sends a greeting, listens for a moment, and goes there if a member answers. A peer with
//! company looks only from a fallback, only on the relays before it, and seldom.

use super::{Output, Scout, ScoutNews, Session};
use crate::{
    core::socket::{endpoint::Endpoint, machine},
    limits::{
        CONNECT_TIMEOUT_MS, LOOK_CAP_MS, LOOK_IN_COMPANY_MS, LOOK_LISTENS_MS, LOOK_MS, Millis,
    },
};

#[derive(Debug, Default)]
pub struct Lookout {
    /// When the next look is due, and how much later each further one.
    next_at: Option<Millis>,
    pause_ms: Millis,
    /// Counts the looks, to take the relays in turn.
    looks: usize,
    /// The relay that is looked at, and until when.
    at: Option<(Endpoint, Millis)>,
}

impl Lookout {
    /// A relay was opened, one of so many.
    pub fn opened(&mut self, now: Millis, relays: usize) {
        self.pause_ms = LOOK_MS;
        self.next_at = (relays > 1).then_some(now + LOOK_MS);
    }

    /// The connection is closed. Says whether a look was under way.
    pub fn closed(&mut self) -> bool {
        self.next_at = None;
        self.at.take().is_some()
    }

    /// The second connection is needed for something else.
    pub fn interrupted(&mut self) {
        self.at = None;
    }

    pub fn wake_at(&self) -> Option<Millis> {
        let until = self.at.as_ref().map(|(_, until)| *until);
        until.or(self.next_at)
    }
}

impl Session {
    /// Begins a look that is due, and ends one that took long enough.
    pub(super) fn look_out(&mut self, now: Millis, out: &mut Vec<Output>) {
        let is_alone = self.relay.is_alone();
        let relay = &mut self.relay;
        let lookout = &mut relay.lookout;
        if lookout.at.take_if(|(_, until)| *until <= now).is_some() {
            out.push(Output::Scout(Scout::Close));
        }
        let is_due = lookout.next_at.is_some_and(|at| at <= now) && lookout.at.is_none();
        if !is_due {
            return;
        }
        let pause_ms = match is_alone {
            true => lookout.pause_ms,
            // Not all of a group at the same moment.
            false => self.rng.u64(LOOK_IN_COMPANY_MS / 2..=LOOK_IN_COMPANY_MS),
        };
        lookout.next_at = Some(now + pause_ms);
        lookout.pause_ms = (lookout.pause_ms * 2).min(LOOK_CAP_MS);
        let is_free = relay.machine.is_open() && !relay.is_examined();
        if !is_free {
            return;
        }
        let (place, _) = relay.machine.place();
        let current = relay.machine.endpoint();
        let others = relay.wanted.iter().filter(|relay| Some(*relay) != current);
        // In company only those on a fallback look, and only where the list would have them: the two halves of a group
        // that a short outage parted meet on the relay that comes first.
        let others: Vec<_> = match is_alone {
            true => others.collect(),
            false => relay.wanted.iter().take(place).collect(),
        };
        let turn = relay.lookout.looks % others.len().max(1);
        let Some(&there) = others.get(turn) else {
            return;
        };
        let there = there.clone();
        relay.lookout.looks += 1;
        relay.lookout.at = Some((there.clone(), now + CONNECT_TIMEOUT_MS));
        out.push(Output::Scout(Scout::Open(there)));
    }

    /// News of the connection to the relay that is looked at.
    pub(super) fn looked_out(&mut self, now: Millis, news: ScoutNews, out: &mut Vec<Output>) {
        let listens_ms = LOOK_LISTENS_MS.max(3 * self.round_trip_ms());
        let Some((there, until)) = &mut self.relay.lookout.at else {
            return;
        };
        match news {
            ScoutNews::Opened => {
                *until = now + listens_ms;
                let greeting = self.greeting();
                out.extend(
                    greeting
                        .into_iter()
                        .map(|frame| Output::Scout(Scout::Send(frame))),
                );
            }
            ScoutNews::Closed => self.relay.lookout.at = None,
            ScoutNews::Frame(frame) => {
                let there = there.clone();
                let inbound = self.inbound(now, &frame);
                let is_tab = |peer: &_| self.lead.is_followed_by(*peer);
                if inbound.others.iter().all(is_tab) {
                    return;
                }
                self.relay.lookout.at = None;
                out.push(Output::Scout(Scout::Close));
                self.messages(now, inbound.messages, out);
                self.socket(now, machine::Input::FoundAt(there), out);
            }
        }
    }
}
