//! Our files in Excalidraw's own code.

use std::{fs, process::Command};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xtask::{site, tools};

use crate::Ground;

/// Bundles Excalidraw's `restoreElements` for the page. Only types, sizes and defaults pass through it, so its styles
/// and fonts are left out.
fn bundle() -> Result<String> {
    let home = tools::set_up_excalidraw()?;
    let entry = home.join("restore.mjs");
    fs::write(
        &entry,
        "import { restoreElements } from '@excalidraw/excalidraw';\nwindow.restoreElements = restoreElements;\n",
    )?;
    let out = home.join("restore.js");
    tools::run(
        Command::new(home.join("node_modules/.bin/esbuild"))
            .arg(&entry)
            .args([
                "--bundle",
                "--format=iife",
                "--log-level=error",
                "--define:process.env.NODE_ENV=\"production\"",
            ])
            .args([
                "--define:import.meta.env={}",
                "--loader:.css=empty",
                "--loader:.woff2=empty",
            ])
            .arg(format!("--outfile={}", out.display()))
            .current_dir(&home),
    )?;
    Ok(fs::read_to_string(out)?)
}

pub async fn every_exported_stroke_opens_in_excalidraw(ground: Ground) -> Result<()> {
    ensure!(site::dist().exists(), "no site");
    let window = ground.window().await?;
    window
        .goto(&ground.address("excalidraw", "board", None))
        .await?;
    for row in 0..6 {
        let y = 220.0 + 60.0 * f64::from(row);
        let wave: Vec<_> = (0..30)
            .map(|i| (260.0 + f64::from(i) * 17.3, y + f64::from(i % 5) * 6.7))
            .collect();
        window.drag(&wave, 4).await?;
    }
    // A dot, and strokes with pressure, far away and turned.
    window.drag(&[(900.0, 600.0)], 0).await?;
    let pressed = "duplex.board.import({ type: 'excalidraw', elements: [{ type: 'freedraw', x: -4000.3, y: 12345.6, \
                   angle: 1, points: [[0, 0], [10.5, 3.25], [40, -20]], pressures: [0.1, 0.9, 0.4] }] })";
    window.promise(pressed).await?;
    let drawn =
        "duplex.board.export().then(d => { window.n = d.elements.length }); return window.n === 8";
    window.until("eight strokes", drawn).await?;
    window.eval(&bundle()?).await?;
    let restored = window
        .promise("duplex.board.export().then(d => [d.elements, restoreElements(d.elements, null)])")
        .await?;
    let list = |at: usize| restored[at].as_array().context("a list of elements");
    let (ours, theirs) = (list(0)?, list(1)?);
    ensure!(
        ours.len() == 8 && theirs.len() == 8,
        "{} of {} elements were kept",
        theirs.len(),
        ours.len()
    );
    for (our, their) in ours.iter().zip(theirs) {
        ensure!(our["id"] == their["id"], "order or ids changed");
        let (ours, theirs) = (points(our)?, points(their)?);
        ensure!(ours.len() == theirs.len(), "points were lost");
        let worst = ours
            .iter()
            .zip(&theirs)
            .map(|(a, b)| (a.0 - b.0).hypot(a.1 - b.1))
            .fold(0.0, f64::max);
        ensure!(worst <= 0.5, "a point moved by {worst} px");
        let pressures = our["pressures"].as_array().map_or(0, Vec::len);
        ensure!(
            pressures == 0 || pressures == ours.len(),
            "{pressures} pressures for {} points",
            ours.len()
        );
    }
    window.close().await
}

/// In board coordinates.
fn points(element: &Value) -> Result<Vec<(f64, f64)>> {
    let number = |value: &Value| value.as_f64().context("a number");
    let (x, y) = (number(&element["x"])?, number(&element["y"])?);
    let points = element["points"].as_array().context("points")?.iter();
    points
        .map(|point| Ok((x + number(&point[0])?, y + number(&point[1])?)))
        .collect()
}
