//! Who is here: names, colours, what they show ([`slots`]), and whose view they follow. A client sends its own presence
//! only, never that of others. A peer is removed after its goodbye, or when none of its messages has arrived for two
//! beats.

pub mod slots;

use serde::{Deserialize, Serialize};

use self::slots::{Shown, Slot};
use crate::{
    core::{bucket::Bucket, peer::PeerId, text},
    limits::{
        COMES_BACK_MS, CROWD, FOLLOWED_THROUGH, MEETING_MS, Millis, NAME_CHARS, NEWCOMER_MESSAGES,
        NEWCOMER_MESSAGES_A_SECOND, NEWCOMER_MS, PEER_MESSAGES, PEER_MESSAGES_A_SECOND,
        PEER_PIECE_BYTES, PEOPLE, PERSON_GONE_MS,
    },
};

/// What a person shows of themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub name: String,
    /// sRGB.
    pub color: [u8; 3],
}

/// Colours that are told apart on light and dark boards, with white text upon them (WCAG 1.4.3, 4.5:1).
pub const COLORS: [[u8; 3]; 8] = [
    [25, 113, 194],
    [194, 37, 92],
    [43, 122, 54],
    [156, 54, 181],
    [193, 73, 0],
    [11, 114, 133],
    [95, 61, 196],
    [134, 92, 14],
];

const ADJECTIVES: [&str; 12] = [
    "Bright", "Brisk", "Calm", "Clever", "Gentle", "Keen", "Lively", "Merry", "Nimble", "Quiet",
    "Sunny", "Warm",
];

const ANIMALS: [&str; 16] = [
    "Badger", "Crane", "Deer", "Finch", "Fox", "Gull", "Hare", "Heron", "Lynx", "Mole", "Otter",
    "Owl", "Seal", "Stork", "Swift", "Wren",
];

impl Profile {
    /// For a person who has not chosen yet.
    pub fn random(rng: &mut fastrand::Rng) -> Self {
        let adjective = rng.choice(ADJECTIVES).unwrap_or_default();
        let animal = rng.choice(ANIMALS).unwrap_or_default();
        Self {
            name: format!("{adjective} {animal}"),
            color: rng.choice(COLORS).unwrap_or_default(),
        }
    }

    /// With the name in one line and no longer than its badge; an empty one if nothing of it can be seen.
    pub fn new(name: &str, color: [u8; 3]) -> Self {
        let line = text::one_line(name);
        let name = match text::is_visible(&line) {
            true => text::cut(&line, NAME_CHARS).trim_end().to_owned(),
            false => String::new(),
        };
        Self { name, color }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Unknown until their presence arrives.
    pub profile: Option<Profile>,
    pub shown: Shown,
    /// Whose view they see in place of their own.
    pub follows: Option<PeerId>,
    /// Whose page this is, as they have shown; pages of one browser have the same.
    pub owner: Option<PeerId>,
    heard_at: Millis,
    /// When they were heard first.
    since: Millis,
}

/// Something that the others here are told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    Came(String),
    Went(String),
}

impl Person {
    /// For people to read.
    pub fn name(&self) -> &str {
        let profile = self.profile.as_ref();
        let name = profile.map(|profile| profile.name.as_str());
        name.filter(|name| !name.is_empty()).unwrap_or("Somebody")
    }
}

/// What a peer may still send. It outlives a goodbye.
#[derive(Debug)]
struct Credit {
    bucket: Bucket,
    is_muted: bool,
}

impl Credit {
    fn new() -> Self {
        Self {
            bucket: Bucket::new(PEER_MESSAGES, PEER_MESSAGES_A_SECOND),
            is_muted: false,
        }
    }
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listened {
    Taken,
    /// The message is dropped because the sender exceeded its rate limit. The sender is muted from now on.
    Mutes,
    Muted,
}

/// The pause after a pointer or a piece of wet ink, which is `least` among few: the more `others` hear it, the more
/// seldom it is told, so that what everybody hears stays the same.
pub fn pause(least: Millis, others: usize) -> Millis {
    least * (1 + others as Millis / CROWD)
}

/// Everybody else in the room.
#[derive(Debug)]
pub struct People {
    /// A handful, as a rule.
    others: Vec<(PeerId, Person)>,
    /// Of those who have less than all of it, and some who have all again.
    credits: Vec<(PeerId, Credit)>,
    /// One shared rate limit for all peers that were first heard less than `NEWCOMER_MS` ago.
    newcomers: Bucket,
    /// Whose page this one is.
    me: Option<PeerId>,
    /// Whoever shows themselves until then was here before us.
    meeting_until: Millis,
    /// Names of those who went, and when that is said: a page that is loaded again is back at once.
    went: Vec<(Millis, String)>,
    news: Vec<News>,
}

impl Default for People {
    fn default() -> Self {
        Self {
            others: Vec::new(),
            credits: Vec::new(),
            newcomers: Bucket::new(NEWCOMER_MESSAGES, NEWCOMER_MESSAGES_A_SECOND),
            me: None,
            meeting_until: 0,
            went: Vec::new(),
            news: Vec::new(),
        }
    }
}

impl People {
    /// Any message of a person proves that they are here. Says whether they are new.
    pub fn heard(&mut self, now: Millis, peer: PeerId) -> bool {
        if let Some(person) = self.get_mut(peer) {
            person.heard_at = now;
            return false;
        }
        if self.others.len() >= PEOPLE {
            return false;
        }
        let person = Person {
            profile: None,
            shown: Shown::default(),
            follows: None,
            owner: None,
            heard_at: now,
            since: now,
        };
        self.others.push((peer, person));
        true
    }

