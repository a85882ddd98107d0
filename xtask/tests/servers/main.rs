//! Any echo-compatible server: for each kind that there is, two people who never met come together through it, or the
//! page says why they cannot. The session is the one that ships; sockets, servers and the clock are real.

mod crowd;
mod person;
mod real;

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use duplex::{
    core::line::{server::Audience, status::Connection},
    ui::text::connection,
};
use person::Person;
use tokio::net::TcpListener;
use xtask::relay::{self, Faults, Server};

/// Two people draw, and see each other's strokes. Gives what the first one's page knows of the server.
async fn meet(url: &str) -> Result<person::Seen> {
    let room = format!("room {}", fastrand::u64(..));
    let mut ada = Person::join(&room, &[url])?;
    let mut bob = Person::join(&room, &[url])?;
    ada.draw();
    bob.until("an open connection", |seen| {
        seen.status.line.connection == Connection::Open
    })
    .await?;
    for _ in 0..5 {
        ada.draw();
        bob.draw();
    }
    let seen = ada
        .until("eleven strokes at Ada's", |seen| seen.strokes == 11)
        .await?;
    bob.until("the same at Bob's", |bob| bob.digest == seen.digest)
        .await?;
    ada.until("agreement", |ada| {
        ada.status.in_step == 1 && ada.status.people == 2
    })
    .await
}

async fn meet_on(faults: Faults) -> Result<person::Seen> {
    let server = Server::start(0, faults).await?;
    let seen = meet(&format!("{}room", server.address())).await;
    server.kill().await;
    seen
}

fn all() -> Faults {
    Faults {
        audience: Some(relay::Audience::All),
        ..Faults::default()
    }
}

#[tokio::test]
async fn verbatim_to_others() -> Result<()> {
    let server = meet_on(Faults::default()).await?.status.line.server;
    ensure!(
        server.audience == Audience::Others && server.binary,
        "{server:?}"
    );
    ensure!(server.frame_bytes > 4_000, "{server:?}");
    Ok(())
}

#[tokio::test]
async fn verbatim_to_all() -> Result<()> {
    let server = meet_on(all()).await?.status.line.server;
    ensure!(
        server.audience == Audience::All && server.binary,
        "{server:?}"
    );
    Ok(())
}

#[tokio::test]
async fn greets_first() -> Result<()> {
    let faults = Faults {
        greet: Some("Request served by 0a1b2c".into()),
        ..all()
    };
    ensure!(meet_on(faults).await?.status.line.server.greets);
    Ok(())
}

