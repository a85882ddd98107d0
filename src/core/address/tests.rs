//! Links as programs and people damage them.
#![cfg(test)]

use proptest::prelude::*;

use super::*;
use crate::core::apps;

fn good(hash: &str) -> Address {
    let (address, problems) = parse(hash, false);
    assert_eq!(problems, []);
    address.unwrap()
}

#[test]
fn a_full_link_reads_and_writes_the_same() {
    let hash = "#/r/our%20attic/todo?relay=wss%3A%2F%2Frelay.example%2Fa%3Fb%3Dc&key=AAECAwQFBgcICQoLDA0ODw&filter=active";
    let address = good(hash);
    assert_eq!(address.room.name, "our attic");
    assert_eq!(address.app.name, "todo");
    assert_eq!(address.parameter("filter"), Some("active"));
    assert_eq!(address.to_hash(), hash);
    assert_eq!(good("#/r/attic").to_hash(), "#/r/attic/board");
    assert_eq!(good("#/r/attic/board?relay=none").relay, RelayChoice::None);
}

/// A link as this program writes it, and what mail and chat programs make of it.
#[test]
fn links_that_were_rewritten_on_their_way_lead_to_the_same_room() {
    const KEY: &str = "AAECAwQFBgcICQoLDA0ODw";
    let relay = "wss%3A%2F%2Frelay.example%2Fa";
    for relay in [relay, "wss%3A%2F%2Frelay.example%2Fa%3Fb%3Dc%26d%3De"] {
        let hash = format!("#/r/our%20attic/todo?relay={relay}&key={KEY}");
        let expected = good(&hash);
        let encoded = |text: &str| text.replace('%', "%25");
        let wrapped = format!("{}=\r\n{}", &KEY[..9], &KEY[9..]);
        let mut rewritten = vec![
            hash.replace("&key=", "%26key%3D"),
            hash.replace("&key=", "%26key="),
            hash.replace("&key=", "&amp;key="),
            hash.replace("&key=", "%26amp%3Bkey%3D"),
            hash.replace("&key=", "&#38;key="),
            hash.replace("&key=", "\\u0026key="),
            hash.replace("?relay=", "%3Frelay%3D")
                .replace("&key=", "%26key%3D"),
            hash.replace("&key=", "&KEY="),
            hash.replace(KEY, &wrapped),
            hash.replace(KEY, &wrapped.replace("=\r\n", "%0D%0A")),
            hash.replace(KEY, &wrapped.replace("=\r\n", "\u{200b}")),
            hash.replace("relay=", "relay=3D").replace("key=", "key=3D"),
            hash.replace(KEY, &format!("{KEY}==")),
            format!("#{}", percent::encoded(&hash[1..])),
            format!(
                "#{}",
                percent::encoded(&hash[1..])
                    .to_ascii_lowercase()
                    .replace(&KEY.to_ascii_lowercase(), KEY)
            ),
            hash.replace(relay, &encoded(relay)),
            hash.replace("/todo?", "/todo)?"),
            hash.replace("&key=", "&amp;amp;key="),
            hash.replace("&key=", "&amp%3Bkey="),
            hash.replace("&key=", "&%20key="),
            hash.replace("&key=", "&%0Akey="),
            hash.replace("&key=", "\n&key="),
            hash.replace("&key=", "%26KEY%3D"),
            hash.replace("&key=", "%2526key%253D"),
            hash.replace("&key=", "%26%2338%3Bkey%3D"),
            format!("#{}", encoded(&percent::encoded(&hash[1..]))),
            format!("#{}", hash[1..].replace('%', "%25")),
            hash.replace("/todo?", "/todo%3F").replace('=', "%3D"),
            format!(
                "{}?fbclid=1",
                hash.replace("/todo?", "/todo%3F")
                    .replace("&key=", "%26key%3D")
            )
            .replace("?fbclid=1", "?"),
            hash.replace("/todo?", "/todo%253F")
                .replace("&key=", "%2526key%253D")
                .replace(relay, &encoded(relay)),
            hash.replace("relay.example", "relay.exam%20ple"),
            hash.replace("relay.example", "relay.exam%0D%0Aple"),
        ];
        for end in [
            ")",
            ".",
            ">",
            " ",
            "),",
            ").",
            ").See below",
            "\u{201d}",
            "%20",
            "%3E",
            "%29.",
            "\n",
            "%0A",
            "*",
            "]",
            "\u{a0}",
            "'",
            "; thanks",
            "&amp;",
            "%20thanks",
            "%20Klaus",
            "%0ACheers",
            "+hello",
            "__",
            "_",
            "%2",
        ] {
            rewritten.push(format!("{hash}{end}"));
        }
        for link in rewritten {
            let (address, problems) = parse(&link, false);
            assert_eq!(address.as_ref(), Some(&expected), "{link}");
            let is_said = problems
                .iter()
                .all(|problem| *problem == AddressProblem::Mended);
            assert!(is_said, "{link}: {problems:?}");
        }
    }
}

