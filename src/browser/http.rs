//! `fetch`, through gloo-net: the host's `config.json`, and whether the page's own server is a relay.

use std::{cell::Cell, rc::Rc};

use futures_channel::oneshot;
use gloo_net::http::{Request, Response};
use wasm_bindgen::JsCast;
use web_sys::{AbortController, MessageEvent, Worker};

use super::{clock::Timeout, lifecycle::Listener};
use crate::limits::FETCH_MS;

/// There is no answer, or it says nothing: another one may come later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unanswered;

/// The text of `config.json` beside the page. `None` where the host has none; some answer with a page instead.
pub async fn config() -> Result<Option<String>, Unanswered> {
    let response = get("config.json").await?;
    let is_page = response
        .headers()
        .get("content-type")
        .is_some_and(|kind| kind.starts_with("text/html"));
    match response.ok() && !is_page {
        true => response.text().await.map(Some).map_err(|_| Unanswered),
        false => Ok(None),
    }
}

/// Whether `/relay/` of the page's own server wants to speak WebSocket: HTTP 426, Upgrade Required (RFC 9110
/// §15.5.22).
pub async fn own_server_is_a_relay() -> Result<bool, Unanswered> {
    match ask("/relay/").await? {
        0 | 429 | 500.. => Err(Unanswered),
        status => Ok(status == 426),
    }
}

/// The status of an answer which may be an error and is none of the page: `public/ask.js` says why a worker asks.
async fn ask(address: &str) -> Result<u16, Unanswered> {
    let worker = Worker::new("ask.js").map_err(|_| Unanswered)?;
    let (tell, told) = oneshot::channel();
    let tell = Rc::new(Cell::new(Some(tell)));
    let settle = {
        let tell = Rc::clone(&tell);
        move |status: u16| {
            if let Some(tell) = tell.take() {
                let _ = tell.send(status);
            }
        }
    };
    let (late, failed) = (settle.clone(), settle.clone());
    let _answers = Listener::on(&worker, "message", move |event| {
        let data = event.dyn_ref().map(MessageEvent::data);
        settle(data.and_then(|data| data.as_f64()).unwrap_or_default() as u16);
    });
    let _fails = Listener::on(&worker, "error", move |_| failed(0));
    let _patience = Timeout::after(FETCH_MS, move || late(0));
    let _ = worker.post_message(&address.into());
    let status = told.await;
    worker.terminate();
    status.map_err(|_| Unanswered)
}

async fn get(address: &str) -> Result<Response, Unanswered> {
    let abort = AbortController::new().ok();
    let signal = abort.as_ref().map(AbortController::signal);
    let request = Request::get(address).abort_signal(signal.as_ref());
    let _patience = abort.map(|abort| Timeout::after(FETCH_MS, move || abort.abort()));
    let response = request.send().await.map_err(|_| Unanswered)?;
    match response.status() {
        429 | 500.. => Err(Unanswered),
        _ => Ok(response),
    }
}
