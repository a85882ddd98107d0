//! A room with much in it: how long it takes to open and to join, what it weighs, and what a killed browser keeps.

use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{LAPTOP, percentile};
use crate::{
    browser::{Engine, Window},
    relay::Faults,
    site::{self, Server},
};

/// Strokes of a room that people draw in for weeks; of 60 points each.
const LARGE: usize = 5_000;
/// Strokes of one that has seen a year, and how many are opened on the way there.
const HUGE: [usize; 3] = [12_500, 25_000, 50_000];
const LOADS: usize = 5;
const KILLS: usize = 50;
const PENS: usize = 10;
/// A sample of a pen that moves when its browser is killed.
const PEN_STEP_MS: u64 = 16;
const PEN_STEP_PX: f64 = 6.0;
const SAVED_STROKES: usize = 30;

/// Strokes across the board, the same in every run.
const DRAW: &str = "
window.drawn = (count, from) => {
  let seed = from + 1;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const elements = Array.from({ length: count }, (_, n) => {
    let x = 0, y = 0;
    const points = Array.from({ length: 60 }, () => [x += random() * 8 - 4, y += random() * 8 - 4]);
    return { type: 'freedraw', id: `bench${from + n}`, x: random() * 1200, y: 80 + random() * 600, points,
      pressures: [], simulatePressure: true, strokeColor: '#1971c2', strokeWidth: 1, opacity: 100, angle: 0 };
  });
  return duplex.board.import({ type: 'excalidraw', version: 2, elements });
};";

/// When ink is on the lower canvas first, when the canvas changed last, and the bytes that come over WebSockets.
const WATCH: &str = "
window.got = 0;
const Socket = WebSocket;
window.WebSocket = class extends Socket {
  constructor(...rest) {
    super(...rest);
    this.addEventListener('message', ({ data }) => { got += data.length ?? data.byteLength });
  }
};
let looked = 0, canvas;
(function watch() {
  canvas ??= document.querySelector('[data-testid=board] canvas');
  if (canvas && canvas.width !== 300) {
    let look = 0, ink = false;
    for (const part of [0.2, 0.4, 0.6, 0.8]) {
      const row = canvas.getContext('2d').getImageData(0, Math.floor(canvas.height * part), canvas.width, 1).data;
      for (let at = 3; at < row.length; at += 4) {
        look = (Math.imul(look, 31) + row[at]) | 0;
        ink ||= row[at] > 0;
      }
    }
    if (ink) window.painted ??= performance.now();
    if (window.painted && look !== looked) window.changed = performance.now();
    looked = look;
  }
  requestAnimationFrame(watch);
})();";

/// Bytes of the room's log and snapshot.
const STORED: &str = "(async () => {
  const all = await indexedDB.databases();
  let bytes = 0;
  for (const { name } of all.filter(({ name }) => name.startsWith('duplex/'))) {
    const db = await new Promise(done => { const open = indexedDB.open(name); open.onsuccess = () => done(open.result) });
    for (const store of ['log', 'snapshot']) {
      const rows = await new Promise(done => {
        const all = db.transaction(store).objectStore(store).getAll(); all.onsuccess = () => done(all.result) });
      bytes += rows.reduce((sum, row) => sum + (row.byteLength ?? 0), 0);
    }
    db.close();
  }
  return bytes; })()";

pub async fn run() -> Result<Value> {
    site::build()?;
    let server = Server::start(0, Faults::default()).await?;
    println!(
        "\n{:<58}{:>10}{:>10}{:>10}",
        "a large room", "", "", "limit"
    );
    let large = large(&server).await?;
    let huge = huge(&server).await?;
    let saved = saved(&server).await?;
    let lost = kills(&server).await?;
    let ink = killed_pens(&server).await?;
    Ok(json!({
        "large": large, "huge": huge, "saved_ms": saved, "lost_by_kills": lost, "ink_lost_ms": ink,
    }))
}

