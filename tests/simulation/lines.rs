//! Relays of several kinds, lists of them, and slow lines: whether two people meet, and what they are told if not.

mod net;
mod toy;

use duplex::{
    core::{
        apps::board::presence::{Pointer, WET},
        line::{server::Audience, status::Connection},
        session::Input,
        socket::{close::CloseEvent, machine},
    },
    ui::text::connection,
};

use self::net::{Manner, Net, News};

#[test]
fn a_relay_that_connects_nobody_gives_way_to_the_next_one() {
    for manner in [
        Manner::Swallows,
        Manner::Echoes,
        Manner::Ticks,
        Manner::Closes(1006, ""),
        Manner::Closes(1000, ""),
        Manner::Closes(1008, "no"),
    ] {
        let mut net = Net::new(&[manner, Manner::Passes], 2, 5);
        net.meet(25_000);
        assert_eq!(
            [0, 1].map(|person| net.relay_of(person)),
            [Some(1); 2],
            "{manner:?}"
        );
    }
    // The last of three, too.
    let list = [Manner::Swallows, Manner::Echoes, Manner::Broadcasts];
    Net::new(&list, 2, 5).meet(25_000);
}

#[test]
fn a_relay_that_works_for_a_minute_and_then_swallows_is_left() {
    for manner in [Manner::Swallows, Manner::Ticks, Manner::Echoes] {
        for first in [Manner::Passes, Manner::Broadcasts] {
            let mut net = Net::new(&[first, Manner::Passes], 2, 5);
            net.meet(10_000);
            net.run(60_000);
            net.relays[0] = manner;
            net.draw(1, "b");
            net.until(60_000, |net| net.has(0, "b"));
            assert_eq!(net.relay_of(0), Some(1), "{first:?}, then {manner:?}");
        }
        // Who is alone on it is found by who comes later.
        let mut net = Net::new(&[Manner::Passes, Manner::Passes], 1, 5);
        net.run(60_000);
        net.relays[0] = manner;
        net.join();
        net.meet(300_000);
    }
}

#[test]
fn a_server_that_connects_nobody_is_looked_at_again_by_itself_and_on_demand() {
    for manner in [Manner::Swallows, Manner::Echoes, Manner::Ticks] {
        let mut net = Net::new(&[manner], 2, 5);
        let useless = |net: &Net| {
            let status = net.status(0);
            status.can_retry() && !status.reaches_others()
        };
        net.until(5_000, useless);
        net.run(20_000);
        assert!(useless(&net), "{manner:?}: \"try again\" is offered");
        net.relays[0] = Manner::Passes;
        net.meet(120_000);
        for asks in [
            machine::Input::RetryAsked,
            machine::Input::Showed,
            machine::Input::WentOnline,
        ] {
            let mut net = Net::new(&[manner], 2, 5);
            net.run(20_000);
            net.relays[0] = Manner::Passes;
            (0..2).for_each(|person| net.input(person, asks.clone().into()));
            net.meet(5_000);
        }
    }
}

#[test]
fn on_a_slow_line_nobody_is_told_that_the_server_is_useless_and_nothing_is_reconnected() {
    for one_way in [5, 250, 400, 450, 700, 1_000] {
        for (manner, audience) in [
            (Manner::Passes, Audience::Others),
            (Manner::Broadcasts, Audience::All),
        ] {
            let mut net = Net::new(&[manner], 1, one_way);
            net.until(30_000, |net| net.audience(0) == audience);
            for _ in 0..10 {
                for input in [machine::Input::Hid, machine::Input::Showed] {
                    net.run(2_000);
                    net.input(0, input.into());
                }
            }
            net.run(20_000);
            let case = format!("{manner:?}, {one_way} ms each way");
            assert_eq!(net.people[0].opened, 1, "{case}: {:#?}", net.told());
            let said = net.people[0].sentences.join(" ");
            assert!(!said.contains("returns nothing"), "{case}: {said}");
            assert!(!said.contains("echoes to the sender"), "{case}: {said}");
            net.join();
            net.meet(30_000);
        }
        let mut net = Net::new(&[Manner::Echoes], 1, one_way);
        net.until(30_000, |net| net.audience(0) == Audience::SelfOnly);
    }
}

