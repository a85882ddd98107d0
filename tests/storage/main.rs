//! The memory twin keeps the contract.
#![cfg(not(target_arch = "wasm32"))]

mod contract;

use std::rc::Rc;

use duplex::{
    core::doc::{
        storage::{Compaction, Storage, Stored},
        undo::Record,
    },
    sim::disk::{Disk, Full, at_once},
};

/// A handle to a disk that others have too.
struct Handle(Rc<Disk>);

impl Storage for Handle {
    type Error = Full;

    async fn load(&self) -> Result<Stored, Full> {
        self.0.load().await
    }

    async fn write(&self, rows: &[Vec<u8>], records: &[Record]) -> Result<(), Full> {
        self.0.write(rows, records).await
    }

    async fn compact(&self, compaction: &Compaction) -> Result<(), Full> {
        self.0.compact(compaction).await
    }
}

#[test]
fn the_memory_twin_keeps_the_contract() {
    let disk = Rc::new(Disk::default());
    let open = async || Handle(Rc::clone(&disk));
    assert_eq!(at_once(contract::keeps(open)), Some(()));
}

#[test]
fn a_call_that_fails_has_changed_nothing() {
    let disk = Disk::default();
    at_once(disk.write(&[vec![1]], &[]));
    let before = disk.read();
    disk.fails.replace(1..4);
    let compaction = Compaction {
        snapshot: vec![1],
        covers: 1,
        replaces: None,
    };
    assert_eq!(at_once(disk.write(&[vec![2]], &[])), Some(Err(Full)));
    assert_eq!(at_once(disk.compact(&compaction)), Some(Err(Full)));
    assert_eq!(at_once(disk.load()), Some(Err(Full)));
    assert_eq!(disk.read(), before);
}
