//! IndexedDB keeps the contract, in real browsers, and says what it cannot do.

#[path = "contract.rs"]
mod contract;

use duplex::{
    browser::{
        idb::{self, Interference},
        random, rooms,
        versions::Versions,
    },
    core::{
        doc::{amount::Amount, replica::Replica, storage::Storage, versions::Version},
        peer::PeerId,
        wire::tag::Tag,
    },
};
use futures_channel::mpsc;
use futures_util::StreamExt;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use super::script;

async fn room(name: &str) -> idb::Store {
    idb::Store::open(name, |_| panic!("nobody keeps it"))
        .await
        .unwrap()
}

#[wasm_bindgen_test]
async fn indexed_db_keeps_the_contract() {
    let name = format!("test/{}", random::bits().unwrap());
    contract::keeps(async || room(&name).await).await;
}

/// What IndexedDB may refuse, in turn: `method` of `class` throws an exception of that name, once.
#[wasm_bindgen_test]
async fn a_refusal_of_indexed_db_is_an_error_and_changes_nothing() {
    let name = format!("test/{}", random::bits().unwrap());
    let store = room(&name).await;
    store.write(&[vec![1]], &[]).await.unwrap();
    let before = store.load().await.unwrap();
    for (class, method, why) in [
        ("IDBDatabase", "transaction", "InvalidStateError"),
        ("IDBObjectStore", "add", "QuotaExceededError"),
        ("IDBObjectStore", "add", "abort"),
        ("IDBTransaction", "objectStore", "InvalidStateError"),
    ] {
        refuse_once(class, method, why).await;
        let refused = store.write(&[vec![2]], &[]).await;
        assert!(refused.is_err(), "{class}.{method} {why}");
        assert_eq!(
            store.load().await.unwrap(),
            before,
            "{class}.{method} {why}"
        );
    }
    refuse_once("IDBObjectStore", "getAll", "UnknownError").await;
    assert!(store.load().await.is_err());
    refuse_once("IDBFactory", "open", "SecurityError").await;
    let refused = format!("test/{}", random::bits().unwrap());
    assert!(idb::Store::open(&refused, |_| ()).await.is_err());
    room(&refused).await.write(&[vec![1]], &[]).await.unwrap();
    store.write(&[vec![2]], &[]).await.unwrap();
    assert_eq!(store.load().await.unwrap().rows, [vec![1], vec![2]]);
}

async fn refuse_once(class: &str, method: &str, why: &str) {
    let refusal = format!(
        "const own = {class}.prototype.{method}; \
         {class}.prototype.{method} = function (...rest) {{ \
           {class}.prototype.{method} = own; \
           if ('{why}' !== 'abort') throw new DOMException('refused', '{why}'); \
           const request = own.apply(this, rest); \
           this.transaction.abort(); \
           return request; \
         }}"
    );
    script(&refusal).await.unwrap();
}

/// A database as a released version of this program left it, and what it holds.
async fn released(version: u8, name: &str) -> JsValue {
    let steps = if version >= 2 {
        "db.createObjectStore('steps');"
    } else {
        ""
    };
    // What version 9 will add nobody knows.
    let later = if version >= 9 {
        "db.createObjectStore('later');"
    } else {
        ""
    };
    let make = format!(
        "return new Promise((done, failed) => {{ \
           const open = indexedDB.open('{name}', {version}); \
           open.onerror = () => failed(open.error); \
           open.onupgradeneeded = () => {{ \
             const db = open.result; \
             db.createObjectStore('log', {{ autoIncrement: true }}); \
             db.createObjectStore('snapshot'); {steps} {later} }}; \
           open.onsuccess = () => {{ \
             const db = open.result, change = db.transaction(['log', 'snapshot'], 'readwrite'); \
             change.objectStore('log').add(new Uint8Array([1, 2])); \
             change.objectStore('snapshot').put(new Uint8Array([9]), 'latest'); \
             change.objectStore('snapshot').put(0, 'covers'); \
             change.oncomplete = () => done(db); }} }})"
    );
    script(&make).await.unwrap()
}

fn close(database: &JsValue) {
    let close = js_sys::Function::new_with_args("db", "db.close()");
    close.call1(&JsValue::UNDEFINED, database).unwrap();
}

