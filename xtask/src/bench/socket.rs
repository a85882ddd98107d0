//! The socket layer beside the browser's raw `WebSocket`, in one page and one run, interleaved.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use axum::Router;
use serde_json::{Value, json};
use tower_http::services::ServeDir;

use super::{LAPTOP, percentile, size};
use crate::{
    browser::{Engine, Window},
    relay::{self, Faults, Relay},
    root,
    site::{self, split},
    tools,
};

/// Interleaved repeats: single ratios scatter by a fifth.
const REPEATS: usize = 5;
const SIZES: [usize; 3] = [64, 1_024, 16_384];
const CYCLES: usize = 1_500;

/// The raw socket, doing what the layer does in `tests/bench.rs`.
const RAW: &str = "
window.raw = (url, count, bytes, binary, inFlight) => new Promise((done) => {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  const make = () => (binary ? new Uint8Array(bytes).fill(120) : 'x'.repeat(bytes));
  let left = count - inFlight, unanswered = count, started;
  socket.onopen = () => {
    started = performance.now();
    for (let n = 0; n < inFlight; n++) socket.send(make());
  };
  socket.onmessage = ({ data }) => {
    if ((data.length ?? data.byteLength) !== bytes) return;
    if (--unanswered === 0) {
      socket.close();
      done((count / (performance.now() - started)) * 1000);
    } else if (left > 0) {
      left--;
      socket.send(make());
    }
  };
});";

pub async fn run() -> Result<Value> {
    let folder = root().join("target/bench/page");
    bind("duplex", "bench", &folder)?;
    fs::write(
        folder.join("index.html"),
        format!(
            "<!doctype html><main></main><script type=module>\
             import init, * as bench from './bench.js'; {RAW} \
             await init(); window.bench = bench; window.duplex = {{}};</script>"
        ),
    )?;
    let relay = Relay::new(Faults::default());
    let router: Router = relay.router().fallback_service(ServeDir::new(&folder));
    let (address, server) = relay::listen(0, router).await?;
    let window = Window::open(Engine::Chromium, LAPTOP, None).await?;
    window.goto(&format!("http://{address}/")).await?;
    window.devtools("Performance.enable", json!({})).await?;
    let url = format!("ws://{address}/echo");
    let rows = echo(&window, &url).await?;
    let sealing = number(&window, "Promise.resolve(bench.sealing())").await?;
    let held = window
        .promise(&format!(
            "bench.cycles('{url}', {CYCLES}).then(held => [...held])"
        ))
        .await?;
    println!(
        "\n{:<58}{sealing:>10.0}{:>10}{:>10}",
        "sealing in wasm, MB/s", "", "20 least"
    );
    println!(
        "{:<58}{:>10}{:>10}{:>10}",
        format!("{CYCLES} connects and drops, pages and references kept"),
        held.to_string(),
        "",
        "[0,0]"
    );
    window.close().await?;
    server.abort();
    Ok(
        json!({ "echo": rows, "sealing_mb_s": sealing, "kept_after_cycles": held, "size": sizes()? }),
    )
}

async fn number(window: &Window, promise: &str) -> Result<f64> {
    window
        .promise(promise)
        .await?
        .as_f64()
        .with_context(|| format!("{promise} gave no number"))
}

/// Seconds that the page's main thread has worked so far.
async fn worked(window: &Window) -> Result<f64> {
    let metrics = window.devtools("Performance.getMetrics", json!({})).await?;
    let metrics = metrics["metrics"].as_array().cloned().unwrap_or_default();
    let task = metrics
        .iter()
        .find(|metric| metric["name"] == "TaskDuration");
    task.and_then(|task| task["value"].as_f64())
        .context("Chromium has no TaskDuration")
}

