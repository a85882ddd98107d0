//! A page in a room that one member floods: how long it is busy at a time, what it takes in, and how late honest edits
//! are.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time::sleep,
};

use super::{LAPTOP, percentile, room::line};
use crate::{
    browser::{Engine, Window},
    relay::Faults,
    site::{self, Server},
};

const EDITS_A_SECOND: u32 = 1_000;
const SECONDS: u32 = 30;
/// Between honest edits.
const PAUSE: Duration = Duration::from_secs(2);

/// How late a timer of 10 ms is, each time, and when the page first said that it does not listen to somebody.
const WATCH: &str = "
window.delays = [];
window.began = performance.now();
let due = performance.now() + 10;
setTimeout(function ring() {
  const now = performance.now();
  delays.push(Math.max(0, now - due));
  due = now + 10;
  setTimeout(ring, 10);
}, 10);
new MutationObserver(() => {
  if (document.querySelector('.toasts').textContent.includes('not listened to')) window.muted ??= performance.now();
}).observe(document.querySelector('.toasts'), { childList: true, subtree: true, characterData: true });";

pub async fn run() -> Result<Value> {
    site::build()?;
    let server = Server::start(0, Faults::default()).await?;
    let address = server.room("flood", "todo");
    let mut windows = Vec::new();
    for _ in 0..2 {
        let window = Window::open(Engine::Chromium, LAPTOP, None).await?;
        window.goto(&address).await?;
        windows.push(window);
    }
    let [here, honest] = windows.as_slice() else {
        unreachable!("two were opened");
    };
    for window in [here, honest] {
        window
            .until("two people", "return duplex.status().people === 2")
            .await?;
    }
    // What chunks take is no growth of the flood's.
    add(honest, 0).await?;
    has(here, 0).await?;
    let before = here.renderer_mb()?;
    let mut flooder = Command::new("cargo")
        .args([
            "run",
            "--quiet",
            "--package",
            "xtask",
            "--example",
            "flooder",
            "--",
        ])
        .arg(format!("ws://{}/relay/flood", server.host()))
        .args(["flood", &EDITS_A_SECOND.to_string(), &SECONDS.to_string()])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let out = flooder.stdout.take().context("its output")?;
    let mut lines = BufReader::new(out).lines();
    ensure!(
        lines.next_line().await?.is_some(),
        "the flooder did not begin"
    );
    here.eval(WATCH).await?;
    let mut late = Vec::new();
    let mut edit = 1;
    while flooder.try_wait()?.is_none() {
        add(honest, edit).await?;
        let added = Instant::now();
        has(here, edit).await?;
        late.push(added.elapsed().as_secs_f64() * 1_000.0);
        edit += 1;
        sleep(PAUSE).await;
    }
    let delays: Vec<f64> = serde_json::from_value(here.eval("return delays").await?)?;
    let muted = here.eval("return window.muted - window.began").await?;
    let grown = here.renderer_mb()? - before;
    for window in windows {
        window.close().await?;
    }
    println!(
        "\n{:<58}{:>10}{:>10}{:>10}",
        format!("{EDITS_A_SECOND} edits of 4 KiB a second, for {SECONDS} s"),
        "",
        "",
        "limit"
    );
    let number = |value: f64| format!("{value:.0}");
    let muted = muted.as_f64().context("nobody was muted")?;
    line(
        "main thread busy, ms that a timer waits, p95",
        number(percentile(&delays, 0.95)),
        50,
    );
    line("until the flood is muted, ms", number(muted), 3_000);
    line(
        "an honest edit's way, ms, longest",
        number(percentile(&late, 1.0)),
        2_000,
    );
    line("growth of the renderer, MB", number(grown), 64);
    Ok(json!({
        "busy_p95_ms": percentile(&delays, 0.95), "muted_ms": muted, "late_ms": late, "grown_mb": grown,
    }))
}

async fn add(window: &Window, edit: usize) -> Result<()> {
    let item = json!([{ "id": format!("honest{edit}"), "title": "tea", "completed": false }]);
    window
        .promise(&format!("duplex.todo.import({item})"))
        .await
        .map(drop)
}

async fn has(window: &Window, edit: usize) -> Result<()> {
    let script = format!(
        "duplex.todo.export().then(list => {{ window.has = list.some(({{ id }}) => id === 'honest{edit}') }}); \
         return window.has === true"
    );
    window.eval("window.has = false").await?;
    window.until("an honest edit", &script).await
}
