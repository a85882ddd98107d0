//! The house rules that can be code. Each test names the rule that it keeps.
#![cfg(not(target_arch = "wasm32"))]

mod circles;

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Files below `folder` with this ending, as (path from the root, text).
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == ending)
            {
                let name = path
                    .strip_prefix(root())
                    .unwrap()
                    .to_string_lossy()
                    .into_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "nothing in {folder}");
    found
}

/// The code that ships: no tests, no comments.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let shipped = text.split("[cfg(test)]").next().unwrap_or_default();
    let lines = shipped.lines().enumerate().map(|(at, line)| (at + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn assert_absent(files: &[(String, String)], words: &[&str], rule: &str) {
    let mut broken = Vec::new();
    for (file, text) in files {
        for (number, line) in code(text) {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                broken.push(format!("{file}:{number}: {word}"));
            }
        }
    }
    assert!(broken.is_empty(), "{rule}\n{}", broken.join("\n"));
}

fn core() -> Vec<(String, String)> {
    let mut files = [files("src/core", "rs"), files("src/sim", "rs")].concat();
    files.push((
        "src/limits.rs".into(),
        fs::read_to_string(root().join("src/limits.rs")).unwrap(),
    ));
    files
}

#[test]
fn core_and_sim_name_no_browser_and_no_component() {
    let words = [
        "web_sys",
        "js_sys",
        "wasm_bindgen",
        "leptos",
        "gloo",
        "crate::browser",
        "crate::ui",
    ];
    assert_absent(&core(), &words, "core and sim stand below the browser");
}

#[test]
fn only_the_replica_knows_yrs() {
    let all: Vec<_> = files("src", "rs")
        .into_iter()
        .filter(|(file, _)| !file.starts_with("src/core/doc/replica"))
        .collect();
    assert_absent(
        &all,
        &["yrs::", "use yrs"],
        "yrs is imported by core/doc/replica alone",
    );
}

#[test]
fn socket_wire_and_doc_do_not_know_each_other() {
    const PARTS: [&str; 5] = ["socket", "wire", "line", "doc", "session"];
    for (part, knows) in [
        ("wire", [].as_slice()),
        ("line", &["socket", "wire"]),
        ("doc", &[]),
    ] {
        let others = PARTS
            .into_iter()
            .filter(|other| *other != part && !knows.contains(other));
        let others: Vec<_> = others.map(|other| format!("core::{other}")).collect();
        let others: Vec<_> = others.iter().map(String::as_str).collect();
        assert_absent(
            &files(&format!("src/core/{part}"), "rs"),
            &others,
            "line joins socket and wire, and only session all of them",
        );
    }
}

/// `core::socket` is a crate that others use, too: what it decides stands below the browser there as well.
#[test]
fn the_socket_crate_stands_alone_and_its_engines_below_the_browser() {
    let all = files("src/socket", "rs");
    let words = ["duplex::", "crate::core", "yrs", "chacha", "dalek"];
    assert_absent(&all, &words, "the socket knows nothing of Duplex");
    let is_above = |file: &str| {
        let above = ["browser", "components.rs", "examples", "hook.rs", "lib.rs"];
        above
            .iter()
            .any(|path| file.starts_with(&format!("src/socket/{path}")))
    };
    let engines: Vec<_> = all
        .into_iter()
        .filter(|(file, _)| !is_above(file))
        .collect();
    let words = [
        "web_sys",
        "js_sys",
        "wasm_bindgen",
        "leptos",
        "crate::browser",
    ];
    assert_absent(&engines, &words, "engines stand below the browser");
}

#[test]
fn the_browser_floor_does_not_know_the_floor_above() {
    assert_absent(
        &files("src/browser", "rs"),
        &["crate::ui", "leptos"],
        "arrows point down",
    );
}

#[test]
fn hooks_and_parts_never_name_a_page() {
    for folder in ["src/ui/hooks", "src/ui/parts"] {
        assert_absent(
            &files(folder, "rs"),
            &["pages::"],
            "pages use hooks and parts",
        );
    }
}

/// The board's is part of the first load.
#[test]
fn every_apps_page_is_fetched_by_its_name() {
    let chunks = fs::read_to_string(root().join("src/ui/chunks.rs")).unwrap();
    for (file, text) in files("src/core/apps", "rs") {
        let name = text
            .split("pub const APP: App = App {\n    name: \"")
            .nth(1);
        let Some(name) = name.and_then(|rest| rest.split('"').next()) else {
            continue;
        };
        assert!(
            name == "board" || chunks.contains(&format!("\"{name}\" => ")),
            "{file}: {name}"
        );
    }
}

/// But for the keyboard, which chooses tools.
#[test]
fn core_names_its_apps_in_one_place() {
    let mut others = core();
    others.retain(|(file, _)| {
        let names = [
            "src/core/apps",
            "src/core/keyboard.rs",
            "src/core/ahead",
            "src/sim",
        ];
        !names.iter().any(|path| file.starts_with(path)) && !file.ends_with("tests.rs")
    });
    assert_absent(
        &others,
        &["apps::board", "apps::todo"],
        "core/apps.rs names all apps",
    );
}

#[test]
fn no_sink_takes_strings_as_markup_or_code() {
    let words = [
        "inner_html",
        "set_inner_html",
        "document.write",
        "Function::new",
        "eval(",
    ];
    assert_absent(
        &files("src", "rs"),
        &words,
        "what people write is text, never markup",
    );
}

#[test]
fn files_are_short_and_say_what_they_are() {
    for folder in ["src", "tests", "xtask"] {
        for (file, text) in files(folder, "rs") {
            let lines = text.lines().count();
            assert!(lines <= 600, "{file} has {lines} lines: is it two things?");
            assert!(
                text.starts_with("//!"),
                "{file} does not begin by saying what it is"
            );
        }
    }
    for (file, text) in files("style", "css") {
        assert!(
            text.lines().count() <= 600 && text.starts_with("/*"),
            "{file}"
        );
    }
}

#[test]
fn the_map_in_lib_names_every_part_of_core() {
    let map = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    for entry in fs::read_dir(root().join("src/core")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(
            map.contains(&format!("//!   {name}")),
            "src/lib.rs does not show core/{name}"
        );
    }
}

#[test]
fn no_file_names_a_machines_own_path() {
    let words = [
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/tm", "p/"),
        concat!("/wo", "rk/"),
    ];
    for (folder, ending) in [
        ("src", "rs"),
        ("tests", "rs"),
        ("xtask", "rs"),
        ("style", "css"),
        (".ci", ""),
    ] {
        if root().join(folder).exists() && !ending.is_empty() {
            for (file, text) in files(folder, ending) {
                for word in words {
                    assert!(
                        !text.contains(word) || file == "tests/tidy/main.rs",
                        "{file} names {word}"
                    );
                }
            }
        }
    }
}

#[test]
fn pinned_versions_match() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let (_, after) = lock
        .split_once("name = \"wasm-bindgen\"\nversion = \"")
        .unwrap();
    let version = after.split('"').next().unwrap();
    let tools = fs::read_to_string(root().join("xtask/src/tools.rs")).unwrap();
    let cli = format!("package: \"wasm-bindgen-cli\",\n    version: \"{version}\"");
    assert!(
        tools.contains(&cli),
        "the crate is {version}; is the CLI of xtask/src/tools.rs the same?"
    );
}

/// Each `cargo xtask` line of the README is a command with options that exist.
#[test]
fn the_readme_names_only_commands_that_exist() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let cli = fs::read_to_string(root().join("xtask/src/main.rs")).unwrap();
    let relay = fs::read_to_string(root().join("xtask/src/relay.rs")).unwrap();
    let mut commands = 0;
    let lines = readme.lines();
    for command in lines.flat_map(|line| line.split("cargo xtask ").skip(1)) {
        commands += 1;
        let mut words = command.split(|c: char| c.is_whitespace() || c == '`' || c == '|');
        let name = words.next().unwrap();
        let variant = format!("    {}{}", name[..1].to_uppercase(), &name[1..]);
        assert!(cli.contains(&variant), "cargo xtask {name}");
        for option in words.filter(|word| word.starts_with("--")) {
            let field = option.trim_matches('-').replace('-', "_");
            let field = format!("{field}:");
            assert!(
                cli.contains(&field) || relay.contains(&field),
                "{name} {option}"
            );
        }
    }
    assert!(commands >= 2);
    for picture in readme
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
    {
        if !picture.starts_with("http") && !picture.starts_with('#') {
            assert!(
                root().join(Path::new(picture)).exists(),
                "README names {picture}"
            );
        }
    }
}
