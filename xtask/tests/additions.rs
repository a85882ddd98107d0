//! What it costs to add something: each patch adds one thing to the program, and may change no more files that exist than
//! `src/design.md` says. Together they compile, natively and for the browser.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

/// A patch, and how many files it may change.
const ADDITIONS: [(&str, usize); 4] = [
    // With a table, and a slot for what its people do just now.
    ("page", 3),
    ("tool", 2),
    // Of what is drawn, that people change.
    ("property", 4),
    ("dialect", 3),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn patch(name: &str) -> PathBuf {
    let file = format!("xtask/tests/additions/{name}.patch");
    root().join(file)
}

fn run(command: &mut Command) -> Result<String> {
    let done = command.output()?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "{command:?}\n{said}");
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

/// The source as it is, in a folder of its own.
fn copy() -> Result<PathBuf> {
    let copy = root().join("target/additions");
    if copy.exists() {
        fs::remove_dir_all(&copy)?;
    }
    let listed = run(Command::new("git").current_dir(root()).args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    for file in listed.lines() {
        let to = copy.join(file);
        fs::create_dir_all(to.parent().context("a file is in a folder")?)?;
        // One that was deleted and is still listed is left out.
        let _ = fs::copy(root().join(file), to);
    }
    Ok(copy)
}

#[test]
fn a_page_a_tool_a_property_and_a_dialect_change_few_files_and_compile() -> Result<()> {
    let copy = copy()?;
    for (name, most) in ADDITIONS {
        let text = fs::read_to_string(patch(name))?;
        let files = text.matches("\ndiff --git ").count() + usize::from(text.starts_with("diff"));
        let new = text.matches("\nnew file mode ").count();
        let changed = files - new;
        println!("{name}: {changed} files that exist, {new} new; at most {most}");
        ensure!(changed <= most, "{name} changes {changed} files");
        run(Command::new("git")
            .current_dir(&copy)
            // It is no part of the repository around it.
            .env(
                "GIT_CEILING_DIRECTORIES",
                root().join("target").canonicalize()?,
            )
            .args(["apply", "-C1", "--whitespace=nowarn"])
            .arg(patch(name).canonicalize()?))
        .with_context(|| format!("{name}.patch does not fit any more: make it again"))?;
    }
    for target in [[].as_slice(), &["--target", "wasm32-unknown-unknown"]] {
        run(Command::new("cargo")
            .current_dir(&copy)
            .env("CARGO_TARGET_DIR", root().join("target").canonicalize()?)
            .args(["build", "--quiet", "--lib", "--package", "duplex"])
            .args(target))?;
    }
    fs::remove_dir_all(&copy)?;
    Ok(())
}
