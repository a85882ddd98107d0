//! Updates and state vectors of documents, from members of the room who hold its key.

use duplex::core::{
    apps::board::table::elements,
    apps::todo::table::{TITLE, field, items},
    doc::{
        gate,
        id::Id,
        replica::{Replica, ReplicaError},
        table::{Value, Write},
    },
    peer::PeerId,
};
use fastrand::Rng;
use yrs::{
    Any, Array, Doc, GetString, Map, MapPrelim, MapRef, OffsetKind, Options, ReadTxn, StateVector,
    Text, Transact, Update, XmlElementPrelim, XmlFragment,
    types::Attrs,
    updates::{decoder::Decode, encoder::Encode},
};

use crate::mutate;

/// More memory than this for one input of some hundred bytes is a way to bring a phone down.
const GROWTH_BYTES: usize = 8 * 1024 * 1024;

fn document(client: u64) -> Doc {
    let mut options =
        Options::with_guid_and_client_id("hostile".into(), yrs::ClientID::new(client));
    options.offset_kind = OffsetKind::Utf16;
    Doc::with_options(options)
}

fn word(rng: &mut Rng) -> String {
    let words = [
        "",
        "a",
        "milk",
        "grüße",
        "🎨🎨",
        "long enough to be split in the middle",
    ];
    (*rng.choice(words.iter()).unwrap_or(&"")).to_owned()
}

fn any(rng: &mut Rng, depth: u32) -> Any {
    match rng.u8(0..if depth > 3 { 6 } else { 8 }) {
        0 => Any::Null,
        1 => Any::Undefined,
        2 => Any::Bool(rng.bool()),
        3 => Any::from(rng.f64() * 1e9),
        4 => Any::from(i64::from(rng.i32(..))),
        5 => Any::from(word(rng)),
        6 => Any::from(
            (0..rng.usize(0..4))
                .map(|_| any(rng, depth + 1))
                .collect::<Vec<_>>(),
        ),
        _ => Any::from(
            (0..rng.usize(0..4))
                .map(|_| (word(rng), any(rng, depth + 1)))
                .collect::<std::collections::HashMap<_, _>>(),
        ),
    }
}

/// One transaction of everything that Yjs can hold; gives its update.
fn edit(doc: &Doc, rng: &mut Rng) -> Vec<u8> {
    let (ink, todo) = (doc.get_or_insert_map("ink"), doc.get_or_insert_map("todo"));
    let (text, array) = (
        doc.get_or_insert_text("text"),
        doc.get_or_insert_array("array"),
    );
    let xml = doc.get_or_insert_xml_fragment("xml");
    let mut txn = doc.transact_mut();
    for _ in 0..rng.usize(1..5) {
        let key = format!("k{}", rng.u8(0..6));
        match rng.u8(0..11) {
            0 => drop(ink.insert(&mut txn, key, Any::from(vec![rng.u8(..); rng.usize(0..40)]))),
            1 => drop(ink.remove(&mut txn, &key)),
            2 | 3 => {
                let item = todo
                    .get(&txn, &key)
                    .and_then(|item| item.cast::<MapRef>().ok());
                let item = item.unwrap_or_else(|| todo.insert(&mut txn, key, MapPrelim::default()));
                item.insert(&mut txn, "title", word(rng));
                item.insert(&mut txn, "done", rng.bool());
            }
            4 | 5 => {
                let at = rng.u32(0..=text.len(&txn));
                // Not between the halves of a surrogate pair.
                let at = if text.get_string(&txn).is_ascii() {
                    at
                } else {
                    0
                };
                text.insert(&mut txn, at, &word(rng));
            }
            6 => {
                let attributes = Attrs::from([("bold".into(), Any::from(rng.bool()))]);
                let length = text.len(&txn);
                text.insert_with_attributes(&mut txn, length, &word(rng), attributes);
            }
            7 => {
                if text.get_string(&txn).is_ascii() && text.len(&txn) > 2 {
                    text.remove_range(&mut txn, 1, 1);
                }
            }
            8 => drop(array.push_back(&mut txn, any(rng, 0))),
            9 => {
                if array.len(&txn) > 1 {
                    array.remove(&mut txn, 0);
                }
            }
            _ => drop(xml.push_back(&mut txn, XmlElementPrelim::empty("p"))),
        }
    }
    txn.encode_update_v1()
}

/// What two people who work on one document say to each other: updates, diffs, whole states.
fn session(rng: &mut Rng) -> Vec<Vec<u8>> {
    let (a, b) = (document(rng.u64(..1 << 53)), document(rng.u64(..1 << 53)));
    let mut said = Vec::new();
    for _ in 0..rng.usize(1..8) {
        let (from, to) = if rng.bool() { (&a, &b) } else { (&b, &a) };
        let update = edit(from, rng);
        if rng.u8(0..4) > 0
            && let Ok(update) = Update::decode_v1(&update)
        {
            let _ = to.transact_mut().apply_update(update);
        }
        said.push(update);
    }
    let theirs = b.transact().state_vector();
    said.push(a.transact().encode_diff_v1(&theirs));
    said.push(
        a.transact()
            .encode_state_as_update_v1(&StateVector::default()),
    );
    said
}

