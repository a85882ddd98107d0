//! Pointers and keys as hardware and systems send them, not as a driver would like to.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use xtask::browser::{Engine, Window};

use crate::{
    Ground, LAPTOP,
    together::{draw, strokes},
};

/// Pointer events of any kind on the board, by script: `down`, `move`, `up` and what else is wrong with them.
pub const POINTERS: &str = "window.point = (type, x, y, init) => \
    document.querySelector('[data-testid=board]').dispatchEvent(new PointerEvent('pointer' + type, { \
      bubbles: true, cancelable: true, pointerId: 1, pointerType: 'mouse', isPrimary: true, button: 0, \
      buttons: type === 'up' ? 0 : 1, clientX: x, clientY: y, ...init })); \
    window.line = (y, init) => { point('down', 300, y, init); \
      for (let x = 310; x <= 400; x += 10) point('move', x, y, init); };";

async fn board(ground: &Ground, room: &str) -> Result<Window> {
    let window = ground.window().await?;
    window.goto(&ground.address(room, "board", None)).await?;
    window.eval(POINTERS).await?;
    Ok(window)
}

/// The widths of all strokes, rounded.
pub async fn widths(window: &Window) -> Result<Vec<f64>> {
    let drawn = window.promise("duplex.board.export()").await?;
    let elements = drawn["elements"].as_array().into_iter().flatten();
    Ok(elements
        .filter_map(|it| Some(it["width"].as_f64()?.round()))
        .collect())
}

pub async fn a_lift_that_never_comes_costs_nothing(ground: Ground) -> Result<()> {
    let window = board(&ground, "lifts").await?;
    for (count, script) in [
        // The same pointer comes down again, somewhere else.
        (
            1,
            "line(250); point('down', 700, 300); point('move', 790, 300);",
        ),
        // A move without a button.
        (2, "point('move', 50, 600, { buttons: 0 });"),
        // Left and right down, left up: no lift is sent.
        (
            3,
            "line(320, { buttons: 3 }); point('move', 410, 320, { buttons: 2 });",
        ),
        (
            4,
            "line(340); document.querySelector('[data-testid=board]').dispatchEvent(new PointerEvent('lostpointercapture', { bubbles: true, pointerId: 1 }));",
        ),
        (5, "line(360); dispatchEvent(new Event('blur'));"),
        (
            6,
            "line(380); dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));",
        ),
        (
            7,
            "line(400); point('down', 600, 420, { pointerId: 2 }); point('up', 600, 420, { pointerId: 2 });",
        ),
    ] {
        window.eval(script).await?;
        strokes(&window, if count == 7 { 8 } else { count }).await?;
    }
    let widths = widths(&window).await?;
    ensure!(
        widths.iter().all(|&width| width <= 110.0),
        "joined: {widths:?}"
    );
    window.close().await
}

pub async fn palms_leave_nothing_and_the_pen_always_draws(ground: Ground) -> Result<()> {
    let window = board(&ground, "palms").await?;
    window
        .eval(
            "const palm = { pointerId: 5, pointerType: 'touch' }, pen = { pointerId: 9, pointerType: 'pen' }; \
             point('down', 500, 500, palm); point('move', 503, 502, palm); \
             line(300, pen); point('up', 400, 300, pen); point('up', 503, 502, palm); \
             point('down', 520, 520, palm); point('up', 520, 520, palm); line(350, palm); point('up', 400, 350, palm);",
        )
        .await?;
    strokes(&window, 1).await?;
    ensure!(widths(&window).await? == [100.0], "only the pen's");
    window.close().await
}

pub async fn what_is_under_the_pen_is_taken_back_itself_and_kept_when_one_leaves(
    ground: Ground,
) -> Result<()> {
    let window = board(&ground, "under").await?;
    window
        .eval("line(250); point('up', 400, 250); line(300);")
        .await?;
    let key = |key: &str, shift: bool| {
        format!(
            "dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', code: 'KeyZ', ctrlKey: true, shiftKey: {shift}, \
             bubbles: true, cancelable: true }}))"
        )
    };
    window.eval(&key("z", false)).await?;
    strokes(&window, 1).await?;
    window.eval("point('up', 400, 300)").await?;
    window.eval(&key("Z", true)).await?;
    strokes(&window, 2).await?;
    // By the address, to another page and to another room.
    for (there, count) in [("todo", 3), ("board", 3)] {
        window.eval("line(350 + Math.random() * 200);").await?;
        let hash = format!("/r/under/{there}?relay=none");
        window
            .eval(&format!("location.hash = {}", json!(hash)))
            .await?;
        if there == "todo" {
            window.find(".new-todo").await?;
            window
                .eval("location.hash = '/r/under/board?relay=none'")
                .await?;
            window.find("[data-testid=board]").await?;
        }
        strokes(&window, count).await?;
        window.eval("dispatchEvent(new Event('blur'))").await?;
        if there == "todo" {
            continue;
        }
        strokes(&window, 4).await?;
        window.eval("line(600);").await?;
        window.until_saved().await?;
        window
            .goto(&ground.address("elsewhere", "board", None))
            .await?;
        window.goto(&ground.address("under", "board", None)).await?;
        strokes(&window, 5).await?;
    }
    window.close().await
}

