//! The service worker: `public/sw.js` with the list of all files that it keeps, and what each of them is.

use std::{fs, path::Path, process::Command};

use anyhow::Result;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{files, kind_of, name_of};
use crate::{root, tools};

/// Beside the page and the program: what a page asks for that works without its host.
const KEPT: [&str; 3] = ["ask.js", "icon.svg", "manifest.json"];

/// Writes `sw.js` into `dist`, which is complete but for it.
pub fn write(dist: &Path) -> Result<()> {
    let source = root().join("public/sw.js");
    let worker = fs::read(&source)?;
    let mut kept = Map::new();
    for path in files(dist)? {
        let is_kept = has_hash(&path) || KEPT.contains(&path.as_str()) || path == "index.html";
        let kind = kind_of(&path).filter(|_| is_kept);
        let Some(kind) = kind else {
            continue;
        };
        let hash = Sha256::digest(fs::read(dist.join(&path))?);
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = if path == "index.html" { "./" } else { &path };
        kept.insert(path.to_owned(), json!([kind, hash]));
    }
    let list = Value::from(kept);
    let version = name_of([list.to_string().as_bytes(), &worker]);
    let site = json!({ "version": version, "files": list });
    let written = dist.join("sw.js");
    tools::run(
        Command::new(tools::set_up_esbuild()?)
            .args(["--minify", "--log-level=error"])
            .arg(format!("--define:SITE={site}"))
            .arg(format!("--outfile={}", written.display()))
            .arg(&source),
    )
}

/// Whether the name of a file says what is in it: `<name>-<hash>.<kind>`, `<name>-<hash>_bg.wasm`.
fn has_hash(path: &str) -> bool {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let stem = stem.strip_suffix("_bg").unwrap_or(stem);
    let hash = stem.rsplit_once('-').map(|(_, hash)| hash);
    hash.is_some_and(|hash| hash.len() == 16 && hash.bytes().all(|digit| digit.is_ascii_hexdigit()))
}
