//! The page's entry.

#[cfg(target_arch = "wasm32")]
fn main() {
    use duplex::ui::{app::App, chunks::CHUNKS};
    use leptos::prelude::*;

    mount_to_body(|| view! { <App chunks=&CHUNKS/> });
    duplex::browser::lifecycle::started();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("Duplex runs in a browser. Build and serve it with: cargo xtask serve");
    std::process::exit(2);
}
