//! The site as its service worker keeps it: without its host, and while the host is updated.

use anyhow::{Result, ensure};
use xtask::{
    bench::updates::{KEPT, deployments},
    site::host::{Fault, Host},
};

use crate::{
    Ground,
    together::{draw, strokes},
};

pub async fn after_one_visit_the_site_works_without_its_host(ground: Ground) -> Result<()> {
    let host = Host::start().await?;
    let page = |page: &str| format!("#/r/away/{page}?relay=none");
    let window = ground.window().await?;
    let address = host.address().to_owned();
    let board = format!("{address}{}", page("board"));
    window.goto(&board).await?;
    window.until("that the site is kept", KEPT).await?;
    draw(&window, 0..1).await?;
    window.until_saved().await?;
    // It does not even refuse.
    host.break_by(Fault::Away);
    // Firefox's driver reloads past the service worker.
    window.goto(&board).await?;
    strokes(&window, 1).await?;
    window
        .find(".topbar-actions > button.primary")
        .await?
        .click()
        .await?;
    window.find("dialog[open] .qr").await?;
    drop(host);
    for (hash, shown) in [
        (page("todo"), ".new-todo"),
        ("#/rooms".to_owned(), ".rooms"),
    ] {
        window.open_only(&format!("{address}{hash}")).await?;
        window.find(shown).await?;
    }
    window.close().await
}

/// As `cargo xtask bench updates` does it more often.
pub async fn a_new_version_is_used_when_somebody_agrees(ground: Ground) -> Result<()> {
    let host = Host::start().await?;
    let window = ground.window().await?;
    let seen = deployments(&window, &host, 2).await?;
    ensure!(seen.started == 2, "{seen:?}");
    ensure!(seen.mixed + seen.bereft + seen.lost == 0, "{seen:?}");
    window.close().await
}
