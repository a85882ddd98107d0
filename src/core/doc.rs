//! The shared document and its replication: the data model ([`table`]), a hash of the contents ([`contents`]), the
//! local copy ([`replica`]), the checks of untrusted updates ([`gate`], [`quarantine`]), synchronization with other
//! copies ([`sync`]), repair of a fork ([`fork`]), presence ([`presence`]), storage ([`store`]), undo ([`undo`]) and
//! version history ([`versions`]).

pub mod amount;
pub mod contents;
pub mod draft;
pub mod fork;
pub mod gate;
pub mod id;
pub mod presence;
pub mod quarantine;
pub mod replica;
pub mod step;
pub mod storage;
pub mod store;
pub mod sync;
pub mod table;
pub mod undo;
pub mod versions;
