//! `cargo xtask`: the project's own commands.

use std::io::Write;

use anyhow::Result;
use clap::{Parser, Subcommand};
use xtask::{bench, icons, relay, shots, site, suite, tools};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Duplex: build, serve, test, measure",
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the app and serve it with a relay on this machine
    Serve {
        #[arg(long, default_value_t = 8080)]
        port: u16,
        /// Serve `dist/` as it is
        #[arg(long)]
        no_build: bool,
    },
    /// Run every test
    Test {
        /// A browser that is missing is a failure
        #[arg(long)]
        strict: bool,
    },
    /// Play hostile bytes and simulated rooms that no test has seen
    Fuzz {
        /// A million inputs and ten thousand rooms
        #[arg(long)]
        long: bool,
        /// The same ones again
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Build the site into `dist/`, for any static host
    Build {
        /// The version one ahead into `target/next/`, for the tests that let it meet this one
        #[arg(long)]
        next: bool,
    },
    /// Run the relay alone, with the faults that tests need
    Relay {
        #[arg(long, default_value_t = 8081)]
        port: u16,
        #[command(flatten)]
        faults: relay::Faults,
    },
    /// Measure, print tables, write JSON under target/bench/
    Bench {
        /// Only this part
        part: Option<bench::Part>,
    },
    /// Print what a first visit downloads
    Size,
    /// Take pictures of the app in use, into target/shots/
    Shots,
    /// Paint the icons of the installed app, into public/icons/
    Icons,
    /// Check formatting and lints
    Lint,
    /// Install everything that the other commands need
    Setup,
}

#[tokio::main]
async fn main() {
    let done = match Cli::parse().command {
        Command::Serve { port, no_build } => serve(port, no_build).await,
        Command::Test { strict } => suite::run(strict).await,
        Command::Fuzz { long, seed } => suite::fuzz(long, seed),
        Command::Build { next: false } => site::build(),
        Command::Build { next: true } => site::build_next(),
        Command::Relay { port, faults } => relay_alone(port, faults).await,
        Command::Bench { part } => bench::run(part).await,
        Command::Size => bench::size::check(),
        Command::Shots => shots::take().await,
        Command::Icons => icons::paint().await,
        Command::Lint => suite::lint(),
        Command::Setup => tools::set_up_everything(),
    };
    if let Err(error) = done {
        eprintln!("{error:#}");
        std::process::exit(1);
    }
}

async fn serve(port: u16, no_build: bool) -> Result<()> {
    if !no_build {
        site::build()?;
    }
    let server = site::Server::start(port, relay::Faults::default()).await?;
    println!("Duplex is at {}", server.address());
    let mut joined = server.relay().joined();
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => break,
            changed = joined.changed() => {
                changed?;
                let count = *joined.borrow_and_update();
                println!("{count} {} joined", if count == 1 { "browser" } else { "browsers" });
            }
        }
    }
    end_line();
    Ok(())
}

async fn relay_alone(port: u16, faults: relay::Faults) -> Result<()> {
    let server = relay::Server::start(port, faults).await?;
    println!("The relay is at {}", server.address());
    tokio::signal::ctrl_c().await?;
    end_line();
    Ok(())
}

/// After the terminal's `^C`. Whoever read the output may be gone by now.
fn end_line() {
    let _ = writeln!(std::io::stdout());
}