#[test]
fn frames_of_the_relay_itself_are_no_life() {
    let mut net = Net::new(&[Manner::Passes], 1, 5);
    net.run(30_000);
    net.relays[0] = Manner::Ticks;
    net.until(130_000, |net| {
        connection::sentence(&net.status(0)).contains("returns nothing")
    });
    // Beside somebody who was there it is doubted at once.
    let mut net = Net::new(&[Manner::Passes], 2, 5);
    net.meet(10_000);
    net.relays[0] = Manner::Ticks;
    net.until(40_000, |net| net.people[0].opened > 1);
    net.until(20_000, |net| {
        connection::sentence(&net.status(0)).contains("returns nothing")
    });
}

#[test]
fn two_people_on_different_relays_of_one_list_find_each_other() {
    for one_way in [5, 300] {
        let mut net = Net::new(&[Manner::RefusesFirst, Manner::Passes], 2, one_way);
        let place = |net: &Net| (net.relay_of(0), net.relay_of(1));
        net.until(30_000, |net| place(net) == (Some(1), Some(0)));
        net.until(10_000, |net| {
            let sentence = connection::sentence(&net.status(0));
            sentence.contains("relay1.example") && sentence.contains("second relay")
        });
        net.meet(30_000);
        // They stay together, and whoever comes joins them.
        net.run(200_000);
        assert!(net.are_together(), "{:#?}", net.told());
        net.join();
        net.meet(60_000);
    }
}

/// A short outage parts a group of several; the halves find each other though each has company.
#[test]
fn the_halves_of_a_group_find_each_other_again() {
    let mut net = Net::new(&[Manner::Passes, Manner::Passes], 4, 5);
    net.meet(10_000);
    net.relays[0] = Manner::Closes(4403, "full");
    for person in [2, 3] {
        let (way, ..) = net.people[person].ways[0];
        let close = CloseEvent::ours("");
        net.schedule(1, person, way, News::Closed(close));
    }
    net.until(20_000, |net| {
        [2, 3].iter().all(|&person| net.relay_of(person) == Some(1))
    });
    net.draw(2, "b");
    net.until(5_000, |net| net.has(3, "b"));
    net.until(10_000, |net| {
        connection::sentence(&net.status(2)).contains("second relay of the link")
    });
    net.relays[0] = Manner::Passes;
    net.until(300_000, |net| {
        (0..4).all(|person| net.relay_of(person) == Some(0))
    });
    net.until(30_000, |net| net.has(0, "b"));
}

/// The second connection of an examination ends the first: after that there is none.
#[test]
fn a_relay_that_allows_each_person_one_connection_connects_people() {
    for code in [1000, 1008, 4000, 4409] {
        let mut net = Net::new(&[Manner::OneEach(code)], 2, 5);
        // What cannot be found out with two connections is, in the end, done without.
        net.until(60_000, |net| {
            (0..2).all(|person| net.status(person).line.connection == Connection::Open)
        });
        net.meet(60_000);
        let opened = [0, 1].map(|person| net.people[person].opened);
        net.run(120_000);
        assert_eq!(
            opened,
            [0, 1].map(|person| net.people[person].opened),
            "{code}"
        );
    }
}

/// People draw as fast as they can over a server that closes on those who say much.
#[test]
fn a_relay_that_limits_what_one_may_say_gets_no_more_and_loses_nothing() {
    const STROKES: u32 = 2_000;
    for (most, code) in [(10, 1008), (10, 4429), (25, 1013)] {
        let mut net = Net::new(&[Manner::Limits(most, code)], 2, 5);
        net.until(60_000, Net::are_together);
        let mut connected = 0;
        for stroke in 0..STROKES {
            net.draw(0, &format!("s{stroke}"));
            net.input(0, Input::Shows(WET, Some(vec![1])));
            net.input(
                0,
                Input::shows(Some(&Pointer {
                    x: f64::from(stroke),
                    y: 1.0,
                })),
            );
            net.run(100);
            connected += u32::from(net.relay_of(0).is_some());
        }
        assert!(connected > STROKES / 2, "{code}: {connected} of {STROKES}");
        let is_there = |net: &Net| (0..STROKES).all(|stroke| net.has(1, &format!("s{stroke}")));
        net.until(240_000, is_there);
    }
}

