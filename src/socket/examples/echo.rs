//! The socket layer in a Leptos application of its own: a provider, a status, and a list of what came back.
//!
//! ```text
//! cargo xtask relay --port 8081 &
//! trunk serve --example echo src/socket/examples/index.html
//! ```

#[cfg(target_arch = "wasm32")]
mod app {
    use duplex_socket::{
        Frame, SocketCloseReason, SocketProvider, SocketStatus, use_provided_socket,
    };
    use leptos::prelude::*;

    #[component]
    pub fn App() -> impl IntoView {
        view! {
            <SocketProvider urls=vec!["ws://127.0.0.1:8081/echo".to_owned()]>
                <p><SocketStatus/> " " <SocketCloseReason/></p>
                <Echo/>
            </SocketProvider>
        }
    }

    #[component]
    fn Echo() -> impl IntoView {
        let socket = use_provided_socket();
        let lines = RwSignal::new(Vec::new());
        socket.on_message(move |message| {
            if let Frame::Text(text) = &message.data {
                lines.write().push(text.clone());
            }
        });
        let send = move |_| {
            if let Err(error) = socket.send("hello") {
                lines.write().push(error.to_string());
            }
        };
        view! {
            <button on:click=send>"Send"</button>
            <ol>{move || lines.get().into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}</ol>
        }
    }
}

fn main() {
    #[cfg(target_arch = "wasm32")]
    leptos::mount::mount_to_body(app::App);
}
