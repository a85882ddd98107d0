//! What a machine needs, pinned in one place, found or installed. A bare one has rustup's toolchain, Node and, for
//! browser tests, apt.
//!
//! Tools go to the user's cache, not to cargo's own folder: a project installs nothing into somebody's home that
//! they did not ask for.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Mutex,
};

use anyhow::{Context, Result, bail};

/// A program that cargo builds from crates.io.
struct CargoTool {
    package: &'static str,
    version: &'static str,
    program: &'static str,
    arguments: &'static [&'static str],
}

const TRUNK: CargoTool = CargoTool {
    package: "trunk",
    version: "0.21.14",
    program: "trunk",
    arguments: &["--locked", "--no-default-features", "--features", "rustls"],
};

/// The same version as the crate `wasm-bindgen` in Cargo.lock.
const WASM_BINDGEN: CargoTool = CargoTool {
    package: "wasm-bindgen-cli",
    version: "0.2.129",
    program: "wasm-bindgen",
    arguments: &["--locked"],
};

const GECKODRIVER: CargoTool = CargoTool {
    package: "geckodriver",
    version: "0.37.1",
    program: "geckodriver",
    arguments: &["--locked"],
};

/// A server for the tests; without TLS it needs no C library. Its lock file names a crate that today's compiler refuses.
const WEBSOCAT: CargoTool = CargoTool {
    package: "websocat",
    version: "1.14.0",
    program: "websocat",
    arguments: &["--no-default-features"],
};

/// An npm package with programs or scripts.
struct NpmPackage {
    name: &'static str,
    version: &'static str,
}

/// Brings wasm-opt.
const BINARYEN: NpmPackage = NpmPackage {
    name: "binaryen",
    version: "132.0.0",
};

/// Bundles and minifies JavaScript.
const ESBUILD: NpmPackage = NpmPackage {
    name: "esbuild",
    version: "0.28.2",
};

/// What Excalidraw runs in, and one of the lists that ours is compared with.
const REACT: NpmPackage = NpmPackage {
    name: "react",
    version: "19.3.1",
};
const REACT_DOM: NpmPackage = NpmPackage {
    name: "react-dom",
    version: "19.3.1",
};

/// For one test: our files in Excalidraw's own code, and what bundles it.
const EXCALIDRAW: [NpmPackage; 4] = [
    NpmPackage {
        name: "@excalidraw/excalidraw",
        version: "0.18.1",
    },
    REACT,
    REACT_DOM,
    ESBUILD,
];

/// Servers that two people meet through in the tests.
const WS: NpmPackage = NpmPackage {
    name: "ws",
    version: "8.23.0",
};
const WEBSOCKETS: &str = "websockets==15.0.1";

/// What our document is compared with.
const YJS: NpmPackage = NpmPackage {
    name: "yjs",
    version: "13.6.33",
};

/// For the benchmarks: what people use instead of our socket layer.
const RIVALS: [NpmPackage; 2] = [
    NpmPackage {
        name: "reconnecting-websocket",
        version: "4.4.0",
    },
    NpmPackage {
        name: "socket.io-client",
        version: "4.8.4",
    },
];

/// For the benchmarks: what people make lists with.
const LISTS: [NpmPackage; 3] = [
    NpmPackage {
        name: "svelte",
        version: "5.57.3",
    },
    REACT,
    REACT_DOM,
];

/// Programs and packages of servers that do not echo.
const DEBIAN_SERVERS: [&str; 2] = ["nats-server", "mosquitto"];

/// Go, and the library that most of its WebSocket servers are made of.
const DEBIAN_GORILLA: [&str; 2] = ["golang-go", "golang-github-gorilla-websocket-dev"];

pub const TARGET: &str = "wasm32-unknown-unknown";

