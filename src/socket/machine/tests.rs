//! The machine alone: each rule by itself, and random days of everything at once.
#![cfg(test)]

use super::*;
use crate::limits::{ATTEMPT_REFILL_MS, PREFER_MS, REFUSED_CAP_MS};

const HOUR_MS: Millis = 3_600_000;

fn endpoint(host: &str) -> Endpoint {
    Endpoint::parse(&format!("ws://{host}/"), false).unwrap()
}

fn close(code: u16) -> CloseEvent {
    CloseEvent {
        code,
        reason: String::new(),
        was_clean: false,
    }
}

struct Bench {
    machine: Machine,
    rng: fastrand::Rng,
    now: Millis,
}

impl Bench {
    fn started(hosts: &[&str]) -> Self {
        let mut bench = Self {
            machine: Machine::new(false),
            rng: fastrand::Rng::with_seed(1),
            now: 1_000,
        };
        let hosts: Vec<_> = hosts.iter().map(|host| endpoint(host)).collect();
        let out = bench.input(Input::Started(hosts.clone()));
        assert_eq!(out, [Output::Open(1, hosts[0].clone())]);
        bench
    }

    fn open(hosts: &[&str]) -> Self {
        let mut bench = Self::started(hosts);
        bench.input(Input::Opened(1));
        bench
    }

    fn input(&mut self, input: Input) -> Vec<Output> {
        self.machine.handle(self.now, input, &mut self.rng)
    }

    fn closed(&mut self, code: u16) -> Vec<Output> {
        self.input(Input::Closed(self.machine.generation, close(code)))
    }

    /// Goes to the next moment at which something is due.
    fn tick(&mut self) -> Vec<Output> {
        self.now = self.machine.wake_at().unwrap().max(self.now);
        self.input(Input::Ticked)
    }

    fn opens(&mut self, out: &[Output], host: &str) {
        let generation = self.machine.generation;
        assert_eq!(out.last(), Some(&Output::Open(generation, endpoint(host))));
    }
}

#[test]
fn a_lost_connection_is_opened_again_without_a_click() {
    let mut bench = Bench::open(&["a"]);
    bench.closed(1006);
    let wake = bench.machine.wake_at().unwrap();
    assert!(
        wake <= bench.now + 1_000,
        "the first retry comes within a second"
    );
    let out = bench.tick();
    bench.opens(&out, "a");
}

#[test]
fn events_of_an_abandoned_socket_do_nothing() {
    let mut bench = Bench::started(&["a"]);
    assert_eq!(
        bench.tick(),
        [Output::Abandon(1)],
        "after eight seconds of CONNECTING"
    );
    bench.tick();
    bench.input(Input::Opened(1));
    assert_eq!(*bench.machine.state(), State::Connecting);
    bench.input(Input::Closed(1, close(1000)));
    assert_eq!(*bench.machine.state(), State::Connecting);
}

#[test]
fn a_refusal_is_asked_again_slowly_and_at_once_when_somebody_returns() {
    for code in [1008, 1010, 3000, 3003, 4401, 4403, 4426] {
        let mut bench = Bench::started(&["a"]);
        let since = bench.now;
        bench.closed(code);
        let mut last = since;
        for refusal in 0..8_u32 {
            let why = Failure::Refused(close(code));
            assert_eq!(*bench.machine.state(), State::Failed { why });
            let out = bench.tick();
            bench.opens(&out, "a");
            let least = (REFUSED_MS << refusal).min(REFUSED_CAP_MS) / 2;
            let waited = bench.now - std::mem::replace(&mut last, bench.now);
            assert!((least..=2 * least).contains(&waited), "{refusal}: {waited}");
            bench.closed(code);
        }
        // A limit that held for half a minute is found gone within the next.
        for input in [Input::RetryAsked, Input::Showed, Input::WentOnline] {
            let out = bench.input(input);
            bench.opens(&out, "a");
            bench.closed(code);
        }
        bench.now += 1_000;
        bench.input(Input::RetryAsked);
        bench.input(Input::Opened(bench.machine.generation));
        assert!(bench.machine.is_open());
    }
}

