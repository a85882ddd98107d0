//! Servers that other people wrote, installed from the registries and started by the tests.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use duplex::{
    core::line::{server::Audience, status::Connection},
    ui::text::connection,
};
use futures_util::{FutureExt, StreamExt};
use tokio_tungstenite::connect_async;
use xtask::{
    process::{Running, free_port, start},
    tools,
};

use super::{meet, person::Person};

fn script(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/servers")
        .join(name)
}

async fn ws(mode: &str) -> Result<(Running, String)> {
    let home = tools::set_up_ws()?;
    let port = free_port().await?;
    let mut node = Command::new("node");
    node.arg(script("ws.cjs"))
        .args([mode, &port.to_string()])
        .env("NODE_PATH", home.join("node_modules"));
    Ok((
        start(&mut node, port).await?,
        format!("ws://127.0.0.1:{port}/"),
    ))
}

#[tokio::test]
async fn npm_ws_that_broadcasts_to_all() -> Result<()> {
    let (_server, url) = ws("all").await?;
    let server = meet(&url).await?.status.line.server;
    ensure!(
        server.audience == Audience::All && server.binary,
        "{server:?}"
    );
    Ok(())
}

#[tokio::test]
async fn npm_ws_that_broadcasts_strings_to_others() -> Result<()> {
    let (_server, url) = ws("strings").await?;
    let server = meet(&url).await?.status.line.server;
    ensure!(
        server.audience == Audience::Others && !server.binary,
        "{server:?}"
    );
    Ok(())
}

#[tokio::test]
async fn npm_ws_that_echoes_text_as_binary() -> Result<()> {
    let (_server, url) = ws("echo").await?;
    let mut ada = Person::join("echo", &[&url])?;
    let seen = ada
        .until("the sentence", |seen| {
            seen.status.line.connection == Connection::Open
        })
        .await?;
    let server = &seen.status.line.server;
    ensure!(
        server.audience == Audience::SelfOnly && server.flips,
        "{server:?}"
    );
    Ok(())
}

#[tokio::test]
async fn python_websockets_that_broadcasts_to_others() -> Result<()> {
    let home = tools::set_up_websockets()?;
    let port = free_port().await?;
    let mut python = Command::new("python3");
    python
        .arg(script("broadcast.py"))
        .arg(port.to_string())
        .env("PYTHONPATH", home);
    let _server = start(&mut python, port).await?;
    let server = meet(&format!("ws://127.0.0.1:{port}/"))
        .await?
        .status
        .line
        .server;
    ensure!(
        server.audience == Audience::Others && server.binary,
        "{server:?}"
    );
    Ok(())
}

#[tokio::test]
async fn websocat_that_mirrors_to_all() -> Result<()> {
    let port = free_port().await?;
    let mut websocat = Command::new(tools::set_up_websocat()?);
    websocat.args([
        "--text",
        &format!("ws-l:127.0.0.1:{port}"),
        "broadcast:mirror:",
    ]);
    let _server = start(&mut websocat, port).await?;
    let server = meet(&format!("ws://127.0.0.1:{port}/"))
        .await?
        .status
        .line
        .server;
    ensure!(server.audience == Audience::All, "{server:?}");
    Ok(())
}

/// In the tutorials' chat a frame's bytes go to everybody as text: a probe that is no UTF-8 would cut everybody off.
#[tokio::test]
async fn gorilla_hubs_that_send_every_frame_to_all_as_text() -> Result<()> {
    let hub = tools::set_up_gorilla(&script("hub.go"))?;
    for mode in ["hub", "chat"] {
        let port = free_port().await?;
        let _server = start(Command::new(&hub).args([mode, &port.to_string()]), port).await?;
        let url = format!("ws://127.0.0.1:{port}/");
        // Somebody else's program, in a room of its own.
        let mut bystander = connect_async(&url).await?.0;
        let seen = meet(&url).await?;
        let server = &seen.status.line.server;
        ensure!(
            server.audience == Audience::All && !server.binary,
            "{mode}: {server:?}"
        );
        ensure!(seen.opened == 1, "{mode}: it was cut off: {seen:?}");
        while let Some(Some(message)) = bystander.next().now_or_never() {
            message.with_context(|| format!("{mode}: a bystander was cut off"))?;
        }
    }
    Ok(())
}

/// The page says that this is no server that echoes, within three seconds of opening.
async fn is_no_echo(url: &str) -> Result<()> {
    let since = Instant::now();
    let mut ada = Person::join("no echo", &[url])?;
    let says = |sentence: &str| {
        [
            "returns nothing",
            "not a server that echoes",
            "could not be reached",
        ]
        .iter()
        .any(|words| sentence.contains(words))
    };
    let seen = ada
        .until("the sentence", |seen| {
            says(&connection::sentence(&seen.status))
        })
        .await?;
    ensure!(
        since.elapsed() < Duration::from_secs(3),
        "{:?} {seen:?}",
        since.elapsed()
    );
    Ok(())
}

#[tokio::test]
async fn nats_is_not_echo_compatible_and_the_page_says_so() -> Result<()> {
    let nats = tools::set_up_debian_server("nats-server")?;
    let (port, client) = (free_port().await?, free_port().await?);
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("nats.conf");
    std::fs::write(
        &config,
        format!(
            "listen: 127.0.0.1:{client}\nwebsocket {{ listen: \"127.0.0.1:{port}\", no_tls: true }}\n"
        ),
    )?;
    let _server = start(Command::new(nats).arg("-c").arg(&config), port).await?;
    is_no_echo(&format!("ws://127.0.0.1:{port}/")).await
}

#[tokio::test]
async fn mosquitto_is_not_echo_compatible_and_the_page_says_so() -> Result<()> {
    let mosquitto = tools::set_up_debian_server("mosquitto")?;
    let (port, plain) = (free_port().await?, free_port().await?);
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("mosquitto.conf");
    std::fs::write(
        &config,
        format!(
            "listener {plain} 127.0.0.1\nlistener {port} 127.0.0.1\nprotocol websockets\nallow_anonymous true\n"
        ),
    )?;
    let _server = start(Command::new(mosquitto).arg("-c").arg(&config), port).await?;
    is_no_echo(&format!("ws://127.0.0.1:{port}/")).await
}
