//! Figures: measured in this run, on this machine, printed as tables and written as JSON.

mod flood;
mod list;
mod room;
pub mod size;
mod socket;
mod start;
pub mod tabs;
pub mod updates;

use std::{
    fs,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde_json::{Value, json};

use crate::{
    browser::{Engine, Window},
    relay::Faults,
    root,
    site::{self, Server},
    tools,
};

const LAPTOP: (u32, u32) = (1_280, 800);
/// Strokes whose way from one window to the other is timed.
const STROKES: usize = 30;
/// Page loads whose time to the first stroke is taken.
const LOADS: usize = 7;

/// What can be measured on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// The app: size, start, strokes from A to B, the idle room, the simulation
    App,
    /// The socket layer beside the raw WebSocket
    Socket,
    /// A large room: opening, joining, memory, and what a killed browser keeps
    Room,
    /// A room that one member floods
    Flood,
    /// The list beside React's and Svelte's, and what an edit costs in rooms of any size
    List,
    /// A first visit beside Excalidraw's
    Start,
    /// Tabs that edit in turns while they are reloaded and closed
    Tabs,
    /// A site that is updated while it is used, and that starts without its host
    Updates,
}

pub async fn run(part: Option<Part>) -> Result<()> {
    let mut report = json!({});
    let is_asked = |this| part.is_none_or(|part| part == this);
    if is_asked(Part::App) {
        report["app"] = app().await?;
    }
    if is_asked(Part::Socket) {
        report["socket"] = socket::run().await?;
    }
    if is_asked(Part::Room) {
        report["room"] = room::run().await?;
    }
    if is_asked(Part::Flood) {
        report["flood"] = flood::run().await?;
    }
    if is_asked(Part::List) {
        report["list"] = list::run().await?;
    }
    if is_asked(Part::Start) {
        report["start"] = start::run().await?;
    }
    if is_asked(Part::Tabs) {
        report["tabs"] = tabs::run().await?;
    }
    if is_asked(Part::Updates) {
        report["updates"] = updates::run().await?;
    }
    let folder = root().join("target/bench");
    fs::create_dir_all(&folder)?;
    fs::write(
        folder.join("bench.json"),
        serde_json::to_string_pretty(&report)?,
    )?;
    println!("\nWritten to target/bench/bench.json");
    Ok(())
}

async fn app() -> Result<Value> {
    site::build()?;
    let sizes = size::measure()?.print();
    let simulated = simulation()?;
    let server = Server::start(0, Faults::default()).await?;
    let start = first_stroke(&server).await?;
    let (latency, wire) = strokes(&server).await?;
    let idle = idle(&server).await?;
    println!(
        "\n{:<58}{:>10}{:>10}{:>10}",
        "Chromium, this machine", "median", "p95", "limit"
    );
    row("navigation to first stroke possible, ms", &start, 1_000.0);
    row("stroke finished in A to painted in B, ms", &latency, 150.0);
    println!(
        "{:<58}{wire:>10.0}{:>10}{:>10}",
        "180-sample stroke on the wire, bytes", "", 10_000
    );
    println!(
        "{:<58}{idle:>10.2}{:>10}{:>10}",
        "idle room, frames per person and 10 s", "", 1
    );
    println!(
        "{:<58}{simulated:>10.1}{:>10}{:>10}",
        "simulation, 240 seeds x 300 operations, s", "", 60
    );
    Ok(json!({
        "simulation_s": simulated,
        "size": sizes.to_json(),
        "first_stroke_ms": start,
        "stroke_a_to_b_ms": latency,
        "stroke_wire_bytes": wire,
        "idle_frames_per_person_10_s": idle,
    }))
}

/// Seconds that the simulation's seeds take, once it is compiled.
fn simulation() -> Result<f64> {
    let seeds = [
        "test",
        "--quiet",
        "--test",
        "simulation",
        "all_copies_agree",
    ];
    let mut compile = Command::new("cargo");
    tools::run(
        compile
            .args(&seeds[..4])
            .arg("--no-run")
            .current_dir(root()),
    )?;
    let started = Instant::now();
    tools::run(
        Command::new("cargo")
            .args(seeds)
            .current_dir(root())
            .stdout(Stdio::null()),
    )?;
    Ok(started.elapsed().as_secs_f64())
}

fn row(name: &str, values: &[f64], limit: f64) {
    println!(
        "{name:<58}{:>10.1}{:>10.1}{limit:>10.0}",
        percentile(values, 0.5),
        percentile(values, 0.95)
    );
}

/// By the nearest rank.
fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or(f64::NAN)
}