#[test]
fn a_server_that_connects_nobody_gives_way_to_the_next_one_and_has_its_turn_again() {
    let mut bench = Bench::started(&["a", "b"]);
    bench.machine.probes = true;
    let profiled = |bench: &mut Bench, connects| {
        let opened = bench.machine.generation;
        bench.input(Input::Opened(opened));
        bench.input(Input::Profiled { connects })
    };
    let out = profiled(&mut bench, false);
    bench.opens(&out, "b");
    assert_eq!(profiled(&mut bench, true), []);
    // A minute later the first one is looked at, and given up sooner each time.
    let out = bench.tick();
    bench.opens(&out, "a");
    let out = profiled(&mut bench, false);
    bench.opens(&out, "b");
    let since = bench.now;
    profiled(&mut bench, true);
    let out = bench.tick();
    bench.opens(&out, "a");
    assert_eq!(bench.now - since, 2 * PREFER_MS);
    // Neither connects anybody: the second one stays, until it is looked at again.
    let out = profiled(&mut bench, false);
    bench.opens(&out, "b");
    assert_eq!(profiled(&mut bench, false), []);
    let out = bench.input(Input::Profiled { connects: false });
    bench.opens(&out, "a");
}

#[test]
fn a_server_that_opens_and_closes_at_once_gives_way_too() {
    let mut bench = Bench::started(&["a", "b"]);
    bench.machine.probes = true;
    for _ in 0..FAILOVER_ATTEMPTS - 1 {
        bench.input(Input::Opened(bench.machine.generation));
        bench.closed(1006);
        let out = bench.tick();
        bench.opens(&out, "a");
    }
    bench.input(Input::Opened(bench.machine.generation));
    let out = bench.closed(1006);
    bench.opens(&out, "b");
}

#[test]
fn where_others_are_met_nobody_leaves_for_the_preferred_server() {
    let mut bench = Bench::started(&["a", "b"]);
    let out = bench.closed(4403);
    bench.opens(&out, "b");
    bench.input(Input::Opened(2));
    bench.input(Input::Accompanied(true));
    assert_eq!(bench.machine.wake_at(), None);
    bench.input(Input::Accompanied(false));
    assert_eq!(bench.machine.wake_at(), Some(bench.now + PREFER_MS));
    let out = bench.input(Input::FoundAt(endpoint("a")));
    bench.opens(&out, "a");
    assert_eq!(bench.input(Input::FoundAt(endpoint("c"))), []);
}

#[test]
fn a_slow_line_is_not_taken_for_a_dead_one() {
    for rtt in [500, 900, 1_405, 3_000] {
        let mut bench = Bench::started(&["a"]);
        bench.now += rtt;
        bench.input(Input::Opened(1));
        assert_eq!(bench.machine.handshake_ms(), rtt);
        bench.input(Input::Judged(Liveness::Answers));
        for _ in 0..10 {
            bench.input(Input::Hid);
            bench.now += 1_000;
            assert_eq!(bench.input(Input::Showed), [Output::Ask(1)]);
            bench.now += rtt;
            assert_eq!(bench.input(Input::Ticked), [], "{rtt}");
            bench.input(Input::FrameArrived(1));
        }
    }
}

#[test]
fn an_address_that_the_browser_throws_at_is_a_state_and_no_panic() {
    let mut bench = Bench::started(&["a"]);
    bench.input(Input::Blocked(1, "no".into()));
    let why = Failure::Blocked("no".into());
    assert_eq!(*bench.machine.state(), State::Failed { why });
}

#[test]
fn without_network_it_waits_and_comes_back_at_once() {
    let mut bench = Bench::started(&["a"]);
    bench.input(Input::WentOffline);
    bench.closed(1006);
    assert_eq!(*bench.machine.state(), State::Offline);
    let out = bench.input(Input::WentOnline);
    bench.opens(&out, "a");
}

#[test]
fn a_half_open_connection_is_replaced_within_twenty_seconds() {
    let mut bench = Bench::open(&["a"]);
    bench.input(Input::Judged(Liveness::Answers));
    bench.now += 3_000;
    bench.input(Input::FrameArrived(1));
    let silent_from = bench.now;
    assert_eq!(bench.tick(), [Output::Ask(1)]);
    bench.tick();
    assert_eq!(*bench.machine.state(), State::Stale);
    let out = bench.tick();
    assert_eq!(out.first(), Some(&Output::Abandon(1)));
    bench.opens(&out, "a");
    assert!(bench.now <= silent_from + 20_000);
}