    /// Whether to take what a peer has sent, `bytes` long: one who sends too much is muted until they have sent little
    /// for a while.
    pub fn listen(&mut self, now: Millis, peer: PeerId, bytes: usize) -> Listened {
        if self.credits.len() >= PEOPLE {
            self.credits
                .retain(|(_, credit)| credit.is_muted || !credit.bucket.is_full(now));
            let surplus = self.credits.len().saturating_sub(2 * PEOPLE);
            self.credits.drain(..surplus);
        }
        let cost = 1 + bytes as u64 / PEER_PIECE_BYTES;
        let known = self.credits.iter().position(|(known, _)| *known == peer);
        let mut credit = known.map_or_else(Credit::new, |at| self.credits.remove(at).1);
        let was_muted = credit.is_muted;
        let left = credit.bucket.left(now);
        credit.is_muted = match was_muted {
            true => left < PEER_MESSAGES / 2,
            false => left < cost,
        };
        credit.bucket.spend(now, cost);
        let is_muted = credit.is_muted;
        self.credits.push((peer, credit));
        let is_settled = |person: &Person| now.saturating_sub(person.since) >= NEWCOMER_MS;
        match (was_muted, is_muted) {
            (false, true) => Listened::Mutes,
            (true, true) => Listened::Muted,
            (_, false) if self.get(peer).is_some_and(is_settled) => Listened::Taken,
            // Names are free: all new ones together have little more credit than one that is kept.
            (_, false) if self.newcomers.left(now) < cost => Listened::Muted,
            (_, false) => {
                self.newcomers.spend(now, cost);
                Listened::Taken
            }
        }
    }

    /// From now on, until they have sent little for a while.
    pub fn mute(&mut self, now: Millis, peer: PeerId) {
        self.credits.retain(|(known, _)| *known != peer);
        let mut credit = Credit::new();
        credit.bucket.empty(now);
        credit.is_muted = true;
        self.credits.push((peer, credit));
    }

    pub fn is_muted(&self, peer: PeerId) -> bool {
        let mut muted = self.credits.iter().filter(|(_, credit)| credit.is_muted);
        muted.any(|(known, _)| *known == peer)
    }

    /// We come to where others may be already.
    pub fn met(&mut self, now: Millis) {
        self.meeting_until = now + MEETING_MS;
    }

    /// We did not hear anything for long, and cannot know who is here: nobody is missed for it.
    pub fn slept(&mut self, now: Millis) {
        self.others
            .iter_mut()
            .for_each(|(_, person)| person.heard_at = now);
        self.went.clear();
        self.met(now);
    }

    /// From now on pages of this owner are our own.
    pub fn is_me(&mut self, owner: PeerId) {
        self.me = Some(owner);
    }

    /// Whose page a peer is: its owner's, or its own.
    fn owner_of(&self, peer: PeerId, person: &Person) -> PeerId {
        person.owner.unwrap_or(peer)
    }

    /// Whether this is another page of this browser.
    pub fn is_own(&self, person: &Person) -> bool {
        person.owner.is_some() && person.owner == self.me
    }

    /// One page for each other person, the one heard of first.
    pub fn persons(&self) -> impl Iterator<Item = (PeerId, &Person)> {
        let mut seen = Vec::new();
        self.others().filter(move |(peer, person)| {
            let owner = self.owner_of(*peer, person);
            let is_new = !seen.contains(&owner);
            seen.push(owner);
            is_new && !self.is_own(person)
        })
    }

    /// Whether all pages of the person that `peer` is a page of are as they should be.
    pub fn all_pages(&self, peer: PeerId, is_so: impl Fn(PeerId) -> bool) -> bool {
        let owner = self.get(peer).map(|person| self.owner_of(peer, person));
        let mut pages = self.others();
        pages.all(|(page, person)| Some(self.owner_of(page, person)) != owner || is_so(page))
    }

    /// Whether the person with this page has another one here, or is oneself.
    fn has_other_page(&self, peer: PeerId, person: &Person) -> bool {
        let owner = self.owner_of(peer, person);
        let mut others = self.others();
        let other = others.any(|(page, other)| page != peer && self.owner_of(page, other) == owner);
        other || self.is_own(person)
    }