pub fn line(name: &str, value: impl std::fmt::Display, limit: impl std::fmt::Display) {
    println!("{name:<58}{value:>10}{:>10}{limit:>10}", "");
}

async fn window(address: &str) -> Result<Window> {
    let window = Window::open(Engine::Chromium, LAPTOP, None).await?;
    let watch = json!({ "source": WATCH });
    window
        .devtools("Page.addScriptToEvaluateOnNewDocument", watch)
        .await?;
    window.goto(address).await?;
    Ok(window)
}

async fn number(window: &Window, script: &str) -> Result<f64> {
    let value = window.eval(script).await?;
    value.as_f64().with_context(|| format!("{script}: {value}"))
}

async fn fill(window: &Window, from: usize, to: usize) -> Result<()> {
    window.eval(DRAW).await?;
    for begin in (from..to).step_by(LARGE) {
        let count = LARGE.min(to - begin);
        window.promise(&format!("drawn({count}, {begin})")).await?;
        window.until_saved().await?;
    }
    Ok(())
}

/// Milliseconds from navigation until ink is painted, from this browser's storage.
async fn opens(window: &Window) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    for _ in 0..LOADS {
        window.reload().await?;
        window.until("ink", "return window.painted > 0").await?;
        times.push(number(window, "return painted").await?);
    }
    Ok(times)
}

async fn large(server: &Server) -> Result<Value> {
    let address = server.room("large", "board");
    let here = window(&address).await?;
    fill(&here, 0, LARGE).await?;
    let stored = here.promise(STORED).await?;
    let stored = stored.as_f64().context("bytes")?;
    let opened = opens(&here).await?;
    here.until_open().await?;
    let digest = here.status().await?["digest"].clone();
    let (mut joined, mut wire) = (Vec::new(), Vec::new());
    for _ in 0..LOADS {
        let there = window(&address).await?;
        // Asked in the page: a question from outside every few milliseconds is work, too.
        let whole = format!(
            "new Promise(done => {{ const timer = setInterval(() => {{ \
               if (duplex.status().digest !== {digest} || performance.now() - window.changed < 500) return; \
               clearInterval(timer); done(true) }}, 50) }})"
        );
        there.promise(&whole).await?;
        joined.push(number(&there, "return changed").await?);
        wire.push(number(&there, "return got").await? / stored);
        there.close().await?;
    }
    here.close().await?;
    let median = |values: &[f64]| percentile(values, 0.5);
    line(
        &format!("open {LARGE} strokes from IndexedDB, ms to ink, median"),
        format!("{:.0}", median(&opened)),
        700,
    );
    line(
        &format!("join {LARGE} strokes, ms until all is painted, median"),
        format!("{:.0}", median(&joined)),
        1_500,
    );
    line(
        "bytes received for it, as ratio to the state",
        format!("{:.2}", median(&wire)),
        1.3,
    );
    Ok(json!({
        "strokes": LARGE, "state_bytes": stored,
        "open_ms": opened, "join_ms": joined, "wire_ratio": wire,
    }))
}

async fn huge(server: &Server) -> Result<Value> {
    let address = server.room("huge", "board");
    let here = window(&address).await?;
    let (mut from, mut rows) = (0, Vec::new());
    for count in HUGE {
        fill(&here, from, count).await?;
        from = count;
        let opened = opens(&here).await?;
        // What earlier loads left behind is not this page's.
        here.devtools("HeapProfiler.collectGarbage", json!({}))
            .await?;
        let memory = here.renderer_mb()?;
        let (opened, memory) = (percentile(&opened, 0.5), memory.round());
        line(
            &format!("open {count} strokes, ms to ink; renderer, MB"),
            format!("{opened:.0}; {memory}"),
            "400 MB",
        );
        rows.push(json!({ "strokes": count, "open_ms": opened, "renderer_mb": memory }));
    }
    here.close().await?;
    Ok(json!(rows))
}

