//! A WebSocket for the browser that comes back by itself, reactive for [Leptos](https://leptos.dev).
//!
//! It reconnects with a jittered backoff, goes to the next server of a list, notices half-open connections by a heartbeat,
//! keeps what waits to be sent within bounds, sleeps and wakes with the page and the network, and says how it stands.
//!
#![cfg_attr(
    target_arch = "wasm32",
    doc = "One WebSocket in one component ([`use_socket`]):"
)]
#![cfg_attr(
    not(target_arch = "wasm32"),
    doc = "One WebSocket in one component (`use_socket`):"
)]
//!
#![doc = concat!("```\n", include_str!("examples/hook.rs"), "```")]
//!
//! As components, around an application:
//!
#![doc = concat!("```\n", include_str!("examples/echo.rs"), "```")]
//!
//! Both are compiled for the browser by the tests of this crate's repository. Without Leptos (`default-features = false`) there is
//! `browser::connection`, with callbacks in place of signals.
//!
//! Everything that decides is a state machine without a socket, a clock or chance, compiled and tested natively:
//! [`machine`] (when to connect, when to give up), [`outbox`] (what waits to be sent), [`heartbeat`], [`backoff`],
//! [`relays`] (which server of a list is next), [`close`] (what a close code means), [`endpoint`] (which addresses a browser
//! takes). `browser` holds one file for each Web API. A host of its own drives them as `browser::connection` does.

// Outside data must not reach a panic, nothing is printed, and time and seeds are arguments (clippy.toml).
#![cfg_attr(
    not(test),
    deny(
        clippy::dbg_macro,
        clippy::disallowed_methods,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::print_stderr,
        clippy::print_stdout,
        clippy::string_slice,
        clippy::todo,
        clippy::unimplemented,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

pub mod backoff;
pub mod close;
pub mod endpoint;
pub mod frame;
pub mod heartbeat;
pub mod limits;
pub mod machine;
pub mod outbox;
pub mod relays;

#[cfg(target_arch = "wasm32")]
pub mod browser;
#[cfg(all(target_arch = "wasm32", feature = "leptos"))]
pub mod components;
#[cfg(all(target_arch = "wasm32", feature = "leptos"))]
pub mod hook;

pub use close::CloseEvent;
pub use endpoint::{Endpoint, EndpointError};
pub use frame::Frame;
pub use machine::State;

#[cfg(target_arch = "wasm32")]
pub use browser::{
    connection::{Connection, Options, Sent},
    websocket::MessageEvent,
};
#[cfg(all(target_arch = "wasm32", feature = "leptos"))]
pub use components::{SocketCloseReason, SocketProvider, SocketStatus, use_provided_socket};
#[cfg(all(target_arch = "wasm32", feature = "leptos"))]
pub use hook::{SendError, Subscription, UseSocket, use_socket, use_socket_with};
