//! The page as an installed app.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::Ground;

/// At the root of a host, and below a path of it, where another one may be installed, too.
pub async fn the_browser_offers_to_install_it_wherever_it_is(ground: Ground) -> Result<()> {
    for path in ["", "sub/path/"] {
        let window = ground.window().await?;
        let address = format!("{}{path}", ground.site.address());
        window.goto(&address).await?;
        let found = window
            .devtools("Page.getInstallabilityErrors", json!({}))
            .await?;
        ensure!(found["installabilityErrors"] == json!([]), "{found}");
        let manifest = window.devtools("Page.getAppManifest", json!({})).await?;
        ensure!(manifest["errors"] == json!([]), "{}", manifest["errors"]);
        let app = window.devtools("Page.getAppId", json!({})).await?;
        ensure!(app["appId"] == json!(address), "{app}");
        let missing = window
            .promise(
                "fetch('manifest.json').then(it => it.json()).then(it => Promise.all(\
                 [...it.icons, ...it.screenshots].map(({ src }) => fetch(src).then(it => it.ok ? [] : src))))\
                 .then(it => it.flat())",
            )
            .await?;
        ensure!(missing == json!([]), "{missing}");
        window.close().await?;
    }
    Ok(())
}
