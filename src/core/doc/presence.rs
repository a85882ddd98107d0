//! Who is here: names, colours, cursors. Told once per change, never passed on for others, and forgotten when a
//! person says goodbye or has not been heard for two beats.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    core::peer::PeerId,
    limits::{
        CROWD, Millis, NAME_CHARS, PEER_MESSAGES, PEER_MESSAGES_A_SECOND, PEER_PIECE_BYTES, PEOPLE,
        PERSON_GONE_MS,
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

    /// With the name trimmed, without control characters and no longer than its badge.
    pub fn new(name: &str, color: [u8; 3]) -> Self {
        let visible = name.trim().chars().filter(|c| !c.is_control());
        Self {
            name: visible.take(NAME_CHARS).collect(),
            color,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Unknown until their presence arrives.
    pub profile: Option<Profile>,
    /// Board coordinates; none while the pointer is elsewhere.
    pub cursor: Option<(f32, f32)>,
    heard_at: Millis,
}

impl Person {
    /// For people to read.
    pub fn name(&self) -> &str {
        let profile = self.profile.as_ref();
        profile.map_or("Somebody", |profile| &profile.name)
    }
}

/// What a peer may still send, in thousandths of a message. It outlives a goodbye.
#[derive(Debug)]
struct Credit {
    left: u64,
    at: Millis,
    is_muted: bool,
}

impl Credit {
    const FULL: u64 = PEER_MESSAGES * 1_000;

    fn at(&self, now: Millis) -> u64 {
        let earned = now
            .saturating_sub(self.at)
            .saturating_mul(PEER_MESSAGES_A_SECOND);
        self.left.saturating_add(earned).min(Self::FULL)
    }
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listened {
    Taken,
    /// It is dropped, and so are the next ones.
    Mutes,
    Muted,
}

/// The pause after a pointer or a piece of wet ink, which is `least` among few: the more `others` hear it, the more
/// seldom it is told, so that what everybody hears stays the same.
pub fn pause(least: Millis, others: usize) -> Millis {
    least * (1 + others as Millis / CROWD)
}

/// Everybody else in the room.
#[derive(Debug, Default)]
pub struct People {
    others: BTreeMap<PeerId, Person>,
    /// Of those who have less than all of it, and some who have all again.
    credits: Vec<(PeerId, Credit)>,
}

impl People {
    /// Any message of a person proves that they are here. Says whether they are new.
    pub fn heard(&mut self, now: Millis, peer: PeerId) -> bool {
        if let Some(person) = self.others.get_mut(&peer) {
            person.heard_at = now;
            return false;
        }
        if self.others.len() >= PEOPLE {
            return false;
        }
        let person = Person {
            profile: None,
            cursor: None,
            heard_at: now,
        };
        self.others.insert(peer, person);
        true
    }

    /// Whether to take what a peer has sent, `bytes` long: one who sends too much is muted until they have sent little
    /// for a while.
    pub fn listen(&mut self, now: Millis, peer: PeerId, bytes: usize) -> Listened {
        if self.credits.len() >= PEOPLE {
            self.credits
                .retain(|(_, credit)| credit.at(now) < Credit::FULL);
        }
        let cost = 1_000 * (1 + bytes as u64 / PEER_PIECE_BYTES);
        let known = self.credits.iter().position(|(known, _)| *known == peer);
        let before = known.map(|at| self.credits.swap_remove(at).1);
        let left = before
            .as_ref()
            .map_or(Credit::FULL, |before| before.at(now));
        let was_muted = before.is_some_and(|before| before.is_muted);
        let is_muted = match was_muted {
            true => left < Credit::FULL / 2,
            false => left < cost,
        };
        let credit = Credit {
            left: left.saturating_sub(cost),
            at: now,
            is_muted,
        };
        self.credits.push((peer, credit));
        match (was_muted, is_muted) {
            (_, false) => Listened::Taken,
            (false, true) => Listened::Mutes,
            (true, true) => Listened::Muted,
        }
    }

    pub fn is_muted(&self, peer: PeerId) -> bool {
        let mut muted = self.credits.iter().filter(|(_, credit)| credit.is_muted);
        muted.any(|(known, _)| *known == peer)
    }

    pub fn showed(&mut self, peer: PeerId, profile: Profile) {
        if let Some(person) = self.others.get_mut(&peer) {
            person.profile = Some(Profile::new(&profile.name, profile.color));
        }
    }

    pub fn pointed(&mut self, peer: PeerId, cursor: Option<(f32, f32)>) {
        if let Some(person) = self.others.get_mut(&peer) {
            person.cursor = cursor.filter(|(x, y)| x.is_finite() && y.is_finite());
        }
    }

    /// Says whether they had been here.
    pub fn left(&mut self, peer: PeerId) -> bool {
        self.others.remove(&peer).is_some()
    }

    /// Forgets those not heard for long; says whether any went.
    pub fn forget_silent(&mut self, now: Millis) -> bool {
        let before = self.others.len();
        self.others
            .retain(|_, person| now.saturating_sub(person.heard_at) < PERSON_GONE_MS);
        self.others.len() != before
    }

    /// When [`Self::forget_silent`] has something to do.
    pub fn wake_at(&self) -> Option<Millis> {
        let heard = self.others.values().map(|person| person.heard_at).min();
        heard.map(|heard| heard + PERSON_GONE_MS)
    }

    pub fn others(&self) -> impl ExactSizeIterator<Item = (PeerId, &Person)> {
        self.others.iter().map(|(&peer, person)| (peer, person))
    }

    pub fn get(&self, peer: PeerId) -> Option<&Person> {
        self.others.get(&peer)
    }

    /// With oneself.
    pub fn count(&self) -> usize {
        self.others.len() + 1
    }

    /// How many here have a smaller id than `me`, leaving out `asker`: the order in which peers answer.
    pub fn rank(&self, me: PeerId, asker: PeerId) -> u64 {
        self.others
            .keys()
            .filter(|&&peer| peer < me && peer != asker)
            .count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_silent_are_forgotten_and_the_heard_stay() {
        let (mut people, a, b) = (
            People::default(),
            PeerId::from_random(1),
            PeerId::from_random(2),
        );
        assert!(people.heard(0, a) && people.heard(0, b));
        assert!(!people.heard(PERSON_GONE_MS - 1, b));
        assert!(people.forget_silent(PERSON_GONE_MS));
        assert_eq!(people.count(), 2);
        assert!(people.get(b).is_some());
    }

    #[test]
    fn who_sends_too_much_is_muted_until_that_ends() {
        let (mut people, flood, calm) = (
            People::default(),
            PeerId::from_random(1),
            PeerId::from_random(2),
        );
        let mut muted_at = None;
        for ms in 0..30_000 {
            if people.listen(ms, flood, 4_096) == Listened::Mutes {
                assert_eq!(muted_at.replace(ms), None, "said once");
            }
            if ms % 500 == 0 {
                people.heard(ms, flood);
                people.left(flood);
            }
            if ms % 20 == 0 {
                assert_eq!(people.listen(ms, calm, 400), Listened::Taken);
            }
        }
        assert!(muted_at.is_some_and(|at| at < 3_000), "{muted_at:?}");
        // Who goes on as people draw is heard again.
        let taken = (30_000..60_000)
            .step_by(33)
            .find(|&ms| people.listen(ms, flood, 400) == Listened::Taken);
        assert!(taken.is_some_and(|at| at < 45_000), "{taken:?}");
    }

    #[test]
    fn one_long_answer_is_no_flood() {
        let (mut people, peer) = (People::default(), PeerId::FIRST);
        assert_eq!(people.listen(0, peer, 24 * 1024 * 1024), Listened::Taken);
    }

    #[test]
    fn names_are_cut_and_cursors_are_numbers() {
        let (mut people, a) = (People::default(), PeerId::FIRST);
        people.heard(0, a);
        people.showed(
            a,
            Profile {
                name: format!("\u{7}{}", "x".repeat(500)),
                color: [0; 3],
            },
        );
        people.pointed(a, Some((f32::NAN, 0.0)));
        let person = people.get(a).unwrap();
        assert_eq!(person.profile.as_ref().unwrap().name.len(), NAME_CHARS);
        assert_eq!(person.cursor, None);
    }

    #[test]
    fn ranks_number_the_answerers() {
        let mut people = People::default();
        for id in [2, 4, 9] {
            people.heard(0, PeerId::from_random(id));
        }
        assert_eq!(
            people.rank(PeerId::from_random(5), PeerId::from_random(2)),
            1
        );
        assert_eq!(
            people.rank(PeerId::from_random(1), PeerId::from_random(9)),
            0
        );
    }
}