#[test]
fn a_relay_that_takes_no_text_is_spoken_to_in_binary() {
    for one_way in [5, 250] {
        let mut net = Net::new(&[Manner::PassesBinary], 2, one_way);
        net.meet(20_000);
        assert!(net.status(0).line.server.binary);
    }
}

/// Connections open at once and frames take their time: what came back late is no verdict.
#[test]
fn a_relay_that_holds_frames_is_given_time() {
    for held in [600, 1_200, 1_500, 2_500] {
        let mut net = Net::new(&[Manner::Holds(held)], 1, 10);
        net.until(20_000, |net| net.audience(0) == Audience::All);
        let opened = net.people[0].opened;
        for _ in 0..10 {
            for input in [machine::Input::Hid, machine::Input::Showed] {
                net.run(4_000);
                net.input(0, input.into());
            }
        }
        net.run(20_000);
        assert_eq!(net.people[0].opened, opened, "{held} ms: {:#?}", net.told());
        assert_eq!(net.audience(0), Audience::All, "{held} ms");
        net.join();
        net.meet(30_000);
    }
}

/// What the server says of itself is told, not what we make of its silence.
#[test]
fn a_relay_that_says_why_it_closes_is_quoted() {
    for (code, reason, words) in [
        (1011, "out of disk", "out of disk"),
        (4000, "wait until 14:00", "wait until 14:00"),
        (4503, "", "is overloaded"),
    ] {
        let mut net = Net::new(&[Manner::Closes(code, reason)], 1, 5);
        net.run(20_000);
        let said = net.people[0].sentences.join(" ");
        assert!(said.contains(words), "{said}");
        assert!(!said.contains("not a server that echoes"), "{said}");
    }
    // One that speaks another protocol is named as such.
    for (code, reason) in [
        (1000, ""),
        (1002, "Protocol Violation"),
        (1003, ""),
        (1007, ""),
    ] {
        let mut net = Net::new(&[Manner::Closes(code, reason)], 1, 5);
        net.run(20_000);
        let said = net.people[0].sentences.join(" ");
        assert!(
            said.contains("not a server that echoes") && said.contains(reason),
            "{said}"
        );
    }
}

#[test]
fn a_limit_of_sessions_that_passes_is_waited_for_and_named() {
    let limit = Manner::Closes(1008, "session limit");
    let mut net = Net::new(&[limit], 1, 5);
    net.run(30_000);
    let status = net.status(0);
    assert_eq!(status.line.connection.name(), "failed");
    assert!(connection::sentence(&status).contains("\u{201c}session limit\u{201d}"));
    assert!(
        connection::sentence(&status).contains("asked again"),
        "{}",
        connection::sentence(&status)
    );
    net.relays[0] = Manner::Passes;
    net.until(45_000, |net| net.relay_of(0).is_some());
    for asks in [machine::Input::Showed, machine::Input::WentOnline] {
        let mut net = Net::new(&[limit], 1, 5);
        net.run(30_000);
        net.relays[0] = Manner::Passes;
        net.input(0, asks.into());
        net.until(1_000, |net| net.relay_of(0).is_some());
    }
}

#[test]
fn what_arrived_is_confirmed_soon_and_nobody_is_said_to_exchange_what_is_there() {
    let mut net = Net::new(&[Manner::Passes], 2, 20);
    let in_step = |net: &Net| {
        (0..2).all(|person| connection::sentence(&net.status(person)).contains("in step"))
    };
    net.until(10_000, in_step);
    for name in ["a", "b", "c"] {
        net.draw(0, name);
        net.run(500);
        net.until(4_000, in_step);
        net.run(5_000);
    }
    // Whoever comes and gets what is there says that it came.
    net.join();
    net.until(4_000, |net| {
        (0..3).all(|person| net.status(person).in_step == 2)
    });
}