fn valid(sessions: u32) {
    let mut rng = Rng::with_seed(7);
    for _ in 0..sessions {
        for update in session(&mut rng) {
            assert!(gate::update(&update).is_ok(), "{update:?}");
            if let Ok(update) = Update::decode_v1(&update) {
                let vector = update.state_vector().encode_v1();
                assert_eq!(gate::state_vector(&vector), Ok(()), "{vector:?}");
            }
        }
    }
}

fn attack(inputs: u32, seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let mut pool: Vec<Vec<u8>> = (0..150).flat_map(|_| session(&mut rng)).collect();
    pool.retain(|update| update.len() < 2_000);
    let (mut passed, mut vectors) = (0, 0);
    for number in 0..inputs {
        // Those just before it are most often of the same session.
        let at = rng.usize(..pool.len());
        let earlier = pool.get(at.saturating_sub(3)..=at).unwrap_or_default();
        let Some(good) = earlier.last() else {
            continue;
        };
        let bad = mutate(good, &mut rng);
        let before = memory::used();
        let mut copy = Replica::new(PeerId::from_random(1));
        for update in earlier {
            let _ = copy.apply(update);
        }
        passed += u32::from(copy.apply(&bad).is_ok());
        let vector = mutate(&copy.state_vector(), &mut rng);
        vectors += u32::from(copy.diff(&vector).is_ok() && copy.lacks(&vector).is_ok());
        // Whatever it did, the room goes on.
        let id = Id::random(&mut rng);
        let title = Value::text("still here");
        let written = copy.write(&[Write {
            key: field(&id, TITLE),
            value: Some(title.clone()),
        }]);
        assert!(written.is_some(), "{number}: {bad:?}");
        assert_eq!(
            copy.get(&field(&id, TITLE)),
            Some(title),
            "{number}: {bad:?}"
        );
        std::hint::black_box((
            copy.digest(),
            elements(&copy),
            items(&copy),
            copy.snapshot(),
        ));
        let grew = memory::peak().saturating_sub(before);
        assert!(grew <= GROWTH_BYTES, "{number}: {grew} bytes for {bad:?}");
    }
    assert!(
        passed > inputs / 20 && vectors > inputs / 20,
        "only {passed} updates and {vectors} state vectors of {inputs} got through the gate"
    );
}

/// lib0's numbers: seven bits a byte, the lowest first.
fn number(mut number: u64, out: &mut Vec<u8>) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Arrays in arrays, each but the first in the one before, and the deletion of the first: yrs goes down all of them.
fn matryoshka(levels: u64) -> Vec<u8> {
    let mut update = vec![1];
    number(levels, &mut update);
    update.extend([1, 0]);
    update.extend([7, 1, 1, b'x', 0]);
    for level in 1..levels {
        update.extend([7, 0, 1]);
        number(level - 1, &mut update);
        update.push(0);
    }
    update.extend([1, 1, 1, 0, 1]);
    update
}

fn types_in_types() {
    let copy = || Replica::new(PeerId::from_random(1));
    assert!(copy().apply(&matryoshka(100)).is_ok());
    for levels in [1_000, 30_000] {
        let refused = copy().apply(&matryoshka(levels));
        assert_eq!(
            refused.unwrap_err(),
            ReplicaError::Gate(gate::Refusal::Depth)
        );
    }
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn types_are_not_nested_without_end() {
    types_in_types();
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen_test::wasm_bindgen_test]
fn types_are_not_nested_without_end() {
    types_in_types();
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn updates_that_yrs_writes_all_pass() {
    valid(4_000);
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn mutated_updates_cost_nothing() {
    attack(
        crate::asked("DUPLEX_FUZZ_INPUTS").map_or(100_000, |inputs| inputs as u32),
        crate::asked("DUPLEX_FUZZ_SEED").unwrap_or(11),
    );
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen_test::wasm_bindgen_test]
fn mutated_updates_cost_nothing() {
    valid(500);
    attack(100_000, 11);
}

#[cfg(target_arch = "wasm32")]
mod memory {
    /// Linear memory never shrinks.
    pub fn used() -> usize {
        core::arch::wasm32::memory_size(0) * 65_536
    }

    pub fn peak() -> usize {
        used()
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod memory {
    use std::{
        alloc::{GlobalAlloc, Layout, System},
        cell::Cell,
    };

    thread_local! {
        static USED: Cell<usize> = const { Cell::new(0) };
        static PEAK: Cell<usize> = const { Cell::new(0) };
    }

    /// Counts what this thread holds.
    struct Counting;

    // SAFETY: everything is left to the system's allocator; counting allocates nothing.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            let _ = USED.try_with(|used| {
                used.set(used.get().saturating_add(layout.size()));
                let _ = PEAK.try_with(|peak| peak.set(peak.get().max(used.get())));
            });
            // SAFETY: the caller's promises are handed on.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
            let _ = USED.try_with(|used| used.set(used.get().saturating_sub(layout.size())));
            // SAFETY: the caller's promises are handed on.
            unsafe { System.dealloc(at, layout) }
        }
    }

    #[global_allocator]
    static COUNTING: Counting = Counting;

    /// Bytes held now; the peak starts over from here.
    pub fn used() -> usize {
        let used = USED.get();
        PEAK.set(used);
        used
    }

    pub fn peak() -> usize {
        PEAK.get()
    }
}
