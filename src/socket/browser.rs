//! The browser, one file for each Web API; each turns events into values, and values into calls. [`connection`] is the loop
//! that runs the engines on them.

pub mod clock;
pub mod connection;
pub mod lifecycle;
pub mod link;
mod text;
pub mod websocket;

/// Whether the page came over https, where browsers take no `ws:` address of another machine.
pub fn is_secure() -> bool {
    let location = web_sys::window().map(|window| window.location());
    let protocol = location.and_then(|location| location.protocol().ok());
    protocol.is_some_and(|protocol| protocol == "https:")
}

/// `ws://host` or `wss://host` of the page's own server; none for a page from a file.
pub fn own_origin() -> Option<String> {
    let location = web_sys::window()?.location();
    let host = location.host().ok().filter(|host| !host.is_empty())?;
    let scheme = match location.protocol().ok()?.as_str() {
        "https:" => "wss://",
        "http:" => "ws://",
        _ => return None,
    };
    Some([scheme, host.as_str()].concat())
}