#[test]
fn people_meet_over_a_server_with_a_protocol_of_its_own() {
    for (longest, one_way) in [(4_000, 5), (4_000, 400), (400, 5)] {
        let mut net = Net::new(&[Manner::Toy(longest)], 3, one_way);
        net.meet(10_000);
        net.draw(1, "b");
        net.until(5_000, |net| net.has(0, "b") && net.has(2, "b"));
        assert_eq!(net.audience(0), Audience::Others);
        // Its own keep-alive measures the line, and keeps it.
        net.until(15_000, |net| net.status(0).line.rtt_ms == Some(2 * one_way));
        net.run(60_000);
        assert!(
            net.people
                .iter()
                .all(|person| person.opened == 1 && person.scouts == 0)
        );
    }
}

#[test]
fn a_server_with_a_protocol_of_its_own_is_sent_nothing_before_it_is_ready() {
    let mut net = Net::new(&[Manner::MuteToy], 2, 5);
    net.draw(0, "a");
    net.run(5_000);
    assert_eq!(net.published, 0);
    assert_eq!(net.status(0).line.connection, Connection::Connecting);
    // It is given up, and comes back.
    net.until(30_000, |net| net.people[0].opened > 1);
    net.relays[0] = Manner::Toy(4_000);
    net.until(60_000, |net| net.has(1, "a"));
    // It falls silent beside others.
    let opened = net.people[0].opened;
    net.relays[0] = Manner::MuteToy;
    net.until(30_000, |net| net.people[0].opened > opened);
    net.draw(0, "b");
    net.relays[0] = Manner::Toy(400);
    net.until(120_000, |net| net.has(1, "b"));
}

#[test]
fn who_leaves_a_server_with_a_protocol_of_its_own_says_goodbye_in_it() {
    let mut net = Net::new(&[Manner::Toy(4_000)], 2, 5);
    net.meet(10_000);
    net.input(0, Input::Left);
    net.until(1_000, |net| net.status(1).people == 1);
}

#[test]
fn a_list_may_hold_servers_of_several_dialects() {
    for list in [
        [Manner::MuteToy, Manner::Passes],
        [Manner::Swallows, Manner::Toy(4_000)],
        [Manner::Closes(1008, "no"), Manner::Toy(400)],
    ] {
        let mut net = Net::new(&list, 2, 5);
        net.draw(0, "a");
        net.until(120_000, |net| net.has(1, "a"));
        assert_eq!([0, 1].map(|person| net.relay_of(person)), [Some(1); 2]);
    }
}

#[test]
fn a_server_with_a_protocol_of_its_own_that_says_no_is_quoted() {
    let mut net = Net::new(&[Manner::ShutToy], 1, 5);
    net.until(2_000, |net| {
        connection::sentence(&net.status(0)).contains("\u{201c}members only\u{201d}")
    });
    assert_eq!(net.status(0).line.connection, Connection::Failed);
    // Nobody else has to be there for the next one to have its turn.
    for first in [Manner::ShutToy, Manner::MuteToy] {
        let mut net = Net::new(&[first, Manner::Passes], 1, 5);
        net.until(30_000, |net| net.relay_of(0) == Some(1));
    }
}

#[test]
fn a_connection_that_a_protocol_keeps_alive_outlives_a_hidden_page() {
    let mut net = Net::new(&[Manner::Toy(4_000)], 2, 5);
    net.meet(10_000);
    for away in [
        [machine::Input::Hid, machine::Input::Showed],
        [machine::Input::WentOffline, machine::Input::WentOnline],
    ] {
        for input in away {
            net.run(25_000);
            net.input(0, input.into());
        }
    }
    net.run(25_000);
    assert_eq!(net.people[0].opened, 1);
    // One that died meanwhile is found out about.
    net.relays[0] = Manner::MuteToy;
    net.input(0, machine::Input::Showed.into());
    net.until(11_000, |net| net.people[0].opened > 1);
}