/// A pen that rests, and a browser that is killed.
pub async fn a_pen_that_rests_is_stored_whole(ground: Ground) -> Result<()> {
    let window = board(&ground, "rests").await?;
    draw(&window, 0..1).await?;
    window.until_saved().await?;
    let points: Vec<_> = (0..60)
        .map(|x| (300.0 + 8.0 * f64::from(x), 400.0))
        .collect();
    window.hold(&points, 8).await?;
    // A draft's key is below zero. How many samples a browser gives differs: it is whole when it grows no more.
    let stored = "const look = async () => { \
          const name = (await indexedDB.databases()).find(one => one.name.startsWith('duplex/')).name; \
          const open = indexedDB.open(name); await new Promise(done => { open.onsuccess = done }); \
          const get = open.result.transaction('steps').objectStore('steps').getAll(IDBKeyRange.upperBound(-1)); \
          await new Promise(done => { get.onsuccess = done }); open.result.close(); \
          const bytes = Math.max(0, ...get.result.map(bytes => bytes.length)); const now = performance.now(); \
          if (window.draft?.bytes !== bytes) window.draft = { bytes, since: now }; \
          window.rests = bytes > 0 && now - window.draft.since > 1000 }; look(); \
          return window.rests === true";
    window.until("all of the stroke in storage", stored).await?;
    let profile = window.kill().await?;
    let window = Window::open_with(profile, ground.engine, LAPTOP, None).await?;
    window.goto(&ground.address("rests", "board", None)).await?;
    strokes(&window, 2).await?;
    let widths = widths(&window).await?;
    ensure!(widths.iter().any(|&width| width >= 470.0), "{widths:?}");
    window.close().await
}

pub async fn shortcuts_work_on_every_keyboard_layout(ground: Ground) -> Result<()> {
    let window = board(&ground, "layouts").await?;
    draw(&window, 0..2).await?;
    let press = |key: &str, code: &str, ctrl: bool, shift: bool| {
        format!(
            "(document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', code: '{code}', \
             ctrlKey: {ctrl}, shiftKey: {shift}, bubbles: true, cancelable: true }}))"
        )
    };
    window.eval(&press("я", "KeyZ", true, false)).await?;
    strokes(&window, 1).await?;
    window.eval(&press("Ζ", "KeyZ", true, true)).await?;
    strokes(&window, 2).await?;
    window.eval(&press("у", "KeyE", false, false)).await?;
    let pressed = "return document.querySelector('[aria-label=Eraser]').getAttribute('aria-pressed') === 'true'";
    window.until("the eraser", pressed).await?;
    window
        .goto(&ground.address("layouts", "todo", None))
        .await?;
    window.type_into(".new-todo", "milk\u{e007}").await?;
    let items = |count: usize| {
        format!("return document.querySelectorAll('.todo-list li').length === {count}")
    };
    window.until("an item", &items(1)).await?;
    window.eval(&press("ז", "KeyZ", true, false)).await?;
    window.until("no item", &items(0)).await?;
    // The list has its keys, too.
    window.eval("document.activeElement.blur()").await?;
    window.eval(&press("?", "Slash", false, true)).await?;
    window
        .until(
            "the keys",
            "return document.querySelector('dialog[open]')?.textContent.includes('Move an item')",
        )
        .await?;
    window.close().await
}

/// Safari's pinches; elsewhere such events are only sent by a test.
pub async fn pinches_and_wheels_zoom_the_board_and_not_the_page(ground: Ground) -> Result<()> {
    let window = board(&ground, "pinch").await?;
    let percent = |text: &str| {
        format!("return document.querySelector('.percent').textContent === '{text} %'")
    };
    let gesture = "window.gesture = (type, scale) => { \
        const event = new Event('gesture' + type, { bubbles: true, cancelable: true }); \
        Object.assign(event, { scale, clientX: 600, clientY: 400 }); \
        document.querySelector('[data-testid=board]').dispatchEvent(event); return event.defaultPrevented }";
    window.eval(gesture).await?;
    let pinch = "return gesture('change', 1.5) && gesture('change', 2) && gesture('end', 2)";
    // The first time, and when one comes back to the page.
    for scale in ["200", "400"] {
        // What hears them comes a moment after the board.
        let is_heard = "return gesture('start', 1)";
        window.until("gestures are the board's", is_heard).await?;
        ensure!(
            window.eval(pinch).await? == true,
            "the page would scale, too"
        );
        window.until(scale, &percent(scale)).await?;
        leave_and_return(&window).await?;
    }
    let wheel = |selector: &str| {
        format!(
            "const event = new WheelEvent('wheel', {{ bubbles: true, cancelable: true, ctrlKey: true, deltaY: 100, \
             clientX: 600, clientY: 400 }}); document.querySelector('{selector}').dispatchEvent(event); \
             return event.defaultPrevented"
        )
    };
    ensure!(
        window.eval(&wheel(".toolbar")).await? == true,
        "over a panel"
    );
    let smaller = "return parseInt(document.querySelector('.percent').textContent) < 400";
    window.until("a smaller scale", smaller).await?;
    ensure!(
        window.eval(&wheel(".topbar")).await? == false,
        "elsewhere the browser may"
    );
    window.close().await
}

