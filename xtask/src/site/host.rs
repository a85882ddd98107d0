//! A host of the site that is updated while people use it, and that fails on demand.

use std::{
    fs,
    future::pending,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use tokio::task::JoinHandle;

use super::{dist, kind_of};
use crate::relay;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    WasmMissing,
    WasmIsAPage,
    WasmCutShort,
    WasmNever,
    ScriptMissing,
    ScriptIsAPage,
    NoWorker,
    /// What the site does not have is answered with a page of words, as if it were there.
    AnyPathIsAPage,
    /// Nothing is answered.
    Away,
}

#[derive(Clone)]
struct Serves {
    folder: PathBuf,
    fault: Fault,
}

pub struct Host {
    address: String,
    serves: Arc<Mutex<Serves>>,
    task: JoinHandle<()>,
}

impl Host {
    /// Of the site in `dist/`.
    pub async fn start() -> Result<Self> {
        let serves = Arc::new(Mutex::new(Serves {
            folder: dist(),
            fault: Fault::None,
        }));
        let of_requests = Arc::clone(&serves);
        let router = Router::new().fallback(move |request: Request| {
            let serves = of_requests.lock().unwrap_or_else(PoisonError::into_inner);
            answer(serves.clone(), request.uri().path().to_owned())
        });
        let (address, task) = relay::listen(0, router).await?;
        Ok(Self {
            address: format!("http://{address}/"),
            serves,
            task,
        })
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// From now on serves another site.
    pub fn deploy(&self, folder: &Path) {
        self.change(|serves| serves.folder = folder.to_owned());
    }

    pub fn break_by(&self, fault: Fault) {
        self.change(|serves| serves.fault = fault);
    }

    fn change(&self, change: impl FnOnce(&mut Serves)) {
        change(&mut self.serves.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(serves: Serves, path: String) -> Response {
    let is_endless = serves.fault == Fault::WasmNever && path.ends_with("_bg.wasm");
    if is_endless || serves.fault == Fault::Away {
        pending::<()>().await;
    }
    let mut answer = file(&serves, path.trim_start_matches('/'));
    answer.headers_mut().insert(
        header::CACHE_CONTROL,
        header::HeaderValue::from_static("no-store"),
    );
    answer
}

fn file(serves: &Serves, path: &str) -> Response {
    let fault = serves.fault;
    let name = if path.is_empty() { "index.html" } else { path };
    let is_wasm = name.ends_with("_bg.wasm");
    let is_script = name.starts_with("duplex-") && name.ends_with(".js");
    let missing = StatusCode::NOT_FOUND.into_response();
    let page = Html("<!doctype html><p>Not here</p>").into_response();
    match fault {
        Fault::WasmMissing if is_wasm => return missing,
        Fault::NoWorker if name == "sw.js" => return missing,
        Fault::ScriptMissing if is_script => return missing,
        Fault::WasmIsAPage if is_wasm => return page,
        Fault::ScriptIsAPage if is_script => return page,
        _ => {}
    }
    let Ok(mut bytes) = fs::read(serves.folder.join(name)) else {
        return match fault {
            Fault::AnyPathIsAPage => page,
            _ => missing,
        };
    };
    if is_wasm && fault == Fault::WasmCutShort {
        bytes.truncate(bytes.len() / 2);
    }
    let kind = kind_of(name).unwrap_or("application/octet-stream");
    ([(header::CONTENT_TYPE, kind)], Body::from(bytes)).into_response()
}
