//! What the page fetches on demand, and what it does without.

use anyhow::{Result, ensure};
use serde_json::json;
use xtask::browser::Window;

use crate::Ground;

/// The host of the site loses its chunks, or has them again.
async fn lose_chunks(window: &Window, lost: bool) -> Result<()> {
    let urls = if lost {
        json!(["*/chunks/*"])
    } else {
        json!([])
    };
    window.devtools("Network.enable", json!({})).await?;
    window
        .devtools("Network.setBlockedURLs", json!({ "urls": urls }))
        .await
        .map(drop)
}

const SHARE: &str = ".topbar-actions > button.primary";

const NOT_FETCHED: &str = "return document.body.textContent.includes('could not be fetched')";

pub async fn a_chunk_that_does_not_come_costs_a_sentence(ground: Ground) -> Result<()> {
    let window = ground.window().await?;
    lose_chunks(&window, true).await?;
    window.goto(&ground.address("lost", "board", None)).await?;
    window
        .drag(&[(300.0, 300.0), (360.0, 340.0), (420.0, 300.0)], 5)
        .await?;
    window.find(SHARE).await?.click().await?;
    window.until("the sentence", NOT_FETCHED).await?;
    let refused = window.promise("duplex.board.export()").await;
    let refused = refused.map_or_else(|error| error.to_string(), |taken| taken.to_string());
    ensure!(refused.contains("could not be fetched"), "{refused}");

    lose_chunks(&window, false).await?;
    window.press_if_there("Try again").await?;
    window.find("dialog[open] .qr").await?;
    let drawn = window.promise("duplex.board.export()").await?;
    ensure!(
        drawn["elements"]
            .as_array()
            .is_some_and(|all| all.len() == 1),
        "{drawn}"
    );
    window.close().await
}

pub async fn once_used_every_page_works_without_its_host(ground: Ground) -> Result<()> {
    let window = ground.window().await?;
    let address = ground.address("far", "board", None);
    window.goto(&address).await?;
    let fetched = "return performance.getEntriesByType('resource').map(({ name }) => name) \
                   .flatMap(name => name.match(/chunks\\/split_([a-z_]+)-/)?.[1] ?? [])";
    // What a page needs before it speaks, and nothing that nobody asked for.
    window
        .until("the first chunk", &format!("{fetched}.length > 0"))
        .await?;
    let first = window.eval(fetched).await?;
    ensure!(first == json!(["start"]), "a first visit fetches {first}");
    window
        .drag(&[(300.0, 300.0), (360.0, 340.0), (420.0, 300.0)], 5)
        .await?;
    // After an edit, though nobody asks: all chunks that the program names.
    window
        .until(
            "every chunk",
            "const entries = performance.getEntriesByType('resource'); \
             const program = entries.find(({ name }) => /duplex-\\w+\\.js$/.test(name)).name; \
             window.named ??= fetch(program).then((answer) => answer.text()) \
               .then((text) => { window.chunks = new Set(text.match(/chunks\\/[\\w-]+\\.wasm/g)).size }); \
             return window.chunks > 0 && window.chunks === entries.filter(({ name, responseEnd }) => \
               name.includes('/chunks/') && responseEnd > 0).length",
        )
        .await?;
    lose_chunks(&window, true).await?;
    window
        .eval("location.hash = location.hash.replace('/board', '/todo')")
        .await?;
    window.type_into(".new-todo", "buy milk\u{e007}").await?;
    window
        .until(
            "the item",
            "return document.querySelectorAll('.todo-list li').length === 1",
        )
        .await?;
    window.find(SHARE).await?.click().await?;
    window.find("dialog[open] .qr").await?;
    window.close().await
}
