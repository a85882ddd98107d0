//! Real browsers over WebDriver: one driver process and one fresh profile per window, so that two windows are two
//! people who never met.

use std::{
    ffi::OsStr,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{Actions, InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction},
    elements::Element,
    wd::WindowHandle,
};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::sleep,
};
use url::Url;

use crate::process::free_port;

/// How long a page may take to get into a state.
pub const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Chromium,
    Firefox,
    WebKit,
}

impl Engine {
    pub const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::WebKit];

    pub fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::WebKit => "webkit",
        }
    }

    pub fn driver(self) -> &'static str {
        match self {
            Self::Chromium => "chromedriver",
            Self::Firefox => "geckodriver",
            Self::WebKit => "WebKitWebDriver",
        }
    }

    fn browser(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox-esr",
            // MiniBrowser comes with its driver; a screen has to be there.
            Self::WebKit => "Xvfb",
        }
    }

    /// Whether the browser and its driver are found in `path`.
    pub fn is_here(self, path: &OsStr) -> bool {
        let is_there = |program| which::which_in(program, Some(path), ".").is_ok();
        is_there(self.driver()) && is_there(self.browser())
    }

    fn capabilities(self, profile: &Path, size: (u32, u32)) -> Result<Value> {
        let (width, height) = size;
        Ok(match self {
            Self::Chromium => json!({
                "browserName": "chrome",
                "goog:chromeOptions": {
                    "binary": which::which(self.browser())?,
                    "args": [
                        "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                        "--disable-background-networking", "--disable-component-update", "--disable-sync",
                        "--disable-quic", "--no-first-run", "--force-device-scale-factor=1",
                        format!("--window-size={width},{height}"),
                        format!("--user-data-dir={}", profile.display()),
                    ],
                },
            }),
            Self::Firefox => json!({
                "browserName": "firefox",
                "moz:firefoxOptions": {
                    "binary": which::which(self.browser())?,
                    "args": [
                        "-headless", format!("--width={width}"), format!("--height={height}"),
                        "-profile", profile.display().to_string(),
                    ],
                },
            }),
            Self::WebKit => json!({
                "browserName": "MiniBrowser",
                "webkitgtk:browserOptions": {
                    "binary": mini_browser()?,
                    "args": ["--automation"],
                },
            }),
        })
    }
}

/// Debian keeps it out of the PATH.
fn mini_browser() -> Result<String> {
    let folders = ["webkit2gtk-4.1", "webkit2gtk-4.0", "webkitgtk-6.0"];
    let triple = format!("{}-linux-gnu", std::env::consts::ARCH);
    let candidates = folders.map(|folder| format!("/usr/lib/{triple}/{folder}/MiniBrowser"));
    let found = candidates.into_iter().find(|path| Path::new(path).exists());
    found.context("WebKitGTK's MiniBrowser is not installed.")
}

/// A virtual screen for WebKitGTK, which has no headless mode.
pub struct Screen {
    _server: Child,
    pub display: String,
}

impl Screen {
    pub async fn start() -> Result<Self> {
        let mut server = Command::new("Xvfb")
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                "1400x1000x24",
                "-nolisten",
                "tcp",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("Xvfb could not be started")?;
        let out = server.stdout.take().context("Xvfb has no output")?;
        let number = BufReader::new(out)
            .lines()
            .next_line()
            .await?
            .context("Xvfb gave no display")?;
        Ok(Self {
            _server: server,
            display: format!(":{}", number.trim()),
        })
    }
}

/// What the content security policy of the page forbade, for [`Window::close`].
const RECORD_VIOLATIONS: &str = "window.violations = []; \
    addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sourceFile, lineNumber }) => \
    window.violations.push([effectiveDirective, blockedURI, sourceFile, lineNumber]))";

/// A browser window with a profile of its own.
pub struct Window {
    client: Client,
    driver: Child,
    profile: TempDir,
}

/// One tab of several in a window.
pub struct Tab(WindowHandle);

impl Window {
    /// Opens a window of `size` CSS pixels or a little less.
    pub async fn open(engine: Engine, size: (u32, u32), screen: Option<&Screen>) -> Result<Self> {
        Self::open_with(tempfile::tempdir()?, engine, size, screen).await
    }

