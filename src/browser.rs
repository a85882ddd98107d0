//! The browser, one file per Web API and no decisions: each file turns events into values, and values into calls.
//! [`room`] is the loop that runs a [`crate::core::session`] on all of them.

pub mod address;
pub mod canvas2d;
pub mod clock;
pub mod files;
pub mod http;
pub mod idb;
pub mod install;
pub mod lead;
pub mod lifecycle;
pub mod page_api;
pub mod pointer;
pub mod preferences;
pub mod quarantine;
pub mod random;
pub mod room;
pub mod rooms;
pub mod styles;
pub mod tabs;
pub mod task;
pub mod text;
pub mod update;
pub mod versions;
