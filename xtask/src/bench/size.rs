//! What a first visit downloads.

use std::{fs, io::Write, path::Path};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::site;

/// The promise: everything of a first load, Brotli.
const LIMIT_KB: f64 = 260.0;

/// File names with their sizes in bytes, as they are and after Brotli (quality 11).
pub struct Sizes(Vec<(String, usize, usize)>);

impl Sizes {
    fn total(&self) -> (usize, usize) {
        self.0
            .iter()
            .fold((0, 0), |(raw, small), (_, r, s)| (raw + r, small + s))
    }

    /// Prints the table.
    pub fn print(self) -> Self {
        println!("{:<44}{:>12}{:>12}", "first load", "kB", "kB brotli");
        for (name, raw, small) in &self.0 {
            println!("{name:<44}{:>12.1}{:>12.1}", kb(*raw), kb(*small));
        }
        let (raw, small) = self.total();
        println!(
            "{:<44}{:>12.1}{:>12.1}   limit {LIMIT_KB}",
            "all of it",
            kb(raw),
            kb(small)
        );
        self
    }

    pub fn to_json(&self) -> Value {
        let files = self
            .0
            .iter()
            .map(|(name, raw, brotli)| json!({ "file": name, "raw": raw, "brotli": brotli }));
        json!(files.collect::<Vec<_>>())
    }
}

/// Prints the table, and fails if the promise is broken.
pub fn check() -> Result<()> {
    let (_, small) = measure()?.print().total();
    if kb(small) > LIMIT_KB {
        bail!("The first load is larger than {LIMIT_KB} kB.");
    }
    Ok(())
}

fn kb(bytes: usize) -> f64 {
    bytes as f64 / 1_000.0
}

pub fn measure() -> Result<Sizes> {
    let mut sizes = Vec::new();
    for entry in
        fs::read_dir(site::dist()).context("There is no dist/. Build it with: cargo xtask build")?
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
    Ok(Sizes(sizes))
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
