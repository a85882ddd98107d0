//! The list beside others' of a thousand items, and what one edit costs in lists and on boards of any size.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};
use axum::Router;
use serde_json::{Value, json};
use tower_http::services::ServeDir;

use super::{LAPTOP, percentile};
use crate::{
    browser::{Engine, Window},
    relay::{self, Faults, Relay},
    root,
    site::{self, Server},
    tools,
};

/// Runs of each list; single ones scatter.
const REPEATS: usize = 5;
const ITEMS: [usize; 2] = [100, 1_000];
/// The least, twice and four times as many of some size between, and the most.
const LISTS: [usize; 5] = [100, 1_000, 2_000, 4_000, 10_000];
const BOARDS: [usize; 5] = [1_000, 5_000, 10_000, 20_000, 50_000];
/// Edits over which a mean is taken.
const EDITS: usize = 20;
const LIMIT_MS: f64 = 2.0;
/// A second's updates from elsewhere, while calls to storage are counted.
const UPDATES: usize = 60;

/// All items are added, completed, and deleted, each step until it is painted. Gives milliseconds.
const LOOP: &str = "
window.work = async (count) => {
  const all = (selector) => [...document.querySelectorAll('.todo-list ' + selector)];
  const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const until = async (is) => { do await painted(); while (!is()); };
  const field = document.querySelector('.new-todo');
  const value = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
  const started = performance.now();
  for (let n = 0; n < count; n++) {
    value.set.call(field, 'item ' + n);
    field.dispatchEvent(new Event('input', { bubbles: true }));
    field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
  }
  await until(() => all('li').length === count);
  all('.toggle').forEach((toggle) => toggle.click());
  await until(() => all('.completed').length === count);
  all('.destroy').forEach((destroy) => destroy.click());
  await until(() => all('li').length === 0);
  return performance.now() - started;
};";

pub async fn run() -> Result<Value> {
    site::build()?;
    let server = Server::start(0, Faults::default()).await?;
    let loops = beside_others(&server).await?;
    let edits = edits(&server).await?;
    let calls = storage_calls(&server).await?;
    println!(
        "{:<58}{calls:>10}{:>10}{:>10}",
        "calls to localStorage for 60 updates from elsewhere", "", 0
    );
    Ok(json!({ "loops_ms": loops, "edits_ms": edits, "storage_calls": calls }))
}

/// Milliseconds of each list for each number of items.
async fn beside_others(server: &Server) -> Result<Value> {
    let folder = root().join("target/bench/lists");
    others(&folder)?;
    let router: Router =
        (Relay::new(Faults::default()).router()).fallback_service(ServeDir::new(&folder));
    let (address, serving) = relay::listen(0, router).await?;
    println!(
        "\n{:<58}{:>10}{:>10}{:>10}",
        "to-dos added, completed, deleted until painted, ms", "Duplex", "React", "Svelte"
    );
    let mut report = json!({});
    for count in ITEMS {
        let mut times = [Vec::new(), Vec::new(), Vec::new()];
        for repeat in 0..REPEATS {
            let room = format!("list{count}of{repeat}");
            let pages = [
                format!("http://{}/#/r/{room}/todo?relay=none", server.host()),
                format!("http://{address}/react.html"),
                format!("http://{address}/svelte.html"),
            ];
            for (page, times) in pages.iter().zip(&mut times) {
                let window = Window::open(Engine::Chromium, LAPTOP, None).await?;
                window.open_only(page).await?;
                let field = "return !!document.querySelector('.new-todo')";
                window.until("the list", field).await?;
                window.eval(LOOP).await?;
                let time = window.promise(&format!("work({count})")).await?;
                times.push(time.as_f64().context("a time")?);
                window.close().await?;
            }
        }
        let [duplex, react, svelte] = times.map(|times| percentile(&times, 0.5));
        println!(
            "{:<58}{duplex:>10.0}{react:>10.0}{svelte:>10.0}   {:.2} of React's, limit 2",
            format!("{count} items"),
            duplex / react
        );
        report[count.to_string()] = json!({ "duplex": duplex, "react": react, "svelte": svelte });
    }
    serving.abort();
    Ok(report)
}

