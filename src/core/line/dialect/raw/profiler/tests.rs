//! Servers of every manner, examined without a network.
#![cfg(test)]

use std::collections::VecDeque;

use super::*;

/// How a server behaves: given a frame and who sent it, what whom gets. `None` closes the sender's connection.
type Manner = fn(On, &Frame) -> Option<Vec<(On, Frame)>>;

/// What came of an examination: the server, how long it took, and the frames that were sent.
struct Examined {
    server: Server,
    took: Millis,
    sent: Vec<Frame>,
}

/// On a line that takes `one_way` milliseconds in each direction, and a server that lets a second connection in.
fn examine(manner: Manner, greeting: Option<&str>) -> Examined {
    examine_slowly(manner, greeting, 1, true, Lesson::default())
}

fn examine_slowly(
    manner: Manner,
    greeting: Option<&str>,
    one_way: Millis,
    lets_in: bool,
    lesson: Lesson,
) -> Examined {
    enum Event {
        At(On, Frame),
        Opened,
        Closed,
    }
    let (tag, me) = (Tag::derive("room", None), PeerId::from_random(3));
    let began = 1_000;
    let (mut profiler, orders) = Profiler::start(tag, me, [1, 2, 3, 4], began, 2 * one_way, lesson);
    let (mut now, mut sent) = (began, Vec::new());
    let mut events: Vec<(Millis, Event)> = greeting
        .map(|greeting| (now, Event::At(On::Own, Frame::from(greeting))))
        .into_iter()
        .collect();
    let mut orders = VecDeque::from(orders);
    loop {
        while let Some(order) = orders.pop_front() {
            let (line, frame) = match order {
                Order::Say(frame) => (On::Own, frame),
                Order::ScoutSay(frame) => (On::Scout, frame),
                Order::OpenScout => {
                    let opened = match lets_in {
                        true => Event::Opened,
                        false => Event::Closed,
                    };
                    events.push((now + 2 * one_way, opened));
                    continue;
                }
                Order::CloseScout => continue,
                Order::Finished(server) => {
                    return Examined {
                        server,
                        took: now - began,
                        sent,
                    };
                }
            };
            let back = now + 2 * one_way;
            match manner(line, &frame) {
                Some(deliveries) => {
                    let is_there = |(to, _): &(On, Frame)| lets_in || *to == On::Own;
                    let at = |(line, frame)| (back, Event::At(line, frame));
                    events.extend(deliveries.into_iter().filter(is_there).map(at));
                }
                None if line == On::Scout => events.push((back, Event::Closed)),
                None => {}
            }
            sent.push(frame);
        }
        let next = events.iter().map(|(at, _)| *at).min();
        let wakes = profiler.wake_at();
        orders.extend(match next.filter(|&at| at <= wakes) {
            Some(at) => {
                now = at.max(now);
                let place = events.iter().position(|(this, _)| *this == at).unwrap();
                match events.remove(place).1 {
                    Event::At(line, frame) => profiler.frame_arrived(now, line, &frame),
                    Event::Opened => profiler.scout_opened(now),
                    Event::Closed => profiler.scout_closed(now),
                }
            }
            None => {
                now = wakes.max(now);
                profiler.tick(now)
            }
        });
    }
}

fn other(line: On) -> On {
    match line {
        On::Own => On::Scout,
        On::Scout => On::Own,
    }
}

fn both(frame: Frame) -> Vec<(On, Frame)> {
    vec![(On::Own, frame.clone()), (On::Scout, frame)]
}

#[test]
fn verbatim_servers_are_told_apart_by_their_audience() {
    for (server, audience) in [
        (
            (|from, f| Some(vec![(from, f.clone())])) as Manner,
            Audience::SelfOnly,
        ),
        (
            |from, f| Some(vec![(other(from), f.clone())]),
            Audience::Others,
        ),
        (|_, f| Some(both(f.clone())), Audience::All),
    ] {
        let Examined { server, took, sent } = examine(server, None);
        let expected = Server {
            audience,
            echoes: audience != Audience::Others,
            binary: true,
            frame_bytes: LARGEST_FRAME_BYTES,
            rtt_ms: server.rtt_ms,
            ..Server::default()
        };
        assert_eq!(server, expected);
        let frames = sent.len();
        assert!(took <= 2_000 && frames <= 7, "{took} ms, {frames} frames");
    }
}

#[test]
fn a_slow_line_gets_the_same_verdict_as_a_fast_one() {
    let echoes: Manner = |from, f| Some(vec![(from, f.clone())]);
    let passes: Manner = |from, f| Some(vec![(other(from), f.clone())]);
    let broadcasts: Manner = |_, f| Some(both(f.clone()));
    let swallows: Manner = |_, _| Some(Vec::new());
    for (server, audience) in [
        (echoes, Audience::SelfOnly),
        (passes, Audience::Others),
        (broadcasts, Audience::All),
        (swallows, Audience::None),
    ] {
        for one_way in [1, 100, 250, 400, 450, 700, 1_200, 2_500] {
            let seen = examine_slowly(server, None, one_way, true, Lesson::default());
            assert_eq!(seen.server.audience, audience, "{one_way} ms each way");
            let limit = 2_000.max(20 * one_way);
            assert!(seen.took <= limit, "{} ms at {one_way}", seen.took);
        }
    }
}

