//! Earlier versions of a room.

use anyhow::{Result, ensure};
use xtask::{
    browser::Window,
    relay::{Faults, Server},
};

use crate::{
    Ground,
    together::{draw, painted, strokes},
};

async fn keep_as(window: &Window, name: &str) -> Result<()> {
    let field = "dialog[open] .field input";
    window.type_into(field, &format!("{name}\u{e007}")).await?;
    window.until(name, &listed(name)).await
}

async fn close(window: &Window) -> Result<()> {
    let button = window.find("dialog[open] button[aria-label=Close]").await?;
    Ok(button.click().await?)
}

/// Whether a version of this name is in the list; the script leaves it in `window.version`.
fn listed(name: &str) -> String {
    format!(
        "window.version = [...document.querySelectorAll('.versions button')] \
           .find(button => button.textContent.includes('{name}')); \
         return !!window.version"
    )
}

pub async fn a_version_is_restored_while_somebody_draws(ground: Ground) -> Result<()> {
    let relay = Server::start(0, Faults::default()).await?;
    let address = ground.address("past", "board", Some(&format!("{}past", relay.address())));
    let (a, b) = (ground.window().await?, ground.window().await?);
    for window in [&a, &b] {
        window.goto(&address).await?;
    }
    draw(&a, 0..3).await?;
    strokes(&b, 3).await?;
    let (then, _) = painted(&a).await?;
    a.press("Versions").await?;
    keep_as(&a, "three waves").await?;
    close(&a).await?;
    draw(&a, 3..5).await?;
    strokes(&b, 5).await?;

    // It is looked at, and nothing that comes meanwhile shows, or is lost.
    a.press("Versions").await?;
    a.until("the version", &listed("three waves")).await?;
    a.eval("window.version.click()").await?;
    draw(&b, 12..13).await?;
    strokes(&a, 6).await?;
    let (shown, _) = painted(&a).await?;
    ensure!(shown == then, "not what was painted then: {shown} {then}");

    let (restored, drawn) =
        tokio::join!(a.press_if_there("Restore this version"), draw(&b, 13..16));
    restored.and(drawn)?;
    close(&a).await?;
    draw(&b, 16..17).await?;
    let digest = format!(
        "return duplex.status().digest === {}",
        b.status().await?["digest"]
    );
    a.until("equal digests", &digest).await?;
    let left = a.promise("duplex.board.export()").await?;
    let left = left["elements"].as_array().map_or(0, Vec::len);
    ensure!(
        (4..=7).contains(&left),
        "{left} strokes: three and what came after"
    );

    // To restore is an edit like any other: it is taken back, and what was drawn after it stays.
    a.press("Undo").await?;
    for window in [&a, &b] {
        strokes(window, 10).await?;
    }
    a.until_saved().await?;
    relay.kill().await;
    a.reload().await?;
    strokes(&a, 10).await?;
    a.press("Versions").await?;
    a.until("the version after a reload", &listed("three waves"))
        .await?;
    a.close().await?;
    b.close().await
}
