//! Splits the program into chunks: replaces the one file that Trunk left in `dist/` by a small program and the files
//! under `chunks/`, which it fetches later (`src/ui/chunks.rs`). The split has to happen between cargo and
//! wasm-bindgen, where Trunk has no hook. So this module repeats the steps that follow cargo, on the same artifact.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, anyhow, ensure};
use wasm_encoder::{
    ExportSection, ImportSection, Module,
    reencode::{self, Reencode},
};
use wasmparser::{Export, Import, Imports, Parser};

use super::{edit, name_of};
use crate::{root, tools};

/// wasm-bindgen's names, which nobody outside reads: long, with a hash in each, in the program and in its JavaScript.
const NAMES: &str = "^(__wbg_|__wbindgen_|wasm_bindgen_|intounderlying)";

/// A request that gets no answer would hold up every later one.
const ENDLESS: &str = ", import.meta.url));";
const PATIENT: &str = ", import.meta.url), { signal: AbortSignal.timeout(20000) });";

const LOADER: &str = "chunks.js";

pub fn work() -> PathBuf {
    root().join("target/split")
}

/// The files of a chunk of the last build: its own, and those that it shares, which the loader lists with their owners.
pub fn chunks_of(chunk: &str) -> Result<Vec<String>> {
    let loader = fs::read_to_string(work().join(LOADER))
        .context("There is no built site. Build it with: cargo xtask build")?;
    let mut names = vec![format!("split_{chunk}")];
    let mut is_owner = false;
    for line in loader.lines() {
        if let Some(owners) = line.strip_prefix("/* ") {
            let owners = owners.trim_end_matches(" */");
            is_owner = owners.split(", ").any(|owner| owner == chunk);
        } else if let Some((_, name)) = line.split_once("\"./chunk_")
            && is_owner
        {
            let number = name.split('.').next().unwrap_or_default();
            names.push(format!("chunk_{number}"));
        }
    }
    ensure!(names.len() > 1, "the loader of chunks is not as expected");
    Ok(names)
}

/// Replaces the program in `dist`, which was compiled as `wasm`. `path` finds the tools. Gives the hash in the names of
/// the files.
pub fn split(dist: &Path, wasm: &Path, path: &OsStr) -> Result<String> {
    let work = work();
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    let main = work.join("duplex.wasm");
    let bytes = fs::read(wasm).with_context(|| format!("{} is missing", wasm.display()))?;
    let mut options = wasm_split_cli_support::Options::new(&bytes);
    options.output_dir = &work;
    options.main_out_path = &main;
    options.main_module = "./duplex.js";
    let link = format!("./{LOADER}");
    options.link_name = &link;
    let chunks = wasm_split_cli_support::transform(options)
        .map_err(|error| anyhow!("The program could not be split: {error:?}"))?
        .split_modules;
    bind(&main, &work, path)?;
    let program = work.join("duplex_bg.wasm");
    for file in chunks.iter().chain([&program]) {
        optimise(file, file, path)?;
    }
    edit(&work.join(LOADER), |script| {
        script.replace(ENDLESS, PATIENT)
    })?;
    let names = minify(&work)?;
    rename(&program, &names)?;
    install(dist, &work, &chunks)
}

/// Runs wasm-bindgen; gives `<name>.js` and `<name>_bg.wasm` in `folder`.
pub fn bind(wasm: &Path, folder: &Path, path: &OsStr) -> Result<()> {
    tools::run(
        Command::new("wasm-bindgen")
            .args([
                "--target",
                "web",
                "--no-typescript",
                "--keep-lld-exports",
                "--out-dir",
            ])
            .arg(folder)
            .arg(wasm)
            .env("PATH", path),
    )
}

/// Runs wasm-opt, with what is smallest after Brotli.
pub fn optimise(from: &Path, to: &Path, path: &OsStr) -> Result<()> {
    tools::run_quietly(
        Command::new("wasm-opt")
            .args([
                "-Os",
                "--low-memory-unused",
                "--skip-pass=local-cse",
                "--skip-pass=simplify-locals-nostructure",
                "--one-caller-inline-max-function-size=30",
                "--strip-producers",
                // Once more over what that left.
                "-Os",
                // Functions of one kind stand together, and compress better: 1.6 kB of the program.
                "--reorder-functions-by-name",
            ])
            .arg(from)
            .arg("-o")
            .arg(to)
            .env("PATH", path),
    )
}

