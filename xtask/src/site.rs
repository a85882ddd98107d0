//! The site: built by Trunk into `dist/`, cut into chunks, and served with the embedded relay.

pub mod split;

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
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
/// calls this unstable; toolchain and lock file are pinned, and `crash.js` tells people of a trap.
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
    let cut = split::split(dist, &artifacts().join("duplex.wasm"), &path);
    if cut.is_err() {
        // What Trunk left there cannot start without its chunks.
        fs::remove_dir_all(dist)?;
    }
    cut
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
            .nest_service("/sub/path", ServeDir::new(dist()))
            .nest_service("/next", ServeDir::new(dist_of_next()))
            .fallback_service(ServeDir::new(dist()))
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

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
