//! The connection without a framework: what it costs alone (`cargo xtask bench socket`).

#[cfg(target_arch = "wasm32")]
fn main() {
    use duplex_socket::{Connection, Endpoint, Options, browser::connection::Event};
    let servers = Endpoint::parse("ws://127.0.0.1:8081/echo", false)
        .into_iter()
        .collect();
    let connection = Connection::new(servers, Options::default(), |event| {
        if let Event::Message(message) = event {
            web_sys::console::log_1(&format!("{:?}", message.data).into());
        }
    });
    let _ = connection.send("hello".into());
    // It lives as long as the page.
    std::mem::forget(connection);
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}
