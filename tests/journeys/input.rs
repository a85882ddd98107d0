//! What a person can get wrong, and what the tools do.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use xtask::browser::Window;

use crate::Ground;

async fn says(window: &Window, words: &str) -> Result<()> {
    let script = format!(
        "return document.querySelector('.toasts').textContent.includes({})",
        json!(words)
    );
    window
        .until(&format!("the sentence \u{201c}{words}\u{201d}"), &script)
        .await
}

async fn elements(window: &Window) -> Result<usize> {
    let document = window.promise("duplex.board.export()").await?;
    Ok(document["elements"].as_array().map_or(0, Vec::len))
}

pub async fn bad_addresses_cost_a_sentence(ground: Ground) -> Result<()> {
    let window = ground.window().await?;
    let base = ground.site.address();
    for (hash, words) in [
        (
            "#/r/x/board?relay=http%3A%2F%2Frelay.example",
            "ws:// or wss://",
        ),
        ("#/r/x/chess?relay=none", "no page called"),
        ("#/r/x/board?relay=none&colour=red", "left aside"),
        ("#/nonsense", "names no room"),
    ] {
        window.goto(&format!("{base}{hash}")).await?;
        says(&window, words).await?;
        // The rest works.
        window
            .drag(&[(300.0, 300.0), (360.0, 340.0), (420.0, 300.0)], 5)
            .await?;
        let drawn = "duplex.board.export().then(d => { window.n = d.elements.length }); return window.n > 0";
        window.until("a stroke", drawn).await?;
    }
    window.close().await
}

/// What mail and chat programs make of a link.
pub async fn a_damaged_link_opens_nothing_without_a_press(ground: Ground) -> Result<()> {
    let window = ground.window().await?;
    let base = ground.site.address();
    let damaged = "#/r/attic/board?relay=none&key=short";
    window.open_only(&format!("{base}{damaged}")).await?;
    let said = "return document.querySelector('main.alone')?.innerText.includes('key is damaged') \
                && !document.querySelector('[data-testid=board]')";
    window.until("the sentence, and no room", said).await?;
    let hash = window.eval("return location.hash").await?;
    ensure!(hash == damaged, "the link is lost: {hash}");
    window
        .eval("document.querySelector('main.alone a[href*=attic]').click()")
        .await?;
    window
        .until("the open room", "return !!window.duplex")
        .await?;
    window
        .until(
            "that it is open",
            "return !!document.querySelector('[data-testid=open-room]')",
        )
        .await?;
    // A key that was encoded along with the relay goes to no relay.
    let key = "AAECAwQFBgcICQoLDA0ODw";
    let host = ground.site.host().replace(':', "%3A");
    window
        .goto(&format!(
            "{base}#/r/attic/board?relay=ws%3A%2F%2F{host}%2Frelay%2Fx%26key%3D{key})"
        ))
        .await?;
    let hash = window.eval("return location.hash").await?;
    let hash = hash.as_str().unwrap_or_default();
    ensure!(hash.ends_with(&format!("%2Fx&key={key}")), "{hash}");
    let url = window.eval("return duplex.status().relay.url").await?;
    ensure!(!url.as_str().unwrap_or_default().contains(key), "{url}");
    ensure!(
        window
            .eval("return !document.querySelector('[data-testid=open-room]')")
            .await?
            == true
    );
    // What cannot be read at all stays one step back.
    window.goto(&format!("{base}#/nonsense")).await?;
    // The page that was there goes first.
    let fresh = "return !!window.duplex && location.hash.startsWith('#/r/') && !location.hash.includes('attic')";
    window.until("a new room", fresh).await?;
    let first = window.eval("return location.hash").await?;
    window.eval("history.back()").await?;
    window
        .until(
            "another address than nonsense first showed",
            &format!("{fresh} && location.hash !== {first}"),
        )
        .await?;
    // Composed or not, a letter is one letter.
    let tag = |window_hash: &str| format!("{base}#/r/{window_hash}/board?relay=none");
    window.goto(&tag("caf%C3%A9")).await?;
    crate::together::draw(&window, 0..1).await?;
    window.until_saved().await?;
    window.goto(&tag("cafe%CC%81%20")).await?;
    crate::together::strokes(&window, 1).await?;
    window.close().await
}