#[tokio::test]
async fn takes_the_first_frame_for_a_name_and_puts_it_before_the_others() -> Result<()> {
    let faults = Faults {
        names: true,
        ..all()
    };
    let server = meet_on(faults).await?.status.line.server;
    ensure!(
        server.audience == Audience::All && !server.binary,
        "{server:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_chat_that_trims_joins_and_caps_at_512_bytes() -> Result<()> {
    let faults = Faults {
        chat: true,
        text_only: true,
        max_frame: Some(512),
        ..all()
    };
    let server = meet_on(faults).await?.status.line.server;
    ensure!(
        (server.trims || server.joins) && !server.binary && server.frame_bytes <= 512,
        "{server:?}"
    );
    Ok(())
}

#[tokio::test]
async fn adds_text_before_every_message() -> Result<()> {
    let faults = Faults {
        prefix: Some("Message text was: ".into()),
        ..all()
    };
    ensure!(meet_on(faults).await?.status.line.server.decorates);
    Ok(())
}

#[tokio::test]
async fn passes_binary_frames_on_as_text() -> Result<()> {
    let faults = Faults {
        as_text: true,
        ..all()
    };
    let seen = meet_on(faults).await?;
    ensure!(
        !seen.status.line.server.binary && seen.opened == 1,
        "{seen:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_mended_is_noticed_by_itself() -> Result<()> {
    let server = Server::start(0, Faults::default()).await?;
    server.relay().set_black_hole(true);
    let url = format!("{}room", server.address());
    let (mut ada, mut bob) = (
        Person::join("mended", &[&url])?,
        Person::join("mended", &[&url])?,
    );
    ada.until("the verdict", |seen| seen.status.can_retry())
        .await?;
    server.relay().set_black_hole(false);
    ada.draw();
    let seen = ada.until("Bob", |seen| seen.status.people == 2).await?;
    bob.until("the stroke", |bob| bob.digest == seen.digest)
        .await
        .map(drop)
}

#[tokio::test]
async fn closes_on_binary() -> Result<()> {
    let faults = Faults {
        text_only: true,
        ..Faults::default()
    };
    let seen = meet_on(faults).await?;
    ensure!(
        !seen.status.line.server.binary && seen.opened == 1,
        "only the scout was closed: {seen:?}"
    );
    Ok(())
}

#[tokio::test]
async fn caps_frames_at_8_kib() -> Result<()> {
    let faults = Faults {
        max_frame: Some(8_192),
        ..Faults::default()
    };
    let server = meet_on(faults).await?.status.line.server;
    ensure!(server.binary && server.frame_bytes == 4_096, "{server:?}");
    Ok(())
}

#[tokio::test]
async fn turns_text_into_binary() -> Result<()> {
    let server = meet_on(Faults {
        flip: true,
        ..all()
    })
    .await?
    .status
    .line
    .server;
    ensure!(server.flips, "{server:?}");
    Ok(())
}

#[tokio::test]
async fn splits_messages_over_frames() -> Result<()> {
    let faults = Faults {
        split: Some(100),
        ..Faults::default()
    };
    meet_on(faults).await.map(drop)
}

#[tokio::test]
async fn a_long_document_reaches_whoever_comes_later_even_in_small_frames() -> Result<()> {
    for max_frame in [None, Some(512)] {
        let faults = Faults {
            max_frame,
            ..Faults::default()
        };
        let server = Server::start(0, faults).await?;
        let url = format!("{}room", server.address());
        let mut ada = Person::join("long", &[&url])?;
        ada.draw_many(2_500);
        let seen = ada
            .until("her strokes", |seen| seen.strokes == 2_500)
            .await?;
        let mut bob = Person::join("long", &[&url])?;
        bob.until("all of them", |bob| bob.digest == seen.digest)
            .await?;
    }
    Ok(())
}

#[tokio::test]
async fn loses_repeats_and_reorders() -> Result<()> {
    let faults = Faults {
        drop: 0.15,
        duplicate: 0.15,
        reorder: 120,
        ..Faults::default()
    };
    meet_on(faults).await.map(drop)
}

#[tokio::test]
async fn hangs_up_every_three_seconds() -> Result<()> {
    let server = Server::start(
        0,
        Faults {
            flap: Some(3_000),
            ..Faults::default()
        },
    )
    .await?;
    let url = format!("{}room", server.address());
    let (mut ada, mut bob) = (
        Person::join("flaps", &[&url])?,
        Person::join("flaps", &[&url])?,
    );
    for round in 1..=3 {
        ada.until("another connection", |seen| seen.opened >= round)
            .await?;
        ada.draw();
        bob.draw();
    }
    let seen = ada.until("six strokes", |seen| seen.strokes == 6).await?;
    bob.until("the same", |bob| bob.digest == seen.digest)
        .await
        .map(drop)
}

#[tokio::test]
async fn echoes_to_the_sender_only_and_the_page_says_so() -> Result<()> {
    let server = Server::start(0, Faults::default()).await?;
    let url = format!("ws://127.0.0.1:{}/echo", server.port());
    let (mut ada, bob) = (
        Person::join("echo", &[&url])?,
        Person::join("echo", &[&url])?,
    );
    bob.draw();
    let seen = ada
        .until("the sentence", |seen| {
            seen.status.line.connection == Connection::Open
        })
        .await?;
    ensure!(seen.status.line.server.audience == Audience::SelfOnly);
    ensure!(
        connection::sentence(&seen.status).contains("echoes to the sender only"),
        "{seen:?}"
    );
    Ok(())
}

#[tokio::test]
async fn returns_nothing_and_the_page_says_so_within_three_seconds() -> Result<()> {
    let server = Server::start(0, Faults::default()).await?;
    server.relay().set_black_hole(true);
    let started = Instant::now();
    let mut ada = Person::join("hole", &[&format!("{}room", server.address())])?;
    let seen = ada
        .until("the sentence", |seen| {
            seen.status.line.connection == Connection::Open
        })
        .await?;
    ensure!(seen.status.line.server.audience == Audience::None);
    ensure!(
        connection::sentence(&seen.status).contains("returns nothing"),
        "{seen:?}"
    );
    ensure!(started.elapsed() < Duration::from_secs(3));
    Ok(())
}

#[tokio::test]
async fn takes_connections_and_never_answers_the_handshake() -> Result<()> {
    let silent = TcpListener::bind("127.0.0.1:0").await?;
    let server = Server::start(0, Faults::default()).await?;
    let (silent, good) = (
        format!("ws://{}/", silent.local_addr()?),
        format!("{}room", server.address()),
    );
    let mut ada = Person::join("silent", &[&silent, &good])?;
    let mut bob = Person::join("silent", &[&good])?;
    bob.draw();
    ada.until("Bob's stroke, over the second relay", |seen| {
        seen.strokes == 1
    })
    .await?;
    bob.until("Ada", |seen| seen.status.people == 2)
        .await
        .map(drop)
}

#[tokio::test]
async fn a_connection_that_goes_silent_is_replaced_within_twenty_seconds() -> Result<()> {
    let server = Server::start(0, all()).await?;
    let mut ada = Person::join("half open", &[&format!("{}room", server.address())])?;
    ada.until("an open connection", |seen| {
        seen.status.line.connection == Connection::Open
    })
    .await?;
    server.relay().set_black_hole(true);
    let since = Instant::now();
    ada.until("doubt", |seen| {
        seen.status.line.connection == Connection::Stale
    })
    .await?;
    server.relay().set_black_hole(false);
    ada.until("another connection", |seen| seen.opened == 2)
        .await?;
    ensure!(
        since.elapsed() <= Duration::from_secs(21),
        "{:?}",
        since.elapsed()
    );
    ada.until("an open connection", |seen| {
        seen.status.line.connection == Connection::Open
    })
    .await
    .map(drop)
}

#[tokio::test]
async fn another_kind_of_server_answers_at_the_address_that_was_known() -> Result<()> {
    let server = Server::start(0, all()).await?;
    let (port, url) = (server.port(), format!("{}room", server.address()));
    let mut ada = Person::join("changed", &[&url])?;
    let mut bob = Person::join("changed", &[&url])?;
    ada.draw();
    bob.until("Ada's stroke", |seen| seen.strokes == 1).await?;
    server.kill().await;
    let faults = [
        Faults {
            names: true,
            ..all()
        },
        Faults {
            text_only: true,
            max_frame: Some(512),
            ..Faults::default()
        },
    ];
    for (faults, strokes) in faults.into_iter().zip([2, 3]) {
        let server = Server::start(port, faults).await?;
        ada.draw();
        let seen = ada
            .until("another stroke", |seen| seen.strokes == strokes)
            .await?;
        bob.until("the same", |bob| bob.digest == seen.digest)
            .await?;
        server.kill().await;
    }
    Ok(())
}

#[tokio::test]
async fn another_relay_can_be_chosen_in_a_live_room() -> Result<()> {
    let (first, second) = (
        Server::start(0, Faults::default()).await?,
        Server::start(0, Faults::default()).await?,
    );
    let urls = [&first, &second].map(|server| format!("{}room", server.address()));
    let both = [urls[0].as_str(), urls[1].as_str()];
    let (mut ada, mut bob) = (Person::join("move", &both)?, Person::join("move", &both)?);
    ada.draw();
    bob.until("Ada's stroke", |seen| seen.strokes == 1).await?;
    first.kill().await;
    ada.draw();
    bob.draw();
    let seen = ada
        .until("three strokes over the second relay", |seen| {
            seen.strokes == 3
        })
        .await?;
    bob.until("the same", |bob| bob.digest == seen.digest)
        .await
        .map(drop)
}
