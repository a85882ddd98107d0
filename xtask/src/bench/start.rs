//! A first visit beside Excalidraw's, over a phone's line and on its processor.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};
use axum::Router;
use serde_json::{Value, json};
use tower_http::services::ServeDir;

use super::{LAPTOP, percentile};
use crate::{
    browser::{Engine, Window},
    relay, root, site, tools,
};

/// Visits of each, in turns.
const VISITS: usize = 7;

/// Both ratios are promised.
const STROKE_LIMIT: f64 = 0.5;
const PAINT_LIMIT: f64 = 0.4;

/// 10 Mbit/s, 40 ms there and back, and a processor a quarter as fast.
const LINE: (u64, u64) = (10_000_000 / 8, 40);
const SLOWER: u64 = 4;

pub async fn run() -> Result<Value> {
    site::build()?;
    let folder = root().join("target/bench/excalidraw");
    excalidraw(&folder)?;
    let served = |folder: &Path| {
        let files = ServeDir::new(folder);
        Router::new().fallback_service(files.precompressed_br())
    };
    let (ours, our_server) = relay::listen(0, served(&site::dist())).await?;
    let (theirs, their_server) = relay::listen(0, served(&folder)).await?;
    let pages = [
        format!("http://{ours}/#/r/start/board?relay=none"),
        format!("http://{theirs}/"),
    ];
    println!(
        "\n{:<58}{:>10}{:>12}",
        "10 Mbit/s, 40 ms, processor x 1/4", "Duplex", "Excalidraw"
    );
    let mut report = json!({});
    for (line, name) in [(None, "as it is"), (Some(LINE), "slow")] {
        let mut strokes = [Vec::new(), Vec::new()];
        let mut paints = [Vec::new(), Vec::new()];
        for _ in 0..VISITS {
            for (at, page) in pages.iter().enumerate() {
                let (stroke, paint) = visit(page, line).await?;
                strokes[at].push(stroke);
                paints[at].push(paint);
            }
        }
        let mut row = |what: &str, times: [Vec<f64>; 2], limit: f64| {
            let [duplex, excalidraw] = times.map(|times| percentile(&times, 0.5));
            let ratio = duplex / excalidraw;
            let title = format!("{name}: {what}, ms");
            let limit = match line {
                Some(_) => format!(", limit {limit}"),
                None => String::new(),
            };
            println!("{title:<58}{duplex:>10.0}{excalidraw:>12.0}   {ratio:.2}{limit}");
            report[name][what] =
                json!({ "duplex": duplex, "excalidraw": excalidraw, "ratio": ratio });
        };
        row("first stroke painted", strokes, STROKE_LIMIT);
        row("first contentful paint", paints, PAINT_LIMIT);
    }
    our_server.abort();
    their_server.abort();
    Ok(report)
}

/// One visit with an empty cache. Gives when the first stroke and the first contentful paint came, in milliseconds after
/// navigation.
async fn visit(page: &str, line: Option<(u64, u64)>) -> Result<(f64, f64)> {
    let window = Window::open(Engine::Chromium, LAPTOP, None).await?;
    let source = include_str!("start/draw.js");
    window
        .devtools(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({ "source": source }),
        )
        .await?;
    if let Some((bytes_per_s, latency)) = line {
        window.devtools("Network.enable", json!({})).await?;
        let conditions = json!({
            "offline": false, "latency": latency,
            "downloadThroughput": bytes_per_s, "uploadThroughput": bytes_per_s,
        });
        window
            .devtools("Network.emulateNetworkConditions", conditions)
            .await?;
        window
            .devtools("Emulation.setCPUThrottlingRate", json!({ "rate": SLOWER }))
            .await?;
    }
    window.open_only(page).await?;
    window
        .until("a stroke", "return !!window.strokePaintedAt")
        .await?;
    let times = window
        .eval("return [strokePaintedAt, performance.getEntriesByName('first-contentful-paint')[0].startTime]")
        .await?;
    window.close().await?;
    let time = |at: usize| times[at].as_f64().context("a time");
    Ok((time(0)?, time(1)?))
}

/// Builds Excalidraw's page, as its bundler would: split, minified, compressed.
fn excalidraw(folder: &Path) -> Result<()> {
    let sources = root().join("xtask/src/bench/start");
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let home = tools::set_up_excalidraw()?;
    tools::run(
        Command::new(tools::set_up_esbuild()?)
            .arg(sources.join("excalidraw.js"))
            .args([
                "--bundle",
                "--minify",
                "--splitting",
                "--format=esm",
                "--log-level=error",
                "--conditions=production",
                "--loader:.woff2=file",
                "--define:process.env.NODE_ENV=\"production\"",
                "--define:process.env.IS_PREACT=\"false\"",
            ])
            .arg(format!("--outdir={}", folder.display()))
            .env("NODE_PATH", home.join("node_modules")),
    )?;
    let page = "<!doctype html><meta charset=utf-8><link rel=stylesheet href=excalidraw.css>\
        <style>html,body,#root{height:100%;margin:0}</style><div id=root></div>\
        <script type=module src=excalidraw.js></script>";
    fs::write(folder.join("index.html"), page)?;
    site::hosts::compress(folder)
}
