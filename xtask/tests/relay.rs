//! The embedded relay: audiences, faults, garbage, stalled clients, a thousand connections.

use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::{SinkExt, StreamExt};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, protocol::frame::coding::CloseCode},
};
use xtask::relay::{Audience, Faults, Server};

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn join(server: &Server, path: &str) -> Result<Client> {
    let (client, _) = connect_async(format!("ws://127.0.0.1:{}{path}", server.port())).await?;
    Ok(client)
}

async fn next(client: &mut Client) -> Result<Message> {
    let message = timeout(Duration::from_secs(10), client.next()).await?;
    Ok(message.context("closed")??)
}

/// What a client hears up to and including `last`.
async fn heard(client: &mut Client, last: &str) -> Result<Vec<String>> {
    let mut heard = Vec::new();
    while heard.last().is_none_or(|text| text != last) {
        heard.push(next(client).await?.into_text()?.to_string());
    }
    Ok(heard)
}

#[tokio::test]
async fn each_path_has_its_audience() -> Result<()> {
    let server = Server::start(0, Faults::default()).await?;
    for (path, to_self, to_other) in [
        ("/relay/x", false, true),
        ("/all/x", true, true),
        ("/echo", true, false),
    ] {
        let (mut a, mut b) = (join(&server, path).await?, join(&server, path).await?);
        let mut elsewhere = join(&server, "/relay/elsewhere").await?;
        a.send(Message::text("hello")).await?;
        // A frame of B closes what A and B can hear; it is the first that the silent one hears.
        b.send(Message::text("end")).await?;
        if to_self {
            assert_eq!(next(&mut a).await?, Message::text("hello"), "{path}");
        }
        if to_other {
            assert_eq!(next(&mut b).await?, Message::text("hello"), "{path}");
            assert_eq!(next(&mut a).await?, Message::text("end"), "{path}");
        }
        let silent = timeout(Duration::from_millis(50), elsewhere.next()).await;
        assert!(silent.is_err(), "{path} is heard elsewhere");
    }
    Ok(())
}

#[tokio::test]
async fn faults_are_as_asked_for() -> Result<()> {
    let faults = Faults {
        audience: Some(Audience::All),
        text_only: true,
        max_frame: Some(100),
        greet: Some("welcome".into()),
        prefix: Some("> ".into()),
        ..Faults::default()
    };
    let server = Server::start(0, faults).await?;
    let mut client = join(&server, "/relay/x").await?;
    assert_eq!(next(&mut client).await?, Message::text("welcome"));
    client.send(Message::text("hello")).await?;
    assert_eq!(next(&mut client).await?, Message::text("> hello"));
    for (frame, code) in [
        (Message::text("x".repeat(101)), CloseCode::Size),
        (Message::binary(vec![1]), CloseCode::Unsupported),
    ] {
        let mut client = join(&server, "/relay/x").await?;
        next(&mut client).await?;
        client.send(frame).await?;
        let Message::Close(Some(close)) = next(&mut client).await? else {
            anyhow::bail!("no close")
        };
        assert_eq!(close.code, code);
    }
    Ok(())
}

#[tokio::test]
async fn a_lossy_relay_loses_doubles_and_reorders() -> Result<()> {
    let faults = Faults {
        drop: 0.3,
        duplicate: 0.3,
        reorder: 20,
        ..Faults::default()
    };
    let server = Server::start(0, faults).await?;
    let (mut a, mut b) = (
        join(&server, "/relay/x").await?,
        join(&server, "/relay/x").await?,
    );
    for n in 0..500 {
        a.send(Message::text(format!("{n:03}"))).await?;
    }
    let mut heard = Vec::new();
    while let Ok(Some(Ok(message))) = timeout(Duration::from_millis(500), b.next()).await {
        heard.push(message.into_text()?.to_string());
    }
    let mut different = heard.clone();
    different.sort();
    different.dedup();
    assert!(
        (300..=400).contains(&different.len()),
        "{} of 500 arrived",
        different.len()
    );
    assert!(heard.len() > different.len(), "none came twice");
    assert!(!heard.is_sorted(), "all came in order");
    Ok(())
}

#[tokio::test]
async fn garbage_and_oversize_frames_end_only_their_own_connection() -> Result<()> {
    let server = Server::start(0, Faults::default()).await?;
    let (mut a, mut b) = (
        join(&server, "/relay/x").await?,
        join(&server, "/relay/x").await?,
    );
    let mut raw = TcpStream::connect(("127.0.0.1", server.port())).await?;
    raw.write_all(b"\x00\xff garbage\r\n\r\n").await?;
    let mut vandal = join(&server, "/relay/x").await?;
    if let MaybeTlsStream::Plain(stream) = vandal.get_mut() {
        // A reserved opcode, unmasked.
        stream.write_all(&[0x8b, 0x7f, 1, 2, 3]).await?;
    }
    let mut large = join(&server, "/relay/x").await?;
    let sent = large.send(Message::binary(vec![0; 17 * 1024 * 1024])).await;
    assert!(
        sent.is_err()
            || matches!(
                large.next().await,
                None | Some(Err(_) | Ok(Message::Close(_)))
            )
    );
    a.send(Message::text("still here")).await?;
    assert_eq!(heard(&mut b, "still here").await?, ["still here"]);
    Ok(())
}

#[tokio::test]
async fn a_client_that_does_not_read_costs_the_others_nothing() -> Result<()> {
    let server = Server::start(0, Faults::default()).await?;
    let (mut a, mut b) = (
        join(&server, "/relay/x").await?,
        join(&server, "/relay/x").await?,
    );
    let stalled = join(&server, "/relay/x").await?;
    let reading = tokio::spawn(async move { heard(&mut b, "last").await.map(|heard| heard.len()) });
    let chunk = "x".repeat(16 * 1024);
    for _ in 0..6_000 {
        a.send(Message::text(chunk.clone())).await?;
    }
    a.send(Message::text("last")).await?;
    assert_eq!(timeout(Duration::from_secs(60), reading).await???, 6_001);
    let mut joined = server.joined();
    timeout(
        Duration::from_secs(10),
        joined.wait_for(|&joined| joined == 2),
    )
    .await??;
    drop(stalled);
    Ok(())
}

#[tokio::test]
async fn a_thousand_clients_are_served() -> Result<()> {
    let server = Server::start(0, Faults::default()).await?;
    let mut clients = Vec::new();
    for _ in 0..1_000 {
        clients.push(join(&server, "/relay/x").await?);
    }
    let mut first = clients.remove(0);
    first.send(Message::text("hello")).await?;
    for client in &mut clients {
        assert_eq!(next(client).await?, Message::text("hello"));
    }
    Ok(())
}

#[tokio::test]
async fn a_killed_relay_says_no_goodbye() -> Result<()> {
    let server = Server::start(0, Faults::default()).await?;
    let mut client = join(&server, "/relay/x").await?;
    let port = server.port();
    server.kill().await;
    let end = timeout(Duration::from_secs(10), client.next()).await?;
    assert!(
        matches!(end, None | Some(Err(Error::Protocol(_) | Error::Io(_)))),
        "{end:?}"
    );
    let again = Server::start(port, Faults::default()).await?;
    assert_eq!(again.port(), port);
    Ok(())
}

#[tokio::test]
async fn a_taken_port_is_a_sentence() -> Result<()> {
    let server = Server::start(0, Faults::default()).await?;
    let Err(error) = Server::start(server.port(), Faults::default()).await else {
        anyhow::bail!("it was free")
    };
    assert!(error.to_string().contains("cannot be used"), "{error}");
    Ok(())
}