    /// A page showed who its person is, whom they follow, and whose page it is, if it can.
    pub fn showed(
        &mut self,
        now: Millis,
        peer: PeerId,
        profile: Profile,
        follows: Option<PeerId>,
        owner: Option<PeerId>,
    ) {
        let Some(person) = self.get_mut(peer) else {
            return;
        };
        let is_new = person.profile.is_none();
        person.profile = Some(Profile::new(&profile.name, profile.color));
        person.follows = follows.filter(|&leader| leader != peer);
        person.owner = owner.or(person.owner);
        let is_known = self
            .get(peer)
            .is_some_and(|person| self.has_other_page(peer, person));
        if is_new && !is_known {
            let Some(person) = self.get(peer) else {
                return;
            };
            let name = person.name().to_owned();
            match self.went.iter().position(|(_, gone)| *gone == name) {
                Some(back) => drop(self.went.swap_remove(back)),
                None if now < self.meeting_until => {}
                None => self.tell(News::Came(name)),
            }
        }
    }

    /// A page shows something else in a slot, or nothing any more.
    pub fn shows(&mut self, peer: PeerId, slot: Slot, value: Option<&[u8]>) {
        if let Some(person) = self.get_mut(peer) {
            person.shown.set(slot, value);
        }
    }

    /// Whether anybody wants to see what `me` sees.
    pub fn follow(&self, me: PeerId) -> bool {
        self.others
            .iter()
            .any(|(_, other)| other.follows == Some(me))
    }

    /// The peer whose view `peer` sees in the end: a follower has no view of its own. None in a circle, as one through
    /// `me`.
    pub fn leader_of(&self, me: PeerId, peer: PeerId) -> Option<&Person> {
        let mut leader = self.get(peer)?;
        for _ in 0..FOLLOWED_THROUGH {
            // Whom they followed may have left.
            if leader.follows == Some(me) {
                return None;
            }
            match leader.follows.and_then(|next| self.get(next)) {
                None => return Some(leader),
                Some(next) => leader = next,
            }
        }
        None
    }

    /// Says whether they had been here.
    pub fn left(&mut self, now: Millis, peer: PeerId) -> bool {
        let gone = self.others.extract_if(.., |(this, _)| *this == peer);
        let gone: Vec<_> = gone.collect();
        self.miss(now, gone)
    }

    /// Says whether there was anybody to miss.
    fn miss(&mut self, now: Millis, gone: Vec<(PeerId, Person)>) -> bool {
        let known = gone.iter().filter(|(peer, person)| {
            person.profile.is_some() && !self.has_other_page(*peer, person)
        });
        let known: Vec<_> = known.collect();
        let said_at = now + COMES_BACK_MS;
        let names = known.iter().map(|(_, person)| person.name().to_owned());
        let went: Vec<_> = names.map(|name| (said_at, name)).collect();
        self.went.extend(went);
        self.went.truncate(PEOPLE);
        !gone.is_empty()
    }

    /// In a crowd nobody could read it.
    fn tell(&mut self, news: News) {
        if self.others.len() <= CROWD as usize {
            self.news.push(news);
        }
    }

    /// Who came and went since the last time.
    pub fn news(&mut self, now: Millis) -> Vec<News> {
        let due: Vec<_> = self.went.extract_if(.., |(at, _)| *at <= now).collect();
        due.into_iter()
            .for_each(|(_, name)| self.tell(News::Went(name)));
        std::mem::take(&mut self.news)
    }

    /// Forgets those not heard for long; says whether any went.
    pub fn forget_silent(&mut self, now: Millis) -> bool {
        let silent = |(_, person): &mut (PeerId, Person)| {
            now.saturating_sub(person.heard_at) >= PERSON_GONE_MS
        };
        let gone: Vec<_> = self.others.extract_if(.., silent).collect();
        self.miss(now, gone)
    }

    /// When [`Self::forget_silent`] or [`Self::news`] has something to do.
    pub fn wake_at(&self) -> Option<Millis> {
        let heard = self.others.iter().map(|(_, person)| person.heard_at).min();
        let silent = heard.map(|heard| heard + PERSON_GONE_MS);
        let said = self.went.iter().map(|(at, _)| *at).min();
        [silent, said].into_iter().flatten().min()
    }

    pub fn others(&self) -> impl ExactSizeIterator<Item = (PeerId, &Person)> {
        self.others.iter().map(|(peer, person)| (*peer, person))
    }

    pub fn get(&self, peer: PeerId) -> Option<&Person> {
        let mut others = self.others.iter();
        others
            .find(|(this, _)| *this == peer)
            .map(|(_, person)| person)
    }

    fn get_mut(&mut self, peer: PeerId) -> Option<&mut Person> {
        let mut others = self.others.iter_mut();
        others
            .find(|(this, _)| *this == peer)
            .map(|(_, person)| person)
    }

    /// Pages, this one among them. People have one each, or several.
    pub fn count(&self) -> usize {
        self.others.len() + 1
    }

    /// How many here have a smaller id than `me`, leaving out `asker`: the order in which peers answer.
    pub fn rank(&self, me: PeerId, asker: PeerId) -> u64 {
        self.others
            .iter()
            .filter(|(peer, _)| *peer < me && *peer != asker)
            .count() as u64
    }
}

#[cfg(test)]
mod tests;