/// Programs of Debian packages that the browser tests use.
const DEBIAN: [(&str, &str); 6] = [
    ("chromium", "chromium"),
    ("chromedriver", "chromium-driver"),
    ("firefox-esr", "firefox-esr"),
    ("WebKitWebDriver", "webkit2gtk-driver"),
    ("Xvfb", "xvfb"),
    ("pkill", "procps"),
];

/// Readable text in screenshots needs a font or two.
const DEBIAN_FONTS: [&str; 1] = ["fonts-dejavu-core"];

/// What a build needs. Gives the PATH that finds all of it.
pub fn set_up_build() -> Result<OsString> {
    set_up_target()?;
    let folders = [TRUNK.set_up()?, WASM_BINDGEN.set_up()?, set_up_binaryen()?];
    set_up_esbuild()?;
    fetch_crates()?;
    path_with(folders)
}

/// What tests in browsers need on top of a build.
pub fn set_up_tests() -> Result<OsString> {
    set_up_target()?;
    if let Err(error) = set_up_browsers() {
        eprintln!("{error:#}");
    }
    set_up_websocat()?;
    set_up_ws()?;
    set_up_yjs()?;
    set_up_websockets()?;
    set_up_go()?;
    for server in DEBIAN_SERVERS {
        set_up_debian_server(server)?;
    }
    path_with([WASM_BINDGEN.set_up()?, GECKODRIVER.set_up()?])
}

/// Compiler flags of a release: a panic traps at once, and no path of this machine is in what is built.
pub fn release_flags() -> Result<String> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home
        .or_else(|| Some(dirs::home_dir()?.join(".cargo")))
        .context("cargo has no home")?;
    let mut flags = vec![
        "-Zunstable-options".to_owned(),
        "-Cpanic=immediate-abort".to_owned(),
        format!("--remap-path-prefix={}/=", crate::root().display()),
    ];
    if let Ok(registries) = fs::read_dir(home.join("registry/src")) {
        let folders = registries.filter_map(|entry| Some(entry.ok()?.path()));
        flags.extend(folders.map(|folder| format!("--remap-path-prefix={}/=", folder.display())));
    }
    Ok(flags.join(" "))
}

pub fn set_up_everything() -> Result<()> {
    set_up_build()?;
    set_up_tests()?;
    Ok(())
}

/// This process's PATH with `folders` before it. A tool that the machine has is in no folder of ours.
fn path_with<const N: usize>(folders: [Option<PathBuf>; N]) -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = folders.into_iter().flatten().chain(env::split_paths(&path));
    Ok(env::join_paths(folders)?)
}

fn cache() -> Result<PathBuf> {
    let cache = dirs::cache_dir().context("This system names no folder for caches.")?;
    Ok(cache.join("duplex"))
}

/// `lib/rustlib` of the toolchain.
fn rustlib() -> Result<PathBuf> {
    let sysroot = Command::new("rustc")
        .args(["--print", "sysroot"])
        .output()
        .context("rustc could not be started")?;
    let sysroot = String::from_utf8_lossy(&sysroot.stdout).trim().to_owned();
    Ok(Path::new(&sysroot).join("lib/rustlib"))
}

/// Every crate that a release is made of, and those of the standard library: Trunk builds offline.
fn fetch_crates() -> Result<()> {
    let standard = rustlib()?.join("src/rust/library");
    for workspace in [crate::root(), standard] {
        run(Command::new("cargo")
            .args(["fetch", "--quiet", "--locked", "--manifest-path"])
            .arg(workspace.join("Cargo.toml"))
            // The standard library's manifests are not for everybody.
            .env("RUSTC_BOOTSTRAP", "1"))?;
    }
    Ok(())
}

/// The target, and the source of the standard library, which a release compiles along.
fn set_up_target() -> Result<()> {
    let library = rustlib()?;
    if !library.join(TARGET).exists() {
        run(Command::new("rustup").args(["target", "add", TARGET]))?;
    }
    if !library.join("src/rust/library/Cargo.lock").exists() {
        run(Command::new("rustup").args(["component", "add", "rust-src"]))?;
    }
    Ok(())
}