/// The program's JavaScript and the loader of its chunks in one small script. Gives wasm-bindgen's names with the new
/// ones.
fn minify(work: &Path) -> Result<BTreeMap<String, String>> {
    let script = work.join("duplex.js");
    let cache = work.join("names.json");
    let source = root().join("xtask/src/site");
    let instantiate = source.join("instantiate.js");
    let entry = work.join("entry.js");
    fs::copy(source.join("entry.js"), &entry)?;
    fs::write(&cache, "{}")?;
    tools::run(
        Command::new(tools::set_up_esbuild()?)
            .args(["--bundle", "--minify", "--format=esm", "--allow-overwrite"])
            .args(["--log-level=error", "--legal-comments=none"])
            .arg("--define:WebAssembly.instantiateStreaming=instantiateStreaming")
            .arg(format!("--inject:{}", instantiate.display()))
            .arg(format!("--mangle-props={NAMES}"))
            .arg(format!("--mangle-cache={}", cache.display()))
            .arg(format!("--outfile={}", script.display()))
            .arg(&entry),
    )?;
    Ok(serde_json::from_slice(&fs::read(cache)?)?)
}

/// Gives imports and exports of a wasm file their new names.
fn rename(file: &Path, names: &BTreeMap<String, String>) -> Result<()> {
    let bytes = fs::read(file)?;
    let mut module = Module::new();
    Renamed(names)
        .parse_core_module(&mut module, Parser::new(0), &bytes)
        .map_err(|error| anyhow!("{} cannot be read: {error:?}", file.display()))?;
    Ok(fs::write(file, module.finish())?)
}

/// A wasm file as it was, but for some names.
struct Renamed<'a>(&'a BTreeMap<String, String>);

impl Reencode for Renamed<'_> {
    type Error = Infallible;

    fn parse_imports(
        &mut self,
        section: &mut ImportSection,
        imports: Imports<'_>,
    ) -> Result<(), reencode::Error> {
        // The compact forms are a proposal that neither the linker nor wasm-opt writes.
        let Imports::Single(at, import) = imports else {
            return reencode::utils::parse_imports(self, section, imports);
        };
        let name = self.0.get(import.name).map_or(import.name, String::as_str);
        let renamed = Imports::Single(at, Import { name, ..import });
        reencode::utils::parse_imports(self, section, renamed)
    }

    fn parse_export(
        &mut self,
        exports: &mut ExportSection,
        export: Export<'_>,
    ) -> Result<(), reencode::Error> {
        let name = self.0.get(export.name).map_or(export.name, String::as_str);
        reencode::utils::parse_export(self, exports, Export { name, ..export })
    }
}

/// Puts everything into `dist` in the place of Trunk's files. All names carry one hash of everything: a program never
/// meets the chunks of another one in a cache. Gives that hash.
fn install(dist: &Path, work: &Path, chunks: &[PathBuf]) -> Result<String> {
    let (script, program) = (work.join("duplex.js"), work.join("duplex_bg.wasm"));
    let everything = chunks.iter().chain([&script, &program]).map(fs::read);
    let everything = everything.collect::<Result<Vec<_>, _>>()?;
    let build = name_of(everything.iter().map(Vec::as_slice));
    let folder = dist.join("chunks");
    fs::create_dir_all(&folder)?;
    let renamed = format!("duplex-{build}_bg.wasm");
    let mut moved = vec![("duplex_bg.wasm".to_owned(), renamed.clone())];
    for chunk in chunks {
        let name = chunk.file_name().unwrap_or_default().to_string_lossy();
        let hashed = name.replace(".wasm", &format!("-{build}.wasm"));
        fs::copy(chunk, folder.join(&hashed))?;
        moved.push((format!("./{name}"), format!("./chunks/{hashed}")));
    }
    edit(&script, |script| {
        moved.iter().fold(script, |script, (name, hashed)| {
            script.replace(name, hashed)
        })
    })?;
    let trunks = fs::read_dir(dist)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let stem = trunks
        .filter_map(|name| Some(name.strip_suffix("_bg.wasm")?.to_owned()))
        .next()
        .context("Trunk left no program in dist/.")?;
    for suffix in [".js", "_bg.wasm"] {
        fs::remove_file(dist.join(format!("{stem}{suffix}")))?;
    }
    fs::copy(&script, dist.join(format!("duplex-{build}.js")))?;
    fs::copy(&program, dist.join(renamed))?;
    edit(&dist.join("index.html"), |page| {
        page.replace(&stem, &format!("duplex-{build}"))
    })?;
    Ok(build)
}