/// Builds the other lists, each into a page.
fn others(folder: &Path) -> Result<()> {
    let sources = root().join("xtask/src/bench/list");
    fs::create_dir_all(folder)?;
    let home = tools::set_up_lists()?;
    let modules = home.join("node_modules");
    let svelte = folder.join("svelte.entry.js");
    tools::run(
        Command::new("node")
            .arg(sources.join("svelte.cjs"))
            .args([sources.join("App.svelte"), svelte.clone()])
            .env("NODE_PATH", &modules),
    )?;
    for (name, entry) in [("react", sources.join("react.js")), ("svelte", svelte)] {
        tools::run(
            Command::new(tools::set_up_esbuild()?)
                .arg(&entry)
                .args([
                    "--bundle",
                    "--minify",
                    "--format=esm",
                    "--log-level=error",
                    "--conditions=browser",
                    "--define:process.env.NODE_ENV=\"production\"",
                ])
                .arg(format!(
                    "--outfile={}",
                    folder.join(name).with_extension("js").display()
                ))
                .env("NODE_PATH", &modules),
        )?;
        let page = format!("<!doctype html><body><script type=module src={name}.js></script>");
        fs::write(folder.join(name).with_extension("html"), page)?;
    }
    Ok(())
}

/// Edits of one kind, each until it is painted. `nothing` shows what that costs without them.
const EDIT: &str = "
window.edit = async (kind, count) => {
  const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const key = (on, key, altKey) =>
    on.dispatchEvent(new KeyboardEvent('keydown', { key, altKey, bubbles: true }));
  const rows = [...document.querySelectorAll('.todo-list li')];
  const middle = Math.floor(rows.length / 2);
  for (let n = 0; n < count; n++) {
    const row = rows[middle + 2 * n];
    if (kind === 'tick') row.querySelector('.toggle').click();
    if (kind === 'move') key(row.querySelector('.toggle'), 'ArrowDown', true);
    if (kind === 'title') {
      row.querySelector('label').dispatchEvent(new MouseEvent('dblclick', { bubbles: true }));
      await painted();
      const field = row.querySelector('.edit');
      field.value = 'renamed';
      field.dispatchEvent(new Event('input', { bubbles: true }));
      key(field, 'Enter', false);
    }
    await painted();
  }
};";

const KINDS: [&str; 3] = ["tick", "title", "move"];
const STORED: &str = "return duplex.status().stored";
/// All chunks are here, and what comes with them is done.
const LISTED: &str =
    "return Object.keys(localStorage).some((key) => key.startsWith('duplex/room/'))";

/// Main-thread script of one edit, in milliseconds, by kind and size.
async fn edits(server: &Server) -> Result<Value> {
    let mut report = json!({});
    let mut means = KINDS.map(|_| Vec::new());
    for size in LISTS {
        let window = Window::open(Engine::Chromium, LAPTOP, None).await?;
        let address = format!("http://{}/#/r/edits{size}/todo?relay=none", server.host());
        window.goto(&address).await?;
        let items =
            format!("Array.from({{ length: {size} }}, (_, n) => ({{ title: 'item ' + n }}))");
        window
            .promise(&format!("duplex.todo.import({items})"))
            .await?;
        let all = format!("return document.querySelectorAll('.todo-list li').length === {size}");
        window.until("all items", &all).await?;
        window.until("all to be stored", STORED).await?;
        window.devtools("Performance.enable", json!({})).await?;
        window.eval(EDIT).await?;
        let idle = script_of(&window, "nothing").await?;
        // Until the browser has compiled what is used often.
        for kind in KINDS {
            script_of(&window, kind).await?;
            window.until("all to be stored", STORED).await?;
        }
        for (kind, means) in KINDS.iter().zip(&mut means) {
            means.push((script_of(&window, kind).await? - idle).max(0.0));
            window.until("all to be stored", STORED).await?;
        }
        window.close().await?;
    }
    heading("script of one edit in a list of so many, ms", &LISTS);
    for (kind, means) in KINDS.iter().zip(&means) {
        line(kind, means);
        report[kind] = json!(LISTS.iter().zip(means).collect::<Vec<_>>());
    }
    let strokes = strokes(server).await?;
    heading(
        "script of a stroke's end on a board of so many, ms",
        &BOARDS,
    );
    line("stroke", &strokes);
    report["stroke"] = json!(BOARDS.iter().zip(&strokes).collect::<Vec<_>>());
    Ok(report)
}

fn heading(what: &str, sizes: &[usize]) {
    let sizes: String = sizes.iter().map(|size| format!("{size:>10}")).collect();
    println!("\n{what:<58}{sizes}{:>10}", "limit");
}

fn line(what: &str, means: &[f64]) {
    let means: String = means.iter().map(|mean| format!("{mean:>10.2}")).collect();
    println!("{what:<58}{means}{LIMIT_MS:>10}");
}

