//! The rooms of a device, and people who look over each other's shoulders.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use xtask::{
    browser::{Engine, Window},
    relay::{Faults, Server},
};

use crate::{
    Ground,
    hands::{POINTERS, widths},
    together::{draw, strokes},
};

/// The names in the list of rooms, the latest first.
const NAMES: &str = "[...document.querySelectorAll('.rooms li strong')].map(it => it.textContent)";

/// A room is shown after the list.
const OPENED: &str = "return !!window.duplex && location.hash.startsWith('#/r/')";

async fn lists(window: &Window, names: &[&str]) -> Result<()> {
    let listed = format!(
        "return JSON.stringify({NAMES}) === {}",
        json!(json!(names).to_string())
    );
    window.until(&format!("the rooms {names:?}"), &listed).await
}

/// Presses a button of the list by its accessible name.
async fn press(window: &Window, name: &str) -> Result<()> {
    let css = format!("button[aria-label=\"{name}\"]");
    Ok(window.find(&css).await?.click().await?)
}

pub async fn rooms_are_listed_named_copied_and_forgotten(ground: Ground) -> Result<()> {
    let window = ground.window().await?;
    for (room, waves) in [("attic", 0..2), ("cellar", 2..5)] {
        window.goto(&ground.address(room, "board", None)).await?;
        draw(&window, waves).await?;
        window.until_saved().await?;
        let entry =
            "return Object.keys(localStorage).filter(key => key.startsWith('duplex/room/')).length";
        let count = format!("{entry} === {}", if room == "attic" { 1 } else { 2 });
        window.until("its place in the list", &count).await?;
    }
    window
        .find("a[aria-label=\"Rooms on this device\"]")
        .await?
        .click()
        .await?;
    lists(&window, &["Room cellar", "Room attic"]).await?;
    let about = window
        .eval("return document.querySelector('.rooms li .hint').textContent")
        .await?;
    let about = about.as_str().context("a summary")?;
    ensure!(about.contains("3 strokes · 1 kB"), "{about}");

    press(&window, "Rename Room attic").await?;
    window
        .type_into(".rooms form input", "Under the roof\u{e007}")
        .await?;
    lists(&window, &["Room cellar", "Under the roof"]).await?;
    press(&window, "Duplicate Under the roof").await?;
    lists(
        &window,
        &["Copy of Under the roof", "Room cellar", "Under the roof"],
    )
    .await?;
    press(&window, "Forget Room cellar").await?;
    window.press_if_there("Forget for ever").await?;
    lists(&window, &["Copy of Under the roof", "Under the roof"]).await?;

    // A copy is a room of its own, with what was there.
    window
        .eval("document.querySelector('.rooms li a').click()")
        .await?;
    window.until("the copy", OPENED).await?;
    strokes(&window, 2).await?;
    draw(&window, 7..8).await?;
    window.until_saved().await?;
    window.goto(&ground.address("attic", "board", None)).await?;
    strokes(&window, 2).await?;
    window
        .goto(&ground.address("cellar", "board", None))
        .await?;
    strokes(&window, 0).await?;
    window.close().await
}

/// Forgotten in one tab while it is open in another: it does not come back.
pub async fn a_room_that_is_forgotten_stays_in_no_other_tab(ground: Ground) -> Result<()> {
    let window = ground.window().await?;
    window.goto(&ground.address("gone", "board", None)).await?;
    draw(&window, 0..2).await?;
    window.until_saved().await?;
    let here = window.this_tab().await?;
    window.tab(&ground.address("other", "board", None)).await?;
    window.eval("location.hash = '/rooms'").await?;
    lists(&window, &["Room gone"]).await?;
    press(&window, "Forget Room gone").await?;
    window.press_if_there("Forget for ever").await?;
    lists(&window, &[]).await?;
    window.turn_to(&here).await?;
    window
        .says("saved", "failed", "this room was forgotten")
        .await?;
    draw(&window, 2..3).await?;
    window.goto(&ground.address("gone", "board", None)).await?;
    strokes(&window, 0).await?;
    window.close().await
}

/// Puts a file with this text into the field of this name, as a person does who chooses one.
async fn choose(window: &Window, field: &str, text: &str) -> Result<()> {
    window
        .find(&format!("input[aria-label=\"{field}\"]"))
        .await?;
    let script = format!(
        "const files = new DataTransfer(); \
         files.items.add(new File([{}], 'a.duplex', {{ type: 'application/json' }})); \
         const input = document.querySelector('input[aria-label=\"{field}\"]'); \
         input.files = files.files; \
         input.dispatchEvent(new Event('change', {{ bubbles: true }}))",
        json!(text)
    );
    window.eval(&script).await.map(drop)
}