#[wasm_bindgen_test]
async fn rooms_of_every_version_open() {
    for version in [1, 2, 9] {
        let name = format!("test/{}", random::bits().unwrap());
        close(&released(version, &name).await);
        let stored = room(&name).await.load().await.unwrap();
        assert_eq!(stored.rows, [vec![1, 2]], "version {version}");
        assert_eq!(stored.snapshot, Some(vec![9]), "version {version}");
        assert_eq!(stored.is_newer, version > 2, "version {version}");
    }
}

#[wasm_bindgen_test]
async fn an_older_tab_that_keeps_a_room_is_told_of_and_waited_for() {
    let name = format!("test/{}", random::bits().unwrap());
    let old = released(1, &name).await;
    let (sender, mut blocked) = mpsc::unbounded();
    let opening = idb::Store::open(&name, move |interference| {
        drop(sender.unbounded_send(interference));
    });
    let (store, ()) = futures_util::future::join(opening, async {
        assert_eq!(blocked.next().await, Some(Interference::Blocks));
        close(&old);
    })
    .await;
    assert_eq!(store.unwrap().load().await.unwrap().rows, [vec![1, 2]]);
}

#[wasm_bindgen_test]
async fn a_newer_version_gets_a_room_that_is_open_here() {
    let name = format!("test/{}", random::bits().unwrap());
    let store = room(&name).await;
    store.write(&[vec![1]], &[]).await.unwrap();
    let open = format!(
        "return new Promise((done, failed) => {{ \
           const open = indexedDB.open('{name}', 9); \
           open.onblocked = () => failed('blocked'); \
           open.onsuccess = () => done(open.result); }})"
    );
    let newer = script(&open).await;
    assert!(
        store.write(&[vec![2]], &[]).await.is_err(),
        "it is closed here"
    );
    close(&newer.unwrap());
}

/// It is open here, and stays closed.
#[wasm_bindgen_test]
async fn a_room_that_is_forgotten_is_gone_and_whoever_has_it_open_is_told() {
    let tag = Tag(random::bytes().unwrap());
    let (sender, mut told) = mpsc::unbounded();
    let place = rooms::place(tag);
    let store = idb::Store::open(&place, move |interference| {
        drop(sender.unbounded_send(interference));
    });
    let store = store.await.unwrap();
    store.write(&[vec![1]], &[]).await.unwrap();
    rooms::forget(tag).await.unwrap();
    assert_eq!(told.next().await, Some(Interference::Closes));
    assert!(store.write(&[vec![2]], &[]).await.is_err());
    let left =
        script("return indexedDB.databases().then(all => all.map(({ name }) => name).join())");
    let left = left.await.unwrap().as_string().unwrap();
    assert!(!left.contains(&tag.to_text()), "{left}");
}

#[wasm_bindgen_test]
async fn versions_follow_each_other_whoever_keeps_them() {
    let room = format!("test/{}", random::bits().unwrap());
    let replica = Replica::new(PeerId::from_random(7));
    let name = |name: &'static str| {
        let replica = &replica;
        move |last: Option<&Version>| {
            Version::next(replica, Amount::default(), last, 0, Some(name.into()))
        }
    };
    let names = |versions: Vec<Version>| -> Vec<_> {
        let named = versions.into_iter();
        named
            .map(|version| (version.number, version.name.unwrap()))
            .collect()
    };
    let (here, there) = (
        Versions::open(&room).await.unwrap(),
        Versions::open(&room).await.unwrap(),
    );
    let (first, second) =
        futures_util::future::join(here.add(name("a")), there.add(name("b"))).await;
    let (first, second) = (first.unwrap().unwrap(), second.unwrap().unwrap());
    let both = [(1, "a".to_owned()), (2, "b".to_owned())];
    assert_eq!(names(here.all().await.unwrap()), both);
    assert_eq!(here.add(|_| None).await.unwrap(), None);
    // Something came in between, and then nothing.
    here.replace(&first, &[]).await.unwrap();
    assert_eq!(names(here.all().await.unwrap()), both);
    here.replace(&second, std::slice::from_ref(&first))
        .await
        .unwrap();
    assert_eq!(names(there.all().await.unwrap()), both[..1]);
}
