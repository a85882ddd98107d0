//! The behaviour that the TodoMVC app specification asks for.

use anyhow::{Result, ensure};
use xtask::browser::Window;

use crate::Ground;

const ENTER: char = '\u{e007}';
const ESCAPE: char = '\u{e00c}';

async fn titles(window: &Window, expected: &[&str]) -> Result<()> {
    let expected = serde_json::to_string(expected)?;
    let script = format!(
        "const titles = [...document.querySelectorAll('.todo-list li')].map(li => li.textContent); \
         return JSON.stringify(titles) === JSON.stringify({expected})"
    );
    window.until(&expected, &script).await
}

async fn classes(window: &Window, expected: &[&str]) -> Result<()> {
    let expected = serde_json::to_string(expected)?;
    let script = format!(
        "const all = [...document.querySelectorAll('.todo-list li')].map(li => li.className); \
         return JSON.stringify(all) === JSON.stringify({expected})"
    );
    window.until(&format!("classes {expected}"), &script).await
}

async fn click(window: &Window, css: &str) -> Result<()> {
    Ok(window.find(css).await?.click().await?)
}

async fn edit(window: &Window, row: usize) -> Result<()> {
    // A double click by script: WebKit's driver joins no two clicks.
    window
        .eval(&format!(
            "document.querySelectorAll('.todo-list label')[{row}]\
             .dispatchEvent(new MouseEvent('dblclick', {{ bubbles: true }}))"
        ))
        .await?;
    window
        .until(
            "an edit field with focus",
            "return document.activeElement.className === 'edit'",
        )
        .await?;
    window.eval("document.activeElement.select()").await?;
    Ok(())
}

async fn count(window: &Window, sentence: &str) -> Result<()> {
    let script =
        format!("return document.querySelector('.todo-count').textContent === '{sentence}'");
    window.until(sentence, &script).await
}

pub async fn the_list_behaves_as_todomvc_says(ground: Ground) -> Result<()> {
    let window = ground.window().await?;
    window.goto(&ground.address("mvc", "todo", None)).await?;
    window
        .until(
            "focus on the new item",
            "return document.activeElement.className === 'new-todo'",
        )
        .await?;
    let unmounted = "return !document.querySelector('.main, .footer, .clear-completed')";
    ensure!(
        window.eval(unmounted).await? == true,
        "an empty list shows main or footer"
    );

    for title in ["buy cheese", "  feed the cat  ", "   ", "book a doctor"] {
        window
            .type_into(".new-todo", &format!("{title}{ENTER}"))
            .await?;
    }
    // Only the blank one stays in the field.
    window
        .eval("document.querySelector('.new-todo').value = ''")
        .await?;
    count(&window, "3 items left").await?;

    click(&window, ".todo-list li:nth-child(2) .toggle").await?;
    classes(&window, &["", "completed", ""]).await?;
    count(&window, "2 items left").await?;
    click(&window, ".filters li:nth-child(2) a").await?;
    titles(&window, &["buy cheese", "book a doctor"]).await?;
    window
        .until(
            "the selected filter",
            "return document.querySelector('.selected').textContent === 'Active'",
        )
        .await?;
    click(&window, ".filters li:nth-child(3) a").await?;
    titles(&window, &["feed the cat"]).await?;
    window.eval("history.back()").await?;
    titles(&window, &["buy cheese", "book a doctor"]).await?;
    click(&window, ".filters li:nth-child(1) a").await?;
    titles(&window, &["buy cheese", "feed the cat", "book a doctor"]).await?;

    for (key, expected) in [
        ("ArrowDown", ["feed the cat", "buy cheese", "book a doctor"]),
        ("ArrowUp", ["buy cheese", "feed the cat", "book a doctor"]),
    ] {
        window
            .eval(&format!(
                "const all = [...document.querySelectorAll('.todo-list li')]; \
                 const toggle = all.find(li => li.textContent === 'buy cheese').querySelector('.toggle'); \
                 toggle.focus(); toggle.dispatchEvent(new KeyboardEvent('keydown', \
                 {{ key: '{key}', altKey: true, bubbles: true }}))"
            ))
            .await?;
        titles(&window, &expected).await?;
        let focus = "return document.activeElement.closest('li')?.textContent === 'buy cheese'";
        window.until("focus on the moved item", focus).await?;
    }

    edit(&window, 0).await?;
    classes(&window, &["editing", "completed", ""]).await?;
    window
        .type_into(".edit", &format!("buy bread{ENTER}"))
        .await?;
    titles(&window, &["buy bread", "feed the cat", "book a doctor"]).await?;
    edit(&window, 0).await?;
    window
        .type_into(".edit", &format!("nonsense{ESCAPE}"))
        .await?;
    titles(&window, &["buy bread", "feed the cat", "book a doctor"]).await?;
    edit(&window, 0).await?;
    window.type_into(".edit", "  buy milk ").await?;
    window
        .eval("document.querySelector('.edit').blur()")
        .await?;
    titles(&window, &["buy milk", "feed the cat", "book a doctor"]).await?;
    edit(&window, 2).await?;
    window.type_into(".edit", &format!("   {ENTER}")).await?;
    titles(&window, &["buy milk", "feed the cat"]).await?;

    window
        .eval("document.querySelector('.toggle-all').click()")
        .await?;
    classes(&window, &["completed", "completed"]).await?;
    window
        .eval("document.querySelector('.toggle-all').click()")
        .await?;
    classes(&window, &["", ""]).await?;
    click(&window, ".todo-list li:nth-child(1) .toggle").await?;
    window
        .until(
            "mark-all to be off",
            "return !document.querySelector('.toggle-all').checked",
        )
        .await?;
    click(&window, ".clear-completed").await?;
    titles(&window, &["feed the cat"]).await?;
    ensure!(
        window
            .eval("return !document.querySelector('.clear-completed')")
            .await?
            == true,
        "nothing to clear"
    );
    count(&window, "1 item left").await?;

    window
        .until("saved", "return duplex.status().stored")
        .await?;
    window.reload().await?;
    titles(&window, &["feed the cat"]).await?;
    window
        .eval("document.querySelector('.destroy').click()")
        .await?;
    window.until("an empty list", unmounted).await?;
    window.close().await
}
