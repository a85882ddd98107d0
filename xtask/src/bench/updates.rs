//! The site as its service worker keeps it: updated while tabs are open, and without its host.

use std::{fs, path::Path};

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::LAPTOP;
use crate::{
    browser::{Engine, Window},
    site::{
        self,
        host::{Fault, Host},
    },
};

const DEPLOYMENTS: u32 = 20;
const STARTS: usize = 100;

/// That the service worker has all files of a version, and answers for the page.
pub const KEPT: &str = "return !!navigator.serviceWorker?.controller";

/// The builds whose files the page has, by the hash in their names.
const BUILDS: &str = "const names = performance.getEntriesByType('resource').map(({ name }) => name); \
    const program = document.querySelector('script[type=module]').src; \
    return [...new Set([program, ...names].flatMap(name => \
    name.match(/(?:duplex|split_\\w+|chunk_\\d+)-([0-9a-f]{16})/)?.[1] ?? []))]";

/// Asks the host for a new version, which may fail.
const LOOK: &str = "navigator.serviceWorker.getRegistration()\
    .then(it => it.update()).then(() => true, () => false)";

const OFFERED: &str = "return [...document.querySelectorAll('.toast button')]\
    .some(button => button.textContent === 'Use it now')";

/// Whether all chunks of the page's own version can be had.
const CHUNKS: &str = "fetch(document.querySelector('script[type=module]').src).then(it => it.text())\
    .then(text => Promise.all(text.match(/chunks\\/[\\w-]+\\.wasm/g).map(name => fetch(name))))\
    .then(all => all.every(it => it.ok && it.headers.get('content-type') === 'application/wasm'))";

/// What became of a site that was updated under its users.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Deployments in the middle of which a page started.
    pub started: u32,
    /// Tabs that had files of two versions.
    pub mixed: usize,
    /// Old tabs that could not get a part of their version any more.
    pub bereft: usize,
    pub lost: usize,
}

pub async fn run() -> Result<Value> {
    site::build()?;
    let host = Host::start().await?;
    let window = Window::open(Engine::Chromium, LAPTOP, None).await?;
    let seen = deployments(&window, &host, DEPLOYMENTS).await?;
    println!(
        "\n{:<58}{:>10}{:>10}",
        "Updates, two old tabs open, Chromium", "", "limit"
    );
    let row = |what: &str, value: usize, limit: usize| println!("{what:<58}{value:>10}{limit:>10}");
    row("deployments", DEPLOYMENTS as usize, DEPLOYMENTS as usize);
    row(
        "in the middle of which a page starts",
        seen.started as usize,
        DEPLOYMENTS as usize,
    );
    row("tabs with files of two versions", seen.mixed, 0);
    row("old tabs without a part of theirs", seen.bereft, 0);
    row("edits lost", seen.lost, 0);
    window.close().await?;

    let window = Window::open(Engine::Chromium, LAPTOP, None).await?;
    let address = room(&host);
    window.goto(&address).await?;
    window.until("that the site is kept", KEPT).await?;
    drop(host);
    let mut starts = 0;
    for _ in 0..STARTS {
        starts += usize::from(window.goto(&address).await.is_ok());
    }
    row("starts without the host, after one visit", starts, STARTS);
    window.close().await?;
    Ok(json!({
        "deployments": DEPLOYMENTS,
        "started": seen.started,
        "mixed": seen.mixed,
        "bereft": seen.bereft,
        "lost": seen.lost,
        "starts_without_host": starts,
    }))
}

fn room(host: &Host) -> String {
    format!("{}#/r/updated/todo?relay=none", host.address())
}

/// Deploys other versions, each in two steps, while two tabs stay as they were. In between, what is not there is
/// answered with an error or with a page, in turns. All tabs edit one room.
pub async fn deployments(window: &Window, host: &Host, count: u32) -> Result<Outcome> {
    let sites = TempDir::new()?;
    let address = room(host);
    let mut seen = Outcome::default();
    let mut made = 0;
    window.goto(&address).await?;
    window.until("that the site is kept", KEPT).await?;
    let mut old = vec![window.this_tab().await?];
    old.push(window.tab(&address).await?);
    window.until("the page", "return !!window.duplex").await?;
    let first = builds(window).await?;
    for number in 1..=count {
        let (whole, half) = (sites.path().join("whole"), sites.path().join("half"));
        for folder in [&whole, &half] {
            if folder.exists() {
                fs::remove_dir_all(folder)?;
            }
        }
        site::redeploy(&site::dist(), &whole, number)?;
        without_program(&whole, &half)?;
        host.break_by(match number % 2 {
            0 => Fault::AnyPathIsAPage,
            _ => Fault::None,
        });
        host.deploy(&half);
        window.tab(&address).await?;
        seen.started += u32::from(
            window
                .until("the page", "return !!window.duplex")
                .await
                .is_ok(),
        );
        made = add(window, made, "the tab that starts").await?;
        let before = builds(window).await?;
        window.promise(LOOK).await?;
        // Firefox's driver reloads past the service worker.
        window.goto(&address).await?;
        seen.mixed += usize::from(builds(window).await? != before);

        host.deploy(&whole);
        window.promise(LOOK).await?;
        window.until("the offer of a new version", OFFERED).await?;
        made = add(window, made, "the tab before it is updated").await?;
        window.press_if_there("Use it now").await?;
        let script = format!("duplex-{number:016x}.js");
        let is_new = format!(
            "return !!window.duplex && document.querySelector('script[type=module]').src.endsWith('{script}')"
        );
        window.until("the new version", &is_new).await?;
        made = add(window, made, "the updated tab").await?;
        seen.mixed += usize::from(builds(window).await? != json!([format!("{number:016x}")]));
        let updated = window.this_tab().await?;
        for tab in &old {
            window.turn_to(tab).await?;
            made = add(window, made, "an old tab").await?;
            seen.bereft += usize::from(window.promise(CHUNKS).await? != json!(true));
            seen.mixed += usize::from(builds(window).await? != first);
        }
        window.turn_to(&updated).await?;
        window.close_tab().await?;
        if let Some(tab) = old.first() {
            window.turn_to(tab).await?;
        }
    }
    window.goto(&address).await?;
    let kept = window.promise("duplex.todo.export()").await?;
    seen.lost = made - kept.as_array().map_or(0, Vec::len);
    Ok(seen)
}

/// Adds an item to those that were made, which all have to be there, and waits until it is stored.
async fn add(window: &Window, made: usize, tab: &str) -> Result<usize> {
    let rows =
        |count| format!("return document.querySelectorAll('.todo-list li').length === {count}");
    window
        .until(&format!("all {made} items in {tab}"), &rows(made))
        .await?;
    window
        .promise(&format!("duplex.todo.import([{{ title: 'item {made}' }}])"))
        .await?;
    window.until("one more", &rows(made + 1)).await?;
    window.until_saved().await?;
    Ok(made + 1)
}

async fn builds(window: &Window) -> Result<Value> {
    window.eval(BUILDS).await
}

/// A host's folder in the middle of an upload: all but the program and its chunks.
fn without_program(whole: &Path, half: &Path) -> Result<()> {
    let paths = site::files(whole)?;
    ensure!(!paths.is_empty(), "an empty site");
    for path in paths.into_iter().chain(["sw.js".to_owned()]) {
        if path.ends_with(".wasm") {
            continue;
        }
        let written = half.join(&path);
        if let Some(folder) = written.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(whole.join(&path), written)?;
    }
    Ok(())
}
