//! Every test, counted: native, in wasm inside browsers, and journeys of people.

use std::{
    ffi::OsString,
    fs,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::{
    browser::Engine,
    relay::{Faults, Server},
    root, site, tools,
};

#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Count {
    fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// Reads a closing line of libtest, of libtest-mimic or of wasm-bindgen's runner:
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    fn of_line(line: &str) -> Option<Self> {
        let (_, counts) = line.split_once("test result: ")?;
        let number = |what: &str| {
            let before = counts.split(what).next()?.trim_end();
            before
                .rsplit(|c: char| !c.is_ascii_digit())
                .next()?
                .parse()
                .ok()
        };
        Some(Self {
            passed: number("passed")?,
            failed: number("failed")?,
            skipped: number("ignored").unwrap_or_default(),
        })
    }
}

/// Runs everything. `strict`: an engine that is missing fails instead of being skipped.
pub async fn run(strict: bool) -> Result<()> {
    let path = tools::set_up_tests()?;
    site::build_next()?;
    site::build()?;
    let mut total = Count::default();
    println!("\n== Native: unit, property, simulation, tidiness, relay");
    total.add(&step(cargo().args([
        "test",
        "--workspace",
        "--no-fail-fast",
    ])));
    // Frames that it refuses let the tests see a close that the server began.
    let faults = Faults {
        max_frame: Some(100_000),
        subprotocol: Some("echo.v1".to_owned()),
        ..Faults::default()
    };
    let relay = Server::start(0, faults).await?;
    println!("\n== Examples, compiled for the browser");
    total.add(&compiled(cargo().args([
        "build",
        "--target",
        "wasm32-unknown-unknown",
        "--package",
        "duplex",
        "--package",
        "duplex-socket",
        "--examples",
    ])));
    println!("\n== The socket, as a crate for others");
    total.add(&compiled(cargo().args([
        "package",
        "--package",
        "duplex-socket",
        "--allow-dirty",
    ])));
    for engine in [Engine::Chromium, Engine::Firefox] {
        println!("\n== In wasm, in {}", engine.name());
        total.add(&match engine.is_here(&path) {
            true => in_wasm(engine, &path, &relay)?,
            false => absent(engine, strict),
        });
    }
    relay.kill().await;
    println!("\n== Journeys");
    for engine in Engine::ALL {
        total.add(&match engine.is_here(&path) {
            true => step(
                cargo()
                    .args([
                        "test",
                        "--package",
                        "xtask",
                        "--test",
                        "journeys",
                        "--",
                        engine.name(),
                    ])
                    .env("PATH", &path),
            ),
            false => absent(engine, strict),
        });
    }
    println!(
        "{} passed, {} failed, {} skipped",
        total.passed, total.failed, total.skipped
    );
    if total.failed > 0 {
        std::process::exit(1);
    }
    Ok(())
}

fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root());
    cargo
}

/// One test: the command succeeds.
fn compiled(command: &mut Command) -> Count {
    let works = command.status().is_ok_and(|status| status.success());
    Count {
        passed: usize::from(works),
        failed: usize::from(!works),
        ..Count::default()
    }
}

fn absent(engine: Engine, strict: bool) -> Count {
    println!("{} is not on this machine.", engine.name());
    Count {
        failed: usize::from(strict),
        skipped: usize::from(!strict),
        ..Count::default()
    }
}

fn in_wasm(engine: Engine, path: &OsString, relay: &Server) -> Result<Count> {
    let driver = which::which_in(engine.driver(), Some(path), root())?;
    let variable = match engine {
        Engine::Firefox => "GECKODRIVER",
        _ => "CHROMEDRIVER",
    };
    Ok(step(
        cargo()
            .args([
                "test",
                "--target",
                "wasm32-unknown-unknown",
                "--test",
                "browser",
                "--test",
                "hostile",
            ])
            .env("PATH", path)
            .env(
                "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
                "wasm-bindgen-test-runner",
            )
            .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", webdriver_json()?)
            .env("WASM_BINDGEN_TEST_TIMEOUT", "120")
            // Compiled into the tests: a page has no environment.
            .env(
                "DUPLEX_TEST_RELAY",
                format!("ws://127.0.0.1:{}", relay.port()),
            )
            .env(variable, driver),
    ))
}