pub async fn the_view_is_kept_and_there_is_a_way_back_to_the_ink(ground: Ground) -> Result<()> {
    let window = board(&ground, "views").await?;
    draw(&window, 0..2).await?;
    window.until_saved().await?;
    window
        .promise("duplex.board.camera({ x: 150, y: 80, zoom: 2 })")
        .await?;
    window.reload().await?;
    let percent = |text: &str| {
        format!("return document.querySelector('.percent').textContent === '{text} %'")
    };
    window.until("the same view", &percent("200")).await?;
    window
        .promise("duplex.board.camera({ x: 90000, y: -90000, zoom: 1 })")
        .await?;
    window.find(".back-to-ink").await?.click().await?;
    let gone = "return !document.querySelector('.back-to-ink')";
    window.until("the ink", gone).await?;
    // Whoever never was here sees the ink, wherever it is.
    let far = "duplex.board.import({ type: 'excalidraw', elements: [ \
               { type: 'freedraw', id: 'far', x: 5000000, y: -5000000, points: [[0, 0], [50, 40]] } ] })";
    window
        .promise("duplex.board.camera({ x: 0, y: 0, zoom: 1 })")
        .await?;
    window.goto(&ground.address("far", "board", None)).await?;
    window.promise(far).await?;
    window.until_saved().await?;
    window.eval("for (const key of Object.keys(localStorage)) if (key.startsWith('duplex/view/')) localStorage.removeItem(key)").await?;
    window
        .eval("addEventListener('pagehide', () => { for (const key of Object.keys(localStorage)) if (key.startsWith('duplex/view/')) localStorage.removeItem(key) })")
        .await?;
    window.reload().await?;
    strokes(&window, 1).await?;
    window.until("the ink in view", gone).await?;
    window.close().await
}

/// Somebody who opens a room draws before its ink is here.
pub async fn a_board_that_fills_moves_nothing_under_a_pen(ground: Ground) -> Result<()> {
    let window = board(&ground, "newcomer").await?;
    window.eval("line(250)").await?;
    window
        .promise(
            "duplex.board.import({ type: 'excalidraw', elements: [ \
             { type: 'freedraw', id: 'far', x: 90000, y: -90000, points: [[0, 0], [50, 40]] } ] })",
        )
        .await?;
    window
        .eval("point('move', 410, 250); point('up', 410, 250)")
        .await?;
    strokes(&window, 2).await?;
    let mut widths = widths(&window).await?;
    widths.sort_by(f64::total_cmp);
    ensure!(widths == [50.0, 110.0], "joined to the others: {widths:?}");
    window.close().await
}

pub async fn files_are_dropped_on_the_board_and_nowhere_open_in_place_of_the_page(
    ground: Ground,
) -> Result<()> {
    let window = board(&ground, "drops").await?;
    let file = json!({ "type": "excalidraw", "source": "\u{fffd}", "elements": [
        { "type": "freedraw", "id": "a", "x": 9000, "y": 9000, "points": [[0, 0], [50, 40]] },
        { "type": "text" },
    ]});
    let text = file.to_string().replace('\u{fffd}', "\\ud83d");
    let drop = format!(
        "const files = new DataTransfer(); files.items.add(new File([{}], 'x.excalidraw')); \
         const event = new DragEvent('drop', {{ bubbles: true, cancelable: true, dataTransfer: files }}); \
         document.body.dispatchEvent(event); return event.defaultPrevented",
        json!(text)
    );
    ensure!(
        window.eval(&drop).await? == true,
        "the file opens in place of the page"
    );
    strokes(&window, 1).await?;
    let says = |words: &str| {
        format!(
            "return document.querySelector('.toasts').textContent.includes({})",
            json!(words)
        )
    };
    window
        .until("what came", &says("1 stroke came from the file."))
        .await?;
    window
        .until("what did not", &says("1 element was left out"))
        .await?;
    window
        .until(
            "it is shown",
            "return !document.querySelector('.back-to-ink')",
        )
        .await?;
    window.eval(&drop).await?;
    window
        .until("it is known", &says("its stroke is here already"))
        .await?;
    strokes(&window, 1).await?;
    window.goto(&ground.address("drops", "todo", None)).await?;
    window.find(".new-todo").await?;
    ensure!(
        window.eval(&drop).await? == true,
        "the list is lost to a file"
    );
    window
        .until("a sentence", &says("Drop a file on the board"))
        .await?;
    window.close().await
}

