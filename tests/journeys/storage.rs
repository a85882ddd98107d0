//! What a room keeps in the browser, and what is said when it cannot.

use anyhow::{Result, ensure};

use crate::{
    Ground,
    together::{draw, strokes},
};

pub async fn a_full_disk_is_said_and_nothing_is_lost(ground: Ground) -> Result<()> {
    let window = ground.window().await?;
    window.goto(&ground.address("full", "board", None)).await?;
    draw(&window, 0..1).await?;
    window.until_saved().await?;
    window
        .eval(
            "const add = IDBObjectStore.prototype.add; \
             window.grow = () => { IDBObjectStore.prototype.add = add }; \
             IDBObjectStore.prototype.add = () => { throw new DOMException('The quota is used up.', 'QuotaExceededError') }",
        )
        .await?;
    draw(&window, 1..2).await?;
    window.says("saved", "failed", "export to be safe").await?;
    draw(&window, 2..3).await?;
    let exported = window.promise("duplex.board.export()").await?;
    let elements = exported["elements"].as_array().map_or(0, Vec::len);
    ensure!(elements == 3, "{elements} of 3 strokes are exported");
    // Space again: it is tried without being asked.
    window.eval("window.grow()").await?;
    window.says("saved", "saved", "Everything is saved").await?;
    window.reload().await?;
    strokes(&window, 3).await?;
    window.close().await
}

pub async fn what_was_done_is_taken_back_after_a_reload(ground: Ground) -> Result<()> {
    let window = ground.window().await?;
    let board = ground.address("steps", "board", None);
    window.goto(&board).await?;
    draw(&window, 0..3).await?;
    window.until_saved().await?;
    window.press("Undo").await?;
    strokes(&window, 2).await?;
    window.until_saved().await?;
    window.reload().await?;
    strokes(&window, 2).await?;
    draw(&window, 3..4).await?;
    for left in [2, 1, 0] {
        window.press("Undo").await?;
        strokes(&window, left).await?;
    }
    let disabled = "return document.querySelector('button[aria-label=Undo]').disabled";
    window.until("nothing more to take back", disabled).await?;
    window.close().await
}

/// Somebody deletes what is stored while the page is open.
pub async fn storage_that_was_deleted_gets_everything_again(ground: Ground) -> Result<()> {
    let window = ground.window().await?;
    let board = ground.address("deleted", "board", None);
    window.goto(&board).await?;
    draw(&window, 0..3).await?;
    window.until_saved().await?;
    window
        .promise(
            "indexedDB.databases().then(all => Promise.all(all.filter(one => one.name.startsWith('duplex/')) \
             .map(one => new Promise(done => { indexedDB.deleteDatabase(one.name).onsuccess = done })))).then(() => true)",
        )
        .await?;
    window.says("saved", "failed", "deletes this site").await?;
    draw(&window, 3..4).await?;
    window.says("saved", "saved", "Everything is saved").await?;
    window.reload().await?;
    strokes(&window, 4).await?;
    window.close().await
}

/// A tab of the program that came before, as it keeps a room open and knows nothing of a newer one.
pub async fn an_older_tab_that_keeps_the_room_is_named(ground: Ground) -> Result<()> {
    let address = ground.address("old", "board", None);
    let window = ground.window().await?;
    window.goto(&address).await?;
    draw(&window, 0..1).await?;
    window.until_saved().await?;
    let name = window
        .promise("indexedDB.databases().then(all => all.find(one => one.name.startsWith('duplex/')).name)")
        .await?;
    let old = window.this_tab().await?;
    window
        .eval(&format!(
            "location.href = '{}icon.svg'",
            ground.site.address()
        ))
        .await?;
    window
        .until("the picture", "return location.pathname === '/icon.svg'")
        .await?;
    window
        .promise(&format!(
            "new Promise((done, failed) => {{ \
               indexedDB.deleteDatabase({name}).onsuccess = () => {{ \
                 const open = indexedDB.open({name}, 1); \
                 open.onerror = failed; \
                 open.onupgradeneeded = () => {{ \
                   open.result.createObjectStore('log', {{ autoIncrement: true }}); \
                   open.result.createObjectStore('snapshot'); }}; \
                 open.onsuccess = () => {{ window.held = open.result; done() }} }} }})"
        ))
        .await?;
    let new = window.tab(&address).await?;
    window
        .says("saved", "memory-only", "close or reload it")
        .await?;
    draw(&window, 1..2).await?;
    window.turn_to(&old).await?;
    window.close_tab().await?;
    window.turn_to(&new).await?;
    window.says("saved", "saved", "Everything is saved").await?;
    window.reload().await?;
    strokes(&window, 1).await?;
    window.close().await
}