#[test]
fn without_a_second_connection_nothing_is_said_of_others() {
    for (server, echoes) in [
        ((|from, f| Some(vec![(from, f.clone())])) as Manner, true),
        (|from, f| Some(vec![(other(from), f.clone())]), false),
    ] {
        let seen = examine_slowly(server, None, 1, false, Lesson::default());
        assert_eq!(seen.server.audience, Audience::Unknown);
        assert_eq!(seen.server.echoes, echoes);
        // Our own frames that come back later prove nothing either.
        let mut server = seen.server;
        server.noticed(true, false);
        assert_eq!(server.audience, Audience::Unknown);
        server.noticed(false, true);
        assert_eq!(server.audience, Audience::All);
    }
}

/// A hub that passes bytes on as text: what is no UTF-8 would cut everybody off.
#[test]
fn no_probe_is_harmful_to_those_who_get_its_bytes_as_text() {
    let hub: Manner = |_, f| {
        let text = String::from_utf8(f.as_bytes().to_vec()).expect("all are cut off");
        Some(both(Frame::Text(text)))
    };
    let chat: Manner = |_, f| {
        let text = String::from_utf8(f.as_bytes().to_vec()).expect("all are cut off");
        (text.len() <= 512).then(|| both(Frame::from(text.trim())))
    };
    for server in [hub, chat] {
        let seen = examine(server, None);
        assert_eq!(seen.server.audience, Audience::All);
        assert!(!seen.server.binary, "text stays text");
    }
    // One that decodes what it cannot read, and sends it on as binary.
    let lossy: Manner = |_, f| {
        let text = String::from_utf8_lossy(f.as_bytes()).into_owned();
        Some(both(match f {
            Frame::Text(_) => Frame::Text(text),
            Frame::Binary(_) => Frame::Binary(text.into_bytes()),
        }))
    };
    assert!(!examine(lossy, None).server.binary);
}

#[test]
fn a_probe_after_which_the_connection_died_is_not_sent_again() {
    let (tag, me) = (Tag::derive("room", None), PeerId::from_random(3));
    let is_risky = |frame: &Frame| matches!(frame, Frame::Binary(_)) || frame.len() > 512;
    let (mut lesson, mut deaths) = (Lesson::default(), 0);
    // Each risky frame fails the connections of everybody, until none is sent any more.
    let server = 'dies: loop {
        let (mut profiler, orders) = Profiler::start(tag, me, [1; 4], 0, 5, lesson);
        let (mut orders, mut now) = (VecDeque::from(orders), 0);
        loop {
            let Some(order) = orders.pop_front() else {
                now = profiler.wake_at().max(now);
                orders.extend(profiler.tick(now));
                continue;
            };
            let (frame, from) = match order {
                Order::Say(frame) => (frame, On::Own),
                Order::ScoutSay(frame) => (frame, On::Scout),
                Order::OpenScout => {
                    orders.extend(profiler.scout_opened(now));
                    continue;
                }
                Order::CloseScout => continue,
                Order::Finished(server) => break 'dies server,
            };
            if is_risky(&frame) {
                deaths += 1;
                lesson = profiler.lesson();
                continue 'dies;
            }
            orders.extend(profiler.frame_arrived(now, other(from), &frame));
        }
    };
    assert_eq!(deaths, 2, "one for each kind of risk");
    assert_eq!(
        server.audience,
        Audience::Others,
        "the verdict comes all the same"
    );
    assert_eq!((server.binary, server.frame_bytes), (false, FRAME_BYTES));
}

#[test]
fn a_server_that_never_answers_is_known_within_two_seconds() {
    let seen = examine(|_, _| Some(Vec::new()), Some("INFO {}"));
    assert_eq!(seen.server.audience, Audience::None);
    assert!(seen.server.greets);
    assert!(
        seen.took <= 2_000 && seen.sent.len() <= 7,
        "{} ms",
        seen.took
    );
}

#[test]
fn a_server_that_closes_on_binary_gets_text() {
    let Examined { server, .. } = examine(
        |_, f| matches!(f, Frame::Text(_)).then(|| both(f.clone())),
        None,
    );
    assert_eq!(server.audience, Audience::All);
    assert!(!server.binary);
    assert_eq!(server.frame_bytes, LARGEST_FRAME_BYTES);
}

#[test]
fn a_server_with_a_cap_of_8_kib_gets_the_size_below_it() {
    let capped: Manner = |_, f| (f.len() <= 8_192).then(|| both(f.clone()));
    let Examined { server, .. } = examine(capped, None);
    assert!(server.binary);
    assert_eq!(server.frame_bytes, LARGE_FRAME_BYTES);
}

#[test]
fn a_chat_that_trims_caps_and_takes_text_only_gets_small_text() {
    let Examined { server, .. } = examine(
        |_, f| match f {
            Frame::Text(text) if text.len() <= 512 => Some(both(Frame::from(text.trim()))),
            _ => None,
        },
        None,
    );
    assert!(server.trims && !server.decorates && !server.binary);
    assert_eq!(server.frame_bytes, FRAME_BYTES);
}

#[test]
fn decoration_and_flips_are_seen() {
    let decorated: Manner = |from, f| {
        let text = String::from_utf8_lossy(f.as_bytes());
        Some(vec![(
            from,
            Frame::from(format!("Message text was: {text}")),
        )])
    };
    let Examined { server, .. } = examine(decorated, None);
    assert!(server.decorates && !server.binary);
    let flipped: Manner = |from, f| Some(vec![(other(from), Frame::Binary(f.as_bytes().to_vec()))]);
    let Examined { server, .. } = examine(flipped, None);
    assert!(server.flips && !server.binary && !server.decorates);
}

#[test]
fn later_evidence_corrects_the_profile() {
    let mut server = Server {
        audience: Audience::None,
        ..Server::default()
    };
    server.noticed(true, false);
    assert_eq!(server.audience, Audience::SelfOnly);
    server.noticed(false, true);
    assert_eq!(server.audience, Audience::All);
}
