//! Several tabs of one browser.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use xtask::{
    bench::tabs::take_turns,
    relay::{Faults, Server},
};

use crate::{
    Ground,
    together::{draw, strokes},
};

/// As `cargo xtask bench tabs` does it many times.
pub async fn tabs_that_are_reloaded_and_closed_lose_no_edit(ground: Ground) -> Result<()> {
    let relay = Server::start(0, Faults::default()).await?;
    let address = ground.address("turns", "todo", Some(&format!("{}turns", relay.address())));
    let window = ground.window().await?;
    let lost = take_turns(&window, &address, &mut relay.joined(), 1).await?;
    ensure!(lost == 0, "{lost} edits are lost");
    window.close().await
}

/// How long the others may be without a socket when the tab that holds it goes.
const HAND_OVER: Duration = Duration::from_secs(2);

/// The tabs of one browser are one of them.
const TWO_PEOPLE: &str = "return duplex.status().people === 2";

pub async fn tabs_share_one_socket_and_the_next_one_takes_over(ground: Ground) -> Result<()> {
    let relay = Server::start(0, Faults::default()).await?;
    let address = ground.address("tabs", "board", Some(&format!("{}tabs", relay.address())));
    let mut sockets = relay.joined();
    let window = ground.window().await?;
    window.goto(&address).await?;
    window.until_open().await?;
    let mut tabs = vec![window.this_tab().await?];
    for _ in 0..2 {
        tabs.push(window.tab(&address).await?);
        window.until_open().await?;
    }
    let friend = ground.window().await?;
    friend.goto(&address).await?;
    friend.until("two people", TWO_PEOPLE).await?;
    // A scout may still be on its way out.
    sockets.wait_for(|&sockets| sockets == 2).await?;

    // The tab in front holds no socket, and draws with the friend all the same.
    draw(&window, 0..1).await?;
    strokes(&friend, 1).await?;
    draw(&friend, 1..2).await?;
    strokes(&window, 2).await?;

    // The one that holds it is closed, and after it the one that took over.
    for left in [2, 1] {
        let leader = tabs.remove(0);
        window.turn_to(&leader).await?;
        window.close_tab().await?;
        let closed = Instant::now();
        sockets.wait_for(|&sockets| sockets == 2).await?;
        if let Some(tab) = tabs.last() {
            window.turn_to(tab).await?;
        }
        window.until_open().await?;
        ensure!(closed.elapsed() < HAND_OVER, "{:?}", closed.elapsed());
        window.until("two people still", TWO_PEOPLE).await?;
        let drawn = 4 - 2 * left;
        draw(&window, drawn + 2..drawn + 3).await?;
        strokes(&friend, drawn + 3).await?;
        draw(&friend, drawn + 3..drawn + 4).await?;
        strokes(&window, drawn + 4).await?;
    }
    ensure!(*sockets.borrow() == 2, "sockets: {}", *sockets.borrow());
    window.close().await?;
    friend.close().await
}
