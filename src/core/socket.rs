//! The connection: when to open, when to give up, when to try again. Never touches a socket; the host does what
//! [`machine::Output`] says and reports back.

pub mod backoff;
pub mod close;
pub mod endpoint;
pub mod heartbeat;
pub mod machine;
pub mod outbox;
pub mod relays;
