//! The site on the servers that the README tells how to set up.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tempfile::TempDir;
use xtask::{
    bench::updates::KEPT,
    browser::{Engine, Window},
    process::{Running, free_port, start},
    relay::{Faults, Server},
    root, site, tools,
};

use crate::{Ground, address, together::strokes};

const PHONE: (u32, u32) = (390, 844);

/// A block of the README, as it stands there but for its port, its folder and, at the root, its path.
fn snippet(language: &str, port: u16, path: &str) -> Result<String> {
    let readme = fs::read_to_string(root().join("README.md"))?;
    let (_, block) = readme
        .split_once(&format!("```{language}\n"))
        .with_context(|| format!("the README has no block of {language}"))?;
    let (block, _) = block.split_once("```").context("a block does not end")?;
    let folder = site::dist().display().to_string();
    let said = block
        .replace("/srv/duplex", &folder)
        .replace("8000", &port.to_string());
    ensure!(block.contains("/boards/"), "{language} says no path");
    Ok(said.replace("/boards/", path))
}

fn nginx(home: &Path, port: u16, path: &str) -> Result<Command> {
    let server = snippet("nginx", port, path)?;
    let at = home.display();
    let config = format!(
        "daemon off; pid {at}/pid; error_log {at}/error.log; events {{}}\n\
         http {{ access_log off; include /etc/nginx/mime.types;\n{server}}}\n"
    );
    let file = home.join("nginx.conf");
    fs::write(&file, config)?;
    let mut nginx = Command::new(tools::set_up_debian_server("nginx")?);
    nginx.arg("-c").arg(file).arg("-p").arg(home);
    Ok(nginx)
}

fn caddy(home: &Path, port: u16, path: &str) -> Result<Command> {
    let file = home.join("Caddyfile");
    let server = snippet("caddyfile", port, path)?;
    fs::write(&file, format!("{{\nadmin off\n}}\n{server}"))?;
    let mut caddy = Command::new(tools::set_up_debian_server("caddy")?);
    caddy.args(["run", "--config"]).arg(file).env("HOME", home);
    Ok(caddy)
}

pub async fn nginx_serves_it_as_the_readme_says(ground: Ground) -> Result<()> {
    at_each_path(&ground, nginx).await
}

pub async fn caddy_serves_it_as_the_readme_says(ground: Ground) -> Result<()> {
    at_each_path(&ground, caddy).await
}

/// Below the root of the host, and below a path of it. `server` gives the command that starts it.
async fn at_each_path(
    ground: &Ground,
    server: fn(&Path, u16, &str) -> Result<Command>,
) -> Result<()> {
    for path in ["/", "/boards/"] {
        let home = TempDir::new()?;
        let port = free_port().await?;
        let server = start(&mut server(home.path(), port, path)?, port).await?;
        lives_here(ground, server, &format!("http://127.0.0.1:{port}{path}")).await?;
    }
    Ok(())
}

/// Installed on a phone, used without host and relay, after a restart too, and in step again when both are back.
async fn lives_here(ground: &Ground, server: Running, base: &str) -> Result<()> {
    let relay = Server::start(0, Faults::default()).await?;
    let of_room = format!("{}phone", relay.address());
    let address = address(base, "phone", "board", Some(&of_room));
    let friend = ground.window().await?;
    friend
        .goto(&ground.address("phone", "board", Some(&of_room)))
        .await?;
    let phone = Window::open(Engine::Chromium, PHONE, None).await?;
    phone.goto(&address).await?;
    let sent = phone.promise(HEADERS).await?;
    for (name, value) in site::hosts::HEADERS {
        ensure!(
            sent["page"][name.to_lowercase()] == json!(value),
            "{name}: {sent}"
        );
    }
    ensure!(sent["page"]["cache-control"] == json!("no-cache"), "{sent}");
    ensure!(
        sent["script"]["cache-control"] == json!("public, max-age=31536000, immutable"),
        "{sent}"
    );
    ensure!(sent["script"]["content-encoding"] != json!(null), "{sent}");
    ensure!(
        sent["wasm"]["content-type"] == json!("application/wasm"),
        "{sent}"
    );
    let errors = phone
        .devtools("Page.getInstallabilityErrors", json!({}))
        .await?;
    ensure!(errors["installabilityErrors"] == json!([]), "{errors}");
    let app = phone.devtools("Page.getAppId", json!({})).await?;
    ensure!(app["appId"] == json!(base), "{app}");
    draw(&phone, 1).await?;
    strokes(&friend, 1).await?;
    phone.until("that the site is kept", KEPT).await?;
    phone.until_saved().await?;

    drop(server);
    let port = relay.port();
    relay.kill().await;
    let profile = phone.kill().await?;
    let phone = Window::open_with(profile, Engine::Chromium, PHONE, None).await?;
    phone.goto(&address).await?;
    strokes(&phone, 1).await?;
    draw(&phone, 2).await?;
    draw(&phone, 3).await?;
    phone
        .until("that it is stored", "return duplex.status().stored")
        .await?;
    let _relay = Server::start(port, Faults::default()).await?;
    strokes(&friend, 3).await?;
    phone.close().await?;
    friend.close().await
}

/// A stroke where a phone's board is free.
async fn draw(phone: &Window, number: i32) -> Result<()> {
    let y = 200.0 + 60.0 * f64::from(number);
    phone
        .drag(&[(90.0, y), (160.0, y + 20.0), (240.0, y)], 8)
        .await
}

/// The headers of the page, its script and its program, as the host sends them.
const HEADERS: &str = "(async () => { \
    const of = async url => Object.fromEntries((await fetch(url, { cache: 'no-store' })).headers); \
    const script = document.querySelector('script[type=module]').src; \
    return { page: await of('./'), script: await of(script), wasm: await of(script.replace('.js', '_bg.wasm')) } })()";
