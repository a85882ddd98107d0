//! The icons of the installed app, painted by Chromium from `public/icon.svg` into `public/icons/`.

use std::fs;

use anyhow::Result;
use serde_json::json;

use crate::{
    browser::{Engine, Window},
    root,
};

/// What a system does with the icon.
#[derive(Clone, Copy)]
enum Shape {
    /// Shows it as it is.
    Any,
    /// Cuts it into a shape of its own: the drawing stays within the inner four fifths.
    Maskable,
    /// Uses its outline alone.
    Monochrome,
}

/// File, side in pixels, shape.
const ICONS: [(&str, u32, Shape); 5] = [
    ("192", 192, Shape::Any),
    ("512", 512, Shape::Any),
    ("maskable-512", 512, Shape::Maskable),
    ("monochrome-512", 512, Shape::Monochrome),
    // iOS rounds the corners itself.
    ("touch-180", 180, Shape::Maskable),
];

pub async fn paint() -> Result<()> {
    let folder = root().join("public/icons");
    let svg = fs::read_to_string(root().join("public/icon.svg"))?;
    let window = Window::open(Engine::Chromium, (800, 800), None).await?;
    window
        .devtools(
            "Emulation.setDefaultBackgroundColorOverride",
            json!({ "color": { "r": 0, "g": 0, "b": 0, "a": 0 } }),
        )
        .await?;
    for (name, side, shape) in ICONS {
        let svg = match shape {
            Shape::Any => svg.clone(),
            // The background to the edge, the drawing a little smaller.
            Shape::Maskable => svg.replace(" rx=\"14\"", "").replacen(
                "<path",
                "<g transform=\"translate(6.4 6.4) scale(.8)\"><path",
                1,
            ),
            Shape::Monochrome => svg.replace("#4c5fd7", "none").replace("#ffd166", "#fff"),
        };
        let svg = svg.replacen("<svg", "<svg width=\"100%\" style=\"display:block\"", 1);
        let page = root().join("target/icon.html");
        fs::write(&page, format!("<body style=\"margin:0\">{svg}"))?;
        window
            .open_only(&format!("file://{}", page.display()))
            .await?;
        let size =
            json!({ "width": side, "height": side, "deviceScaleFactor": 1, "mobile": false });
        window
            .devtools("Emulation.setDeviceMetricsOverride", size)
            .await?;
        window
            .screenshot(&folder.join(format!("{name}.png")))
            .await?;
    }
    window.close().await
}
