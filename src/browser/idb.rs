//! IndexedDB: a database per room, with a log that only grows and a snapshot that replaces what it was made of.
//!
//! The crate is `indexed_db_futures`, because it alone of the three that were looked at (with `idb` and `rexie`) lets
//! a transaction choose its durability.

use indexed_db_futures::{
    Build, KeyRange,
    database::Database,
    error::{Error, OpenDbError},
    prelude::{BuildPrimitive, QuerySource},
    transaction::{TransactionDurability, TransactionMode, TransactionOptions},
};
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::window;

use crate::core::doc::store::{Compaction, Stored};

const VERSION: u8 = 1;
const LOG: &str = "log";
const SNAPSHOT: &str = "snapshot";
/// Keys of the snapshot store: the snapshot, and the last row that went into it.
const LATEST: &str = "latest";
const COVERS: &str = "covers";

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("it cannot be opened: {0}")]
    Open(#[from] OpenDbError),
    #[error("{0}")]
    Use(#[from] Error),
}

/// A room's database.
pub struct Store {
    database: Database,
}

impl Store {
    pub async fn open(name: &str) -> Result<Self, StoreError> {
        let database = Database::open(name)
            .with_version(VERSION)
            .with_on_upgrade_needed(|_, database| {
                database
                    .create_object_store(LOG)
                    .with_auto_increment(true)
                    .build()?;
                database.create_object_store(SNAPSHOT).build()?;
                Ok(())
            })
            .await?;
        Ok(Self { database })
    }

    /// Everything, read in one transaction.
    pub async fn load(&self) -> Result<Stored, StoreError> {
        let transaction = self.database.transaction([LOG, SNAPSHOT]).build()?;
        let log = transaction.object_store(LOG)?;
        let keys = log.get_all_keys::<f64>().primitive()?;
        let rows = log.get_all::<JsValue>().primitive()?;
        let snapshots = transaction.object_store(SNAPSHOT)?;
        let snapshot = snapshots.get::<JsValue, _, _>(LATEST).primitive()?;
        let covers = snapshots.get::<f64, _, _>(COVERS).primitive()?;
        let last_row = keys.await?.last().transpose()?.map(|key| key as u64);
        let rows = rows
            .await?
            .filter_map(|row| row.ok().as_ref().and_then(bytes_of))
            .collect();
        let snapshot = snapshot.await?.as_ref().and_then(bytes_of);
        Ok(Stored {
            snapshot,
            covers: covers.await?.map(|row| row as u64),
            rows,
            last_row,
        })
    }

    /// Appends in one transaction.
    pub async fn append(&self, rows: &[Vec<u8>]) -> Result<(), StoreError> {
        let transaction = self
            .database
            .transaction(LOG)
            .with_mode(TransactionMode::Readwrite)
            .build()?;
        let log = transaction.object_store(LOG)?;
        for row in rows {
            log.add(value_of(row)).primitive()?;
        }
        drop(log);
        Ok(transaction.commit().await?)
    }

    /// Puts a snapshot in the place of the rows that it covers, on the disk before it counts.
    pub async fn compact(&self, compaction: &Compaction) -> Result<(), StoreError> {
        let mut options = TransactionOptions::new();
        options.set_durability(TransactionDurability::Strict);
        let transaction = self
            .database
            .transaction([LOG, SNAPSHOT])
            .with_mode(TransactionMode::Readwrite)
            .with_options(options)
            .build()?;
        let snapshots = transaction.object_store(SNAPSHOT)?;
        let there = snapshots.get::<f64, _, _>(COVERS).primitive()?.await?;
        if there.map(|row| row as u64) != compaction.replaces {
            return Ok(());
        }
        let covers = compaction.covers as f64;
        snapshots
            .put(value_of(&compaction.snapshot))
            .with_key(LATEST)
            .primitive()?;
        snapshots.put(covers).with_key(COVERS).primitive()?;
        transaction
            .object_store(LOG)?
            .delete::<f64, _>(KeyRange::UpperBound(covers, false))
            .primitive()?;
        drop(snapshots);
        Ok(transaction.commit().await?)
    }
}

/// Asks the browser to keep this site's storage when it runs out of space; none where it cannot be asked.
pub async fn persist() -> Option<bool> {
    let asked = window()?.navigator().storage().persist().ok()?;
    JsFuture::from(asked).await.ok()?.as_bool()
}

fn value_of(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

fn bytes_of(value: &JsValue) -> Option<Vec<u8>> {
    value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)
}
