//! One WebSocket in one component.

#[cfg(target_arch = "wasm32")]
mod app {
    use duplex_socket::{Frame, State, use_socket};
    use leptos::prelude::*;

    #[component]
    pub fn App() -> impl IntoView {
        let socket = use_socket("ws://127.0.0.1:8081/echo");
        let lines = RwSignal::new(Vec::new());
        socket.on_message(move |message| {
            if let Frame::Text(text) = &message.data {
                lines.write().push(text.clone());
            }
        });
        view! {
            <button on:click=move |_| drop(socket.send("hello"))>"Send"</button>
            <p>{move || if socket.state.get() == State::Open { "open" } else { "not open" }}</p>
            <p>{move || lines.get().join(", ")}</p>
        }
    }
}

fn main() {
    #[cfg(target_arch = "wasm32")]
    leptos::mount::mount_to_body(app::App);
}
