//! Pictures of the app in real use: two people draw and plan; phone and laptop, light and dark.

use std::path::PathBuf;

use anyhow::Result;
use serde_json::json;

use crate::{
    browser::{Engine, Window},
    relay::Faults,
    root,
    site::{self, Server},
};

const LAPTOP: (u32, u32) = (1_280, 800);
const PHONE: (u32, u32) = (390, 844);

/// Writes `target/shots/*.png`, and the light ones of board and list into `public/screens/` as well.
pub async fn take() -> Result<()> {
    site::build()?;
    let server = Server::start(0, Faults::default()).await?;
    let address = |page: &str| server.room("summer", page) + "&key=AAECAwQFBgcICQoLDA0ODw";
    let (ada, ben) = (
        Window::open(Engine::Chromium, LAPTOP, None).await?,
        Window::open(Engine::Chromium, LAPTOP, None).await?,
    );
    for (window, name, color) in [(&ada, "Ada", [25, 113, 194]), (&ben, "Ben", [194, 37, 92])] {
        window.goto(&server.address()).await?;
        let profile = json!({ "name": name, "color": color }).to_string();
        window
            .eval(&format!(
                "localStorage.setItem('duplex/profile', {})",
                json!(profile)
            ))
            .await?;
        window.goto(&address("board")).await?;
    }
    for window in [&ada, &ben] {
        window
            .until("two people", "return duplex.status().people === 2")
            .await?;
    }
    draw(&ada, &ben).await?;
    ada.press("Versions").await?;
    ada.type_into("dialog[open] .field input", "Before the list\u{e007}")
        .await?;
    ada.promise("duplex.todo.import([{ title: 'Find the old map' }, { title: 'Ask Grandma about the boat', completed: true }, { title: 'Buy rope and lanterns' }, { title: 'Draw the way to the lake' }])").await?;
    for (name, size) in [("laptop", LAPTOP), ("phone", PHONE)] {
        ada.devtools(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": size.0, "height": size.1, "deviceScaleFactor": if name == "phone" { 2 } else { 1 }, "mobile": name == "phone" }),
        )
        .await?;
        for theme in ["light", "dark"] {
            ada.devtools(
                "Emulation.setEmulatedMedia",
                json!({ "features": [{ "name": "prefers-color-scheme", "value": theme }] }),
            )
            .await?;
            for page in ["todo", "board"] {
                ada.goto(&address(page)).await?;
                ada.until("both in step", "return duplex.status().people === 2 && document.querySelector('[data-testid=connection]').textContent.includes('in step')").await?;
                if page == "board" {
                    ada.press("Zoom to fit").await?;
                    ben.press("Hand").await?;
                    ben.drag(&[(560.0, 400.0), (562.0, 402.0)], 20).await?;
                }
                ada.until(
                    "the board to rest",
                    "return new Promise(done => setTimeout(() => done(true), 400))",
                )
                .await?;
                let file = shoot(&ada, &format!("{name}-{theme}-{page}")).await?;
                if theme == "light" {
                    // The README has one of them, and a browser shows them before it installs the app.
                    let installs = format!("public/screens/{page}-{name}.png");
                    std::fs::copy(file, root().join(installs))?;
                }
            }
            for (button, dialog) in [
                (".topbar .primary", "share"),
                (".connection button", "connection"),
                (".people", "people"),
                ("button[aria-label=Versions]", "versions"),
            ] {
                ada.find(button).await?.click().await?;
                if dialog == "versions" {
                    let kept = ".versions li:last-child:not(:first-child) button";
                    ada.find(kept).await?.click().await?;
                }
                shoot(&ada, &format!("{name}-{theme}-{dialog}")).await?;
                ada.find("dialog[open] button[aria-label=\"Close\"]")
                    .await?
                    .click()
                    .await?;
            }
            ada.press_if_there("Now").await?;
            ada.find(".people").await?.click().await?;
            ada.find("button[aria-label=\"Follow Ben\"]")
                .await?
                .click()
                .await?;
            ada.find("[data-testid=following]").await?;
            shoot(&ada, &format!("{name}-{theme}-following")).await?;
            ada.eval("location.hash = '/rooms'").await?;
            ada.find(".rooms li").await?;
            shoot(&ada, &format!("{name}-{theme}-rooms")).await?;
        }
    }
    ada.close().await?;
    ben.close().await?;
    println!("Written to target/shots/");
    Ok(())
}