/// From one device to another, and into a room where somebody draws.
pub async fn a_whole_room_travels_as_a_file(ground: Ground) -> Result<()> {
    let relay = Server::start(0, Faults::default()).await?;
    let a = ground.window().await?;
    a.goto(&ground.address("full", "board", None)).await?;
    draw(&a, 0..3).await?;
    a.promise("duplex.todo.import([{ title: 'Buy rope' }])")
        .await?;
    a.until_saved().await?;
    // What the page saves, in place of the download that a driver cannot read.
    a.eval(
        "URL.createObjectURL = blob => { blob.text().then(text => { window.file = text }); return 'blob:' }; \
         HTMLAnchorElement.prototype.click = () => {}",
    )
    .await?;
    a.find(".topbar .primary").await?.click().await?;
    a.find("dialog[open] .hint .link-button").await?;
    a.press_if_there("Save the whole room as a file").await?;
    a.until("the file", "return !!window.file").await?;
    let file = a.eval("return file").await?;
    let file = file.as_str().context("a text")?;

    let address = ground.address("live", "board", Some(&format!("{}live", relay.address())));
    let (b, c) = (ground.window().await?, ground.window().await?);
    for window in [&b, &c] {
        window.goto(&address).await?;
    }
    draw(&b, 8..10).await?;
    strokes(&c, 2).await?;
    choose(&b, "Drawing to open", file).await?;
    strokes(&c, 5).await?;
    let list = c.promise("duplex.todo.export()").await?;
    ensure!(list[0]["title"] == "Buy rope", "{list}");
    b.press("Undo").await?;
    strokes(&c, 2).await?;
    choose(
        &b,
        "Drawing to open",
        "{ \"type\": \"duplex-room\", \"version\": 9 }",
    )
    .await?;
    let newer = "return document.body.textContent.includes('newer version of Duplex')";
    b.until("a sentence about the bad file", newer).await?;

    b.eval("location.hash = '/rooms'").await?;
    choose(&b, "Room to open", file).await?;
    b.until("the new room", OPENED).await?;
    strokes(&b, 3).await?;
    for window in [a, b, c] {
        window.close().await?;
    }
    Ok(())
}

pub async fn a_view_is_followed_until_one_moves_oneself(ground: Ground) -> Result<()> {
    let address = ground.site.room("shoulder", "board");
    let (a, b) = (ground.window().await?, ground.window().await?);
    let name = json!({ "name": "Ada", "color": [25, 113, 194] }).to_string();
    a.goto(&address).await?;
    a.eval(&format!(
        "localStorage.setItem('duplex/profile', {})",
        json!(name)
    ))
    .await?;
    a.reload().await?;
    b.goto(&address).await?;
    let both = "return duplex.status().people === 2";
    for window in [&a, &b] {
        window.until("both", both).await?;
    }
    b.find(".people").await?.click().await?;
    press(&b, "Follow Ada").await?;
    b.find("[data-testid=following]").await?;
    // A point of the board is where it is for her, whatever she does.
    let zoomed = |percent: &str| {
        format!("return document.querySelector('.percent').textContent.includes('{percent}')")
    };
    a.promise("duplex.board.camera({ x: 500, y: 300, zoom: 2 })")
        .await?;
    b.until("her view", &zoomed("200")).await?;
    a.press("Zoom out").await?;
    b.until("her view again", &zoomed("160")).await?;
    // Her next view waits until the pen is up, so that no line runs from one to the other.
    // A focus that one of the drivers gives to the other window, some time later, is not what this is about.
    let keeps_focus =
        "addEventListener('blur', (event) => event.stopImmediatePropagation(), true);";
    b.eval(&format!("{keeps_focus} {POINTERS} line(250)"))
        .await?;
    a.promise("duplex.board.camera({ x: 90000, y: 300, zoom: 3 })")
        .await?;
    a.promise(
        "duplex.board.import({ type: 'excalidraw', elements: [ \
         { type: 'freedraw', id: 'hers', x: 90000, y: 300, points: [[0, 0], [50, 40]] } ] })",
    )
    .await?;
    let hers = "duplex.board.export().then(drawn => { window.hers = drawn.elements.some(it => it.id === 'hers') }); \
                return window.hers === true";
    b.until("her stroke", hers).await?;
    b.eval("point('move', 410, 250); point('up', 410, 250)")
        .await?;
    b.until("her newest view", &zoomed("300")).await?;
    strokes(&b, 2).await?;
    let widths = widths(&b).await?;
    ensure!(
        widths.iter().all(|&width| width < 2_000.0),
        "joined: {widths:?}"
    );
    a.promise("duplex.board.camera({ x: 500, y: 300, zoom: 1.6 })")
        .await?;
    b.until("her view once more", &zoomed("160")).await?;
    b.press("Zoom in").await?;
    b.until(
        "the end of it",
        "return !document.querySelector('[data-testid=following]')",
    )
    .await?;
    b.until("its own view", &zoomed("200")).await?;
    a.eval("location.href = 'icon.svg'").await?;
    // Firefox takes the socket away before it says that the page is left: there only silence tells.
    if ground.engine != Engine::Firefox {
        // Between marks that keep her letters' direction from the sentence.
        let left = "const said = document.querySelector('.toasts').textContent; \
                    return said.replace(/[\\u2068\\u2069]/g, '').includes('Ada left.')";
        b.until("a word of her going", left).await?;
    }
    a.close().await?;
    b.close().await
}