#[test]
fn a_late_answer_ends_the_doubt() {
    let mut bench = Bench::open(&["a"]);
    bench.input(Input::Judged(Liveness::Answers));
    bench.tick();
    bench.tick();
    assert_eq!(*bench.machine.state(), State::Stale);
    bench.input(Input::FrameArrived(1));
    assert_eq!(*bench.machine.state(), State::Open);
}

#[test]
fn alone_on_a_server_that_never_answers_nothing_is_reconnected() {
    let mut bench = Bench::open(&["a"]);
    bench.now += 600_000;
    assert_eq!(bench.input(Input::Ticked), []);
    assert_eq!(*bench.machine.state(), State::Open);
    assert_eq!(bench.machine.wake_at(), None);
}

#[test]
fn a_hidden_page_neither_asks_nor_storms() {
    let mut bench = Bench::open(&["a"]);
    bench.input(Input::Judged(Liveness::Answers));
    bench.input(Input::Hid);
    assert_eq!(bench.machine.wake_at(), None);
    bench.now += HOUR_MS;
    assert_eq!(bench.input(Input::Showed), [Output::Ask(1)]);
    let returned = bench.now;
    let out = bench.tick();
    bench.opens(&out, "a");
    assert!(bench.now - returned <= 1_000, "a decision within a second");
}

#[test]
fn after_a_while_away_a_connection_that_cannot_be_judged_is_replaced() {
    let mut bench = Bench::open(&["a"]);
    bench.input(Input::Hid);
    bench.now += 5_000;
    assert_eq!(bench.input(Input::Showed), [], "five seconds are no while");
    bench.input(Input::Hid);
    bench.now += HOUR_MS;
    let out = bench.input(Input::Showed);
    bench.opens(&out, "a");
}

#[test]
fn stopping_closes_politely_but_does_not_wait_for_ever() {
    let mut bench = Bench::open(&["a"]);
    assert_eq!(bench.input(Input::Stopped), [Output::Close(1)]);
    assert_eq!(*bench.machine.state(), State::Closing);
    assert_eq!(bench.tick(), [Output::Abandon(1)]);
    assert_eq!(*bench.machine.state(), State::Idle);
}

#[test]
fn leaving_waits_for_nothing_and_returning_connects() {
    let mut bench = Bench::open(&["a"]);
    assert_eq!(bench.input(Input::Left), [Output::Abandon(1)]);
    assert_eq!(bench.machine.wake_at(), None);
    let out = bench.input(Input::Returned);
    bench.opens(&out, "a");
}

#[test]
fn two_failures_move_on_to_the_next_server_and_a_minute_later_back() {
    let mut bench = Bench::started(&["a", "b"]);
    bench.closed(1006);
    let out = bench.tick();
    bench.opens(&out, "a");
    let out = bench.closed(1006);
    bench.opens(&out, "b");
    bench.input(Input::Opened(3));
    let since = bench.now;
    let out = bench.tick();
    assert_eq!(bench.now - since, PREFER_MS);
    assert_eq!(out.first(), Some(&Output::Abandon(3)));
    bench.opens(&out, "a");
    let out = bench.closed(1006);
    bench.opens(&out, "b");
}

#[test]
fn a_server_that_does_not_answer_is_passed_over_after_eight_seconds() {
    let mut bench = Bench::started(&["a", "b"]);
    let since = bench.now;
    let out = bench.tick();
    bench.opens(&out, "b");
    assert_eq!(bench.now - since, CONNECT_TIMEOUT_MS);
}

#[test]
fn when_no_server_works_it_waits() {
    let mut bench = Bench::started(&["a", "b"]);
    let out = bench.closed(4403);
    bench.opens(&out, "b");
    bench.closed(4403);
    assert!(matches!(bench.machine.state(), State::Failed { .. }));
}

