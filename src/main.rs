//! The page's entry: the crash dialog first, then everything else.

#[cfg(target_arch = "wasm32")]
fn main() {
    duplex::browser::crash::install();
    leptos::mount::mount_to_body(duplex::ui::app::App);
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("Duplex runs in a browser. Build and serve it with: cargo xtask serve");
    std::process::exit(2);
}
