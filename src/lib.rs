//! Duplex: people open a link and draw on one canvas and tick one list, over any WebSocket server that echoes.
//!
//! Three floors; arrows point only down.
//!
//! ```text
//! ui/        Leptos components and hooks: read signals, send intents        wasm only, but for text, the words
//!   |
//! browser/   one file per Web API, no decisions                              wasm only
//!   |
//! core/      everything that decides: pure, natively compiled and tested
//!   socket     the crate below
//!   wire/      bytes <-> messages: the envelope, its signature and seal, its parts
//!   line/      how payloads travel: a socket, the dialect that its server speaks (dialect/: a file each; raw examines
//!              servers that echo and broadcast), the tabs that share it, a look at the other relays of a link, the log
//!   doc/       the shared document, which is tables: replica (all that imports yrs) behind gate and quarantine, sync
//!              and fork, presence, storage and what is known to be in it (store, draft), undo, versions
//!   app        what an app is, for the rest of core
//!   apps/      all of them: a new one is a folder and two lines here, a line in `ui::pages`, and its chunk
//!     board/     its tables (ink, and what changes about it) and slots; the engine: gestures, tools (a file each),
//!                selection, scene, view, wet ink, what is to be painted; strokes and their geometry, file formats
//!     todo/      its table; items, their order, filters
//!   rooms      the rooms of this device: a list of them, each as a file
//!   session    line + wire + doc joined: the whole client minus the browser. All that concerns others is
//!              session/network, which comes later
//!   address    links and `config.json`
//!   peer       who is who
//!   bucket     how much of something is left to somebody
//!   json       JSON from elsewhere, read leniently
//!   keyboard   keys and what they mean, on every layout
//!   ahead      what a next version could add; only in builds for `tests/ahead`
//!   text       what people write: what of it can be seen, and how long it is
//!
//! socket/    a crate for any Leptos application: when to connect, when to retry, what a close means, what waits to be
//!            sent, whether it is alive; on top of it a connection, a hook, components
//! aead/      the cipher, a crate of its own because it is compiled for speed and not for size
//! network/   what a relay and the ways to it do to frames, a crate of its own because `cargo xtask relay` does so, too
//! sim/       a seeded world: people with pointers, a faulty relay, killed pages       native only
//! limits     every number that outside data can hit, each with its reason
//! ```
//!
//! What is *absent* holds the house up; `tests/tidy` and the lints below check it:
//!
//! - `core` and `sim` never read a clock, draw a random number, or name a browser or a component. Time and seeds are
//!   arguments.
//! - Nothing that ships unwraps, indexes or panics, or prints.
//! - `socket`, `wire` and `doc` do not know each other. `line` joins the first two, and only `session` all of them.
//! - No files import each other in a circle. Hooks and parts never name a page, and core names apps in `apps` only.
//! - Only `core/doc/replica` knows that the document is a yrs document.
//! - A signal holds state, never the only copy of a message.
//!
//! Two versions of this program may meet in one room and in one browser. What is stored has a format, what is said grows
//! at its end only, and tables and fields that a version does not know are kept and passed on. `tests/ahead` is this
//! source one version ahead (`core::ahead`), and meets it.

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

pub mod core;
#[doc = include_str!("design.md")]
pub mod design {}
pub mod limits;

#[cfg(all(feature = "sim", not(target_arch = "wasm32")))]
pub mod sim;

#[cfg(target_arch = "wasm32")]
pub mod browser;
pub mod ui;
