//! Two people who never met, on one link.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use xtask::{
    browser::Window,
    relay::{Audience, Faults, Server},
};

use crate::Ground;

const IN_STEP: &str = "return document.querySelector('[data-testid=connection]').textContent.includes('in step with one')";

/// A wave across the board; `row` keeps people's strokes apart.
fn wave(row: usize) -> Vec<(f64, f64)> {
    let y = 180.0 + 40.0 * (row % 12) as f64;
    let x = if row >= 12 { 700.0 } else { 240.0 };
    let point = |i: i32| {
        (
            x + f64::from(i) * 14.0,
            y + (f64::from(i) / 3.0).sin() * 12.0,
        )
    };
    (0..20).map(point).collect()
}

pub async fn draw(window: &Window, rows: std::ops::Range<usize>) -> Result<()> {
    for row in rows {
        window.drag(&wave(row), 5).await?;
    }
    Ok(())
}

async fn add(window: &Window, who: &str, numbers: std::ops::Range<usize>) -> Result<()> {
    for number in numbers {
        window
            .type_into(".new-todo", &format!("{who} {number}\u{e007}"))
            .await?;
    }
    Ok(())
}

/// Goes to a page by its tab, as a person does.
async fn turn_to(window: &Window, page: &str) -> Result<()> {
    let there = match page {
        "board" => "[data-testid=board] canvas",
        _ => ".new-todo",
    };
    window
        .find(&format!(".tab[href*='/{page}']"))
        .await?
        .click()
        .await?;
    window
        .until(
            page,
            &format!("return !!document.querySelector(\"{there}\")"),
        )
        .await
}

pub async fn strokes(window: &Window, count: usize) -> Result<()> {
    let script = format!("return window.strokes === {count}");
    window
        .eval("duplex.board.export().then(d => { window.strokes = d.elements.length })")
        .await?;
    window
        .until(
            &format!("{count} strokes"),
            &format!(
                "duplex.board.export().then(d => {{ window.strokes = d.elements.length }}); {script}"
            ),
        )
        .await
}

async fn equal(a: &Window, b: &Window, expression: &str) -> Result<Value> {
    let (ours, theirs) = (a.promise(expression).await?, b.promise(expression).await?);
    ensure!(ours == theirs, "{expression} differs:\n{ours}\n{theirs}");
    Ok(ours)
}

/// A fingerprint of the painted dry canvas, and how many of its pixels have ink.
pub async fn painted(window: &Window) -> Result<(Value, u64)> {
    window
        .promise("duplex.board.camera({ x: 0, y: 0, zoom: 1 })")
        .await?;
    let script = "\
        const canvas = document.querySelector('[data-testid=board] canvas'); \
        const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data; \
        let hash = 7, ink = 0; \
        for (let i = 3; i < data.length; i += 4) { \
            hash = (Math.imul(hash, 31) + data[i - 3] + data[i]) | 0; if (data[i] > 0) ink += 1; } \
        return [hash, ink]";
    let stable = format!(
        "const look = () => {{ {script} }}; const now = JSON.stringify(look()); \
         const same = window.looked === now; window.looked = now; return same && look()[1] > 0"
    );
    window.eval("window.looked = null").await?;
    window
        .until("the canvas to show ink, and to rest", &stable)
        .await?;
    let value = window.eval(script).await?;
    let ink = value.get(1).and_then(Value::as_u64).context("a count")?;
    Ok((value, ink))
}

/// Both pages show the same document: digests, exports, pixels.
async fn agree(a: &Window, b: &Window, elements: usize, items: usize) -> Result<()> {
    for window in [a, b] {
        strokes(window, elements).await?;
    }
    let digest = format!(
        "return duplex.status().digest === {}",
        a.status().await?["digest"]
    );
    b.until("equal digests", &digest).await?;
    equal(a, b, "duplex.board.export()").await?;
    let list = equal(a, b, "duplex.todo.export()").await?;
    ensure!(
        list.as_array().is_some_and(|list| list.len() == items),
        "{items} items, not {list}"
    );
    let ((ours, ink), (theirs, _)) = (painted(a).await?, painted(b).await?);
    ensure!(ink > 1_000, "the canvas is empty: {ours}");
    ensure!(ours == theirs, "the canvases differ: {ours} {theirs}");
    Ok(())
}

pub async fn two_people_draw_and_plan_through_a_relay_that_dies(ground: Ground) -> Result<()> {
    let relay = Server::start(0, Faults::default()).await?;
    let port = relay.port();
    let address = ground.address("attic", "board", Some(&format!("{}attic", relay.address())));
    let (a, b) = (ground.window().await?, ground.window().await?);
    for window in [&a, &b] {
        window.goto(&address).await?;
    }
    for window in [&a, &b] {
        window
            .until("two people", "return duplex.status().people === 2")
            .await?;
        window.until("both in step", IN_STEP).await?;
    }
    draw(&a, 0..5).await?;
    draw(&b, 12..17).await?;
    relay.kill().await;
    for window in [&a, &b] {
        window
            .until(
                "the page to say that the relay is gone",
                "return duplex.status().state === 'waiting'",
            )
            .await?;
    }
    // Nothing stops while it is down.
    draw(&a, 5..10).await?;
    draw(&b, 17..22).await?;
    for (window, who) in [(&a, "Ada"), (&b, "Ben")] {
        turn_to(window, "todo").await?;
        add(window, who, 1..4).await?;
    }
    let relay = Server::start(port, Faults::default()).await?;
    add(&a, "Ada", 4..6).await?;
    add(&b, "Ben", 4..6).await?;
    for window in [&a, &b] {
        window.until_open().await?;
        window
            .until(
                "ten items",
                "return document.querySelectorAll('.todo-list li').length === 10",
            )
            .await?;
        turn_to(window, "board").await?;
    }
    agree(&a, &b, 20, 10).await?;
    for window in [&a, &b] {
        window.until_saved().await?;
    }
    relay.kill().await;
    for window in [&a, &b] {
        window.reload().await?;
    }
    agree(&a, &b, 20, 10).await?;
    a.close().await?;
    b.close().await
}

