//! `window.duplex`, for scripts, embedding and measurement.

use serde_json::{Value, json};

use super::{
    hooks::use_room::Room,
    loading::{Chunks, Formats, NOT_FETCHED},
    pages::board::controller::BoardController,
};
use crate::{
    browser::page_api::Namespace,
    core::{apps::board::camera::Camera, doc::store::Saved},
};

pub fn install(chunks: &'static Chunks, controller: BoardController) {
    let room = controller.room;
    let board = Namespace::default();
    board
        .promise("export", move |_| async move {
            let formats = fetched(chunks).await?;
            Ok((formats.export_board)(controller))
        })
        .promise("import", move |document| async move {
            let formats = fetched(chunks).await?;
            (formats.import_board)(controller, &document)
        })
        .promise("camera", move |argument| async move {
            let number = |name| {
                argument
                    .get(name)
                    .and_then(Value::as_f64)
                    .unwrap_or(f64::NAN)
            };
            let camera = Camera::new(number("x"), number("y"), number("zoom"));
            let camera = camera.ok_or(
                "A camera is { x, y, zoom }: two finite numbers and a zoom from 0.1 to 30.",
            )?;
            controller.with(|board| board.set_camera(camera));
            Ok(Value::Null)
        });
    let todo = Namespace::default();
    todo.promise("export", move |_| async move {
        let formats = fetched(chunks).await?;
        Ok((formats.export_todos)(room))
    })
    .promise("import", move |list| async move {
        let formats = fetched(chunks).await?;
        (formats.import_todos)(room, &list)
    });
    Namespace::default()
        .value("version", env!("CARGO_PKG_VERSION"))
        .now("status", move || status(room))
        .namespace("board", &board)
        .namespace("todo", &todo)
        .install("duplex");
}

async fn fetched(chunks: &Chunks) -> Result<&'static Formats, String> {
    let formats = (chunks.formats)().await;
    formats.map_err(|_| NOT_FETCHED.to_owned())
}

fn status(room: Room) -> Value {
    let (status, digest) = room.read(|session| (session.status(), session.replica().digest()));
    let stored = status.unstored == 0 && status.saved == Saved::Saved;
    let audience = match status.line.relay {
        Some(_) => status.line.server.audience.name(),
        None => "none",
    };
    json!({
        "state": status.line.connection.name(),
        "people": status.people,
        "pending": status.line.unsent + status.unstored,
        "stored": stored,
        "digest": format!("{:016x}", digest.0),
        "rtt_ms": status.line.rtt_ms,
        "relay": {
            "url": status.line.relay.as_ref().map(|relay| relay.as_str()),
            "audience": audience,
            "text_only": !status.line.server.binary,
            "decorated": status.line.server.decorates,
            "max_part_bytes": status.line.server.frame_bytes,
        },
    })
}
