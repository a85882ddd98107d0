//! A page whose program does not come, or comes broken: words in each case, and a way to try again.

use std::{fs, future::pending, sync::Arc};

use anyhow::{Result, ensure};
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use xtask::{browser::Engine, relay, site};

use crate::Ground;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    WasmMissing,
    WasmIsAPage,
    WasmCutShort,
    WasmNever,
    ScriptMissing,
    ScriptIsAPage,
}

/// `dist/` with a fault.
fn served(path: &str, fault: Fault) -> Response {
    let name = match path.trim_start_matches('/') {
        "" => "index.html",
        name => name,
    };
    let is_wasm = name.ends_with("_bg.wasm");
    let is_script = name.starts_with("duplex-") && name.ends_with(".js");
    let page = "<!doctype html><p>Not here</p>";
    match fault {
        Fault::WasmMissing if is_wasm => return StatusCode::NOT_FOUND.into_response(),
        Fault::ScriptMissing if is_script => return StatusCode::NOT_FOUND.into_response(),
        Fault::WasmIsAPage if is_wasm => return axum::response::Html(page).into_response(),
        Fault::ScriptIsAPage if is_script => return axum::response::Html(page).into_response(),
        _ => {}
    }
    let Ok(mut bytes) = fs::read(site::dist().join(name)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if is_wasm && fault == Fault::WasmCutShort {
        bytes.truncate(bytes.len() / 2);
    }
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html",
        Some("js") => "text/javascript",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css",
        Some("svg") => "image/svg+xml",
        _ => "application/json",
    };
    ([(header::CONTENT_TYPE, kind)], Body::from(bytes)).into_response()
}

pub async fn a_program_that_does_not_come_is_said_and_can_be_asked_for_again(
    ground: Ground,
) -> Result<()> {
    let fault = Arc::new(std::sync::Mutex::new(Fault::None));
    let of_request = Arc::clone(&fault);
    let router = Router::new().fallback(move |request: Request| {
        let fault = of_request.lock().map_or(Fault::None, |fault| *fault);
        async move {
            let path = request.uri().path().to_owned();
            if fault == Fault::WasmNever && path.ends_with("_bg.wasm") {
                pending::<()>().await;
            }
            let mut answer = served(&path, fault);
            answer.headers_mut().insert(
                header::CACHE_CONTROL,
                header::HeaderValue::from_static("no-store"),
            );
            answer
        }
    });
    let (address, _server) = relay::listen(0, router).await?;
    let page = format!("http://{address}/#/r/boot/board?relay=none");
    let shows = |words: &str| format!("return document.body.innerText.includes({})", json!(words));
    for broken in [
        Fault::WasmMissing,
        Fault::WasmIsAPage,
        Fault::WasmCutShort,
        Fault::ScriptMissing,
        Fault::ScriptIsAPage,
        Fault::WasmNever,
    ] {
        if let Ok(mut fault) = fault.lock() {
            *fault = broken;
        }
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
        if let Ok(mut fault) = fault.lock() {
            *fault = Fault::None;
        }
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