/// The list by keyboard alone.
pub async fn the_list_is_worked_by_keyboard(ground: Ground) -> Result<()> {
    let window = ground.window().await?;
    window.goto(&ground.address("keys", "todo", None)).await?;
    for title in ["milk", "bread", "salt"] {
        window
            .type_into(".new-todo", &format!("{title}\u{e007}"))
            .await?;
    }
    let titles = |expected: &str| {
        format!(
            "return [...document.querySelectorAll('.todo-list label')].map(it => it.textContent).join(' ') === '{expected}'"
        )
    };
    window
        .until("three items", &titles("milk bread salt"))
        .await?;
    let key = |key: &str, init: &str| {
        format!(
            "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true, cancelable: true, {init} }}))"
        )
    };
    let focused = |selector: &str| format!("return document.activeElement.matches('{selector}')");
    for opens in ["F2", "Enter"] {
        window
            .eval("document.querySelector('.todo-list li:nth-child(2) .toggle').focus()")
            .await?;
        window.eval(&key(opens, "")).await?;
        window.until("the field", &focused(".edit")).await?;
        let caret = window.eval("return document.activeElement.selectionStart === document.activeElement.value.length").await?;
        ensure!(caret == true, "the caret stands before what is there");
        // An input method has Escape and Enter first.
        window.eval(&key("Escape", "isComposing: true")).await?;
        window.eval(&key("Enter", "keyCode: 229")).await?;
        ensure!(
            window.eval(&focused(".edit")).await? == true,
            "the edit is thrown away"
        );
        window.eval(&key("Escape", "")).await?;
        window
            .until("the item again", &focused("li:nth-child(2) .toggle"))
            .await?;
    }
    window.eval(&key("ArrowUp", "altKey: true")).await?;
    window.until("it moved", &titles("bread milk salt")).await?;
    window
        .until("its focus stays", &focused("li:nth-child(1) .toggle"))
        .await?;
    window.eval("const destroy = document.querySelector('li:nth-child(2) .destroy'); destroy.focus(); destroy.click()").await?;
    window.until("it is gone", &titles("bread salt")).await?;
    window
        .until(
            "the next one has the focus",
            &focused("li:nth-child(2) .toggle"),
        )
        .await?;
    window
        .eval("document.querySelector('li:nth-child(2) .destroy').click()")
        .await?;
    window
        .until("the last one has it", &focused("li:nth-child(1) .toggle"))
        .await?;
    window
        .eval("document.querySelector('li:nth-child(1) .destroy').click()")
        .await?;
    window
        .until("the field has it", &focused(".new-todo"))
        .await?;
    keep_focus(&window).await?;
    // Too long is said, and stays.
    window
        .eval("const field = document.querySelector('.new-todo'); field.value = 'x'.repeat(1500); field.focus()")
        .await?;
    window.eval(&key("Enter", "")).await?;
    says(&window, "at most 1000 characters, and this one has 1500").await?;
    ensure!(
        window
            .eval("return document.querySelector('.new-todo').value.length")
            .await?
            == 1_500
    );
    // Nothing lies over the field.
    let free = "const box = document.querySelector('.new-todo').getBoundingClientRect(); \
                return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2).className === 'new-todo'";
    ensure!(
        window.eval(free).await? == true,
        "a notice lies over the field"
    );
    window.close().await
}