/// By keyboard, Forward or the address: nobody's pointer stays behind.
pub async fn a_pointer_leaves_with_its_owner(ground: Ground) -> Result<()> {
    let address = ground.site.room("pointers", "board");
    let (a, b) = (ground.window().await?, ground.window().await?);
    for window in [&a, &b] {
        window.goto(&address).await?;
    }
    for window in [&a, &b] {
        window
            .until("to meet", "return duplex.status().people === 2")
            .await?;
    }
    a.eval(POINTERS).await?;
    a.eval("point('move', 500, 400, { buttons: 0 })").await?;
    b.until(
        "her pointer",
        "return document.querySelectorAll('.cursor').length === 1",
    )
    .await?;
    a.eval("document.querySelector('a.tab[href*=todo]').click()")
        .await?;
    b.until(
        "no pointer",
        "return document.querySelectorAll('.cursor').length === 0",
    )
    .await?;
    a.close().await?;
    b.close().await
}

/// A screen with other pixels, told by the browser's own means.
pub async fn another_density_is_painted_anew(ground: Ground) -> Result<()> {
    let window = board(&ground, "density").await?;
    ensure!(ground.engine == Engine::Chromium);
    let width = "return document.querySelector('.stage canvas').width";
    // Who comes back to the page is heard, too. The driver reports one change only.
    leave_and_return(&window).await?;
    let is_painted = format!("{width} !== 300");
    window
        .until("a canvas of this page's size", &is_painted)
        .await?;
    let before = window.eval(width).await?;
    let metrics = json!({ "width": 0, "height": 0, "deviceScaleFactor": 2, "mobile": false });
    window
        .devtools("Emulation.setDeviceMetricsOverride", metrics)
        .await?;
    let doubled = format!("{width} === {} * 2", before);
    window.until("twice the pixels", &doubled).await?;
    window.close().await
}

/// To the list, and back to the board.
async fn leave_and_return(window: &Window) -> Result<()> {
    for page in ["todo", "board"] {
        let go = format!("location.hash = location.hash.replace(/(board|todo)/, '{page}')");
        window.eval(&go).await?;
        let shown = match page {
            "todo" => "return document.querySelector('.new-todo') !== null",
            _ => "return document.querySelector('.stage') !== null",
        };
        window.until(page, shown).await?;
    }
    Ok(())
}

/// Two people work on the same stroke at once: one moves it, the other one colours it.
pub async fn what_is_selected_is_moved_coloured_and_deleted_for_all(ground: Ground) -> Result<()> {
    let address = ground.site.room("selected", "board");
    let (a, b) = (ground.window().await?, ground.window().await?);
    for window in [&a, &b] {
        window.goto(&address).await?;
        window.until_open().await?;
    }
    for y in [250.0, 450.0] {
        a.drag(&[(500.0, y), (600.0, y), (700.0, y)], 16).await?;
    }
    strokes(&b, 2).await?;
    let drawn = a.promise("duplex.board.export()").await?["elements"][0]["y"].clone();
    let drawn = drawn.as_f64().context("a place")?.round();
    for window in [&a, &b] {
        window.press("Select").await?;
        // From the far corner: boxes are drawn in any direction.
        window
            .drag(&[(750.0, 300.0), (600.0, 260.0), (450.0, 200.0)], 16)
            .await?;
        let framed = "return document.querySelectorAll('.marks .frame').length === 1";
        window.until("one of them selected", framed).await?;
    }
    a.drag(&[(600.0, 250.0), (600.0, 300.0), (600.0, 350.0)], 16)
        .await?;
    b.press("Red").await?;
    let is_both = format!(
        "return duplex.board.export().then(({{ elements: [line] }}) => \
         line.strokeColor === '#e03131' && Math.round(line.y) === {})",
        drawn + 100.0
    );
    for window in [&a, &b] {
        window.until("it red and lower", &is_both).await?;
    }
    a.press("Delete").await?;
    strokes(&b, 1).await?;
    a.until(
        "nothing selected",
        "return document.querySelectorAll('.marks .frame').length === 0",
    )
    .await?;
    a.press("Undo").await?;
    for window in [&a, &b] {
        strokes(window, 2).await?;
        window.until("it as it was", &is_both).await?;
    }
    a.close().await?;
    b.close().await
}