#[test]
fn a_relay_never_gets_a_rooms_key_and_keeps_what_is_its_own() {
    let key = "AAECAwQFBgcICQoLDA0ODw";
    for link in [
        format!("#/r/a/board?relay=wss%3A%2F%2Fx%2F%3Fa%3Db%26key%3D{key}"),
        format!("#/r/a/board?relay=wss%3A%2F%2Fx%2F%26amp%3Bkey%3D{key}%29"),
        format!("#/r/a/board?relay=wss%253A%252F%252Fx%2526key%253D{key}"),
    ] {
        let (address, _) = parse(&link, false);
        let address = address.unwrap();
        assert!(address.room.key.is_some(), "{link}");
        for relay in address.relay.endpoints() {
            assert!(!relay.as_str().contains(key), "{link}");
        }
    }
    let own = good("#/r/a/board?relay=wss%3A%2F%2Fx%2F%3Fkey%3Dsecret%26user%3Dme");
    assert_eq!(
        own.relay.endpoints()[0].as_str(),
        "wss://x/?key=secret&user=me"
    );
}

#[test]
fn a_key_with_what_mail_writes_before_it_is_the_key() {
    const KEY: &str = "AAECAwQFBgcICQoLDA0ODw";
    let expected = good(&format!("#/r/attic/board?key={KEY}"));
    let (address, problems) = parse(&format!("#/r/attic/board?key=3D{KEY}"), false);
    assert_eq!(
        (address, problems),
        (Some(expected), vec![AddressProblem::Mended])
    );
}

/// Several relays that were encoded with what stood between them.
#[test]
fn every_relay_of_a_rewritten_link_is_found() {
    let hash = "#/r/attic/board?relay=wss%3A%2F%2Fa%2Fx&relay=wss%3A%2F%2Fb%2Fy&key=AAECAwQFBgcICQoLDA0ODw";
    let expected = good(hash);
    assert_eq!(expected.relay.endpoints().len(), 2);
    for and in ["%26", "%26amp%3B", "&amp;", "%2526"] {
        let (address, problems) = parse(&hash.replace('&', and), false);
        assert_eq!(address.as_ref(), Some(&expected), "{and}");
        assert_eq!(problems, [AddressProblem::Mended], "{and}");
    }
    let (filtered, _) = parse(
        "#/r/attic/todo?relay=wss%3A%2F%2Fa%2Fx%26filter%3Dactive",
        false,
    );
    assert_eq!(filtered.unwrap().parameter("filter"), Some("active"));
}

/// What is left of a key opens no other room, and no relay gets it.
#[test]
fn a_link_that_lost_its_key_on_the_way_opens_nothing_else() {
    const KEY: &str = "AAECAwQFBgcICQoLDA0ODw";
    let relay = "wss%3A%2F%2Frelay.example%2Fa";
    for link in [
        format!("#/r/attic/board?relay={relay}%26key%3D{}", &KEY[..20]),
        format!("#/r/attic/board?relay={relay}%26key%3D{}", &KEY[..21]),
        format!("#/r/attic/board?relay={relay}%26KEY%3D{}", &KEY[..20]),
        format!("#/r/attic/board?relay={relay}%26key%3D{}%", &KEY[..5]),
        format!("#/r/attic/board?relay={relay}%26key%3D{}%2", &KEY[..5]),
        format!("#/r/attic/board?relay={relay}%2526key%253D{}", &KEY[..20]),
        format!(
            "#/r/attic/board?relay={relay}%3Fa%3Db%26key%3D{}",
            &KEY[..20]
        ),
        format!("#/r/attic/board?relay={relay}&ke"),
        format!("#/r/attic/board?relay={relay}&key"),
        format!("#/r/attic/board?relay={relay}&k"),
        format!("#/r/attic/board?relay={relay}&"),
        format!("#/r/attic/board?relay={relay}&amp;"),
        format!("#/r/attic/board?relay={relay}&am"),
        format!("#/r/attic/board?relay={relay}%26"),
        format!("#/r/attic/board?relay={relay}%26ke"),
        format!("#/r/attic/board?relay={relay}%3Fb%3Dc%26"),
        format!("#%25252Fr%25252Fattic%25252Fboard%25253Fkey%25253D{KEY}"),
    ] {
        let (address, problems) = parse(&link, false);
        assert!(
            problems.contains(&AddressProblem::Key),
            "{link}: {problems:?}"
        );
        let Some(address) = address else {
            continue;
        };
        assert_eq!(address.room.key, None, "{link}");
        for relay in address.relay.endpoints() {
            assert!(
                !relay.as_str().to_lowercase().contains("key"),
                "{link}: {relay}"
            );
        }
    }
}