#[test]
fn a_server_that_the_browser_would_not_open_gives_way_to_the_next_one() {
    let mut bench = Bench::started(&["a", "b"]);
    let out = bench.input(Input::Blocked(1, "SecurityError".into()));
    bench.opens(&out, "b");
    bench.input(Input::Blocked(2, "SecurityError".into()));
    assert!(matches!(bench.machine.state(), State::Failed { .. }));
    let out = bench.input(Input::RetryAsked);
    bench.opens(&out, "a");
}

/// However the last one said no, the first one may be back.
#[test]
fn after_a_round_without_success_the_round_goes_on() {
    for code in [1008, 1012, 1013, 3000, 4401, 4403, 4429] {
        let mut bench = Bench::started(&["a", "b"]);
        bench.closed(4403);
        for host in ["a", "b", "a"] {
            bench.closed(code);
            let out = bench.tick();
            bench.opens(&out, host);
        }
        bench.closed(code);
        let out = bench.input(Input::RetryAsked);
        bench.opens(&out, "b");
    }
}

#[test]
fn a_server_that_closes_again_and_again_gives_way_to_the_next_one() {
    for span in [100, 3_000, 8_000, 29_000] {
        let mut bench = Bench::started(&["a", "b"]);
        let mut hosts = Vec::new();
        for _ in 0..SHORT_LIVES {
            bench.input(Input::Opened(bench.machine.generation));
            bench.now += span;
            let mut out = bench.closed(1000);
            while !out.iter().any(|output| matches!(output, Output::Open(..))) {
                out = bench.tick();
            }
            hosts.extend(bench.machine.endpoint().cloned());
        }
        assert_eq!(hosts.last(), Some(&endpoint("b")), "after {span} ms each");
        assert_eq!(hosts.first(), Some(&endpoint("a")), "after {span} ms each");
    }
    // One that lasts is none of those.
    let mut bench = Bench::started(&["a", "b"]);
    for _ in 0..3 * SHORT_LIVES {
        bench.input(Input::Opened(bench.machine.generation));
        bench.now += SHORT_LIFE_MS;
        bench.closed(1000);
        let out = bench.tick();
        bench.opens(&out, "a");
    }
}

/// A day of anything that browsers, servers and people can do.
fn walk(seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut machine = Machine::new(rng.bool());
    let (mut live, mut now, mut spins) = (None, 0, 0);
    let mut attempts = std::collections::VecDeque::new();
    while now < 24 * HOUR_MS {
        // Half of the time the next thing that happens is the timer.
        let longest = [100, 10_000, 900_000][rng.usize(0..3)];
        let event_at = now + rng.u64(0..=longest);
        let due = machine.wake_at().filter(|&at| at <= event_at);
        let later = due.unwrap_or(event_at).max(now);
        spins = if later == now { spins + 1 } else { 0 };
        assert!(
            spins < 1_000,
            "seed {seed}: the timer spins in {:?}",
            machine
        );
        now = later;
        let generation = machine.generation.saturating_sub(rng.u64(0..2));
        let input = match rng.u8(0..18) {
            _ if due.is_some() => Input::Ticked,
            0 => Input::Started(vec![endpoint("a"), endpoint("b")]),
            1 => Input::Started(vec![endpoint("a")]),
            2 if rng.u8(0..10) == 0 => Input::Stopped,
            3 => Input::Left,
            4 => Input::Returned,
            5 => Input::Hid,
            6 => Input::Showed,
            7 | 8 => Input::Opened(generation),
            9 => Input::FrameArrived(generation),
            10 | 11 => {
                let codes = [1000, 1003, 1006, 1008, 1009, 1012, 1013, 4401];
                Input::Closed(generation, close(*rng.choice(&codes).unwrap()))
            }
            12 => match rng.u8(0..4) {
                0 => Input::Measured(rng.u64(..100_000)),
                1 => Input::Accompanied(rng.bool()),
                2 => Input::FoundAt(endpoint(["a", "b", "c"][rng.usize(0..3)])),
                _ => Input::Profiled {
                    connects: rng.bool(),
                },
            },
            13 => Input::Judged(*rng.choice(&[Liveness::Unknown, Liveness::Answers]).unwrap()),
            14 => Input::WentOffline,
            15 => Input::WentOnline,
            16 => Input::Blocked(generation, String::new()),
            _ => Input::Ticked,
        };
        let by_hand = matches!(input, Input::Started(_));
        if let Input::Closed(closed, _) | Input::Blocked(closed, _) = &input
            && live == Some(*closed)
            && (machine.state != State::Closing || matches!(input, Input::Closed(..)))
            && (machine.state == State::Connecting || matches!(input, Input::Closed(..)))
        {
            live = None;
        }
        for output in machine.handle(now, input, &mut rng) {
            match output {
                Output::Open(generation, _) => {
                    assert_eq!(live, None, "seed {seed}: a second socket");
                    live = Some(generation);
                    if !by_hand {
                        attempts.push_back(now);
                    }
                }
                Output::Abandon(generation) => {
                    assert_eq!(live, Some(generation), "seed {seed}");
                    live = None;
                }
                Output::Ask(generation) | Output::Close(generation) => {
                    assert_eq!(live, Some(generation), "seed {seed}");
                }
            }
        }
        assert_eq!(
            live.is_some(),
            machine.has_socket(),
            "seed {seed} at {now}: {:?}",
            machine.state
        );
        while attempts.front().is_some_and(|&at| at + HOUR_MS < now) {
            attempts.pop_front();
        }
        assert!(
            attempts.len() <= 150,
            "seed {seed}: {} attempts in an hour",
            attempts.len()
        );
        if let State::Waiting {
            attempt: 1,
            until_ms,
        } = machine.state
            && machine.budget.earliest(now) == now
            && machine
                .last_close
                .as_ref()
                .is_some_and(|c| c.verdict() == Verdict::Retry)
            && machine.deaths == 0
        {
            assert!(
                until_ms <= now + 1_000,
                "seed {seed}: the first retry comes after a second"
            );
        }
    }
}

