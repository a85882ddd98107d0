//! Who asks, who answers, and how long each waits.
#![cfg(test)]

use super::*;

const MINE: Digest = Digest(1);

fn synced() -> (Sync, fastrand::Rng) {
    let (mut sync, mut rng) = (Sync::default(), fastrand::Rng::with_seed(1));
    sync.joined(0);
    assert_eq!(sync.tick(0, &mut rng), [Action::Ask, Action::Beat]);
    sync.changed(0, MINE);
    (sync, rng)
}

fn peer(id: u64) -> PeerId {
    PeerId::from_random(id)
}

#[test]
fn an_unknown_digest_makes_us_ask_and_a_past_one_does_not() {
    let (mut sync, mut rng) = synced();
    sync.changed(100, Digest(2));
    sync.digest_shown(5_000, peer(2), MINE, &mut rng);
    assert_eq!(sync.ask_at, None);
    sync.digest_shown(5_000, peer(2), Digest(9), &mut rng);
    let at = sync.wake_at().unwrap();
    assert_eq!(sync.tick(at, &mut rng), [Action::Ask]);
}

#[test]
fn who_differs_for_long_is_apart_and_who_is_merely_late_is_not() {
    let (mut sync, mut rng) = synced();
    for second in 1..100 {
        let now = second * 1_000;
        sync.changed(now, Digest(second));
        sync.digest_shown(now + 1, peer(2), Digest(1_000 + second), &mut rng);
        sync.digest_shown(now + 1, peer(3), Digest(1_000), &mut rng);
        assert_eq!(sync.apart(), 0, "edits are under way");
    }
    let rest = 99_001;
    sync.digest_shown(rest + APART_MS - 1, peer(2), Digest(1_099), &mut rng);
    assert_eq!(sync.apart(), 0);
    sync.tick(rest + APART_MS - 1, &mut rng);
    sync.digest_shown(rest + APART_MS, peer(2), Digest(1_099), &mut rng);
    assert_eq!(sync.apart(), 1);
    assert_eq!(
        sync.tick(rest + 2 * APART_MS, &mut rng),
        [Action::Ask, Action::Beat]
    );
    sync.changed(rest + 2 * APART_MS, Digest(1_099));
    assert_eq!(sync.apart(), 0);
    assert!(sync.is_in_step(peer(2)) && !sync.is_in_step(peer(3)));
}

#[test]
fn an_answer_from_our_own_state_silences_ours() {
    let (mut sync, mut rng) = synced();
    sync.asked(100, peer(2), vec![], 3, &mut rng);
    sync.answered(100, peer(2), Digest(7), 0);
    assert_eq!(sync.answers.len(), 1);
    sync.answered(100, peer(2), MINE, 0);
    assert!(sync.answers.is_empty());
}

#[test]
fn who_is_being_answered_does_not_ask_again_until_that_stalls() {
    let (mut sync, mut rng) = synced();
    sync.empty = Some(Digest(0));
    sync.announced(1_000, peer(2), 1_000);
    sync.ask_soon(1_000, &mut rng);
    assert_eq!(sync.shown(MINE), Digest(0));
    let mut now = 1_000;
    for part in 1..10 {
        now += ANSWER_STALLS_MS - 1;
        assert!(!sync.tick(now, &mut rng).contains(&Action::Ask));
        sync.heard(now, peer(2));
        sync.arrived(peer(3), 500);
        sync.arrived(peer(2), 100);
        assert_eq!(sync.progress(), Some(part * 10));
    }
    let mut stalled = now + ANSWER_STALLS_MS;
    assert!(sync.tick(stalled, &mut rng).contains(&Action::Ask));
    assert_eq!((sync.progress(), sync.shown(MINE)), (None, MINE));
    // Who announced what did not come is not waited for again.
    sync.announced(stalled, peer(2), 100);
    assert_eq!(sync.progress(), None);
    // All of it comes: nothing is left to ask for. And one that never ends does not keep us for ever.
    sync.announced(stalled, peer(4), 100);
    sync.ask_soon(stalled, &mut rng);
    sync.arrived(peer(4), 100);
    assert_eq!(sync.asks_at(), None);
    sync.announced(stalled, peer(5), usize::MAX);
    let began = stalled;
    while !sync.tick(stalled, &mut rng).contains(&Action::Ask) {
        sync.arrived(peer(5), 1);
        sync.heard(stalled, peer(5));
        sync.announced(stalled, peer(5), usize::MAX);
        stalled += 500;
    }
    assert_eq!(stalled, began + ANSWER_MS);
}

