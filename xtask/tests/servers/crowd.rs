//! Fifty people in one room of the embedded relay, and what they cost it.

use anyhow::{Context, Result, ensure};
use duplex::core::{
    apps::board::presence::Pointer, line::known::Known, session::Input, socket::endpoint::Endpoint,
    wire::envelope,
};
use futures_util::StreamExt;
use tokio::{sync::watch, task::JoinHandle, time::timeout};
use tokio_tungstenite::{connect_async, tungstenite::Message};
use xtask::relay::{Faults, Server};

use super::person::{PATIENCE, Person};

const PEOPLE: usize = 50;
const STROKES: usize = 300;

/// What came into a room since somebody listens.
#[derive(Clone, Copy, Debug, Default)]
struct Traffic {
    bytes: usize,
    answers: usize,
    pointers: usize,
}

/// A socket in the room that says nothing.
struct Listener {
    heard: watch::Receiver<Traffic>,
    task: JoinHandle<()>,
}

impl Listener {
    async fn at(url: &str) -> Result<Self> {
        let (mut socket, _) = connect_async(url).await?;
        let (tell, heard) = watch::channel(Traffic::default());
        let task = tokio::spawn(async move {
            while let Some(Ok(message)) = socket.next().await {
                if !matches!(message, Message::Text(_) | Message::Binary(_)) {
                    continue;
                }
                let frame = message.into_data();
                tell.send_modify(|traffic| {
                    let kinds = |kind| envelope::kinds(&frame).filter(|&this| this == kind).count();
                    traffic.bytes += frame.len();
                    traffic.answers += kinds(b'a');
                    traffic.pointers += kinds(b'C');
                });
            }
        });
        Ok(Self { heard, task })
    }

    fn heard(&self) -> Traffic {
        *self.heard.borrow()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test]
async fn fifty_people_join_one_by_one_and_one_of_them_points() -> Result<()> {
    let server = Server::start(0, Faults::default()).await?;
    let url = format!("{}crowd", server.address());
    let mut first = Person::join("crowd", &[&url])?;
    first.draw_many(STROKES);
    let seen = first
        .until("the server to be known", |seen| {
            seen.strokes == STROKES && seen.status.line.server.is_worth_keeping()
        })
        .await?;
    let mut known = Known::default();
    known.learn(&Endpoint::parse(&url, false)?, seen.status.line.server);
    let mut listener = Listener::at(&url).await?;
    let (mut people, mut copy, mut most_answers) = (Vec::new(), 0, 0);
    for joined in 1..=PEOPLE {
        let before = listener.heard();
        let mut person = Person::join_knowing("crowd", &[&url], known.clone())?;
        person
            .until("the whole room", |there| there.digest == seen.digest)
            .await?;
        let after = listener.heard();
        if joined == 1 {
            copy = after.bytes - before.bytes;
        }
        most_answers = most_answers.max(after.answers - before.answers);
        people.push(person);
    }
    let joins = listener.heard();
    let beyond = joins.bytes.saturating_sub(PEOPLE * copy) as f64 / copy as f64;
    println!(
        "{PEOPLE} real sockets: at most {most_answers} answers a join, {} in all; {beyond:.2} copies of traffic beyond theirs",
        joins.answers
    );
    ensure!(most_answers <= 3, "{most_answers} answers to one join");
    ensure!(beyond <= 3.0, "{beyond} copies beyond the joiners' own");

    first.input(Input::shows(Some(&Pointer { x: 1.0, y: 7.0 })));
    let pointed = listener
        .heard
        .wait_for(|heard| heard.pointers > joins.pointers);
    timeout(PATIENCE, pointed).await?.context("the pointer")?;
    // What a second frame would have come before.
    let drawn = STROKES + 1;
    first.draw();
    for person in &mut people {
        person
            .until("a stroke", |seen| seen.strokes == drawn)
            .await?;
    }
    let pointers = listener.heard().pointers - joins.pointers;
    ensure!(pointers == 1, "{pointers} frames for one pointer");
    Ok(())
}
