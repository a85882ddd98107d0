//! Pieces that pages share.

pub mod button;
pub mod connection;
pub mod dialog;
pub mod drop;
pub mod history;
pub mod icon;
pub mod install;
pub mod listing;
pub mod people;
pub mod rows;
pub mod saved;
pub mod share;
pub mod shortcuts;
pub mod status;
pub mod toasts;
pub mod toolbar;
pub mod update;
pub mod versions;
