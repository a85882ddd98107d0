//! IndexedDB once more: a room's versions, in a database of their own that is open only while it is used. Losing them
//! loses no edit.

use indexed_db_futures::{
    Build, KeyRange,
    database::Database,
    internals::SystemRepr,
    object_store::ObjectStore,
    prelude::{BuildPrimitive, QuerySource},
    transaction::{Transaction, TransactionMode},
};
use wasm_bindgen::JsValue;

use super::idb::{self, StoreError, Table, bytes_of, value_of};
use crate::core::doc::versions::Version;

const VERSIONS: &str = "versions";

pub struct Versions {
    database: Database,
}

impl Drop for Versions {
    fn drop(&mut self) {
        self.database.as_sys().close();
    }
}

/// Of the database with a room's versions.
pub fn name(room: &str) -> String {
    format!("{VERSIONS} of {room}")
}

impl Versions {
    /// `room`: its name in storage.
    pub async fn open(room: &str) -> Result<Self, StoreError> {
        let database = idb::open(&name(room), 1, || {}, &[Table::Keyed(VERSIONS)]).await?;
        Ok(Self { database })
    }

    /// Keeps what `next` makes of the last version, and gives it: no other tab comes in between. None if it makes none,
    /// or a newer version of this program keeps them.
    pub async fn add(
        &self,
        next: impl FnOnce(Option<&Version>) -> Option<Version>,
    ) -> Result<Option<Version>, StoreError> {
        let transaction = self.change()?;
        let store = transaction.object_store(VERSIONS)?;
        let last = match last(&store).await? {
            Last::None => None,
            Last::Is(last) => Some(last),
            Last::Unreadable => return Ok(None),
        };
        let Some(next) = next(last.as_ref()) else {
            return Ok(None);
        };
        put(&store, &next)?;
        transaction.commit().await?;
        Ok(Some(next))
    }

    /// The first one first, up to one that does not read.
    pub async fn all(&self) -> Result<Vec<Version>, StoreError> {
        let transaction = self.database.transaction(VERSIONS).build()?;
        let store = transaction.object_store(VERSIONS)?;
        let rows = store.get_all::<JsValue>().primitive()?.await?;
        let read = |row: JsValue| Version::read(&bytes_of(&row)?);
        Ok(rows.map_while(|row| read(row.ok()?)).collect())
    }

    /// Puts others in the place of all, if `expected` is still the last one.
    pub async fn replace(&self, expected: &Version, with: &[Version]) -> Result<(), StoreError> {
        let transaction = self.change()?;
        let store = transaction.object_store(VERSIONS)?;
        if !matches!(last(&store).await?, Last::Is(last) if last == *expected) {
            return Ok(());
        }
        store.clear()?;
        with.iter().try_for_each(|version| put(&store, version))?;
        Ok(transaction.commit().await?)
    }

    fn change(&self) -> Result<Transaction<'_>, StoreError> {
        let transaction = self.database.transaction(VERSIONS);
        Ok(transaction.with_mode(TransactionMode::Readwrite).build()?)
    }
}

enum Last {
    None,
    Is(Version),
    /// A newer version of this program keeps them.
    Unreadable,
}

async fn last(store: &ObjectStore<'_>) -> Result<Last, StoreError> {
    let keys = store.get_all_keys::<f64>().primitive()?.await?;
    let Some(last) = keys.last().transpose()? else {
        return Ok(Last::None);
    };
    let row = store.get::<JsValue, f64, _>(KeyRange::Only(last));
    let row = row.primitive()?.await?;
    let version = row.and_then(|row| Version::read(&bytes_of(&row)?));
    Ok(version.map_or(Last::Unreadable, Last::Is))
}

fn put(store: &ObjectStore<'_>, version: &Version) -> Result<(), StoreError> {
    let row = store.put(value_of(&version.to_bytes()));
    row.with_key(f64::from(version.number)).primitive()?;
    Ok(())
}