#[test]
fn ten_thousand_random_days_hold_one_socket_and_spare_the_server() {
    (0..10_000).for_each(walk);
}

#[test]
fn a_server_that_is_no_use_gives_way_however_long_it_was_open() {
    let mut bench = Bench::open(&["a", "b"]);
    bench.now += 60_000;
    let out = bench.input(Input::Refused(close(1006)));
    assert_eq!(out, [Output::Abandon(1), Output::Open(2, endpoint("b"))]);
    // Alone, one that says no is asked again slowly, and is quoted.
    let mut bench = Bench::open(&["a"]);
    bench.input(Input::Refused(close(3000)));
    assert!(matches!(bench.machine.state(), State::Failed { .. }));
    assert_eq!(bench.machine.last_close(), Some(&close(3000)));
}

#[test]
fn a_connection_that_somebody_else_watches_outlives_a_hidden_page() {
    for (liveness, survives) in [(Liveness::Elsewhere, true), (Liveness::Unknown, false)] {
        let mut bench = Bench::open(&["a"]);
        bench.input(Input::Judged(liveness));
        bench.input(Input::Hid);
        bench.now += 2 * AWAY_MS;
        let out = bench.input(Input::Showed);
        assert_eq!(out.is_empty(), survives, "{liveness:?}: {out:?}");
    }
}

/// An address that is bound to a text field changes with every letter.
#[test]
fn addresses_that_somebody_tries_out_cost_later_outages_nothing() {
    let mut bench = Bench::started(&["a"]);
    for _ in 0..90 {
        bench.now += 200;
        bench.input(Input::Started(vec![endpoint("a")]));
    }
    bench.input(Input::Opened(bench.machine.generation));
    bench.now += 60_000;
    bench.closed(1001);
    let State::Waiting { until_ms, .. } = bench.machine.state() else {
        panic!("it waits");
    };
    assert!(*until_ms <= bench.now + ATTEMPT_REFILL_MS, "{until_ms}");
}

#[test]
fn a_connection_that_something_just_came_over_is_kept_though_the_page_was_away() {
    for (late, survives) in [(100, true), (2 * AWAY_MS, false)] {
        let mut bench = Bench::open(&["a"]);
        bench.input(Input::Hid);
        bench.now += 2 * AWAY_MS;
        bench.input(Input::FrameArrived(1));
        bench.now += late;
        assert_eq!(bench.input(Input::Showed).is_empty(), survives, "{late} ms");
    }
}