async fn open(server: &Server, room: &str) -> Result<Window> {
    let window = Window::open(Engine::Chromium, LAPTOP, None).await?;
    window.goto(&server.room(room, "board")).await?;
    Ok(window)
}

/// From navigation until a pen would draw: the board has its canvases, sized and painted.
async fn first_stroke(server: &Server) -> Result<Vec<f64>> {
    let watch = "(function watch() { \
                 const canvas = document.querySelector('[data-testid=board] canvas'); \
                 if (canvas && canvas.width !== 300) window.ready = performance.now(); \
                 else requestAnimationFrame(watch) })()";
    let mut times = Vec::new();
    for load in 0..LOADS {
        let window = Window::open(Engine::Chromium, LAPTOP, None).await?;
        window
            .devtools(
                "Page.addScriptToEvaluateOnNewDocument",
                json!({ "source": watch }),
            )
            .await?;
        window
            .goto(&server.room(&format!("start{load}"), "board"))
            .await?;
        window
            .until("the first frame", "return !!window.ready")
            .await?;
        times.push(
            window
                .eval("return window.ready")
                .await?
                .as_f64()
                .context("a time")?,
        );
        window.close().await?;
    }
    Ok(times)
}

/// Pointer-up in window A until window B has painted, both clocks being this machine's; and the bytes that A sends
/// for a stroke of 180 samples in three seconds.
async fn strokes(server: &Server) -> Result<(Vec<f64>, f64)> {
    let (a, b) = (
        open(server, "latency").await?,
        open(server, "latency").await?,
    );
    for window in [&a, &b] {
        window
            .until("two people", "return duplex.status().people === 2")
            .await?;
    }
    a.eval(
        "window.addEventListener('pointerup', () => \
         { window.up = performance.timeOrigin + performance.now() }, true)",
    )
    .await?;
    let mut latency = Vec::new();
    for stroke in 0..STROKES {
        let (x, y) = (150.0 + 30.0 * stroke as f64, 200.0 + 8.0 * stroke as f64);
        let points: Vec<_> = (0..12)
            .map(|i| (x + f64::from(i) * 2.0, y + f64::from(i % 2)))
            .collect();
        let (x, y) = (x + 11.0, y);
        // The lower canvas holds only finished strokes.
        b.eval(&format!(
            "window.seen = 0; const canvas = document.querySelector('[data-testid=board] canvas'); \
             const box = canvas.getBoundingClientRect(); const context = canvas.getContext('2d'); \
             (function watch() {{ \
             if (context.getImageData({x} - box.left, {y} - box.top, 1, 1).data[3] > 0) \
             window.seen = performance.timeOrigin + performance.now(); \
             else requestAnimationFrame(watch) }})()"
        ))
        .await?;
        a.drag(&points, 8).await?;
        b.until("the stroke to be painted", "return window.seen > 0")
            .await?;
        let (up, seen) = (
            a.eval("return window.up").await?,
            b.eval("return window.seen").await?,
        );
        latency.push(seen.as_f64().context("a time")? - up.as_f64().context("a time")?);
    }
    let wire = wire_bytes(&a).await?;
    a.close().await?;
    b.close().await?;
    Ok((latency, wire))
}

async fn wire_bytes(window: &Window) -> Result<f64> {
    // The application's WebSocket is the only one of the page.
    window
        .eval(
            "window.sentBytes = 0; const send = WebSocket.prototype.send; \
             WebSocket.prototype.send = function (data) { sentBytes += data.length; return send.call(this, data) }",
        )
        .await?;
    let points: Vec<_> = (0..180_i32)
        .map(|i| {
            (
                200.0 + f64::from(i) * 4.0,
                420.0 + (f64::from(i) / 9.0).sin() * 120.0,
            )
        })
        .collect();
    window.drag(&points, 16).await?;
    let bytes = window.eval("return sentBytes").await?;
    bytes.as_f64().context("a number")
}

/// Two people who do nothing for a minute.
async fn idle(server: &Server) -> Result<f64> {
    let (a, b) = (open(server, "idle").await?, open(server, "idle").await?);
    for window in [&a, &b] {
        window
            .until("two people", "return duplex.status().people === 2")
            .await?;
    }
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let count = "window.sent = 0; const send = WebSocket.prototype.send; \
                 WebSocket.prototype.send = function (data) { sent += 1; return send.call(this, data) }";
    a.eval(count).await?;
    let started = Instant::now();
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let sent = a.eval("return sent").await?.as_f64().context("a number")?;
    let spans = started.elapsed().as_secs_f64() / 10.0;
    a.close().await?;
    b.close().await?;
    Ok(sent / spans)
}
