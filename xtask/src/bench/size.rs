//! What a first visit downloads.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::site;

/// The promise: everything of a first load, Brotli.
const LIMIT_KB: f64 = 260.0;
/// Of a first load and what the first word to others waits for. Not kept yet.
const FIRST_WORD_KB: f64 = 275.0;

/// A file with its size in bytes, as it is and after Brotli (quality 11).
type Size = (String, usize, usize);

pub struct Sizes {
    first: Vec<Size>,
    /// What is fetched after the first paint, before anything is said to others.
    word: Vec<Size>,
    /// What is fetched on demand, or after the first edit.
    later: Vec<Size>,
}

fn total(files: &[Size]) -> (usize, usize) {
    files
        .iter()
        .fold((0, 0), |(raw, small), (_, r, s)| (raw + r, small + s))
}

fn row(name: &str, raw: usize, small: usize, note: &str) {
    println!("{name:<44}{:>12.1}{:>12.1}{note}", kb(raw), kb(small));
}

impl Sizes {
    /// Prints the table.
    pub fn print(self) -> Self {
        let limit = format!("   limit {LIMIT_KB}");
        let (_, first) = total(&self.first);
        let (_, word) = total(&self.word);
        let both = kb(first + word);
        let both = format!("   with the first load {both:.1}, limit {FIRST_WORD_KB}");
        for (title, files, note) in [
            ("first load", &self.first, limit.as_str()),
            ("what the first word waits for", &self.word, both.as_str()),
            ("after it", &self.later, ""),
        ] {
            println!("{title:<44}{:>12}{:>12}", "kB", "kB brotli");
            for (name, raw, small) in files {
                row(name, *raw, *small, "");
            }
            let (raw, small) = total(files);
            row("all of it", raw, small, note);
        }
        self
    }

    pub fn to_json(&self) -> Value {
        let files = |files: &[Size]| -> Value {
            let files = files.iter();
            files
                .map(|(name, raw, brotli)| json!({ "file": name, "raw": raw, "brotli": brotli }))
                .collect()
        };
        json!({
            "first_load": files(&self.first),
            "first_word": files(&self.word),
            "after_it": files(&self.later),
        })
    }
}

/// Prints the table, and fails if the promise is broken.
pub fn check() -> Result<()> {
    let (_, small) = total(&measure()?.print().first);
    if kb(small) > LIMIT_KB {
        bail!("The first load is larger than {LIMIT_KB} kB.");
    }
    Ok(())
}

fn kb(bytes: usize) -> f64 {
    bytes as f64 / 1_000.0
}

/// Everything beside `index.html` counts as the first load: whatever of it a page would not fetch has no business there.
/// The service worker comes after the first stroke.
pub fn measure() -> Result<Sizes> {
    let awaited = site::split::chunks_of("start")?;
    let (mut first, mut word, mut later) = (Vec::new(), Vec::new(), Vec::new());
    let mut paths = site::files(&site::dist()).context(NO_SITE)?;
    paths.push("sw.js".to_owned());
    for path in paths {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let chunk = name.split_once('-').map_or("", |(chunk, _)| chunk);
        let list = match folder {
            // A worker that looks for a relay.
            "" if path == "ask.js" => &mut word,
            "" if path != "sw.js" => &mut first,
            "chunks" if awaited.iter().any(|awaited| awaited == chunk) => &mut word,
            "" | "chunks" => &mut later,
            // Pictures of the app, for those who install it.
            _ => continue,
        };
        let bytes = fs::read(site::dist().join(&path))?;
        let size = site::hosts::brotli(&bytes)?.len();
        list.push((name.to_owned(), bytes.len(), size));
    }
    Ok(Sizes { first, word, later })
}

const NO_SITE: &str = "There is no built site. Build it with: cargo xtask build";

/// Of one file.
pub fn brotli_kb(file: &Path) -> Result<f64> {
    let bytes = fs::read(file).with_context(|| format!("{} is missing", file.display()))?;
    Ok(kb(site::hosts::brotli(&bytes)?.len()))
}