/// Ratios to raw, medians of the repeats: throughput, main-thread time per message, round trip.
async fn echo(window: &Window, url: &str) -> Result<Vec<Value>> {
    println!(
        "\n{:<34}{:>12}{:>12}{:>12}{:>12}{:>12}",
        "echo, as ratio to raw WebSocket",
        "raw msg/s",
        "throughput",
        "CPU/message",
        "round trip",
        "sealed"
    );
    let mut rows = Vec::new();
    for binary in [false, true] {
        for bytes in SIZES {
            let count = if bytes > 10_000 { 4_000 } else { 10_000 };
            let (mut raw, mut throughput, mut cpu, mut trip, mut sealed) =
                (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
            let arguments = format!("'{url}', {count}, {bytes}, {binary}, 64");
            let single = format!("'{url}', 1000, {bytes}, {binary}, 1");
            for repeat in 0..=REPEATS {
                let at = [worked(window).await?];
                let by_raw = number(window, &format!("raw({arguments})")).await?;
                let at = [at[0], worked(window).await?];
                let by_layer = number(window, &format!("bench.layer({arguments})")).await?;
                let end = worked(window).await?;
                let by_sealed = number(
                    window,
                    &format!("bench.sealed('{url}', {count}, {bytes}, 64)"),
                )
                .await?;
                let trips = [
                    number(window, &format!("raw({single})")).await?,
                    number(window, &format!("bench.layer({single})")).await?,
                ];
                // The first one warms the code up.
                if repeat > 0 {
                    raw.push(by_raw);
                    throughput.push(by_layer / by_raw);
                    cpu.push((end - at[1]) / (at[1] - at[0]));
                    trip.push(trips[0] / trips[1]);
                    sealed.push(by_sealed / by_raw);
                }
            }
            let row =
                [&raw, &throughput, &cpu, &trip, &sealed].map(|values| percentile(values, 0.5));
            let name = format!("{bytes} B, {}", if binary { "binary" } else { "text" });
            println!(
                "{name:<34}{:>12.0}{:>12.2}{:>12.2}{:>12.2}{:>12.2}",
                row[0], row[1], row[2], row[3], row[4]
            );
            rows.push(json!({
                "frame": name, "raw_per_s": row[0], "throughput": row[1],
                "cpu_per_message": row[2], "round_trip": row[3], "sealed_throughput": row[4],
            }));
        }
    }
    println!(
        "{:<34}{:>12}{:>12}{:>12}{:>12}{:>12}",
        "limit", "", "0.90 least", "1.50 most", "1.15 most", "0.60 least"
    );
    Ok(rows)
}

/// Compiles an example and its JavaScript into `folder`.
fn bind(package: &str, example: &str, folder: &Path) -> Result<()> {
    split::bind(
        &site::build_example(package, example)?,
        folder,
        &tools::set_up_build()?,
    )
}

/// The layer beside what npm has: kB after Brotli, wasm and JavaScript.
fn sizes() -> Result<Value> {
    let hook = example_kb("hook")?;
    let home = tools::set_up_rivals()?.join("node_modules");
    let script = |path: &str| size::brotli_kb(&home.join(path));
    let rows = [
        (
            "duplex-socket in a Leptos application, beyond Leptos (limit 20)",
            hook - example_kb("nothing")?,
        ),
        ("duplex-socket without Leptos, alone", example_kb("layer")?),
        (
            "reconnecting-websocket",
            script("reconnecting-websocket/dist/reconnecting-websocket-iife.min.js")?,
        ),
        (
            "socket.io-client",
            script("socket.io-client/dist/socket.io.min.js")?,
        ),
    ];
    println!("\n{:<68}{:>10}", "socket layers", "kB brotli");
    for (name, kb) in &rows {
        println!("{name:<68}{kb:>10.1}");
    }
    Ok(rows
        .iter()
        .map(|(name, kb)| json!({ "layer": name, "kb_brotli": kb }))
        .collect())
}

/// What an example of the crate downloads.
fn example_kb(example: &str) -> Result<f64> {
    let folder = root().join("target/bench").join(example);
    bind("duplex-socket", example, &folder)?;
    let (input, output) = (
        folder.join(format!("{example}_bg.wasm")),
        folder.join("opt.wasm"),
    );
    split::optimise(&input, &output, &tools::set_up_build()?)?;
    let script = size::brotli_kb(&folder.join(format!("{example}.js")))?;
    Ok(size::brotli_kb(&output)? + script)
}
