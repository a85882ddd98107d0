//! The commands as a person types them: what they print, and that Ctrl-C ends them cleanly.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

fn xtask() -> Command {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
}

#[test]
fn without_a_command_the_commands_are_listed() -> Result<()> {
    let said = xtask().output()?;
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    for command in [
        "serve", "test", "build", "relay", "bench", "size", "shots", "lint", "setup",
    ] {
        ensure!(said.contains(command), "{command} is not listed:\n{said}");
    }
    Ok(())
}

#[test]
fn the_relay_starts_alone_and_ends_with_ctrl_c() -> Result<()> {
    let mut relay = xtask()
        .args(["relay", "--port", "0", "--drop", "0.1"])
        .stdout(Stdio::piped())
        .spawn()?;
    let out = relay.stdout.take().context("a piped output")?;
    let mut lines = BufReader::new(out).lines();
    let line = lines.next().context("a line")??;
    ensure!(
        line.starts_with("The relay is at ws://127.0.0.1:"),
        "{line}"
    );
    let interrupted = Command::new("kill")
        .args(["-INT", &relay.id().to_string()])
        .status()?;
    ensure!(
        interrupted.success() && relay.wait()?.success(),
        "it did not end cleanly"
    );
    Ok(())
}

#[test]
fn a_wrong_option_is_a_sentence() -> Result<()> {
    let said = xtask().args(["relay", "--audience", "nobody"]).output()?;
    ensure!(!said.status.success());
    ensure!(
        String::from_utf8_lossy(&said.stderr).contains("nobody"),
        "{said:?}"
    );
    Ok(())
}