/// What takes the element away that has the focus gives it to the next one. Starts and ends with an empty list.
async fn keep_focus(window: &Window) -> Result<()> {
    let key = |key: &str| {
        format!(
            "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true, cancelable: true }}))"
        )
    };
    let focus = |selector: &str| format!("document.querySelector('{selector}').focus()");
    let focused = |selector: &str| format!("return document.activeElement.matches('{selector}')");
    for title in ["a", "b", "c"] {
        let title = format!("{title}\u{e007}");
        window.type_into(".new-todo", &title).await?;
    }
    window
        .eval(&focus(".todo-list li:nth-child(3) .toggle"))
        .await?;
    window.eval(&key("F2")).await?;
    window.until("the field", &focused(".edit")).await?;
    let emptied = "document.activeElement.value = ''; document.activeElement.dispatchEvent(new Event('input', { bubbles: true }))";
    window.eval(emptied).await?;
    // The field's own: it saves nothing.
    window.eval(&key("F2")).await?;
    window.eval(&key("Escape")).await?;
    window
        .until("as it was", &focused("li:nth-child(3) .toggle"))
        .await?;
    window.eval(&key("F2")).await?;
    window.until("the field", &focused(".edit")).await?;
    window.eval(emptied).await?;
    window.eval(&key("Enter")).await?;
    window
        .until(
            "the neighbour of an item without a title",
            "return document.querySelectorAll('.todo-list li').length === 2 && document.activeElement.matches('li:nth-child(2) .toggle')",
        )
        .await?;
    window
        .eval("document.querySelector('a[href*=\"filter=active\"]').click()")
        .await?;
    window
        .eval(&format!(
            "{}; document.activeElement.click()",
            focus(".todo-list li:nth-child(1) .toggle")
        ))
        .await?;
    window
        .until(
            "the neighbour of a completed one",
            "return document.querySelectorAll('.todo-list li').length === 1 && document.activeElement.matches('li:nth-child(1) .toggle')",
        )
        .await?;
    window
        .eval(&format!(
            "{}; document.activeElement.click()",
            focus(".clear-completed")
        ))
        .await?;
    window
        .until("an item", &focused("li:nth-child(1) .toggle"))
        .await?;
    window
        .eval("document.querySelector('li:nth-child(1) .destroy').click()")
        .await?;
    window
        .until("the field for new ones", &focused(".new-todo"))
        .await?;
    Ok(())
}

pub async fn bad_files_cost_a_sentence(ground: Ground) -> Result<()> {
    let window = ground.window().await?;
    window.goto(&ground.address("files", "board", None)).await?;
    for (argument, words) in [
        ("{}", "not \"excalidraw\""),
        ("{ type: 'excalidraw' }", "no list of elements"),
    ] {
        let refused = window
            .promise(&format!("duplex.board.import({argument})"))
            .await;
        let refused =
            refused.map_or_else(|error| error.to_string(), |taken| format!("taken: {taken}"));
        ensure!(refused.contains(words), "{argument}: {refused}");
    }
    let mixed = "duplex.board.import({ type: 'excalidraw', elements: [ \
                 { type: 'rectangle' }, \
                 { type: 'freedraw', id: 'kept', x: 300, y: 300, points: [[0, 0], [50, 40]] } ] })";
    let answer = window.promise(mixed).await?;
    ensure!(
        answer["added"] == 1 && answer["skipped"][0]["index"] == 0,
        "{answer}"
    );
    let document = window.promise("duplex.board.export()").await?;
    ensure!(document["elements"][0]["id"] == "kept", "{document}");
    for camera in [
        "{}",
        "{ x: 0, y: 0, zoom: 99 }",
        "{ x: NaN, y: 0, zoom: 1 }",
        "7",
    ] {
        ensure!(
            window
                .promise(&format!("duplex.board.camera({camera})"))
                .await
                .is_err(),
            "{camera} was taken"
        );
    }
    ensure!(
        window
            .promise("duplex.todo.import({ title: 7 })")
            .await
            .is_err(),
        "that is no list"
    );
    let answer = window
        .promise("duplex.todo.import([{ title: 'one' }, { title: 'two\\ud83d'.slice(0, 3), completed: true }, null, { id: 0 }])")
        .await?;
    ensure!(
        answer["added"] == 2 && answer["skipped"][1]["index"] == 3,
        "{answer}"
    );
    let list = window.promise("duplex.todo.export()").await?;
    ensure!(
        list[1]["title"] == "two" && list[1]["completed"] == true,
        "{list}"
    );
    let half = window
        .promise("duplex.board.import({ type: 'excalidraw', source: '\\ud83d', elements: [] })")
        .await?;
    ensure!(half["added"] == 0, "half a character is no fault: {half}");
    // A chosen file that is no drawing.
    window
        .eval(
            "const input = document.querySelector('input[type=file]'); const files = new DataTransfer(); \
             files.items.add(new File(['not json'], 'x.excalidraw')); input.files = files.files; \
             input.dispatchEvent(new Event('change', { bubbles: true }))",
        )
        .await?;
    says(&window, "This is no JSON").await?;
    ensure!(
        elements(&window).await? == 1,
        "a refused file changed the board"
    );
    window.close().await
}

