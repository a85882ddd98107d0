//! IndexedDB: a database per room, with a log that only grows and a snapshot that replaces what it was made of.
//!
//! The crate is `indexed_db_futures`, because it alone of the three that were looked at (with `idb` and `rexie`) lets
//! a transaction choose its durability.

use indexed_db_futures::{
    Build, KeyRange,
    database::Database,
    error::{Error, OpenDbError},
    internals::SystemRepr,
    prelude::{BuildPrimitive, QuerySource},
    transaction::{TransactionDurability, TransactionMode, TransactionOptions},
};
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DomException, IdbDatabase, IdbObjectStoreParameters, IdbVersionChangeEvent, window};

use super::lifecycle::Listener;
use crate::core::{
    doc::{
        storage::{Compaction, Storage, Stored},
        undo::{Record, StepKey},
    },
    peer::PeerId,
};

/// 1: log and snapshot. 2: steps; a key below zero is that of a page's draft.
const VERSION: u8 = 2;
const LOG: &str = "log";
const SNAPSHOT: &str = "snapshot";
const STEPS: &str = "steps";
/// Keys of the snapshot store: the snapshot, and the last row that went into it.
const LATEST: &str = "latest";
const COVERS: &str = "covers";

const NO_DATABASES: &str = "this browser has no IndexedDB";
const UNREADABLE: &str = "the browser's answer does not read";

/// Why the browser did not do it, in its own words.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("it cannot be opened: {0}")]
    Open(String),
    #[error("{0}")]
    Use(String),
    /// The connection is gone; another one may work.
    #[error("{0}")]
    Closed(String),
}

impl From<OpenDbError> for StoreError {
    fn from(error: OpenDbError) -> Self {
        Self::Open(match error {
            OpenDbError::Base(error) => words(error),
            _ => NO_DATABASES.to_owned(),
        })
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::DomException(error) => {
                let error = DomException::from(error);
                // Indexed Database API 3.0 §4.4: `transaction()` of a closed connection.
                match error.name() == "InvalidStateError" {
                    true => Self::Closed(error.message()),
                    false => Self::Use(error.message()),
                }
            }
            _ => Self::Use(UNREADABLE.to_owned()),
        }
    }
}

fn words(error: Error) -> String {
    match error {
        Error::DomException(error) => DomException::from(error).message(),
        _ => UNREADABLE.to_owned(),
    }
}

fn message(thrown: &JsValue) -> String {
    let error = thrown.dyn_ref::<DomException>();
    error.map_or_else(|| UNREADABLE.to_owned(), DomException::message)
}

/// What another tab does to a room that is open here, or keeps from being opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interference {
    /// A tab with an older version of this program keeps it to itself; opening goes on when that tab is closed.
    Blocks,
    /// The connection is closed, because the database is being deleted or a newer version of this program asks for it.
    Closes,
}

/// A room's database. It is closed when this is dropped, or when a newer version of this program asks for it.
pub struct Store {
    database: Database,
    is_newer: bool,
    _listeners: [Listener; 2],
}

impl Store {
    pub async fn open(
        name: &str,
        tell: impl Fn(Interference) + Clone + 'static,
    ) -> Result<Self, StoreError> {
        let on_blocked = {
            let tell = tell.clone();
            move || tell(Interference::Blocks)
        };
        let database = open(name, VERSION, on_blocked, &STORES).await?;
        let old = database.clone();
        let closes = {
            let tell = tell.clone();
            move || tell(Interference::Closes)
        };
        Ok(Self {
            is_newer: database.version() > f64::from(VERSION),
            _listeners: [
                Listener::on(database.as_sys(), "versionchange", move |event| {
                    old.as_sys().close();
                    let change: IdbVersionChangeEvent = event.unchecked_into();
                    if change.new_version().is_none() {
                        closes();
                    }
                }),
                // The browser did it, as when somebody clears the site's data.
                Listener::on(database.as_sys(), "close", move |_| {
                    tell(Interference::Closes)
                }),
            ],
            database,
        })
    }
}

