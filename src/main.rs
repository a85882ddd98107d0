//! The page's entry.

#[cfg(target_arch = "wasm32")]
fn main() {
    leptos::mount::mount_to_body(duplex::ui::app::App);
    duplex::browser::lifecycle::started();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("Duplex runs in a browser. Build and serve it with: cargo xtask serve");
    std::process::exit(2);
}