    /// The same with what an earlier browser has left.
    pub async fn open_with(
        profile: TempDir,
        engine: Engine,
        size: (u32, u32),
        screen: Option<&Screen>,
    ) -> Result<Self> {
        let port = free_port().await?;
        let mut command = Command::new(engine.driver());
        match engine {
            Engine::Chromium | Engine::WebKit => command.arg(format!("--port={port}")),
            Engine::Firefox => command.args([
                "--port",
                &port.to_string(),
                "--websocket-port",
                "0",
                "--log",
                "fatal",
            ]),
        };
        if let Some(screen) = screen {
            command.env("DISPLAY", &screen.display);
        }
        // Each WebKitGTK window is to have its own storage, as the profile folders of the others.
        command
            .env("XDG_DATA_HOME", profile.path())
            .env("XDG_CACHE_HOME", profile.path());
        let driver = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} could not be started", engine.driver()))?;
        let Value::Object(capabilities) = engine.capabilities(profile.path(), size)? else {
            bail!("capabilities are an object");
        };
        let address = format!("http://127.0.0.1:{port}");
        let started = Instant::now();
        let client = loop {
            match ClientBuilder::new(HttpConnector::new())
                .capabilities(capabilities.clone())
                .connect(&address)
                .await
            {
                Ok(client) => break client,
                Err(error) if started.elapsed() > PATIENCE => {
                    return Err(error).context("no WebDriver session");
                }
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        };
        let window = Self {
            client,
            driver,
            profile,
        };
        match engine {
            Engine::Chromium => {
                let source = json!({ "source": RECORD_VIOLATIONS });
                window
                    .devtools("Page.addScriptToEvaluateOnNewDocument", source)
                    .await?;
            }
            Engine::Firefox | Engine::WebKit => {
                window.client.set_window_size(size.0, size.1).await?;
            }
        }
        Ok(window)
    }

    /// Fails if the page did what its content security policy forbids; only Chromium tells.
    pub async fn close(self) -> Result<()> {
        let violations = self.eval("return window.violations ?? []").await;
        self.client.close().await?;
        // Whatever shows no page has none.
        if let Ok(violations) = violations {
            ensure!(violations == json!([]), "forbidden: {violations}");
        }
        Ok(())
    }

    /// Kills the browser and all its processes with SIGKILL. What it has stored is left behind.
    pub async fn kill(mut self) -> Result<TempDir> {
        // No page can react: they all go before the next look.
        let profile = self.profile.path().display().to_string();
        let killed = Command::new("pkill")
            .args(["-KILL", "-f", "--", &profile])
            .status()
            .await?;
        ensure!(killed.success(), "there was no browser to kill");
        self.driver.kill().await?;
        Ok(self.profile)
    }

    /// Resident memory of the window's largest renderer.
    pub fn renderer_mb(&self) -> Result<f64> {
        let profile = self.profile.path().display().to_string();
        let mut largest = 0.0_f64;
        for process in std::fs::read_dir("/proc")?.filter_map(Result::ok) {
            let read =
                |file: &str| std::fs::read_to_string(process.path().join(file)).unwrap_or_default();
            let command = read("cmdline");
            if command.contains("--type=renderer") && command.contains(&profile) {
                let status = read("status");
                let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
                let kb = rss.and_then(|rss| rss.split_whitespace().next()?.parse::<f64>().ok());
                largest = largest.max(kb.unwrap_or_default() / 1_024.0);
            }
        }
        ensure!(largest > 0.0, "no renderer runs");
        Ok(largest)
    }

    /// Opens an address in a tab of its own, and turns to it.
    pub async fn tab(&self, url: &str) -> Result<Tab> {
        let tab = self.client.new_window(true).await?.handle;
        self.client.switch_to_window(tab.clone()).await?;
        self.goto(url).await?;
        Ok(Tab(tab))
    }

    /// The tab that the window shows.
    pub async fn this_tab(&self) -> Result<Tab> {
        Ok(Tab(self.client.window().await?))
    }

    pub async fn turn_to(&self, tab: &Tab) -> Result<()> {
        Ok(self.client.switch_to_window(tab.0.clone()).await?)
    }

    /// Closes the tab that the window shows; turn to another one then.
    pub async fn close_tab(&self) -> Result<()> {
        Ok(self.client.close_window().await?)
    }

    pub async fn goto(&self, url: &str) -> Result<()> {
        self.open_only(url).await?;
        self.until(
            "the page to start",
            "return !!(window.duplex && document.querySelector('main'))",
        )
        .await
    }

    /// The same for a page that may not start.
    pub async fn open_only(&self, url: &str) -> Result<()> {
        // A change of the hash alone would not load anything.
        self.client.goto("about:blank").await?;
        Ok(self.client.goto(url).await?)
    }

    pub async fn reload(&self) -> Result<()> {
        self.client.refresh().await?;
        self.until(
            "the page to start again",
            "return !!(window.duplex && document.querySelector('main'))",
        )
        .await
    }

    /// The value of a script's `return`.
    pub async fn eval(&self, script: &str) -> Result<Value> {
        self.client
            .execute(script, vec![])
            .await
            .with_context(|| format!("script: {script}"))
    }

    /// The value of a promise, or why it was rejected.
    pub async fn promise(&self, expression: &str) -> Result<Value> {
        let script = format!(
            "const done = arguments[arguments.length - 1]; ({expression}).then(\
             value => done({{ value: value === undefined ? null : value }}), error => done({{ error: String(error) }}))"
        );
        let answer = self.client.execute_async(&script, vec![]).await?;
        match answer.get("error") {
            Some(error) => bail!("{expression}: {}", error.as_str().unwrap_or_default()),
            None => Ok(answer.get("value").cloned().unwrap_or_default()),
        }
    }

