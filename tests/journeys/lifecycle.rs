//! A page is left and comes back, is frozen and thawed, as phones and the back button do.

use anyhow::{Result, ensure};
use serde_json::json;
use xtask::browser::Window;

use crate::{
    Ground, LAPTOP,
    together::{draw, strokes},
};

/// Two people who have met.
async fn pair(ground: &Ground, room: &str) -> Result<(Window, Window)> {
    let address = ground.site.room(room, "board");
    let (a, b) = (ground.window().await?, ground.window().await?);
    for window in [&a, &b] {
        window.goto(&address).await?;
    }
    for window in [&a, &b] {
        window
            .says("connection", "open", "in step with one other")
            .await?;
    }
    Ok((a, b))
}

pub async fn the_back_button_brings_the_page_back_as_it_was(ground: Ground) -> Result<()> {
    let (a, b) = pair(&ground, "back").await?;
    draw(&a, 0..1).await?;
    strokes(&b, 1).await?;
    // Lost in a page that is loaded anew.
    a.eval("window.kept = true; location.href = 'icon.svg'")
        .await?;
    a.until("the picture", "return location.pathname === '/icon.svg'")
        .await?;
    // Who leaves says goodbye: nobody waits for a heartbeat to find out.
    b.says("connection", "open", "Nobody else is here yet")
        .await?;
    draw(&b, 1..2).await?;

    a.eval("history.back()").await?;
    a.until(
        "the board",
        "return window.duplex?.status().state === 'open'",
    )
    .await?;
    let kept = a.eval("return window.kept === true").await?;
    ensure!(
        kept == true,
        "the page was loaded anew: no back/forward cache"
    );
    for window in [&a, &b] {
        window
            .says("connection", "open", "in step with one other")
            .await?;
        strokes(window, 2).await?;
    }
    a.close().await?;
    b.close().await
}

pub async fn what_was_saved_survives_a_killed_browser(ground: Ground) -> Result<()> {
    let address = ground.address("killed", "board", None);
    let mut window = ground.window().await?;
    for killed in 0..3 {
        window.goto(&address).await?;
        strokes(&window, 2 * killed).await?;
        draw(&window, 2 * killed..2 * killed + 2).await?;
        window
            .until("the strokes to be saved", "return duplex.status().stored")
            .await?;
        let profile = window.kill().await?;
        window = Window::open_with(profile, ground.engine, LAPTOP, None).await?;
    }
    window.goto(&address).await?;
    strokes(&window, 6).await?;
    window.close().await
}

/// Killed with the pen down: the next page finishes the stroke.
pub async fn a_browser_that_is_killed_while_somebody_draws_keeps_the_ink(
    ground: Ground,
) -> Result<()> {
    let address = ground.address("pen", "board", None);
    let window = ground.window().await?;
    window.goto(&address).await?;
    draw(&window, 0..1).await?;
    window.until_saved().await?;
    let points: Vec<_> = (0..60)
        .map(|x| (300.0 + 8.0 * f64::from(x), 400.0))
        .collect();
    window.hold(&points, 16).await?;
    let profile = window.kill().await?;
    let window = Window::open_with(profile, ground.engine, LAPTOP, None).await?;
    window.goto(&address).await?;
    strokes(&window, 2).await?;
    let drawn = window.promise("duplex.board.export()").await?;
    let elements = drawn["elements"].as_array().into_iter().flatten();
    let straight = elements.filter(|it| it["height"].as_f64().is_some_and(|height| height < 1.0));
    let widths: Vec<_> = straight.filter_map(|it| it["width"].as_f64()).collect();
    // Of 472 pixels in a second, all but the last quarter of a second, and some time to store it.
    ensure!(widths.iter().any(|&width| width > 200.0), "{widths:?}");
    window.close().await
}

pub async fn a_frozen_page_catches_up_when_it_thaws(ground: Ground) -> Result<()> {
    let (a, b) = pair(&ground, "frost").await?;
    a.eval("document.addEventListener('resume', () => { window.thawed = true })")
        .await?;
    let life =
        |state: &'static str| a.devtools("Page.setWebLifecycleState", json!({ "state": state }));
    life("frozen").await?;
    draw(&b, 0..2).await?;
    strokes(&b, 2).await?;
    life("active").await?;
    strokes(&a, 2).await?;
    let thawed = a.eval("return window.thawed === true").await?;
    ensure!(thawed == true, "the page was never frozen");
    for window in [&a, &b] {
        window
            .says("connection", "open", "in step with one other")
            .await?;
    }
    a.close().await?;
    b.close().await
}
