//! This version and one that is one ahead (`core::ahead`), on a host that serves now one and now the other.

use anyhow::{Result, ensure};
use xtask::{
    browser::Window,
    relay::{Faults, Server},
    site::{
        self,
        host::{Fault, Host},
    },
};

use crate::{
    Ground, address,
    together::{draw, strokes},
};

const NEWER: &str = "return document.body.textContent.includes('has a newer version of Duplex')";

async fn agree(a: &Window, b: &Window) -> Result<()> {
    // What is on its way arrives first.
    for (one, other) in [(a, b), (b, a)] {
        let digest = one.status().await?["digest"].clone();
        let same = format!("return duplex.status().digest === {digest}");
        other.until("equal digests", &same).await?;
    }
    Ok(())
}

async fn add(window: &Window, title: &str) -> Result<()> {
    let list = format!("duplex.todo.import([{{ \"title\": \"{title}\" }}])");
    window.promise(&list).await.map(drop)
}

pub async fn two_versions_meet_in_one_room_and_in_one_browser(ground: Ground) -> Result<()> {
    let relay = Server::start(0, Faults::default()).await?;
    let host = Host::start().await?;
    // A service worker would go on with the version that it keeps.
    host.break_by(Fault::NoWorker);
    let relay_of_room = format!("{}meet", relay.address());
    let address = address(host.address(), "meet", "board", Some(&relay_of_room));
    let (now, next) = (ground.window().await?, ground.window().await?);
    now.goto(&address).await?;
    // With the chunk that counts: the host has it no longer after an update.
    strokes(&now, 0).await?;
    host.deploy(&site::dist_of_next());
    next.goto(&address).await?;

    // In one room.
    draw(&next, 0..2).await?;
    add(&next, "tea").await?;
    strokes(&now, 2).await?;
    now.until("that somebody has a newer version", NEWER)
        .await?;
    draw(&now, 2..4).await?;
    add(&now, "milk").await?;
    strokes(&next, 4).await?;
    agree(&now, &next).await?;
    next.press("Undo").await?;
    now.press("Undo").await?;
    agree(&now, &next).await?;
    let is_newer_said = next.eval(NEWER).await?;
    ensure!(is_newer_said == false, "the newer one knows nothing newer");

    // In one browser: the tabs share storage, and one of them the other's socket.
    let before = strokes_of(&now).await?;
    let of_now = now.this_tab().await?;
    let of_next = now.tab(&address).await?;
    now.until_open().await?;
    strokes(&now, before).await?;
    draw(&now, 8..10).await?;
    now.until_saved().await?;
    strokes(&next, before + 2).await?;
    now.turn_to(&of_now).await?;
    strokes(&now, before + 2).await?;
    draw(&now, 10..11).await?;
    now.until_saved().await?;
    agree(&now, &next).await?;
    // Each opens what the other stored, without a relay's help, and takes its own steps back.
    relay.kill().await;
    let (this, next_one) = (site::dist(), site::dist_of_next());
    for (tab, version, left) in [
        (&of_next, next_one, before + 2),
        (&of_now, this, before + 1),
    ] {
        host.deploy(&version);
        now.turn_to(tab).await?;
        now.reload().await?;
        strokes(&now, left + 1).await?;
        now.press("Undo").await?;
        strokes(&now, left).await?;
        now.until("it is stored", "return duplex.status().stored")
            .await?;
    }
    now.close().await?;
    next.close().await
}

async fn strokes_of(window: &Window) -> Result<usize> {
    let exported = window.promise("duplex.board.export()").await?;
    Ok(exported["elements"].as_array().map_or(0, Vec::len))
}