    /// Waits until a script returns true: for a state that the page publishes, never for a time.
    pub async fn until(&self, what: &str, script: &str) -> Result<()> {
        let started = Instant::now();
        loop {
            let value = self.eval(script).await;
            if matches!(value, Ok(Value::Bool(true))) {
                return Ok(());
            }
            if started.elapsed() > PATIENCE {
                let status = self
                    .eval("return window.duplex && window.duplex.status()")
                    .await;
                bail!("waited in vain for {what}; last: {value:?}; status: {status:?}");
            }
            sleep(Duration::from_millis(15)).await;
        }
    }

    /// Waits until the page is connected to its relay.
    pub async fn until_open(&self) -> Result<()> {
        let open = "return duplex.status().state === 'open'";
        self.until("the relay", open).await
    }

    /// Waits until the page says that everything made in it is stored.
    pub async fn until_saved(&self) -> Result<()> {
        let saved = "const { stored, pending } = duplex.status(); return stored && pending === 0";
        self.until("everything to be saved", saved).await
    }

    /// Waits until one of the page's statements (`connection`, `saved`) is this state, with these words.
    pub async fn says(&self, statement: &str, state: &str, words: &str) -> Result<()> {
        let script = format!(
            "const it = document.querySelector('[data-testid={statement}]'); \
             return it.dataset.state === '{state}' && it.textContent.includes('{words}')"
        );
        let what = format!("{statement} to be {state}: {words}");
        self.until(&what, &script).await
    }

    /// The page's status (`duplex.status()`).
    pub async fn status(&self) -> Result<Value> {
        self.eval("return window.duplex.status()").await
    }

    /// Waits until the page has it.
    pub async fn find(&self, css: &str) -> Result<Element> {
        self.client
            .wait()
            .at_most(PATIENCE)
            .every(Duration::from_millis(15))
            .for_element(Locator::Css(css))
            .await
            .with_context(|| css.to_owned())
    }

    /// Presses the button of this accessible name.
    pub async fn press(&self, name: &str) -> Result<()> {
        let css = format!("button[aria-label=\"{name}\"]");
        Ok(self.find(&css).await?.click().await?)
    }

    /// Presses the button with this text, if it is there at the moment.
    pub async fn press_if_there(&self, text: &str) -> Result<()> {
        let script = format!(
            "for (const button of document.querySelectorAll('button')) \
             if (button.textContent === '{text}') button.click()"
        );
        self.eval(&script).await.map(drop)
    }

    /// Types into a field, as keys.
    pub async fn type_into(&self, css: &str, text: &str) -> Result<()> {
        Ok(self.find(css).await?.send_keys(text).await?)
    }

    /// A drag with the left button through viewport points.
    pub async fn drag(&self, points: &[(f64, f64)], step_ms: u64) -> Result<()> {
        let lift = PointerAction::Up {
            button: MOUSE_BUTTON_LEFT,
        };
        self.move_pressed(points, step_ms, Some(lift)).await
    }

    /// The same, and the button stays down.
    pub async fn hold(&self, points: &[(f64, f64)], step_ms: u64) -> Result<()> {
        self.move_pressed(points, step_ms, None).await
    }

    /// Lifts the left button where the pointer is.
    pub async fn release(&self) -> Result<()> {
        let lift = MouseActions::new("mouse".to_owned()).then(PointerAction::Up {
            button: MOUSE_BUTTON_LEFT,
        });
        self.client.perform_actions(Actions::from(lift)).await?;
        Ok(())
    }

    async fn move_pressed(
        &self,
        points: &[(f64, f64)],
        step_ms: u64,
        end: Option<PointerAction>,
    ) -> Result<()> {
        let mut mouse = MouseActions::new("mouse".to_owned());
        for (at, &(x, y)) in points.iter().enumerate() {
            mouse = mouse.then(PointerAction::MoveTo {
                duration: Some(Duration::from_millis(if at == 0 { 0 } else { step_ms })),
                x,
                y,
            });
            if at == 0 {
                mouse = mouse.then(PointerAction::Down {
                    button: MOUSE_BUTTON_LEFT,
                });
            }
        }
        mouse = end.into_iter().fold(mouse, MouseActions::then);
        self.client.perform_actions(Actions::from(mouse)).await?;
        Ok(())
    }

    pub async fn screenshot(&self, file: &Path) -> Result<()> {
        let png = self.client.screenshot().await?;
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(std::fs::write(file, png)?)
    }

    /// A command that WebDriver does not have, of Chromium's DevTools.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Result<Value> {
        Ok(self
            .client
            .issue_cmd(DevTools {
                command: command.to_owned(),
                parameters,
            })
            .await?)
    }
}

#[derive(Debug)]
struct DevTools {
    command: String,
    parameters: Value,
}

impl fantoccini::wd::WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!(
            "session/{}/goog/cdp/execute",
            session.unwrap_or_default()
        ))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        let body = json!({ "cmd": self.command, "params": self.parameters });
        (Method::POST, Some(body.to_string()))
    }
}