/// A relay's own parameters stay its own where a link has a key, and where it never had one.
#[test]
fn a_relays_own_key_stays_with_the_relay() {
    for hash in [
        "#/r/a/board?relay=wss%3A%2F%2Fx%2F%3Fuser%3Dme%26key%3DAAECAwQFBgcICQoLDA0ODw&key=EBESExQVFhcYGRobHB0eHw",
        "#/r/a/board?relay=wss%3A%2F%2Fx%2F%3Fkey%3DAAECAwQFBgcICQoLDA0ODw",
        "#/r/a/board?relay=wss%3A%2F%2Fx%2F%3Fuser%3Dme%26key%3Dsecret",
    ] {
        assert_eq!(good(hash).to_hash(), hash);
    }
    let (address, problems) = parse(
        "#/r/a/board?relay=wss%3A%2F%2Fx%2F%3Fkey%3Dsecret&fbclid=1",
        false,
    );
    assert_eq!(problems, [AddressProblem::Parameter("fbclid".into())]);
    assert_eq!(address.unwrap().relay.endpoints().len(), 1);
}

#[test]
fn a_damaged_key_is_named_and_no_other_key_is_made_of_it() {
    for damaged in [
        "short",
        "AAECAwQFBgcICQoLDA0OD",
        "",
        "AAECAwQF BgcI)CQoLDA0ODw",
        "%ff",
        "%",
    ] {
        let (address, problems) =
            parse(&format!("#/r/attic/board?relay=none&key={damaged}"), false);
        assert_eq!(address.unwrap().room.key, None, "{damaged}");
        assert!(problems.contains(&AddressProblem::Key), "{damaged}");
    }
}

#[test]
fn space_around_a_rooms_name_is_none_of_it() {
    let room = |hash: &str| parse(hash, false).0.unwrap().room;
    for hash in [
        "#/r/attic%20/board",
        "#/r/%20attic/board",
        "#/r/attic ",
        "#/r/attic/",
        "#/r/attic).",
    ] {
        assert_eq!(room(hash).name, "attic", "{hash}");
    }
    assert_ne!(room("#/r/Attic").tag(), room("#/r/attic").tag());
    assert_eq!(parse("#/r/%20/board", false).0, None);
}

#[test]
fn an_empty_hash_names_no_room_and_is_no_problem() {
    for hash in ["", "#", "#/"] {
        assert_eq!(parse(hash, false), (None, vec![]));
    }
}

#[test]
fn each_bad_part_costs_a_sentence_and_the_rest_works() {
    let (address, problems) = parse(
        "#/r/attic/chess?relay=http%3A%2F%2Fx&key=short&colour=red",
        false,
    );
    let address = address.unwrap();
    assert_eq!(
        (address.app, address.relay),
        (apps::FIRST, RelayChoice::None)
    );
    assert_eq!(
        problems,
        [
            AddressProblem::Page("chess".into()),
            AddressProblem::Relay(EndpointError::Scheme),
            AddressProblem::Key,
            AddressProblem::Parameter("colour".into()),
        ]
    );
    for hash in ["#/x/attic", "#/r/", "#/r/%zz/board", "#/r/%00", "#section"] {
        assert_eq!(
            parse(hash, false),
            (None, vec![AddressProblem::Room]),
            "{hash}"
        );
    }
}

#[test]
fn fresh_rooms_have_a_name_and_a_key_that_no_debug_print_shows() {
    let random = std::array::from_fn(|i| (i * 37) as u8);
    let room = Room::fresh(random);
    assert_eq!(room.name.len(), 10);
    assert_eq!(format!("{:?}", room.key), "Some(Key(…))");
    let address = Address {
        room,
        app: apps::FIRST,
        relay: RelayChoice::None,
        parameters: Vec::new(),
    };
    assert_eq!(good(&address.to_hash()), address);
}

#[test]
fn a_bad_config_is_named_and_left_aside() {
    let (config, problems) = Config::parse(
        r#"{"relays":["wss://a/","http://b"],"title":"Class 3b"}"#,
        false,
    );
    assert_eq!((config.relays.len(), problems.len()), (1, 1));
    assert_eq!(config.title.as_deref(), Some("Class 3b"));
    for text in [
        "<!doctype html>",
        "[]",
        "{",
        r#"{"relays":7}"#,
        r#"{"relays":[7]}"#,
        r#"{"title":[]}"#,
        &" ".repeat(CONFIG_BYTES + 1),
    ] {
        let (config, problems) = Config::parse(text, false);
        assert_eq!((config, problems.len()), (Config::default(), 1));
    }
    assert_eq!(Config::parse("{}", false), (Config::default(), vec![]));
}