pub async fn a_crash_says_what_to_do(ground: Ground) -> Result<()> {
    let window = ground.window().await?;
    window.goto(&ground.address("crash", "board", None)).await?;
    // With the page's own kinds of errors: Firefox runs a driver's script beside the page, with others.
    let crash = async |error: &str| {
        window
            .eval(&format!(
                "with (window.wrappedJSObject ?? window) {{ dispatchEvent(new ErrorEvent('error', {{ error: {error} }})) }}"
            ))
            .await
    };
    crash("new Error('of somebody else')").await?;
    let open = "return document.getElementById('crash').open";
    ensure!(window.eval(open).await? == false, "any error shows it");
    let shown = |words: &str| {
        format!(
            "const dialog = document.getElementById('crash'); return dialog.open && dialog.innerText.includes('{words}')"
        )
    };
    for (state, error, words) in [
        (
            "saved",
            "new WebAssembly.RuntimeError('unreachable')",
            "is stored in this browser",
        ),
        (
            "memory-only",
            "new WebAssembly.RuntimeError('unreachable')",
            "Not all of what you made here was stored",
        ),
        (
            "failed",
            "Object.assign(new RangeError('Maximum call stack size exceeded'), { stack: 'f@duplex-1.js' })",
            "Not all of",
        ),
        (
            "saved",
            "Object.assign(new Error('closure invoked recursively or after being dropped'), { stack: 'f@duplex-1.js' })",
            "is stored",
        ),
    ] {
        window
            .eval(&format!(
                "document.getElementById('crash').close(); document.querySelector('[data-testid=saved]').dataset.state = '{state}'"
            ))
            .await?;
        crash(error).await?;
        window
            .until(&format!("the crash dialog after {error}"), &shown(words))
            .await?;
    }
    window.find("#crash .primary").await?.click().await?;
    window
        .until(
            "the page again",
            "return !!window.duplex && !document.getElementById('crash').open",
        )
        .await?;
    window.close().await
}

pub async fn tools_undo_and_zoom_do_what_they_say(ground: Ground) -> Result<()> {
    let window = ground.window().await?;
    window.goto(&ground.address("tools", "board", None)).await?;
    let count = |count: usize| {
        format!(
            "duplex.board.export().then(d => {{ window.n = d.elements.length }}); return window.n === {count}"
        )
    };
    for y in [250.0, 300.0, 350.0] {
        window
            .drag(&[(300.0, y), (400.0, y), (500.0, y)], 5)
            .await?;
    }
    window.until("three strokes", &count(3)).await?;
    window.press("Eraser").await?;
    window
        .drag(&[(400.0, 230.0), (400.0, 260.0), (400.0, 310.0)], 5)
        .await?;
    window.until("two to be erased", &count(1)).await?;
    window.press("Undo").await?;
    window
        .until("both to be back, as one step", &count(3))
        .await?;
    window.press("Redo").await?;
    window.until("both to be gone again", &count(1)).await?;
    for _ in 0..2 {
        window.press("Undo").await?;
    }
    window
        .until("the third stroke to be undone", &count(2))
        .await?;
    window.press("Hand").await?;
    window.drag(&[(600.0, 400.0), (640.0, 430.0)], 5).await?;
    window.until("the hand draws nothing", &count(2)).await?;
    window.press("Zoom in").await?;
    let percent =
        |text: &str| format!("return document.querySelector('.percent').textContent === '{text}'");
    window.until("125 %", &percent("125 %")).await?;
    window.press("Zoom to fit").await?;
    window.until("100 %", &percent("100 %")).await?;
    window.press("Pen").await?;
    let pressed: Value = window.eval("return document.querySelector('[aria-label=Pen]').ariaPressed || document.querySelector('[aria-label=Pen]').getAttribute('aria-pressed')").await?;
    ensure!(pressed == "true", "the pen is not down");
    window.close().await
}

