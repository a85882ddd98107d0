//! IndexedDB: a database per room, with a log that only grows and a snapshot that replaces what it was made of.
//!
//! The crate is `indexed_db_futures`, because it alone of the three that were looked at (with `idb` and `rexie`) lets
//! a transaction choose its durability.

use indexed_db_futures::{
    Build, KeyRange,
    database::Database,
    error::{DomException, Error, OpenDbError},
    internals::SystemRepr,
    prelude::{BuildPrimitive, QuerySource},
    transaction::{TransactionDurability, TransactionMode, TransactionOptions},
};
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::window;

use super::lifecycle::Listener;
use crate::core::doc::{
    storage::{Compaction, Storage, Stored},
    undo::{Record, StepKey},
};

/// 1: log and snapshot. 2: steps.
const VERSION: u8 = 2;
const LOG: &str = "log";
const SNAPSHOT: &str = "snapshot";
const STEPS: &str = "steps";
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

/// A room's database. It is closed when this is dropped, or when a newer version of this program asks for it.
pub struct Store {
    database: Database,
    is_newer: bool,
    _on_version_change: Listener,
}

impl Store {
    /// `on_blocked` is told when a tab with an older version of this program keeps the room to itself; the future goes
    /// on when that tab is closed.
    pub async fn open(name: &str, on_blocked: impl Fn() + 'static) -> Result<Self, StoreError> {
        let opened = Database::open(name)
            .with_version(VERSION)
            .with_on_blocked(move |_| {
                on_blocked();
                Ok(())
            })
            .with_on_upgrade_needed(|event, database| {
                if event.old_version() < 1.0 {
                    database
                        .create_object_store(LOG)
                        .with_auto_increment(true)
                        .build()?;
                    database.create_object_store(SNAPSHOT).build()?;
                }
                database.create_object_store(STEPS).build()?;
                Ok(())
            })
            .await;
        let database = match opened {
            Ok(database) => database,
            // In the version that it has.
            Err(error) if is_newer(&error) => Database::open(name).await?,
            Err(error) => return Err(error.into()),
        };
        let old = database.clone();
        Ok(Self {
            is_newer: database.version() > f64::from(VERSION),
            _on_version_change: Listener::on(database.as_sys(), "versionchange", move |_| {
                old.as_sys().close();
            }),
            database,
        })
    }
}

fn is_newer(error: &OpenDbError) -> bool {
    match error {
        OpenDbError::Base(Error::DomException(DomException::Other(error))) => {
            error.name() == "VersionError"
        }
        _ => false,
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.database.as_sys().close();
    }
}

impl Storage for Store {
    type Error = StoreError;

    async fn load(&self) -> Result<Stored, StoreError> {
        let transaction = self.database.transaction([LOG, SNAPSHOT, STEPS]).build()?;
        let log = transaction.object_store(LOG)?;
        let keys = log.get_all_keys::<f64>().primitive()?;
        let rows = log.get_all::<JsValue>().primitive()?;
        let snapshots = transaction.object_store(SNAPSHOT)?;
        let snapshot = snapshots.get::<JsValue, _, _>(LATEST).primitive()?;
        let covers = snapshots.get::<f64, _, _>(COVERS).primitive()?;
        let steps = transaction.object_store(STEPS)?;
        let step_keys = steps.get_all_keys::<f64>().primitive()?;
        let steps = steps.get_all::<JsValue>().primitive()?;
        let last_row = keys.await?.last().transpose()?.map(|key| key as u64);
        let rows = rows
            .await?
            .filter_map(|row| row.ok().as_ref().and_then(bytes_of))
            .collect();
        let snapshot = snapshot.await?.as_ref().and_then(bytes_of);
        let covers = covers.await?.map(|row| row as u64);
        let read = |(key, step): (Result<f64, Error>, Result<JsValue, Error>)| {
            Some((StepKey::from_f64(key.ok()?), bytes_of(&step.ok()?)?))
        };
        let steps = step_keys.await?.zip(steps.await?).filter_map(read);
        Ok(Stored {
            snapshot,
            covers,
            rows,
            last_row,
            steps: steps.collect(),
            is_newer: self.is_newer,
        })
    }

    async fn append(&self, rows: &[Vec<u8>]) -> Result<(), StoreError> {
        let rows = rows.iter().map(|row| Change::Add(value_of(row)));
        self.change(rows.collect(), None).await
    }

    async fn compact(&self, compaction: &Compaction) -> Result<(), StoreError> {
        let covers = compaction.covers as f64;
        let changes = vec![
            Change::Put(SNAPSHOT, LATEST.into(), value_of(&compaction.snapshot)),
            Change::Put(SNAPSHOT, COVERS.into(), covers.into()),
            Change::Delete(LOG, KeyRange::UpperBound(covers, false)),
        ];
        self.change(changes, Some(compaction.replaces)).await
    }

    async fn record(&self, records: &[Record]) -> Result<(), StoreError> {
        let changes = records.iter().map(|record| match record {
            Record::Keep(key, bytes) => Change::Put(STEPS, key.to_f64().into(), value_of(bytes)),
            Record::Drop(key) => Change::Delete(STEPS, KeyRange::Only(key.to_f64())),
        });
        self.change(changes.collect(), None).await
    }
}

/// Part of a transaction.
enum Change {
    /// To the log.
    Add(JsValue),
    Put(&'static str, JsValue, JsValue),
    Delete(&'static str, KeyRange<f64>),
}

impl Store {
    /// All or nothing. A snapshot is put only if the one there covers what it `replaces`, and is on the disk then.
    async fn change(
        &self,
        changes: Vec<Change>,
        replaces: Option<Option<u64>>,
    ) -> Result<(), StoreError> {
        let mut options = TransactionOptions::new();
        options.set_durability(match replaces {
            Some(_) => TransactionDurability::Strict,
            None => TransactionDurability::Relaxed,
        });
        let transaction = self
            .database
            .transaction([LOG, SNAPSHOT, STEPS])
            .with_mode(TransactionMode::Readwrite)
            .with_options(options)
            .build()?;
        if let Some(replaces) = replaces {
            let snapshots = transaction.object_store(SNAPSHOT)?;
            let there = snapshots.get::<f64, _, _>(COVERS).primitive()?.await?;
            if there.map(|row| row as u64) != replaces {
                return Ok(());
            }
        }
        for change in changes {
            match change {
                Change::Add(row) => drop(transaction.object_store(LOG)?.add(row).primitive()?),
                Change::Put(store, key, value) => {
                    let store = transaction.object_store(store)?;
                    store.put(value).with_key(key).primitive()?;
                }
                Change::Delete(store, keys) => {
                    let store = transaction.object_store(store)?;
                    store.delete::<f64, _>(keys).primitive()?;
                }
            }
        }
        Ok(transaction.commit().await?)
    }
}

/// Asks the browser to keep this site's storage when it runs out of space; none where it cannot be asked.
pub async fn persist() -> Option<bool> {
    let asked = window()?.navigator().storage().persist().ok()?;
    JsFuture::from(asked).await.ok()?.as_bool()
}

pub fn value_of(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

pub fn bytes_of(value: &JsValue) -> Option<Vec<u8>> {
    value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)
}