/// A mean in milliseconds.
async fn script_of(window: &Window, kind: &str) -> Result<f64> {
    let before = script_ms(window).await?;
    window.promise(&format!("edit('{kind}', {EDITS})")).await?;
    Ok((script_ms(window).await? - before) / EDITS as f64)
}

/// The same of strokes, drawn by the driver.
async fn strokes(server: &Server) -> Result<Vec<f64>> {
    let mut means = Vec::new();
    for size in BOARDS {
        let window = Window::open(Engine::Chromium, LAPTOP, None).await?;
        let address = format!("http://{}/#/r/board{size}/board?relay=none", server.host());
        window.goto(&address).await?;
        let element = "({ type: 'freedraw', x: (n % 250) * 40, y: Math.floor(n / 250) * 40, \
                       points: [[0, 0], [9, 7], [15, 22], [30, 30]] })";
        let file = format!(
            "{{ type: 'excalidraw', elements: Array.from({{ length: {size} }}, (_, n) => {element}) }}"
        );
        window
            .promise(&format!("duplex.board.import({file})"))
            .await?;
        window.until("all to be stored", STORED).await?;
        window.devtools("Performance.enable", json!({})).await?;
        // The first edit fetches the rest of the program, and the browser compiles what is used often.
        drawn(&window, EDITS, true).await?;
        window.until("the room to be listed", LISTED).await?;
        let idle = drawn(&window, EDITS, false).await?;
        means.push((drawn(&window, EDITS, true).await? - idle).max(0.0));
        window.close().await?;
    }
    Ok(means)
}

/// Script from the lift of the pen until the stroke is painted, a mean in milliseconds of so many strokes; or of as many
/// times without one.
async fn drawn(window: &Window, strokes: usize, draws: bool) -> Result<f64> {
    let painted = "new Promise((done) => requestAnimationFrame(() => setTimeout(done)))";
    let mut script = 0.0;
    for stroke in 0..strokes {
        let (x, y) = (200.0 + 30.0 * stroke as f64, 300.0);
        if draws {
            let points = [(x, y), (x + 9.0, y + 14.0), (x + 22.0, y + 30.0)];
            window.hold(&points, 5).await?;
        }
        window.promise(painted).await?;
        let before = script_ms(window).await?;
        // What the driver itself runs in the page is the same without a stroke.
        window.release().await?;
        window.promise(painted).await?;
        script += script_ms(window).await? - before;
    }
    Ok(script / strokes as f64)
}

async fn script_ms(window: &Window) -> Result<f64> {
    let metrics = window.devtools("Performance.getMetrics", json!({})).await?;
    let metrics = metrics["metrics"].as_array().context("no metrics")?;
    let script = metrics
        .iter()
        .find(|metric| metric["name"] == "ScriptDuration");
    let seconds = script.and_then(|metric| metric["value"].as_f64());
    Ok(1_000.0 * seconds.context("no script time")?)
}

/// How often a page calls `localStorage` while items of somebody else arrive, so many in a second.
async fn storage_calls(server: &Server) -> Result<u64> {
    let (a, b) = (
        Window::open(Engine::Chromium, LAPTOP, None).await?,
        Window::open(Engine::Chromium, LAPTOP, None).await?,
    );
    for window in [&a, &b] {
        window.goto(&server.room("calls", "todo")).await?;
    }
    a.until("two people", "return duplex.status().people === 2")
        .await?;
    let first = "duplex.todo.import([{ title: 'first' }])";
    a.promise(first).await?;
    b.until("the room to be listed", LISTED).await?;
    b.eval(
        "window.calls = 0; for (const name of ['setItem', 'removeItem', 'getItem']) { \
         const call = Storage.prototype[name]; \
         Storage.prototype[name] = function (...args) { calls++; return call.apply(this, args) } }",
    )
    .await?;
    let add = "const field = document.querySelector('.new-todo'); field.value = 'item ' + n; \
               field.dispatchEvent(new Event('input', { bubbles: true })); \
               field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }))";
    let adds = format!(
        "(async () => {{ for (let n = 0; n < {UPDATES}; n++) {{ {add}; \
         await new Promise((done) => setTimeout(done, 1000 / {UPDATES})); }} }})()"
    );
    a.promise(&adds).await?;
    let all = format!("return document.querySelectorAll('.todo-list li').length === {UPDATES} + 1");
    b.until("all items", &all).await?;
    let calls = b.eval("return window.calls").await?;
    a.close().await?;
    b.close().await?;
    calls.as_u64().context("a count")
}
