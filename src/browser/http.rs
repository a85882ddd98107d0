//! `fetch`, through gloo-net: the host's `config.json`, and whether the page's own server is a relay.

use gloo_net::http::{Request, Response};
use web_sys::AbortController;

use super::clock::Timeout;
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
    Ok(get("/relay/").await?.status() == 426)
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
