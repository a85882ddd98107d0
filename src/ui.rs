//! What people see: Leptos components and hooks. A component reads signals and sends intents; it does not decide.

pub mod api;
pub mod app;
pub mod chunks;
pub mod formats;
pub mod hooks;
pub mod loading;
pub mod pages;
pub mod parts;
pub mod relays;
pub mod shell;
pub mod text;
pub mod theme;
