//! The same sessions in npm's yjs and in our copy: nothing that yjs writes is refused, and both have the same in the
//! end.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use base64::{Engine, prelude::BASE64_STANDARD};
use duplex::core::{
    apps::board::table::elements,
    apps::todo::table,
    doc::{gate, replica::Replica, table::Value},
    peer::PeerId,
};
use serde_json::{Map, Value as Json};
use xtask::tools;

const SESSIONS: &str = "3000";
const SEED: &str = "20261121";

/// Base64 in JSON.
fn bytes(value: &Json) -> Result<Vec<u8>> {
    Ok(BASE64_STANDARD.decode(value.as_str().context("no text")?)?)
}

fn inks(copy: &Replica) -> Json {
    let inks = elements(copy).into_iter();
    inks.map(|(id, drawn)| {
        (
            id.as_str().to_owned(),
            BASE64_STANDARD.encode(drawn.ink).into(),
        )
    })
    .collect::<Map<_, _>>()
    .into()
}

fn todos(copy: &Replica) -> Json {
    let json = |value: &Value| match value {
        Value::Flag(value) => Json::from(*value),
        Value::Number(bits) => Json::from(f64::from_bits(*bits)),
        value => Json::from(value.as_text()),
    };
    let items = table::items(copy).into_iter().map(|(id, fields)| {
        let fields = fields
            .iter()
            .map(|(field, value)| (field.as_str().to_owned(), json(value)));
        (id.as_str().to_owned(), fields.collect::<Map<_, _>>().into())
    });
    items.collect::<Map<_, _>>().into()
}

#[test]
fn sessions_of_yjs_give_the_same_here() -> Result<()> {
    let home = tools::set_up_yjs()?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/yjs/sessions.cjs");
    let played = Command::new("node")
        .arg(script)
        .args([SESSIONS, SEED])
        .env("NODE_PATH", home.join("node_modules"))
        .output()?;
    ensure!(
        played.status.success(),
        "{}",
        String::from_utf8_lossy(&played.stderr)
    );
    let (mut sessions, mut updates) = (0, 0);
    for line in String::from_utf8(played.stdout)?.lines() {
        let session: Json = serde_json::from_str(line)?;
        let mut copy = Replica::new(PeerId::from_random(1));
        for update in session["updates"].as_array().context("no updates")? {
            let update = bytes(update)?;
            let taken = copy.apply(&update);
            ensure!(taken.is_ok(), "session {sessions}: {taken:?} of {update:?}");
            updates += 1;
        }
        let vector = bytes(&session["state_vector"])?;
        let passed = gate::state_vector(&vector);
        ensure!(passed.is_ok(), "{passed:?}");
        ensure!(
            copy.lacks(&vector) == Ok(false),
            "session {sessions} lacks something"
        );
        ensure!(
            inks(&copy) == session["ink"],
            "session {sessions}: {} {}",
            inks(&copy),
            session["ink"]
        );
        ensure!(
            todos(&copy) == session["todo"],
            "session {sessions}: {} {}",
            todos(&copy),
            session["todo"]
        );
        sessions += 1;
    }
    ensure!(
        sessions == SESSIONS.parse::<u32>()? && updates > 20_000,
        "{updates} updates"
    );
    Ok(())
}
