//! The shared document and how copies of it stay equal: what it holds ([`table`], [`contents`]), the copy itself
//! ([`replica`]) and what guards it ([`gate`], [`quarantine`]), the exchange with other copies ([`sync`]) and what mends
//! one that was forked ([`fork`]), who is here ([`presence`]), what is stored ([`store`]), what a person can take back
//! ([`undo`]), and what the room was like before ([`versions`]).

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
