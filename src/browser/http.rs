//! `fetch`, through gloo-net: the host's `config.json`, and whether the page's own server is a relay.

use gloo_net::http::Request;

/// The text of `config.json` beside the page. `None` where the host has none; some answer with a page instead.
pub async fn config() -> Option<String> {
    let response = Request::get("config.json").send().await.ok()?;
    let is_page = response
        .headers()
        .get("content-type")
        .is_some_and(|kind| kind.starts_with("text/html"));
    match response.ok() && !is_page {
        true => response.text().await.ok(),
        false => None,
    }
}

/// Whether `/relay/` of the page's own server wants to speak WebSocket: HTTP 426, Upgrade Required (RFC 9110
/// §15.5.22).
pub async fn own_server_is_a_relay() -> bool {
    let response = Request::get("/relay/").send().await;
    response.is_ok_and(|response| response.status() == 426)
}
