//! Who is here: names, colours, cursors, and whose view somebody follows. Told once per change, never passed on for
//! others, and forgotten when a person says goodbye or has not been heard for two beats.

use serde::{Deserialize, Serialize};

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

/// The part of the board that somebody sees, in board units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Viewport {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Viewport {
    fn is_sane(&self) -> bool {
        let finite = [self.x, self.y, self.width, self.height].map(f64::is_finite);
        finite == [true; 4] && self.width > 0.0 && self.height > 0.0
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Unknown until their presence arrives.
    pub profile: Option<Profile>,
    /// Board coordinates; none while the pointer is elsewhere.
    pub cursor: Option<(f64, f64)>,
    /// Told only while somebody follows them.
    pub view: Option<Viewport>,
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
#[derive(Debug)]
pub struct People {
    /// A handful, as a rule.
    others: Vec<(PeerId, Person)>,
    /// Of those who have less than all of it, and some who have all again.
    credits: Vec<(PeerId, Credit)>,
    /// What all together may still send who came a moment ago.
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
            cursor: None,
            view: None,
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

    pub fn pointed(&mut self, peer: PeerId, cursor: Option<(f64, f64)>) {
        if let Some(person) = self.get_mut(peer) {
            person.cursor = cursor.filter(|(x, y)| x.is_finite() && y.is_finite());
        }
    }

    pub fn looked(&mut self, peer: PeerId, view: Viewport) {
        if let Some(person) = self.get_mut(peer) {
            person.view = Some(view).filter(Viewport::is_sane);
        }
    }

    /// Whether anybody wants to see what `me` sees.
    pub fn follow(&self, me: PeerId) -> bool {
        self.others
            .iter()
            .any(|(_, other)| other.follows == Some(me))
    }

    /// The view of whoever leads `peer` in the end: who follows somebody has none of their own. None in a circle, as one
    /// through `me`.
    pub fn view_of(&self, me: PeerId, peer: PeerId) -> Option<Viewport> {
        let mut leader = self.get(peer)?;
        for _ in 0..FOLLOWED_THROUGH {
            // Whom they followed may have left.
            if leader.follows == Some(me) {
                return None;
            }
            match leader.follows.and_then(|next| self.get(next)) {
                None => return leader.view,
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
                people.left(ms, flood);
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
    fn a_fresh_name_for_each_message_brings_no_more_than_one_name_and_costs_who_is_here_nothing() {
        let (mut people, calm) = (People::default(), PeerId::from_random(1));
        people.heard(0, calm);
        let mut taken = 0;
        for ms in 0..60_000 {
            let now = NEWCOMER_MS + ms;
            for n in 0..2 {
                let made_up = PeerId::from_random(10 + 2 * ms + n);
                if people.listen(now, made_up, 100) == Listened::Taken {
                    taken += 1;
                    people.heard(now, made_up);
                }
            }
            if ms % 20 == 0 {
                people.heard(now, calm);
                assert_eq!(
                    people.listen(now, calm, 400),
                    Listened::Taken,
                    "after {ms} ms"
                );
            }
        }
        let most = NEWCOMER_MESSAGES + 61 * NEWCOMER_MESSAGES_A_SECOND;
        assert!(taken <= most, "{taken} of 120000");
        assert!(people.credits.len() <= 2 * PEOPLE + 1);
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
        let profile = Profile {
            name: format!("\u{7}{}", "x".repeat(500)),
            color: [0; 3],
        };
        people.showed(0, a, profile, Some(a), None);
        people.pointed(a, Some((f64::NAN, 0.0)));
        people.looked(a, view(f64::INFINITY));
        let person = people.get(a).unwrap();
        assert_eq!(person.profile.as_ref().unwrap().name.len(), NAME_CHARS);
        assert_eq!((person.cursor, person.view), (None, None));
        assert_eq!(person.follows, None, "nobody follows themselves");
    }

    #[test]
    fn a_name_that_nobody_can_see_is_none_and_one_that_turns_the_text_around_does_not() {
        let name = |name: &str| Profile::new(name, [0; 3]).name;
        for nothing in ["\u{200b}", " \u{2060} ", "\u{3164}", "\u{202e}\u{2066}"] {
            assert_eq!(name(nothing), "");
        }
        assert_eq!(name("\u{202e}Ada\nLovelace\u{2069}"), "Ada Lovelace");
        let flags = "🇩🇪".repeat(NAME_CHARS);
        assert_eq!(
            name(&format!("{}👩‍👩‍👧", "x".repeat(NAME_CHARS - 2))),
            "x".repeat(NAME_CHARS - 2)
        );
        assert!(name(&flags).chars().count() <= NAME_CHARS);
        let (mut people, a) = (People::default(), PeerId::FIRST);
        people.heard(0, a);
        people.showed(0, a, Profile::new("\u{200b}", [0; 3]), None, None);
        assert_eq!(people.get(a).map(Person::name), Some("Somebody"));
    }

    fn view(width: f64) -> Viewport {
        Viewport {
            x: 0.0,
            y: 0.0,
            width,
            height: 10.0,
        }
    }

    fn show(people: &mut People, now: Millis, id: u64, follows: Option<u64>) {
        let peer = PeerId::from_random(id);
        people.heard(now, peer);
        let profile = Profile::new(&format!("P{id}"), [0; 3]);
        people.showed(now, peer, profile, follows.map(PeerId::from_random), None);
    }

    #[test]
    fn who_follows_a_follower_sees_what_leads_both() {
        let mut people = People::default();
        for (id, follows) in [
            (1, Some(2)),
            (2, Some(3)),
            (3, None),
            (4, Some(5)),
            (5, Some(4)),
            (6, Some(99)),
        ] {
            show(&mut people, 0, id, follows);
            people.looked(PeerId::from_random(id), view(id as f64));
        }
        let seen = |id| people.view_of(PeerId::from_random(99), PeerId::from_random(id));
        assert_eq!([1, 2, 3].map(seen), [Some(view(3.0)); 3]);
        assert_eq!(seen(4), None, "they go round in a circle");
        assert_eq!(seen(6), None, "through us");
        assert!(people.follow(PeerId::from_random(3)) && !people.follow(PeerId::from_random(1)));
    }

    #[test]
    fn who_comes_and_goes_is_said_once_and_a_reload_is_not() {
        let mut people = People::default();
        people.met(0);
        show(&mut people, MEETING_MS - 1, 1, None);
        assert_eq!(people.news(MEETING_MS), [], "they were here before");
        show(&mut people, MEETING_MS, 2, None);
        show(&mut people, MEETING_MS, 2, None);
        assert_eq!(people.news(MEETING_MS), [News::Came("P2".into())]);
        people.left(10_000, PeerId::from_random(2));
        people.heard(10_500, PeerId::from_random(9));
        people.showed(
            10_500,
            PeerId::from_random(9),
            Profile::new("P2", [0; 3]),
            None,
            None,
        );
        assert_eq!(people.news(20_000), [], "they loaded the page again");
        people.left(20_000, PeerId::from_random(9));
        assert_eq!(people.wake_at(), Some(20_000 + COMES_BACK_MS));
        assert_eq!(people.news(20_000 + COMES_BACK_MS - 1), []);
        let went = [News::Went("P2".into())];
        assert_eq!(people.news(20_000 + COMES_BACK_MS), went);
        assert!(people.forget_silent(60_000));
        assert_eq!(people.news(70_000), [News::Went("P1".into())]);
    }

    #[test]
    fn tabs_of_one_browser_are_one_person_who_comes_once_and_goes_once() {
        let mut people = People::default();
        let page = PeerId::from_random;
        let show = |people: &mut People, now, id, name: &str, owner: u64| {
            people.heard(now, page(id));
            people.showed(
                now,
                page(id),
                Profile::new(name, [0; 3]),
                None,
                Some(page(owner)),
            );
        };
        let names = |people: &People| -> Vec<_> {
            people
                .persons()
                .map(|(_, person)| person.name().to_owned())
                .collect()
        };
        people.is_me(page(100));
        show(&mut people, 10_000, 1, "Ada", 101);
        show(&mut people, 10_000, 2, "Ada", 101);
        show(&mut people, 10_000, 3, "Me", 100);
        // Names are free: another Ada is another person.
        show(&mut people, 10_000, 4, "Ada", 102);
        assert_eq!(names(&people), ["Ada", "Ada"]);
        assert_eq!(
            people.news(10_000),
            [News::Came("Ada".into()), News::Came("Ada".into())]
        );
        people.left(20_000, page(1));
        people.left(20_000, page(3));
        assert_eq!(people.news(30_000), [], "one of her pages is here still");
        assert_eq!(names(&people).len(), 2);
        people.left(30_000, page(2));
        assert_eq!(people.news(40_000), [News::Went("Ada".into())]);
        assert!(people.all_pages(page(4), |page| page == PeerId::from_random(4)));
    }

    #[test]
    fn after_a_sleep_nobody_is_missed_and_nobody_comes() {
        let mut people = People::default();
        show(&mut people, 10_000, 1, None);
        people.news(10_000);
        people.slept(900_000);
        assert!(!people.forget_silent(900_000));
        show(&mut people, 901_000, 2, None);
        assert_eq!(people.news(910_000), []);
    }

    #[test]
    fn a_crowd_comes_without_a_word() {
        let mut people = People::default();
        (0..50).for_each(|id| show(&mut people, 10_000, id, None));
        assert_eq!(people.news(10_000).len(), CROWD as usize);
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
