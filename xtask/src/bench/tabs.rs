//! Tabs of one browser that edit in turns, while they are reloaded and closed at random: what is lost of it, and how
//! many sockets they hold.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::{sync::watch, time::timeout};

use super::LAPTOP;
use crate::{
    browser::{Engine, PATIENCE, Window},
    relay::Faults,
    site::{self, Server},
};

const TABS: usize = 3;
const EDITS: usize = 300;
const RUNS: u64 = 20;
/// A tab is reloaded, or closed and opened again, once in so many edits.
const QUIET: u8 = 20;

pub async fn run() -> Result<Value> {
    site::build()?;
    let server = Server::start(0, Faults::default()).await?;
    let mut lost = 0;
    for seed in 0..RUNS {
        let window = Window::open(Engine::Chromium, LAPTOP, None).await?;
        let address = server.room(&format!("tabs{seed}"), "todo");
        lost += take_turns(&window, &address, &mut server.relay().joined(), seed).await?;
        window.close().await?;
        sockets(&mut server.relay().joined(), 0).await?;
    }
    println!(
        "\n{:<58}{lost:>10}{:>10}{:>10}",
        format!("edits lost, {RUNS} runs x {TABS} tabs x {EDITS} edits, 1 socket each"),
        "",
        0
    );
    Ok(json!({ "runs": RUNS, "tabs": TABS, "edits": EDITS, "lost": lost }))
}

/// One run, in a window of nobody else's, on a room that nobody else is in. Gives how many edits are missing in any
/// tab at its end, and fails if the tabs do not come down to one socket of the relay's `joined`.
pub async fn take_turns(
    window: &Window,
    address: &str,
    joined: &mut watch::Receiver<usize>,
    seed: u64,
) -> Result<usize> {
    let mut rng = fastrand::Rng::with_seed(seed);
    window.goto(address).await?;
    let mut tabs = vec![window.this_tab().await?];
    while tabs.len() < TABS {
        tabs.push(window.tab(address).await?);
    }
    for edit in 0..EDITS {
        let at = edit % TABS;
        let tab = tabs.get(at).context("a tab")?;
        window.turn_to(tab).await?;
        let item =
            json!([{ "id": format!("edit{edit}"), "title": edit.to_string(), "completed": false }]);
        window
            .promise(&format!("duplex.todo.import({item})"))
            .await?;
        match rng.u8(0..QUIET * 2) {
            0 => window.reload().await?,
            1 => {
                window.close_tab().await?;
                drop(tabs.swap_remove(at));
                window.turn_to(tabs.first().context("a tab")?).await?;
                tabs.push(window.tab(address).await?);
            }
            _ => {}
        }
    }
    let mut fewest = EDITS;
    for tab in &tabs {
        window.turn_to(tab).await?;
        window.until_open().await?;
        let count = "duplex.todo.export().then(list => { window.count = list.length })";
        let all = format!("{count}; return window.count === {EDITS}");
        // What is missing then will not come.
        let _ = window.until("all edits", &all).await;
        let count = window.eval("return window.count").await?;
        fewest = fewest.min(count.as_u64().context("a count")? as usize);
    }
    sockets(joined, 1).await?;
    Ok(EDITS - fewest)
}

/// Waits until the relay has as many connections.
async fn sockets(joined: &mut watch::Receiver<usize>, count: usize) -> Result<()> {
    let reached = timeout(PATIENCE, joined.wait_for(|&joined| joined == count));
    let is_reached = reached.await.is_ok();
    ensure!(is_reached, "{} sockets, not {count}", *joined.borrow());
    Ok(())
}