/// An object store, and where its keys come from.
#[derive(Clone, Copy)]
pub enum Table {
    /// The database counts them.
    Counted(&'static str),
    Keyed(&'static str),
}

const STORES: [Table; 3] = [
    Table::Counted(LOG),
    Table::Keyed(SNAPSHOT),
    Table::Keyed(STEPS),
];

impl Table {
    /// Makes it where it is missing, whatever the version of the database says.
    fn make(self, database: &IdbDatabase) -> Result<(), JsValue> {
        let (Self::Counted(name) | Self::Keyed(name)) = self;
        if database.object_store_names().contains(name) {
            return Ok(());
        }
        let options = IdbObjectStoreParameters::new();
        options.set_auto_increment(matches!(self, Self::Counted(_)));
        database.create_object_store_with_optional_parameters(name, &options)?;
        Ok(())
    }
}

/// Opens a database, in the version that it has if that is a newer one. An upgrade makes the stores that are missing.
///
/// By hand, because the crate writes out what its upgrades fail with, and that needs 5 kB of a first load.
pub async fn open(
    name: &str,
    version: u8,
    on_blocked: impl Fn() + 'static,
    stores: &'static [Table],
) -> Result<Database, StoreError> {
    let factory = window().and_then(|window| window.indexed_db().ok()?);
    let factory = factory.ok_or_else(|| StoreError::Open(NO_DATABASES.to_owned()))?;
    let request = factory
        .open_with_u32(name, version.into())
        .map_err(|error| StoreError::Open(message(&error)))?;
    let upgrading = request.clone();
    let _listeners = [
        Listener::on(&request, "blocked", move |_| on_blocked()),
        Listener::on(&request, "upgradeneeded", move |_| {
            let database = upgrading.result().map(JsCast::unchecked_into);
            let upgraded = database
                .and_then(|database| stores.iter().try_for_each(|store| store.make(&database)));
            if upgraded.is_err()
                && let Some(transaction) = upgrading.transaction()
            {
                let _ = transaction.abort();
            }
        }),
    ];
    let answered = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    let upgraded = match JsFuture::from(answered).await {
        Ok(_) => request.result().ok().map(IdbDatabase::unchecked_from_js),
        Err(_) => match request.error() {
            Ok(Some(error)) if error.name() == "VersionError" => None,
            Ok(Some(error)) => return Err(StoreError::Open(error.message())),
            _ => return Err(StoreError::Open(UNREADABLE.to_owned())),
        },
    };
    // This connection stays open until the crate's own is open, so that no other tab changes the database in between.
    // It closes earlier if another tab asks for that, to upgrade or delete the database.
    let _making_way = upgraded.as_ref().map(|upgraded| {
        let closing = upgraded.clone();
        Listener::on(upgraded, "versionchange", move |_| closing.close())
    });
    let database = Database::open(name).await;
    if let Some(upgraded) = upgraded {
        upgraded.close();
    }
    Ok(database?)
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
        let keys = log.get_all_keys::<JsValue>().primitive()?;
        let rows = log.get_all::<JsValue>().primitive()?;
        let snapshots = transaction.object_store(SNAPSHOT)?;
        let snapshot = snapshots.get::<JsValue, _, _>(LATEST).primitive()?;
        let covers = snapshots.get::<JsValue, _, _>(COVERS).primitive()?;
        let steps = transaction.object_store(STEPS)?;
        let step_keys = steps.get_all_keys::<JsValue>().primitive()?;
        let steps = steps.get_all::<JsValue>().primitive()?;
        let last_row = keys.await?.last().transpose()?.and_then(number);
        let (rows, mut unreadable) = (rows.await?, 0);
        let rows = rows.filter_map(|row| {
            let row = row.ok().as_ref().and_then(bytes_of);
            unreadable += usize::from(row.is_none());
            row
        });
        let rows = rows.collect();
        let snapshot = snapshot.await?.as_ref().and_then(bytes_of);
        let covers = covers.await?.and_then(number);
        let read = |(key, step): (Result<JsValue, Error>, Result<JsValue, Error>)| {
            Some((key.ok()?.as_f64()?, bytes_of(&step.ok()?)?))
        };
        let read = step_keys.await?.zip(steps.await?).filter_map(read);
        let (drafts, steps): (Vec<_>, Vec<_>) = read.partition(|(key, _)| *key < 0.0);
        let page = |key: f64| PeerId::from_bits(-key as u64);
        Ok(Stored {
            snapshot,
            covers,
            rows,
            last_row,
            steps: (steps.into_iter())
                .map(|(key, step)| (StepKey::from_f64(key), step))
                .collect(),
            drafts: (drafts.into_iter())
                .map(|(key, draft)| (page(key), draft))
                .collect(),
            unreadable,
            is_newer: self.is_newer,
        })
    }

    async fn write(&self, rows: &[Vec<u8>], records: &[Record]) -> Result<(), StoreError> {
        let rows = rows.iter().map(|row| Change::Add(value_of(row)));
        let records = records.iter().map(|record| match record {
            Record::Keep(key, bytes) => Change::Put(STEPS, key.to_f64().into(), value_of(bytes)),
            Record::Drop(key) => Change::Delete(STEPS, KeyRange::Only(key.to_f64().into())),
            Record::KeepDraft(page, bytes) => Change::Put(STEPS, draft_key(*page), value_of(bytes)),
            Record::DropDraft(page) => Change::Delete(STEPS, KeyRange::Only(draft_key(*page))),
        });
        self.change(rows.chain(records).collect(), None).await
    }

    async fn compact(&self, compaction: &Compaction) -> Result<(), StoreError> {
        let covers = compaction.covers as f64;
        let changes = vec![
            Change::Put(SNAPSHOT, LATEST.into(), value_of(&compaction.snapshot)),
            Change::Put(SNAPSHOT, COVERS.into(), covers.into()),
            Change::Delete(LOG, KeyRange::UpperBound(covers.into(), false)),
        ];
        self.change(changes, Some(compaction.replaces)).await
    }
}

fn draft_key(page: PeerId) -> JsValue {
    (-(page.get() as f64)).into()
}

fn number(key: JsValue) -> Option<u64> {
    key.as_f64().map(|key| key as u64)
}

/// Part of a transaction.
enum Change {
    /// To the log.
    Add(JsValue),
    Put(&'static str, JsValue, JsValue),
    Delete(&'static str, KeyRange<JsValue>),
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
            let there = snapshots.get::<JsValue, _, _>(COVERS).primitive()?.await?;
            if there.and_then(number) != replaces {
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
                    store.delete::<JsValue, _>(keys).primitive()?;
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