impl CargoTool {
    /// The folder to look in, or none if the machine has the right version already.
    fn set_up(&self) -> Result<Option<PathBuf>> {
        if self.is_right(Path::new(self.program)) {
            return Ok(None);
        }
        let home = cache()?
            .join("tools")
            .join(format!("{}-{}", self.package, self.version));
        let folder = home.join("bin");
        if self.is_right(&folder.join(self.program)) {
            return Ok(Some(folder));
        }
        println!(
            "Installing {} {} (some minutes, once)",
            self.package, self.version
        );
        let scratch = cache()?.join("scratch");
        run(Command::new("cargo")
            .args(["install", "--root"])
            .arg(&home)
            .args(self.arguments)
            .arg(format!("{}@{}", self.package, self.version))
            .env("CARGO_TARGET_DIR", &scratch)
            // These tools run for seconds: half the build time is worth more than their last tenth of speed.
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"))?;
        // A build folder that cannot be removed is only large.
        let _ = fs::remove_dir_all(scratch);
        Ok(Some(folder))
    }

    fn is_right(&self, program: &Path) -> bool {
        let said = Command::new(program)
            .arg("--version")
            .stderr(Stdio::null())
            .output();
        said.is_ok_and(|said| {
            let said = String::from_utf8_lossy(&said.stdout).into_owned();
            said.lines()
                .next()
                .is_some_and(|line| line.split_whitespace().any(|word| word == self.version))
        })
    }
}

/// The folder with a `node_modules` that holds `packages`, the first of which gives it its name.
fn set_up_npm(packages: &[NpmPackage]) -> Result<PathBuf> {
    let specs: Vec<String> = packages
        .iter()
        .map(|p| format!("{}@{}", p.name, p.version))
        .collect();
    let name = specs
        .first()
        .map(|first| first.replace('/', "-"))
        .unwrap_or_default();
    let home = cache()?.join("tools").join(name);
    let is_there = |package: &NpmPackage| {
        home.join("node_modules")
            .join(package.name)
            .join("package.json")
            .exists()
    };
    if !packages.iter().all(is_there) {
        println!("Installing {} from npm", specs.join(", "));
        fs::create_dir_all(&home)?;
        run(Command::new("npm")
            .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
            .arg(&home)
            .args(&specs))?;
    }
    Ok(home)
}

/// The folder of Binaryen's programs, or none if the machine has them in this version.
fn set_up_binaryen() -> Result<Option<PathBuf>> {
    let major = BINARYEN.version.split('.').next().unwrap_or_default();
    let said = Command::new("wasm-opt").arg("--version").output();
    if said.is_ok_and(|said| {
        String::from_utf8_lossy(&said.stdout)
            .split_whitespace()
            .any(|w| w == major)
    }) {
        return Ok(None);
    }
    Ok(Some(set_up_npm(&[BINARYEN])?.join("node_modules/.bin")))
}

/// The program esbuild.
pub fn set_up_esbuild() -> Result<PathBuf> {
    Ok(set_up_npm(&[ESBUILD])?.join("node_modules/.bin/esbuild"))
}

/// A folder in which Excalidraw can be bundled.
pub fn set_up_excalidraw() -> Result<PathBuf> {
    set_up_npm(&EXCALIDRAW)
}

/// A folder with other socket layers in its `node_modules`.
pub fn set_up_rivals() -> Result<PathBuf> {
    set_up_npm(&RIVALS)
}

/// A folder with what other lists are made of in its `node_modules`.
pub fn set_up_lists() -> Result<PathBuf> {
    set_up_npm(&LISTS)
}

/// The program websocat.
pub fn set_up_websocat() -> Result<PathBuf> {
    let folder = WEBSOCAT.set_up()?;
    Ok(folder.unwrap_or_default().join(WEBSOCAT.program))
}

/// A folder with npm's `ws` in its `node_modules`.
pub fn set_up_ws() -> Result<PathBuf> {
    set_up_npm(&[WS])
}

/// A folder with npm's `yjs` in its `node_modules`.
pub fn set_up_yjs() -> Result<PathBuf> {
    set_up_npm(&[YJS])
}

/// A folder for PYTHONPATH with PyPI's `websockets`.
pub fn set_up_websockets() -> Result<PathBuf> {
    let home = cache()?.join("tools").join(WEBSOCKETS.replace("==", "-"));
    if !home.join("websockets").exists() {
        println!("Installing {WEBSOCKETS} from PyPI");
        run(Command::new("python3")
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--target",
            ])
            .arg(&home)
            .arg(WEBSOCKETS))?;
    }
    Ok(home)
}