/// Pointer-up until the page says that the stroke is stored.
async fn saved(server: &Server) -> Result<Vec<f64>> {
    let here = window(&server.room("saved", "board")).await?;
    here.eval(
        "window.spans = []; \
         window.addEventListener('pointerup', () => { window.up = performance.now() }, true); \
         const it = document.querySelector('[data-testid=saved]'); \
         new MutationObserver(() => { \
           if (it.dataset.state === 'saved' && window.up) { spans.push(performance.now() - window.up); window.up = 0 } \
         }).observe(it, { attributes: true, attributeFilter: ['data-state'] })",
    )
    .await?;
    for stroke in 0..SAVED_STROKES {
        let y = 150.0 + 15.0 * stroke as f64;
        let points: Vec<_> = (0..30).map(|x| (200.0 + 12.0 * f64::from(x), y)).collect();
        here.drag(&points, 4).await?;
        here.until("it to be saved", &format!("return spans.length > {stroke}"))
            .await?;
    }
    let spans = here.eval("return spans").await?;
    here.close().await?;
    let spans: Vec<f64> = serde_json::from_value(spans)?;
    line(
        "pointer-up to stored, ms, p95",
        format!("{:.0}", percentile(&spans, 0.95)),
        300,
    );
    Ok(spans)
}

/// Strokes that the page called saved and that were gone after SIGKILL to the browser.
async fn kills(server: &Server) -> Result<usize> {
    let address = format!("{}#/r/killed/board?relay=none", server.address());
    let mut here = window(&address).await?;
    let mut lost = 0;
    let started = Instant::now();
    for kill in 0..KILLS {
        let (x, y) = (150.0 + 18.0 * kill as f64, 200.0 + 7.0 * kill as f64);
        here.drag(&[(x, y), (x + 30.0, y + 20.0), (x + 60.0, y)], 4)
            .await?;
        here.until_saved().await?;
        let profile = here.kill().await?;
        here = Window::open_with(profile, Engine::Chromium, LAPTOP, None).await?;
        here.goto(&address).await?;
        here.until_saved().await?;
        let there = here.promise("duplex.board.export()").await?;
        let there = there["elements"].as_array().map_or(0, Vec::len);
        lost += (kill + 1 - lost).saturating_sub(there);
    }
    here.close().await?;
    line(
        &format!(
            "strokes lost in {KILLS} SIGKILLs ({:.0} s)",
            started.elapsed().as_secs_f64()
        ),
        lost,
        0,
    );
    Ok(lost)
}

/// How much of a stroke is gone, in milliseconds of drawing, when the browser is killed with the pen down.
async fn killed_pens(server: &Server) -> Result<Vec<f64>> {
    let mut lost = Vec::new();
    for pen in 0..PENS {
        let address = format!("{}#/r/pen{pen}/board?relay=none", server.address());
        let here = window(&address).await?;
        here.until_saved().await?;
        let samples = 60 + 7 * pen;
        let at = |sample: usize| (150.0 + PEN_STEP_PX * sample as f64, 400.0);
        let points: Vec<_> = (0..=samples).map(at).collect();
        here.hold(&points, PEN_STEP_MS).await?;
        let profile = here.kill().await?;
        let here = Window::open_with(profile, Engine::Chromium, LAPTOP, None).await?;
        here.goto(&address).await?;
        let there = "duplex.board.export().then(({ elements }) => { window.there = elements.length }); \
                     return window.there > 0";
        here.until("the stroke", there).await?;
        let there = here.promise("duplex.board.export()").await?;
        let drawn = there["elements"][0]["width"].as_f64().unwrap_or_default();
        let missing = samples as f64 * PEN_STEP_PX - drawn;
        lost.push(missing / PEN_STEP_PX * PEN_STEP_MS as f64);
        here.close().await?;
    }
    line(
        &format!("ink lost in {PENS} SIGKILLs with the pen down, ms, most"),
        format!("{:.0}", percentile(&lost, 1.0)),
        1_000,
    );
    Ok(lost)
}
