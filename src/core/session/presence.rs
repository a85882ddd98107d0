//! Presence: which peers are here, what each page shows in its slots, and whose view a page follows.

use super::{
    Notice, Output, Session,
    message::{Body, LEVEL},
};
use crate::{
    core::{
        apps,
        doc::presence::{
            News, People, Person, Profile, pause,
            slots::{Lane, Slot, To},
        },
        frame::Frame,
        peer::PeerId,
        wire::codec::Shape,
    },
    limits::{CURSOR_MS, Millis},
};

/// A value that this page shows to peers: the current one, the one sent last, and when the next one may be sent.
#[derive(Debug)]
pub(super) struct Throttled<T> {
    pub(super) now: Option<T>,
    pub(super) told: Option<T>,
    next_at: Millis,
}

impl<T> Default for Throttled<T> {
    fn default() -> Self {
        Self {
            now: None,
            told: None,
            next_at: 0,
        }
    }
}

impl<T: Clone + PartialEq> Throttled<T> {
    pub(super) fn wake_at(&self) -> Option<Millis> {
        (self.now != self.told).then_some(self.next_at)
    }

    /// What to tell, and after it nothing for a `pause`.
    fn due(&mut self, now: Millis, pause: Millis) -> Option<Option<T>> {
        self.wake_at().filter(|&at| at <= now)?;
        self.told.clone_from(&self.now);
        self.next_at = now + pause;
        Some(self.now.clone())
    }
}

impl Session {
    pub fn people(&self) -> &People {
        &self.people
    }

    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    pub fn me(&self) -> PeerId {
        self.me
    }

    /// Whose view is wanted in place of one's own.
    pub fn follows(&self) -> Option<PeerId> {
        self.follows
    }

    /// Whose view that is in the end.
    pub fn leader(&self) -> Option<&Person> {
        self.people.leader_of(self.me, self.follows?)
    }
}

impl Session {
    /// For what is worth nothing when nobody is here.
    pub(super) fn say_if_heard(&mut self, body: Body, out: &mut Vec<Output>) {
        if self.people.count() > 1 {
            self.say(body, out);
        }
    }

    pub(super) fn beat(&mut self, now: Millis, out: &mut Vec<Output>) {
        #[cfg(feature = "ahead")]
        self.say(Body::Later, out);
        let beat = self.presence();
        self.say_timed(now, beat, out);
    }

    fn presence(&self) -> Body {
        Body::Beat {
            operations: self.replica.operations(),
            digest: self.sync.shown(self.replica.digest()),
            profile: self.profile.clone(),
            follows: self.follows,
            claim: self.claim.clone(),
            level: LEVEL,
        }
    }

    /// That we are here, for a server of which nothing is known.
    pub(super) fn greeting(&mut self) -> Vec<Frame> {
        let (kind, body) = self.presence().write();
        let sealed = self.codec.encode_for(Shape::default(), kind, &body);
        sealed.map(|sealed| sealed.frames).unwrap_or_default()
    }

    /// Somebody is here; who is new soon learns who we are.
    pub(super) fn heard(&mut self, now: Millis, peer: PeerId) {
        if self.people.heard(now, peer) {
            self.sync.introduce(now, &mut self.rng);
            self.show_again(To::Everyone);
        }
    }

    /// For people to read.
    pub(super) fn name(&self, peer: PeerId) -> String {
        let person = self.people.get(peer);
        person.map_or("Somebody", Person::name).to_owned()
    }

    /// A beat of `from` arrived. If the sender follows a peer and this page shows its own view, the view is sent again:
    /// the last message with it may have been lost.
    pub(super) fn showed(
        &mut self,
        now: Millis,
        from: PeerId,
        profile: Profile,
        follows: Option<PeerId>,
        owner: Option<PeerId>,
        out: &mut Vec<Output>,
    ) {
        self.people.showed(now, from, profile, follows, owner);
        if follows.is_some() && self.shows_view() {
            self.show_again(To::Followers);
            self.tell_shown(now, out);
        }
    }

    /// Says once that there is a newer version of this program.
    pub(super) fn level_shown(&mut self, from: PeerId, level: u32, out: &mut Vec<Output>) {
        if level > LEVEL && !std::mem::replace(&mut self.met_newer, true) {
            out.push(Output::Notice(Notice::Newer(self.name(from))));
        }
    }

