//! No two files of the source need each other, nor do more of them in a circle: each can be read, tested and moved without
//! those that use it. A file and the files below it (`room.rs` and `room/…`) are one thing here, because a type may be
//! written in several.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A module's path from the root of the crate.
type Module = Vec<String>;

/// Paths that begin with `crate`, `self` or `super`, in `use` or anywhere else, macros included; not in tests.
fn paths(tokens: TokenStream, found: &mut Vec<Vec<String>>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            TokenTree::Group(group) if group.to_string().replace(' ', "") == "[cfg(test)]" => {
                let is_end = |token: &TokenTree| match token {
                    TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                    token => token.to_string() == ";",
                };
                at += tokens[at..].iter().position(is_end).unwrap_or_default();
            }
            TokenTree::Group(group) => paths(group.stream(), found),
            TokenTree::Ident(name) if ["crate", "self", "super"].contains(&&*name.to_string()) => {
                path(&tokens[at..], Vec::new(), found);
            }
            _ => {}
        }
        at += 1;
    }
}

/// One path, or all that a tree of `use` names.
fn path(tokens: &[TokenTree], mut begun: Vec<String>, found: &mut Vec<Vec<String>>) {
    match tokens {
        [TokenTree::Ident(name), rest @ ..] => {
            begun.push(name.to_string());
            match rest {
                [TokenTree::Punct(a), TokenTree::Punct(b), rest @ ..]
                    if a.as_char() == ':' && b.as_char() == ':' =>
                {
                    path(rest, begun, found);
                }
                _ => found.push(begun),
            }
        }
        [TokenTree::Group(group), ..] => {
            let branches: Vec<_> = group.stream().into_iter().collect();
            let is_comma =
                |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ',');
            for branch in branches.split(is_comma) {
                path(branch, begun.clone(), found);
            }
        }
        _ => found.push(begun),
    }
}

/// The file that a path of `module` leads to.
fn resolved(module: &Module, path: &[String], files: &BTreeMap<Module, String>) -> Option<Module> {
    let mut here = module.clone();
    let mut names = path.iter().peekable();
    while let Some(name) = names.peek() {
        match name.as_str() {
            "crate" => here.clear(),
            "self" => {}
            "super" => drop(here.pop()),
            _ => break,
        }
        names.next();
    }
    for name in names {
        here.push(name.clone());
        if !files.contains_key(&here) {
            here.pop();
            break;
        }
    }
    files.contains_key(&here).then_some(here)
}

fn is_one_thing(a: &Module, b: &Module) -> bool {
    a.starts_with(b) || b.starts_with(a)
}

/// Who imports whom, test code left out.
fn imports(files: &BTreeMap<Module, String>) -> BTreeMap<&Module, BTreeSet<Module>> {
    let imports = files.iter().map(|(module, text)| {
        let mut found = Vec::new();
        if !text.contains("#![cfg(test)]") {
            paths(TokenStream::from_str(text).unwrap(), &mut found);
        }
        let found = found
            .iter()
            .filter_map(|path| resolved(module, path, files));
        let others = found.filter(|other| !is_one_thing(module, other));
        (module, others.collect())
    });
    imports.collect()
}

/// What is left when whoever imports nothing is taken away, again and again: circles, and who needs them.
fn circles(files: &BTreeMap<Module, String>) -> BTreeMap<&Module, BTreeSet<Module>> {
    let mut left = imports(files);
    loop {
        let free: Vec<Module> = left
            .iter()
            .filter(|(_, others)| others.is_empty())
            .map(|(module, _)| (*module).clone())
            .collect();
        if free.is_empty() {
            return left;
        }
        left.retain(|module, _| !free.contains(module));
        for others in left.values_mut() {
            others.retain(|other| !free.contains(other));
        }
    }
}

fn module(file: &str) -> Module {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs");
    match path {
        "lib" => Vec::new(),
        path => path.split('/').map(str::to_owned).collect(),
    }
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    const CRATES: [&str; 3] = ["src/aead", "src/network", "src/socket"];
    let is_of_a_crate = |file: &str| CRATES.iter().any(|folder| file.starts_with(folder));
    let main = super::files("src", "rs").into_iter();
    let main = main.filter(|(file, _)| !is_of_a_crate(file)).collect();
    let socket = super::files("src/socket", "rs").into_iter();
    let socket = socket.map(|(file, text)| (file.replace("src/socket/", "src/"), text));
    let files: [Vec<_>; 2] = [main, socket.collect()];
    for (files, at_least) in files.into_iter().zip([500, 30]) {
        let files = files.into_iter();
        let files: BTreeMap<_, _> = files.map(|(file, text)| (module(&file), text)).collect();
        let imported: usize = imports(&files).values().map(BTreeSet::len).sum();
        assert!(imported > at_least, "{imported} imports were found");
        let circles = circles(&files);
        assert!(circles.is_empty(), "{circles:#?}");
    }
}

#[test]
fn a_circle_is_found_wherever_the_path_stands() {
    let found = |a: &str, b: &str| {
        let files = [
            ("a", a),
            ("b", b),
            ("c", "use crate::a;"),
            ("b/below", "use super::X;"),
        ];
        let files = files.map(|(file, text)| (module(file), text.to_owned()));
        circles(&files.into()).len()
    };
    assert_eq!(found("use crate::b::below::X;", "use self::below::Y;"), 0);
    for a in [
        "use crate::b;",
        "use super::{d, b::{X, Y}};",
        "fn f() { view! { crate::b::x } }",
    ] {
        // And what uses the circle.
        assert_eq!(found(a, "use crate::a::Z;"), 3, "{a}");
        assert_eq!(
            found(a, "#[cfg(test)]\nmod tests { use crate::a::Z; }"),
            0,
            "{a}"
        );
    }
}
