//! A page whose program does not come, or comes broken: words in each case, and a way to try again.

use anyhow::{Result, ensure};
use serde_json::json;
use xtask::{
    browser::Engine,
    site::host::{Fault, Host},
};

use crate::Ground;

pub async fn a_program_that_does_not_come_is_said_and_can_be_asked_for_again(
    ground: Ground,
) -> Result<()> {
    let host = Host::start().await?;
    let page = format!("{}#/r/boot/board?relay=none", host.address());
    let shows = |words: &str| format!("return document.body.innerText.includes({})", json!(words));
    for broken in [
        Fault::WasmMissing,
        Fault::WasmIsAPage,
        Fault::WasmCutShort,
        Fault::ScriptMissing,
        Fault::ScriptIsAPage,
        Fault::WasmNever,
    ] {
        host.break_by(broken);
        let window = ground.window().await?;
        // Not as for a page that works: there is no page to wait for.
        window.open_only(&page).await?;
        let words = match broken {
            Fault::WasmNever => "Duplex is still loading",
            _ => "Duplex could not be loaded",
        };
        window
            .until(&format!("{broken:?}: {words}"), &shows(words))
            .await?;
        host.break_by(Fault::None);
        window
            .eval("document.querySelector('#boot [data-reload]').click()")
            .await?;
        window
            .until(
                &format!("the page after {broken:?}"),
                "return !!window.duplex && !document.getElementById('boot')",
            )
            .await?;
        window.close().await?;
    }
    Ok(())
}

/// Storage that answers nothing at all, before the program runs.
pub async fn storage_that_never_answers_is_not_called_saved(ground: Ground) -> Result<()> {
    ensure!(ground.engine == Engine::Chromium);
    let window = ground.window().await?;
    let silent = "IDBFactory.prototype.open = () => new EventTarget()";
    let script = json!({ "source": silent });
    window
        .devtools("Page.addScriptToEvaluateOnNewDocument", script)
        .await?;
    window
        .goto(&ground.address("silent", "board", None))
        .await?;
    let state = window
        .eval("return document.querySelector('[data-testid=saved]').dataset.state")
        .await?;
    ensure!(state != "saved", "nothing was read or stored");
    window
        .says("saved", "memory-only", "has not answered")
        .await?;
    let whole = "return document.querySelector('[data-testid=trouble]').textContent.includes('Export before you close the page.')";
    window.until("all of the sentence", whole).await?;
    window.close().await
}