/// Links that are large on purpose: each costs some passes over it, and no more.
#[test]
fn a_link_that_was_encoded_without_end_is_soon_read() {
    for part in ["25", "amp;", "%26relay=", "&amp;key=", "%3F"] {
        let link = format!("#/r/attic/board?relay=wss%{}", part.repeat(100_000));
        let (address, problems) = parse(&link, false);
        assert!(address.is_some() && !problems.is_empty(), "{part}");
    }
}

proptest! {
    #[test]
    fn any_hash_reads_without_a_panic(hash in ".*") {
        let _ = parse(&hash, true);
        let _ = parse(&format!("#/r/{hash}"), false);
    }

    #[test]
    fn any_room_name_survives_the_link(name in "[^/\\p{Cc}]{1,80}") {
        let address = Address {
            room: Room { name, key: None },
            app: apps::FIRST,
            relay: RelayChoice::Default,
            parameters: Vec::new(),
        };
        let expected = Address {
            room: Room { name: address.room.name.trim().to_owned(), key: None },
            ..address.clone()
        };
        let is_name = is_room_name(&expected.room.name);
        prop_assert_eq!(parse(&address.to_hash(), false).0, is_name.then_some(expected));
    }
}

/// Pieces of links, good and damaged.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "#",
        "/r/",
        "/",
        "attic",
        "our%20attic",
        "%F0%9F%8E%A8",
        "board",
        "todo",
        "chat",
        "?",
        "&",
        "relay=",
        "key=",
        "filter=",
        "none",
        "active",
        "ws://r/",
        "ws%3A%2F%2Fr%2Fa",
        "wss%3A%2F%2Fr%3Fb%3Dc%26key%3Dd",
        "%26key%3D",
        "AAECAwQFBgcICQoLDA0ODw",
        "AAECAwQFBgcICQoLDA0ODw--",
        "3DECAwQFBgcICQoLDA0ODw",
        "AAECAwQFBgcI",
        "&amp;",
        ")",
        ".",
        "\n",
        "%0A",
        " ",
        "%2520",
        "%",
        "fbclid=1",
        "\u{200b}",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_plain_link_is_read_as_any_other(
        ends in (0..6_usize, 0..5_usize, 0..4_usize),
        pieces in prop::collection::vec(piece(), 0..9),
        secure: bool,
    ) {
        let begin = ["", "#/r/attic", "#/r/attic/board?", "#/r/our%20attic/todo?relay=", "/r/a?key=", "#/r/a/todo?filter="];
        let middle = ["", "ws%3A%2F%2Fr%2F&key=", "AAECAwQFBgcICQoLDA0ODw", "&filter=done", "none"];
        let end = ["", "AAECAwQFBgcICQoLDA0ODw", "&relay=none", "&filter=active"];
        let (a, b, c) = ends;
        let hash = format!("{}{}{}{}", begin[a], middle[b], pieces.concat(), end[c]);
        if let Ok(address) = plain(&hash, secure) {
            prop_assert_eq!((address, vec![]), parse(&hash, secure), "{}", hash);
        }
        let hash = format!("{}{}{}", begin[a], middle[b], end[c]);
        if let Ok(address) = plain(&hash, secure) {
            prop_assert_eq!((address, vec![]), parse(&hash, secure), "{}", hash);
        }
    }
}

#[test]
fn what_this_program_writes_is_plain() {
    let relay = |text| Endpoint::parse(text, false).unwrap();
    for relay in [
        RelayChoice::Default,
        RelayChoice::None,
        RelayChoice::At(vec![
            relay("ws://localhost:9000/relay/a"),
            relay("wss://relay.example"),
        ]),
    ] {
        for (app, filter) in [("board", None), ("todo", Some("active"))] {
            let room = Room::fresh([7; 32]);
            let relay = relay.clone();
            let address = Address {
                room,
                app: apps::named(app).unwrap(),
                relay,
                parameters: Vec::new(),
            };
            let address = address.with("filter", filter);
            assert_eq!(plain(&address.to_hash(), false), Ok(Some(address)));
        }
    }
    for nothing in ["", "#", "#/"] {
        assert_eq!(plain(nothing, false), Ok(None));
    }
    assert_eq!(
        plain("#/r/attic?relay=ws://r/&key=short", false),
        Err(Unusual)
    );
}
