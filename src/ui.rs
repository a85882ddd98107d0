//! What people see: Leptos components and hooks. A component reads signals and sends intents; it does not decide.
//!
//! Only the words ([`text`]) are compiled for every target.

#[cfg(target_arch = "wasm32")]
pub mod api;
#[cfg(target_arch = "wasm32")]
pub mod app;
#[cfg(target_arch = "wasm32")]
pub mod chunks;
#[cfg(target_arch = "wasm32")]
pub mod formats;
#[cfg(target_arch = "wasm32")]
pub mod hooks;
#[cfg(target_arch = "wasm32")]
pub mod loading;
#[cfg(target_arch = "wasm32")]
pub mod notices;
#[cfg(target_arch = "wasm32")]
pub mod pages;
#[cfg(target_arch = "wasm32")]
pub mod parts;
#[cfg(target_arch = "wasm32")]
pub mod relays;
#[cfg(target_arch = "wasm32")]
pub mod shell;
pub mod text;
#[cfg(target_arch = "wasm32")]
pub mod theme;