pub async fn a_page_without_a_relay_says_so_and_keeps_everything(ground: Ground) -> Result<()> {
    let window = ground.window().await?;
    window.goto(&ground.address("alone", "board", None)).await?;
    window
        .until(
            "a sentence",
            "return document.querySelector('[data-testid=connection]').textContent.includes('No relay')",
        )
        .await?;
    draw(&window, 0..3).await?;
    strokes(&window, 3).await?;
    window.until_saved().await?;
    window.reload().await?;
    strokes(&window, 3).await?;
    window.close().await
}

pub async fn the_relay_comes_up_after_the_page(ground: Ground) -> Result<()> {
    let reserved = Server::start(0, Faults::default()).await?;
    let (port, address) = (reserved.port(), format!("{}late", reserved.address()));
    reserved.kill().await;
    let (a, b) = (ground.window().await?, ground.window().await?);
    for window in [&a, &b] {
        window
            .goto(&ground.address("late", "board", Some(&address)))
            .await?;
        window
            .until("a wait", "return duplex.status().state === 'waiting'")
            .await?;
    }
    draw(&a, 0..2).await?;
    let relay = Server::start(port, Faults::default()).await?;
    for window in [&a, &b] {
        window
            .until("two people", "return duplex.status().people === 2")
            .await?;
    }
    strokes(&b, 2).await?;
    relay.kill().await;
    a.close().await?;
    b.close().await
}

pub async fn one_site_works_under_a_sub_path(ground: Ground) -> Result<()> {
    let window = ground.window().await?;
    window
        .goto(&format!("{}sub/path/", ground.site.address()))
        .await?;
    // A bare address opens a fresh private room, on the relay of the page's own server.
    window.until_open().await?;
    let hash = window.eval("return location.hash").await?;
    let hash = hash.as_str().context("a hash")?;
    ensure!(
        hash.starts_with("#/r/") && hash.contains("/board?relay=ws") && hash.contains("key="),
        "{hash}"
    );
    draw(&window, 0..1).await?;
    strokes(&window, 1).await?;
    window.close().await
}

/// Pulls the plug of the machine, as far as a page can tell, or puts it back.
async fn plug(window: &Window, pulled: bool) -> Result<()> {
    window.devtools("Network.enable", json!({})).await?;
    let conditions = json!({
        "offline": pulled, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
    });
    window
        .devtools("Network.emulateNetworkConditions", conditions)
        .await
        .map(drop)
}

/// Twenty killed relays, a server that goes silent, and two minutes without a network, while both draw on.
pub async fn a_live_room_loses_nothing_whatever_the_network_does(ground: Ground) -> Result<()> {
    let all = || Faults {
        audience: Some(Audience::All),
        ..Faults::default()
    };
    let mut relay = Server::start(0, all()).await?;
    let port = relay.port();
    let address = ground.address("storm", "board", Some(&format!("{}storm", relay.address())));
    let (a, b) = (ground.window().await?, ground.window().await?);
    for window in [&a, &b] {
        window.goto(&address).await?;
    }
    for window in [&a, &b] {
        window
            .says("connection", "open", "in step with one other")
            .await?;
    }
    relay.relay().set_black_hole(true);
    draw(&a, 10..11).await?;
    for window in [&a, &b] {
        window.says("connection", "stale", "has gone quiet").await?;
    }
    relay.relay().set_black_hole(false);
    for window in [&a, &b] {
        strokes(window, 1).await?;
    }

    for round in 0..20 {
        draw(&a, round % 10..round % 10 + 1).await?;
        relay.kill().await;
        draw(&b, 12 + round % 10..13 + round % 10).await?;
        for window in [&a, &b] {
            window
                .says("connection", "waiting", "edits are kept here")
                .await?;
        }
        relay = Server::start(port, all()).await?;
        for window in [&a, &b] {
            window.press_if_there("Try again").await?;
            window.says("connection", "open", "Connected").await?;
        }
    }
    for window in [&a, &b] {
        strokes(window, 41).await?;
    }
    plug(&a, true).await?;
    relay.kill().await;
    draw(&a, 4..5).await?;
    a.says("connection", "offline", "No network").await?;
    b.says("connection", "waiting", "edits are kept here")
        .await?;
    draw(&b, 15..16).await?;
    // The length is what is tested: backoff and timers have to outlast it.
    tokio::time::sleep(Duration::from_secs(120)).await;
    a.says("connection", "offline", "No network").await?;
    relay = Server::start(port, all()).await?;
    plug(&a, false).await?;
    // After so many tries the next one by itself may be half a minute away.
    for window in [&a, &b] {
        window
            .until(
                "an open connection, by asking for one",
                "for (const button of document.querySelectorAll('.connection button')) \
                 if (button.textContent === 'Try again') button.click(); \
                 return duplex.status().state === 'open'",
            )
            .await?;
    }
    for window in [&a, &b] {
        window
            .says("connection", "open", "in step with one other")
            .await?;
        strokes(window, 43).await?;
    }
    equal(&a, &b, "duplex.board.export()").await?;
    equal(&a, &b, "Promise.resolve(duplex.status().digest)").await?;
    relay.kill().await;
    a.close().await?;
    b.close().await
}
