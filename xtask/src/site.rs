//! The site: built by Trunk into `dist/`, cut into chunks, and served with the embedded relay.

pub mod host;
pub mod hosts;
pub mod page;
pub mod split;
pub mod worker;

use std::{
    ffi::OsStr,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};
use axum::{
    Router,
    http::{HeaderValue, header},
};
use tokio::task::JoinHandle;
use tower_http::{services::ServeDir, set_header::SetResponseHeaderLayer};

use crate::{
    relay::{self, Faults, Relay},
    root,
    tools::{self, TARGET},
};

pub fn dist() -> PathBuf {
    root().join("dist")
}

/// The standard library is compiled along, for size, and a panic becomes a bare trap: a tenth less to download. Cargo
/// calls this unstable; toolchain and lock file are pinned, and `boot.js` tells people of a trap.
const SMALL_STD: [(&str, &str); 3] = [
    ("RUSTC_BOOTSTRAP", "1"),
    ("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort"),
    ("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size"),
];

/// Where the next version's site is built, for the tests that let it meet this one.
pub fn dist_of_next() -> PathBuf {
    root().join("target/next")
}

/// The release site in `dist/`.
pub fn build() -> Result<()> {
    build_into(&dist(), "split")
}

/// The same of a version that is one ahead.
pub fn build_next() -> Result<()> {
    build_into(&dist_of_next(), "split,ahead")
}

fn build_into(dist: &Path, features: &str) -> Result<()> {
    let path = tools::set_up_build()?;
    let mut trunk = Command::new("trunk");
    let built = as_release(&mut trunk)?
        .args(["build", "--release", "--offline", "--features", features])
        .arg("--dist")
        .arg(dist)
        .env("PATH", &path)
        .env("TRUNK_SKIP_VERSION_CHECK", "true")
        .env_remove("NO_COLOR")
        .status()
        .context("Trunk could not be started")?;
    if !built.success() {
        bail!("The site could not be built.");
    }
    let finished = finish(dist, &path);
    if finished.is_err() {
        // What Trunk left there cannot start without its chunks.
        fs::remove_dir_all(dist)?;
    }
    finished
}

/// What follows Trunk: `path` finds the tools.
fn finish(dist: &Path, path: &OsStr) -> Result<()> {
    let build = split::split(dist, &artifacts().join("duplex.wasm"), path)?;
    page::finish(dist, &build)?;
    seal(dist)
}

/// Writes what describes all other files of a site.
fn seal(dist: &Path) -> Result<()> {
    worker::write(dist)?;
    hosts::write(dist)?;
    hosts::compress(dist)
}

/// The site of `dist` once more in `to`, as another build with other names, for tests of updates.
pub fn redeploy(dist: &Path, to: &Path, number: u32) -> Result<()> {
    let is_program = |name: &String| name.ends_with("_bg.wasm");
    let program = files(dist)?.into_iter().find(is_program);
    let program = program.context("There is no built site. Build it with: cargo xtask build")?;
    let old = program
        .trim_start_matches("duplex-")
        .trim_end_matches("_bg.wasm");
    let new = format!("{number:016x}");
    for path in files(dist)? {
        let written = to.join(path.replace(old, &new));
        fs::create_dir_all(written.parent().context("a file is in no folder")?)?;
        match path.ends_with(".html") || path.ends_with(".js") {
            true => fs::write(
                written,
                fs::read_to_string(dist.join(&path))?.replace(old, &new),
            )?,
            false => fs::write(written, fs::read(dist.join(&path))?)?,
        }
    }
    worker::write(to)
}

/// All files of a site but those that [`seal`] writes, by their paths below `dist`, in order.
pub fn files(dist: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![dist.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path
                .strip_prefix(dist)?
                .to_string_lossy()
                .replace('\\', "/");
            let is_sealed = name.ends_with(".br") || name.ends_with(".gz");
            if !is_sealed && !["_headers", "sw.js"].contains(&name.as_str()) {
                found.push(name);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The MIME type of a file of text or code, which compresses; none of a picture.
pub fn kind_of(path: &str) -> Option<&'static str> {
    match path.rsplit('.').next()? {
        "css" => Some("text/css"),
        "html" => Some("text/html"),
        "js" => Some("text/javascript"),
        "json" => Some("application/json"),
        "svg" => Some("image/svg+xml"),
        "wasm" => Some("application/wasm"),
        _ => None,
    }
}

/// A name for what is in these pieces: 16 hexadecimal digits.
fn name_of<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = DefaultHasher::new();
    for piece in pieces {
        piece.hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

/// Changes a text file; one that stays as it was is not what it was taken for.
fn edit(file: &Path, change: impl FnOnce(String) -> String) -> Result<()> {
    let before = fs::read_to_string(file)?;
    let after = change(before.clone());
    ensure!(after != before, "{} is not as expected.", file.display());
    Ok(fs::write(file, after)?)
}

/// An example of a package for the browser, compiled as the site is. Gives the wasm file.
pub fn build_example(package: &str, name: &str) -> Result<PathBuf> {
    tools::set_up_build()?;
    let mut cargo = Command::new("cargo");
    let example = [
        "build",
        "--quiet",
        "--release",
        "--target",
        TARGET,
        "--package",
        package,
        "--example",
        name,
    ];
    tools::run(as_release(&mut cargo)?.args(example))?;
    let built = artifacts().join("examples").join(name);
    Ok(built.with_extension("wasm"))
}

/// Where cargo puts what is built for the browser.
fn artifacts() -> PathBuf {
    root().join("target").join(TARGET).join("release")
}

fn as_release(command: &mut Command) -> Result<&mut Command> {
    let flags = tools::release_flags()?;
    Ok(command
        .current_dir(root())
        // Flags from outside would take the place of these.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags)
        .envs(SMALL_STD))
}

/// `dist/` on loopback, at `/` and under `/sub/path/`, the next version under `/next/`, and a relay beside them.
pub struct Server {
    address: SocketAddr,
    relay: Relay,
    task: JoinHandle<()>,
}

impl Server {
    /// Port 0 takes any free one.
    pub async fn start(port: u16, faults: Faults) -> Result<Self> {
        if !dist().join("index.html").exists() {
            bail!("There is no built site in dist/. Build it with: cargo xtask build");
        }
        let relay = Relay::new(faults);
        let fresh = SetResponseHeaderLayer::overriding(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-cache"),
        );
        let router: Router = relay
            .router()
            .nest_service("/sub/path", files_of(dist()))
            .nest_service("/next", files_of(dist_of_next()))
            .fallback_service(files_of(dist()))
            .layer(fresh);
        let (address, task) = relay::listen(port, router).await?;
        Ok(Self {
            address,
            relay,
            task,
        })
    }

    pub fn address(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The address of a room's page, on the relay beside the site.
    pub fn room(&self, room: &str, page: &str) -> String {
        format!(
            "http://{0}/#/r/{room}/{page}?relay=ws%3A%2F%2F{1}%2Frelay%2F{room}",
            self.address,
            self.address.to_string().replace(':', "%3A")
        )
    }

    pub fn relay(&self) -> &Relay {
        &self.relay
    }
}

/// With the compressed copies, where a browser takes them.
fn files_of(folder: PathBuf) -> ServeDir {
    ServeDir::new(folder)
        .precompressed_br()
        .precompressed_gzip()
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
