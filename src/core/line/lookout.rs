//! Two peers of one link can be on different relays of its list, because the first relay refused one of them, or was
//! down for a moment. A peer that is alone on a relay therefore looks on the others now and then, over a second,
//! short-lived connection: it sends a greeting, listens for a moment, and goes there if a member answers. A peer with
//! company looks only from a fallback, only on the relays before it, and seldom. Relays whose dialect has to introduce
//! itself are not looked at.

use super::{Event, Line, Output, Scout, ScoutNews, Via};
use crate::{
    core::{
        frame::Frame,
        socket::{endpoint::Endpoint, machine},
        wire::codec::Inbound,
    },
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
    /// The next connection goes to where others were found.
    follows: bool,
    /// The current one did.
    followed: bool,
}

impl Lookout {
    /// A relay was opened, one of so many.
    pub fn opened(&mut self, now: Millis, relays: usize) {
        self.pause_ms = LOOK_MS;
        self.followed = std::mem::take(&mut self.follows);
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

impl Line {
    /// Begins a look that is due, and ends one that took long enough.
    pub(super) fn look_out(&mut self, now: Millis) {
        let is_alone = self.is_alone();
        let lookout = &mut self.lookout;
        let is_over = lookout.at.take_if(|(_, until)| *until <= now).is_some();
        let is_due = lookout.next_at.is_some_and(|at| at <= now) && lookout.at.is_none();
        if is_over {
            self.tell(Output::Scout(Scout::Close, &[]));
        }
        if !is_due {
            return;
        }
        let lookout = &mut self.lookout;
        let pause_ms = match is_alone {
            true => lookout.pause_ms,
            // Not all of a group at the same moment; and those more seldom who came here because others were here.
            false => {
                let most = LOOK_IN_COMPANY_MS * if lookout.followed { 4 } else { 1 };
                self.rng.u64(most / 2..=most)
            }
        };
        lookout.next_at = Some(now + pause_ms);
        lookout.pause_ms = (lookout.pause_ms * 2).min(LOOK_CAP_MS);
        if !self.machine.is_open() || self.live.scouts {
            return;
        }
        let Some(there) = self.place_to_look(is_alone) else {
            return;
        };
        self.lookout.looks += 1;
        self.lookout.at = Some((there.clone(), now + CONNECT_TIMEOUT_MS));
        self.tell(Output::Scout(Scout::Open(there), &[]));
    }

    /// Another relay of the list, each in its turn.
    fn place_to_look(&self, is_alone: bool) -> Option<Endpoint> {
        let (place, _) = self.machine.place();
        let current = self.machine.endpoint();
        // A page that is not alone looks only at relays before its own in the list. So two halves of a group that a
        // short outage separated meet again on the earlier relay.
        let relays = match is_alone {
            true => self.wanted.as_slice(),
            false => self.wanted.get(..place)?,
        };
        let is_bare = |relay: &Endpoint| {
            let dialect = self.dialects.get(self.dialect_of(relay));
            dialect.is_some_and(|dialect| dialect.is_bare())
        };
        let others = relays.iter().filter(|relay| Some(*relay) != current);
        let others: Vec<_> = others.filter(|relay| is_bare(relay)).collect();
        let turn = self.lookout.looks % others.len().max(1);
        others.get(turn).copied().cloned()
    }

    /// News of the connection to the relay that is looked at.
    pub(super) fn looked_out(&mut self, now: Millis, news: ScoutNews) {
        let listens_ms = LOOK_LISTENS_MS.max(3 * self.round_trip_ms());
        let Some((_, until)) = &mut self.lookout.at else {
            return;
        };
        match news {
            ScoutNews::Opened => {
                *until = now + listens_ms;
                self.events.push_back(Event::Greet);
            }
            ScoutNews::Closed => self.lookout.at = None,
            ScoutNews::Frame(frame) => self.events.push_back(Event::Payload(frame, Via::Scout)),
        }
    }

    /// Says that this page is there, on the relay that is looked at.
    pub fn greet(&mut self, payloads: Vec<Frame>) {
        for payload in payloads {
            self.tell(Output::Scout(Scout::Send(payload), &[]));
        }
    }

    /// A frame came from the relay that is looked at. Goes there if it is a member's who is no tab of this browser, and
    /// says whether it is.
    pub(super) fn found(&mut self, now: Millis, inbound: &Inbound) -> bool {
        let is_tab = |peer: &_| self.tabs.is_followed_by(*peer);
        if inbound.others.iter().all(is_tab) {
            return false;
        }
        let Some((there, _)) = self.lookout.at.take() else {
            return false;
        };
        self.lookout.follows = true;
        self.tell(Output::Scout(Scout::Close, &[]));
        self.socket(now, machine::Input::FoundAt(there));
        true
    }
}
