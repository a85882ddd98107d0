//! A Leptos application without a socket: what the other examples are larger than (`cargo xtask bench socket`).

#[cfg(target_arch = "wasm32")]
mod app {
    use leptos::prelude::*;

    #[component]
    pub fn App() -> impl IntoView {
        let lines = RwSignal::new(Vec::new());
        let say = move |_| lines.write().push("hello".to_owned());
        view! {
            <button on:click=say>"Say"</button>
            <p>{move || if lines.read().is_empty() { "nothing" } else { "something" }}</p>
            <ol>{move || lines.get().into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}</ol>
        }
    }
}

fn main() {
    #[cfg(target_arch = "wasm32")]
    leptos::mount::mount_to_body(app::App);
}