async fn shoot(window: &Window, name: &str) -> Result<PathBuf> {
    let file = root().join(format!("target/shots/{name}.png"));
    window.screenshot(&file).await?;
    Ok(file)
}

/// A lake, a boat, the sun and hills, by two hands.
async fn draw(ada: &Window, ben: &Window) -> Result<()> {
    let curve = |from: (f64, f64), to: (f64, f64), bend: f64, wiggle: f64| -> Vec<(f64, f64)> {
        (0..=24)
            .map(|i| {
                let t = f64::from(i) / 24.0;
                let arch = (t * std::f64::consts::PI).sin() * bend + (t * 22.0).sin() * wiggle;
                (
                    from.0 + (to.0 - from.0) * t,
                    from.1 + (to.1 - from.1) * t - arch,
                )
            })
            .collect()
    };
    let circle = |x: f64, y: f64, r: f64| -> Vec<(f64, f64)> {
        (0..=30)
            .map(|i| f64::from(i) * 0.215)
            .map(|a| (x + r * a.cos(), y + r * a.sin()))
            .collect()
    };
    let color = |name: &str| format!("button.swatch[aria-label={name}]");
    let pick = async |window: &Window, name: &str, width: &str| -> Result<()> {
        window.find(&color(name)).await?.click().await?;
        window
            .find(&format!("button.width[aria-label={width}]"))
            .await?
            .click()
            .await?;
        Ok(())
    };
    pick(ada, "Orange", "Thick").await?;
    ada.drag(&circle(900.0, 230.0, 48.0), 8).await?;
    for a in 0..8 {
        let a = f64::from(a) * std::f64::consts::FRAC_PI_4;
        ada.drag(
            &[
                (900.0 + 66.0 * a.cos(), 230.0 + 66.0 * a.sin()),
                (900.0 + 92.0 * a.cos(), 230.0 + 92.0 * a.sin()),
            ],
            20,
        )
        .await?;
    }
    pick(ben, "Green", "Medium").await?;
    ben.drag(&curve((250.0, 450.0), (520.0, 450.0), 150.0, 4.0), 8)
        .await?;
    ben.drag(&curve((430.0, 450.0), (760.0, 450.0), 210.0, 5.0), 8)
        .await?;
    ben.drag(&curve((700.0, 450.0), (1_020.0, 450.0), 110.0, 3.0), 8)
        .await?;
    pick(ada, "Blue", "Medium").await?;
    for (y, x) in [(490.0, 240.0), (530.0, 300.0), (575.0, 260.0)] {
        ada.drag(&curve((x, y), (x + 720.0, y), 0.0, 9.0), 8)
            .await?;
    }
    pick(ben, "Red", "Thick").await?;
    ben.drag(&curve((520.0, 500.0), (690.0, 500.0), -46.0, 0.0), 8)
        .await?;
    pick(ben, "Black", "Medium").await?;
    ben.drag(&[(600.0, 510.0), (600.0, 440.0), (601.0, 370.0)], 30)
        .await?;
    ben.drag(
        &[
            (604.0, 375.0),
            (640.0, 420.0),
            (672.0, 465.0),
            (640.0, 468.0),
            (606.0, 470.0),
        ],
        30,
    )
    .await?;
    pick(ada, "Violet", "Thin").await?;
    for (x, y) in [(330.0, 250.0), (390.0, 225.0), (450.0, 262.0)] {
        ada.drag(&curve((x, y), (x + 22.0, y + 4.0), 12.0, 0.0), 4)
            .await?;
        ada.drag(&curve((x + 22.0, y + 4.0), (x + 46.0, y), 12.0, 0.0), 4)
            .await?;
    }
    Ok(())
}
