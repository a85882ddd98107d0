//! People who come, go, fall silent and send too much.
#![cfg(test)]

use super::{
    slots::{Lane, Shows, To},
    *,
};
use crate::limits::SLOT_BYTES;

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
fn names_are_cut_and_what_is_shown_is_short() {
    let (mut people, a) = (People::default(), PeerId::FIRST);
    people.heard(0, a);
    let profile = Profile {
        name: format!("\u{7}{}", "x".repeat(500)),
        color: [0; 3],
    };
    people.showed(0, a, profile, Some(a), None);
    people.shows(a, Place::SLOT, Some(&[1; SLOT_BYTES + 1]));
    let person = people.get(a).unwrap();
    assert_eq!(person.profile.as_ref().unwrap().name.len(), NAME_CHARS);
    assert_eq!(person.shown, Shown::default());
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

/// Something that a page shows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Place(u64);

impl Shows for Place {
    const SLOT: Slot = Slot {
        letter: b'X',
        name: "place",
        lane: Lane::Latest,
        to: To::Followers,
    };

    fn is_sane(&self) -> bool {
        self.0 < 1_000
    }
}

#[test]
fn what_is_shown_counts_until_something_else_is_or_nothing() {
    let (mut people, a) = (People::default(), PeerId::FIRST);
    people.heard(0, a);
    let seen = |people: &People| people.get(a).unwrap().shown.get::<Place>();
    assert_eq!(seen(&people), None);
    for place in [7, 8, 999] {
        people.shows(a, Place::SLOT, Some(&Place(place).bytes()));
        assert_eq!(seen(&people), Some(Place(place)));
    }
    for senseless in [&Place(1_000).bytes()[..], &[255; 40], &[]] {
        people.shows(a, Place::SLOT, Some(senseless));
        assert_eq!(seen(&people), None);
    }
    people.shows(a, Place::SLOT, Some(&Place(7).bytes()));
    people.shows(a, Place::SLOT, None);
    assert_eq!(seen(&people), None);
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
        people.shows(
            PeerId::from_random(id),
            Place::SLOT,
            Some(&Place(id).bytes()),
        );
    }
    let seen = |id| {
        let leader = people.leader_of(PeerId::from_random(99), PeerId::from_random(id));
        leader?.shown.get::<Place>()
    };
    assert_eq!([1, 2, 3].map(seen), [Some(Place(3)); 3]);
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
