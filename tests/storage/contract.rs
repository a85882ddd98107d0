//! What every storage of a room owes (`core::doc::storage`). The same suite runs on the memory twin natively and on
//! IndexedDB in browsers.

use duplex::core::{
    doc::{
        storage::{Compaction, Storage, Stored},
        undo::{Record, StepKey},
    },
    peer::PeerId,
};

/// `open` gives another handle to the same room, empty at first, as another tab would have it.
pub async fn keeps<S: Storage>(open: impl AsyncFn() -> S) {
    let (here, there) = (open().await, open().await);
    an_empty_room_is_empty(&here).await;
    rows_stay_in_order(&here, &there).await;
    a_snapshot_replaces_what_it_covers(&here, &there).await;
    a_late_snapshot_replaces_nothing(&here, &there).await;
    steps_are_kept_and_dropped(&here, &there).await;
    drafts_are_replaced_and_dropped(&here, &there).await;
    let before = load(&here).await;
    drop((here, there));
    assert_eq!(load(&open().await).await, before, "it outlives its handles");
}

async fn load<S: Storage>(storage: &S) -> Stored {
    done(storage.load().await)
}

fn done<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

async fn an_empty_room_is_empty<S: Storage>(here: &S) {
    assert_eq!(load(here).await, Stored::default());
}

async fn rows_stay_in_order<S: Storage>(here: &S, there: &S) {
    let large = vec![7; 2_000_000];
    done(here.write(&[vec![1], vec![]], &[]).await);
    done(there.write(std::slice::from_ref(&large), &[]).await);
    done(here.write(&[], &[]).await);
    done(here.write(&[vec![3, 3]], &[]).await);
    let rows = [vec![1], vec![], large, vec![3, 3]];
    for storage in [here, there] {
        assert_eq!(load(storage).await.rows, rows);
    }
}

async fn a_snapshot_replaces_what_it_covers<S: Storage>(here: &S, there: &S) {
    let read = load(here).await;
    // Somebody writes between reading and compacting.
    done(there.write(&[vec![4]], &[]).await);
    let compaction = Compaction {
        snapshot: vec![9, 9],
        covers: read.last_row.unwrap(),
        replaces: read.covers,
    };
    done(here.compact(&compaction).await);
    let stored = load(there).await;
    assert_eq!(stored.snapshot, Some(vec![9, 9]));
    assert_eq!(stored.covers, read.last_row);
    assert_eq!(stored.rows, [vec![4]]);
}

async fn a_late_snapshot_replaces_nothing<S: Storage>(here: &S, there: &S) {
    let early = load(here).await;
    done(there.write(&[vec![5]], &[]).await);
    let late = load(there).await;
    let compaction = |stored: &Stored, snapshot| Compaction {
        snapshot,
        covers: stored.last_row.unwrap(),
        replaces: stored.covers,
    };
    done(there.compact(&compaction(&late, vec![9, 9, 4, 5])).await);
    let before = load(there).await;
    assert_eq!(before.rows, Vec::<Vec<u8>>::new());
    done(here.compact(&compaction(&early, vec![9, 9, 4])).await);
    assert_eq!(load(here).await, before, "its rows would be lost");
}

async fn steps_are_kept_and_dropped<S: Storage>(here: &S, there: &S) {
    let key = |number, page| StepKey::new(number, PeerId::from_random(page));
    let (first, second, third) = (key(1, 2), key(1, 3), key(16, 1));
    done(here.write(&[], &[Record::Keep(third, vec![3])]).await);
    done(
        there
            .write(
                &[],
                &[Record::Keep(second, vec![2]), Record::Keep(first, vec![1])],
            )
            .await,
    );
    let kept = [(first, vec![1]), (second, vec![2]), (third, vec![3])];
    assert_eq!(load(here).await.steps, kept, "in the order of their keys");
    done(
        here.write(&[], &[Record::Drop(second), Record::Drop(second)])
            .await,
    );
    assert_eq!(load(there).await.steps.len(), 2);
}

async fn drafts_are_replaced_and_dropped<S: Storage>(here: &S, there: &S) {
    let steps = load(here).await.steps;
    let (one, other) = (PeerId::FIRST, PeerId::from_random(u64::MAX));
    let draft = |page, byte| Record::KeepDraft(page, vec![byte]);
    done(here.write(&[], &[draft(one, 1), draft(other, 2)]).await);
    done(there.write(&[], &[draft(one, 3)]).await);
    let mut kept = load(here).await.drafts;
    kept.sort();
    assert_eq!(kept, [(one, vec![3]), (other, vec![2])]);
    done(there.write(&[], &[Record::DropDraft(one)]).await);
    let stored = load(here).await;
    assert_eq!(stored.drafts, [(other, vec![2])]);
    assert_eq!(stored.steps, steps, "steps are none of their business");
}