/// A server from Debian's package of the same name. Debian puts some where only root's PATH leads.
pub fn set_up_debian_server(program: &str) -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin".into()]);
    let path = env::join_paths(folders)?;
    let find = || which::which_in(program, Some(&path), crate::root());
    if find().is_err() {
        install(&[program])?;
    }
    find().with_context(|| format!("{program} is not where it was installed"))
}

/// Debian keeps libraries of Go where a GOPATH would have them.
const GOPATH: &str = "/usr/share/gocode";

fn set_up_go() -> Result<()> {
    let library = Path::new(GOPATH).join("src/github.com/gorilla/websocket");
    match which::which("go").is_ok() && library.exists() {
        true => Ok(()),
        false => install(&DEBIAN_GORILLA),
    }
}

/// The program that this Go file is, which imports gorilla/websocket.
pub fn set_up_gorilla(source: &Path) -> Result<PathBuf> {
    set_up_go()?;
    let program = crate::root().join("target/gorilla-hub");
    run(Command::new("go")
        .args(["build", "-o"])
        .arg(&program)
        .arg(source)
        .env("GO111MODULE", "off")
        .env("GOFLAGS", "")
        .env("GOPATH", GOPATH)
        .env("GOCACHE", cache()?.join("go")))?;
    Ok(program)
}

/// Installs what is missing of the browsers and their drivers.
fn set_up_browsers() -> Result<()> {
    let missing: Vec<&str> = DEBIAN
        .into_iter()
        .filter(|(program, _)| which::which(program).is_err())
        .map(|(_, package)| package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if which::which("apt-get").is_err() {
        bail!(
            "Missing for the browser tests: {}. Install them with your system's packages.",
            missing.join(", ")
        );
    }
    install(&[missing.as_slice(), &DEBIAN_FONTS].concat())
}

fn install(packages: &[&str]) -> Result<()> {
    // Tests run side by side; apt does not.
    static APT: Mutex<()> = Mutex::new(());
    let _alone = APT.lock();
    println!("Installing {} with apt", packages.join(", "));
    apt(&["update", "-qq"])?;
    let install = ["install", "-qq", "-y", "--no-install-recommends"];
    apt(&[install.as_slice(), packages].concat())
}

fn apt(arguments: &[&str]) -> Result<()> {
    // Only root may; elsewhere sudo asks.
    let user = Command::new("id")
        .arg("-u")
        .output()
        .context("id could not be started")?;
    let root = user.stdout.starts_with(b"0");
    let mut command = Command::new(if root { "apt-get" } else { "sudo" });
    if !root {
        command.arg("apt-get");
    }
    run(command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdout(Stdio::null()))
}

/// Runs to the end, or says which command failed.
pub fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let first = command
        .get_args()
        .next()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let status = command
        .status()
        .with_context(|| format!("{name} could not be started. Is it installed?"))?;
    if !status.success() {
        bail!("{name} {first} failed ({status}).");
    }
    Ok(())
}

/// The same, and shows what the command says only if it fails.
pub fn run_quietly(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command
        .output()
        .with_context(|| format!("{name} could not be started. Is it installed?"))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        bail!("{name} failed ({}): {said}", done.status);
    }
    Ok(())
}