/// What wasm-bindgen's runner asks of the browsers: Chromium does not start as root with its sandbox.
fn webdriver_json() -> Result<PathBuf> {
    let file = root().join("target/webdriver.json");
    let chromium = [
        "headless",
        "no-sandbox",
        "disable-gpu",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "no-first-run",
    ];
    let capabilities = json!({
        "goog:chromeOptions": { "args": chromium },
        "moz:firefoxOptions": { "args": ["-headless"] },
    });
    fs::write(&file, capabilities.to_string())?;
    Ok(file)
}

/// Runs a test command, shows what it prints, and counts. A command that fails without naming a failed test, as one
/// that does not compile, is a failure too.
fn step(command: &mut Command) -> Count {
    match counted(command) {
        Ok(count) => count,
        Err(error) => {
            eprintln!("{error:#}");
            Count {
                failed: 1,
                ..Count::default()
            }
        }
    }
}

fn counted(command: &mut Command) -> Result<Count> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .context("cargo could not be started")?;
    let out = child.stdout.take().context("a piped output is there")?;
    let mut count = Count::default();
    for line in BufReader::new(out).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        if let Some(more) = Count::of_line(&line) {
            count.add(&more);
        }
        writeln!(std::io::stdout(), "{line}")?;
    }
    if !child.wait()?.success() && count.failed == 0 {
        count.failed = 1;
    }
    Ok(count)
}

/// Hostile bytes and simulated rooms of a fresh seed. What fails says how to play it again.
pub fn fuzz(long: bool, seed: Option<u64>) -> Result<()> {
    let seed = seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
    let (inputs, rooms) = if long {
        ("1000000", "10000")
    } else {
        ("100000", "500")
    };
    let again = if long { " --long" } else { "" };
    println!(
        "{inputs} inputs, {rooms} rooms. The same again: cargo xtask fuzz{again} --seed {seed}"
    );
    let played = cargo()
        .args([
            "test",
            "--quiet",
            "--test",
            "hostile",
            "--test",
            "simulation",
        ])
        .args(["--", "mutated", "asked_seeds"])
        .env("DUPLEX_FUZZ_INPUTS", inputs)
        .env("DUPLEX_FUZZ_SEED", seed.to_string())
        .env("DUPLEX_SEED", seed.to_string())
        .env("DUPLEX_SEEDS", rooms)
        .status()?;
    if !played.success() {
        bail!("The seed {seed} found something.");
    }
    Ok(())
}

/// Formatting and lints, natively and for wasm.
pub fn lint() -> Result<()> {
    let clippy = [
        "clippy",
        "--quiet",
        "--all-targets",
        "--workspace",
        "--",
        "-D",
        "warnings",
    ];
    // No default target, because it needs a built site.
    let journeys = [
        "clippy",
        "--quiet",
        "--package",
        "xtask",
        "--test",
        "journeys",
        "--",
        "-D",
        "warnings",
    ];
    let wasm = [
        "clippy",
        "--quiet",
        "--target",
        "wasm32-unknown-unknown",
        "--package",
        "duplex",
        "--package",
        "duplex-socket",
        "--lib",
        "--bins",
        "--examples",
        "--",
        "-D",
        "warnings",
    ];
    // The floors above core exist for wasm alone, and so do their links.
    let docs = [
        "doc",
        "--quiet",
        "--no-deps",
        "--document-private-items",
        "--target",
        "wasm32-unknown-unknown",
        "--package",
        "duplex",
        "--package",
        "duplex-socket",
        "--lib",
    ];
    let commands: [&[&str]; 5] = [
        &["fmt", "--all", "--check"],
        &clippy,
        &journeys,
        &wasm,
        &docs,
    ];
    for arguments in commands {
        let mut command = cargo();
        command.args(arguments).env("RUSTDOCFLAGS", "-D warnings");
        if !command.status()?.success() {
            bail!("cargo {} found something.", arguments.join(" "));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_counted() {
        let line =
            "test result: FAILED. 111 passed; 2 failed; 3 ignored; 0 measured; 0 filtered out";
        let count = Count {
            passed: 111,
            failed: 2,
            skipped: 3,
        };
        assert_eq!(Count::of_line(line), Some(count));
        assert_eq!(
            Count::of_line("\u{1b}[32mtest result: ok. 7 passed; 0 failed; 0 ignored")
                .map(|c| c.passed),
            Some(7)
        );
        assert_eq!(Count::of_line("running 3 tests"), None);
    }

    #[test]
    fn a_command_that_dies_is_a_failure() {
        assert_eq!(step(&mut Command::new("false")).failed, 1);
        assert_eq!(step(&mut Command::new("no-such-program")).failed, 1);
    }
}