    pub(super) fn follow(&mut self, now: Millis, leader: Option<PeerId>, out: &mut Vec<Output>) {
        if self.follows != leader {
            self.follows = leader;
            self.beat(now, out);
            self.tell_shown(now, out);
        }
    }

    /// Whether the others see what we see: not while that is somebody else's view.
    pub(super) fn shows_view(&self) -> bool {
        self.follows.is_none() && self.people.follow(self.me)
    }

    /// Whether there is anybody to be shown this slot.
    fn is_shown(&self, slot: Slot) -> bool {
        slot.to == To::Everyone || self.shows_view()
    }

    pub(super) fn shown_wakes_at(&self) -> Option<Millis> {
        let due = self.shown.iter().filter(|(slot, _)| self.is_shown(*slot));
        due.filter_map(|(_, told)| told.wake_at()).min()
    }

    /// Schedules the current values of these slots to be sent again: earlier messages may have been lost, or a peer may
    /// be new. A slot that has no value is not sent again.
    pub(super) fn show_again(&mut self, to: To) {
        for (slot, told) in &mut self.shown {
            if slot.to == to && told.now.is_some() {
                told.told = None;
            }
        }
    }

    /// A message of a stream, which may say something of another slot, too.
    pub(super) fn stream(&mut self, slot: Slot, body: Vec<u8>, out: &mut Vec<Output>) {
        if let Some((other, value)) = apps::implied(slot, &body) {
            self.show(other, Some(value));
            if let Some((_, told)) = self.shown.iter_mut().find(|(shown, _)| *shown == other) {
                told.told.clone_from(&told.now);
            }
        }
        self.say_if_heard(Body::Shown(slot, body), out);
    }

    /// Tells what is new of what we show.
    pub(super) fn tell_shown(&mut self, now: Millis, out: &mut Vec<Output>) {
        let pause = pause(CURSOR_MS, self.people.count() - 1);
        for at in 0..self.shown.len() {
            let slot = self.shown.get(at).map(|(slot, _)| *slot);
            let Some(slot) = slot.filter(|slot| self.is_shown(*slot)) else {
                continue;
            };
            let told = self.shown.get_mut(at);
            if let Some(value) = told.and_then(|(_, told)| told.due(now, pause)) {
                let body = match value {
                    Some(value) => [&[1], value.as_slice()].concat(),
                    None => vec![0],
                };
                self.say_if_heard(Body::Shown(slot, body), out);
            }
        }
    }

    /// Notes what we show from now on.
    pub(super) fn show(&mut self, slot: Slot, value: Option<Vec<u8>>) {
        let at = self.shown.iter().position(|(shown, _)| *shown == slot);
        match at.and_then(|at| self.shown.get_mut(at)) {
            Some((_, told)) => told.now = value,
            None => {
                let told = Throttled {
                    now: value,
                    ..Throttled::default()
                };
                self.shown.push((slot, told));
            }
        }
    }

    /// A peer's message of a slot arrived.
    pub(super) fn shown_by(
        &mut self,
        from: PeerId,
        slot: Slot,
        body: Vec<u8>,
        out: &mut Vec<Output>,
    ) {
        match (slot.lane, body.split_first()) {
            (Lane::Latest, Some((is_some, value))) => {
                let value = (*is_some == 1).then_some(value);
                self.people.shows(from, slot, value);
            }
            (Lane::Latest, None) => {}
            (Lane::Stream, _) => {
                if let Some((other, value)) = apps::implied(slot, &body) {
                    self.people.shows(from, other, Some(&value));
                }
                out.push(Output::Streamed(from, slot, body));
            }
        }
    }

    /// Reports people who joined or left, unless the relay cannot be reached. Other tabs of the own person are not
    /// reported. If this page has no claim, a tab with the person's own name counts as such a tab.
    pub(super) fn tell_news(&mut self, now: Millis, out: &mut Vec<Output>) {
        let news = self.people.news(now);
        if !self.line.is_reached() {
            return;
        }
        let told = news.into_iter().filter_map(|news| match news {
            News::Came(name) | News::Went(name)
                if self.claim.is_empty() && name == self.profile.name =>
            {
                None
            }
            News::Came(name) => Some(Notice::Came(name)),
            News::Went(name) => Some(Notice::Went(name)),
        });
        out.extend(told.map(Output::Notice));
    }
}
