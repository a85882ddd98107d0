//! What a first visit downloads.

use std::{fs, io::Write, path::Path};

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
pub fn measure() -> Result<Sizes> {
    let chunks = files(&site::dist().join("chunks"))?;
    let awaited = site::split::chunks_of("start")?;
    let is_awaited = |(name, ..): &Size| {
        let name = name.split_once('-').map_or("", |(name, _)| name);
        awaited.iter().any(|awaited| awaited == name)
    };
    let (word, later) = chunks.into_iter().partition(is_awaited);
    Ok(Sizes {
        first: files(&site::dist())?,
        word,
        later,
    })
}

fn files(folder: &Path) -> Result<Vec<Size>> {
    let mut sizes = Vec::new();
    for entry in
        fs::read_dir(folder).context("There is no built site. Build it with: cargo xtask build")?
    {
        let entry = entry?;
        if !entry.file_type()?.is_file() {
            continue;
        }
        let bytes = fs::read(entry.path())?;
        sizes.push((
            entry.file_name().to_string_lossy().into_owned(),
            bytes.len(),
            compressed(&bytes)?,
        ));
    }
    sizes.sort();
    Ok(sizes)
}

/// Bytes after Brotli at its best.
fn compressed(bytes: &[u8]) -> Result<usize> {
    let mut brotli = brotli::CompressorWriter::new(Vec::new(), 4_096, 11, 22);
    brotli.write_all(bytes)?;
    Ok(brotli.into_inner().len())
}

/// Of one file.
pub fn brotli_kb(file: &Path) -> Result<f64> {
    let bytes = fs::read(file).with_context(|| format!("{} is missing", file.display()))?;
    Ok(kb(compressed(&bytes)?))
}