pub async fn the_list_is_undone_by_key_and_button(ground: Ground) -> Result<()> {
    let window = ground.window().await?;
    window
        .goto(&ground.address("undo-list", "todo", None))
        .await?;
    let items = |count: usize| {
        format!("return document.querySelectorAll('.todo-list li').length === {count}")
    };
    window.type_into(".new-todo", "buy milk\u{e007}").await?;
    window.until("an item", &items(1)).await?;
    // In the field, which is empty again. WebKit's driver knows no Control.
    let undo = "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', \
                { key: 'z', ctrlKey: true, bubbles: true, cancelable: true }))";
    window.eval(undo).await?;
    window.until("no item", &items(0)).await?;
    window.press("Redo").await?;
    window.until("the item again", &items(1)).await?;
    // What is being typed is the field's own to take back.
    window.type_into(".new-todo", "and bread").await?;
    window.eval(undo).await?;
    window.until("the item still", &items(1)).await?;
    window.close().await
}

/// The page is stopped while it takes something in; here the mark that it would leave is put in place. Only what is
/// unusual is marked, as what a next version writes.
pub async fn what_stopped_the_page_is_set_aside(ground: Ground) -> Result<()> {
    let address = ground.site.room("poison", "todo");
    let (ada, ben) = (ground.window().await?, ground.window().await?);
    let items = |count: usize| {
        format!("return document.querySelectorAll('.todo-list li').length === {count}")
    };
    ada.goto(&address).await?;
    ada.type_into(".new-todo", "mine\u{e007}").await?;
    ada.eval(
        "const keep = Storage.prototype.setItem; \
         Storage.prototype.setItem = function (name, value) { \
           if (name.includes('/taking/')) window.taken = [name, value]; \
           keep.call(this, name, value); \
         }",
    )
    .await?;
    ben.goto(&address.replacen("/#", "/next/#", 1)).await?;
    ben.until("to meet", "return duplex.status().people === 2")
        .await?;
    ben.until("her item", &items(1)).await?;
    ada.eval("delete window.taken").await?;
    ben.type_into(".new-todo", "poison\u{e007}").await?;
    ada.until("his item", &items(2)).await?;
    ben.close().await?;
    ada.until_saved().await?;
    ada.eval("localStorage.setItem(window.taken[0] + 'dead', window.taken[1])")
        .await?;

    ada.reload().await?;
    says(&ada, "It was set aside").await?;
    ada.until("the rest", &items(1)).await?;
    ada.find(".toast .link-button").await?;
    ada.press_if_there("Try it again").await?;
    ada.until("everything", &items(2)).await?;
    ada.close().await
}

/// A row that was moved lost its focus, saved what was typed in the middle of being moved, and the page stopped.
pub async fn an_item_that_others_move_keeps_what_is_typed_into_it(ground: Ground) -> Result<()> {
    let (a, b) = (ground.window().await?, ground.window().await?);
    let address = ground.site.room("moved", "todo");
    for window in [&a, &b] {
        window.goto(&address).await?;
    }
    a.promise("duplex.todo.import(['one', 'two', 'three'].map((title) => ({ title })))")
        .await?;
    let titles = |titles: &str| {
        format!(
            "return [...document.querySelectorAll('.todo-list label')].map((label) => label.textContent).join() === '{titles}'"
        )
    };
    b.until("the items", &titles("one,two,three")).await?;
    a.eval(
        "document.querySelector('.todo-list label').dispatchEvent(new MouseEvent('dblclick', { bubbles: true }))",
    )
    .await?;
    a.until("the field", "return !!document.querySelector('.edit')")
        .await?;
    a.type_into(".edit", " and a half").await?;
    b.eval(
        "document.querySelector('.toggle').dispatchEvent(new KeyboardEvent('keydown', \
         { key: 'ArrowDown', altKey: true, bubbles: true }))",
    )
    .await?;
    a.until(
        "the item to be moved",
        "return !document.querySelector('.todo-list li:first-child').textContent.startsWith('one')",
    )
    .await?;
    // Where the browser keeps the focus of what is moved, the edit goes on.
    a.eval("document.activeElement.blur()").await?;
    for window in [&a, &b] {
        window
            .until("what was typed", &titles("two,one and a half,three"))
            .await?;
    }
    let stopped = a
        .eval("return document.getElementById('crash').open")
        .await?;
    ensure!(stopped == false, "the page stopped");
    a.close().await?;
    b.close().await
}