#[test]
fn an_answer_that_nobody_asked_for_stops_nothing() {
    let (mut sync, mut rng) = synced();
    sync.announced(ANSWER_MS + 1, peer(2), usize::MAX);
    assert_eq!(sync.progress(), None);
    sync.asked_one(ANSWER_MS + 1);
    sync.announced(ANSWER_MS + 2, peer(2), 100);
    assert_eq!(sync.progress(), Some(0));
    sync.tick(2 * ANSWER_MS, &mut rng);
    sync.joined(2 * ANSWER_MS);
    sync.asked_one(2 * ANSWER_MS);
    sync.announced(2 * ANSWER_MS, peer(2), 100);
    assert_eq!(
        sync.progress(),
        Some(0),
        "another connection, another chance"
    );
}

#[test]
fn the_first_rank_answers_first() {
    let mut rng = fastrand::Rng::with_seed(1);
    for rank in 0..ANSWER_RANKS {
        let (mut first, mut second) = (Sync::default(), Sync::default());
        first.asked(0, peer(9), vec![], rank, &mut rng);
        second.asked(0, peer(9), vec![], rank + 1, &mut rng);
        assert!(first.wake_at().unwrap() + ANSWER_RANK_MS / 2 < second.wake_at().unwrap());
    }
}

#[test]
fn whoever_may_answer_waits_as_long_as_answers_take_to_be_heard() {
    // On a slow line, and beside busy machines: the first rank is heard before the second speaks.
    for (rtt, busy) in [(0, 0), (300, 0), (1_400, 0), (0, 250), (0, 900)] {
        let (mut sync, mut rng) = synced();
        sync.set_round_trip(rtt);
        for join in 0..5 {
            let now = 10_000 * (join + 1);
            sync.asked(now, peer(9), vec![], 1, &mut rng);
            let speaks_at = sync.answers.iter().map(|answer| answer.at).min().unwrap();
            let heard_at = now + rtt + busy;
            if join > 0 || busy == 0 {
                assert!(speaks_at > heard_at, "rtt {rtt}, busy {busy}, join {join}");
            }
            assert!(speaks_at <= now + 2 * ANSWER_RANK_CAP_MS);
            sync.answered(heard_at, peer(9), MINE, 0);
        }
        // The second rank's own wait does not make the next one longer.
        for join in 10..20 {
            let now = 10_000 * join;
            sync.asked(now, peer(9), vec![], 2, &mut rng);
            sync.answered(now + sync.rank_ms(), peer(9), MINE, 1);
        }
        assert!(sync.rank_ms() <= ANSWER_RANK_MS.max(rtt * 5 / 4).max(busy));
    }
}

#[test]
fn an_idle_client_beats_at_most_once_in_ten_seconds() {
    let (mut sync, mut rng) = synced();
    let mut beats = 0;
    while let Some(at) = sync.wake_at().filter(|&at| at <= 600_000) {
        beats += sync.tick(at, &mut rng).len();
    }
    assert!((38..=60).contains(&beats), "{beats} in ten minutes");
}

#[test]
fn a_burst_of_edits_is_followed_by_one_early_beat() {
    let (mut sync, mut rng) = synced();
    for at in (1_000..5_000).step_by(100) {
        sync.edited(at);
    }
    assert_eq!(sync.wake_at(), Some(4_900 + BEAT_AFTER_EDIT_MS));
    assert_eq!(sync.tick(6_900, &mut rng), [Action::Beat]);
    assert!(sync.wake_at().unwrap() > 6_900 + BEAT_MS / 2);
}

#[test]
fn edits_without_a_pause_do_not_hold_the_beat_back_for_ever() {
    let (mut sync, mut rng) = synced();
    let beat = (0..60_000).step_by(500).find(|&at| {
        sync.edited(at);
        !sync.tick(at, &mut rng).is_empty()
    });
    assert!(beat.is_some_and(|at| at <= BEAT_MS));
}
