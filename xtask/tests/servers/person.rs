//! A person without a browser: the session that ships, on native sockets and a real clock.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use duplex::{
    core::{
        apps::board::stroke::{Sample, Stroke, Style},
        apps::board::table::{elements, ink},
        doc::{
            id::Id,
            presence::Profile,
            replica::Digest,
            storage::Stored,
            store::Command,
            table::{Value, Write},
        },
        frame::Frame,
        line::{self, Scout, ScoutNews, known::Known},
        peer::PeerId,
        session::{Input, Output, Poll, Session, Setup, network::NETWORK, status::Status},
        socket::{close::CloseEvent, endpoint::Endpoint, machine},
        wire::{seal::RoomKey, tag::Tag},
    },
    limits::Millis,
    ui::text::connection,
};
use futures_util::{SinkExt, StreamExt};
use tokio::{
    runtime::Builder,
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{sleep_until, timeout},
};
use tokio_tungstenite::{connect_async, tungstenite::Message};

/// What a person's page shows.
#[derive(Clone, Debug)]
pub struct Seen {
    pub status: Status,
    pub digest: Digest,
    pub strokes: usize,
    /// Sentences shown since the start, each once in a row.
    pub sentences: Vec<String>,
    pub opened: usize,
}

impl Seen {
    fn of(session: &Session) -> Self {
        Self {
            status: session.status(),
            digest: session.replica().digest(),
            strokes: elements(session.replica()).len(),
            sentences: Vec::new(),
            opened: 0,
        }
    }
}

enum Event {
    Input(Input),
    /// The live socket, once it is open.
    Opened(machine::Generation, mpsc::UnboundedSender<Frame>),
    ScoutOpened(mpsc::UnboundedSender<Frame>),
}

/// Leaves when dropped.
pub struct Person {
    events: mpsc::UnboundedSender<Event>,
    seen: watch::Receiver<Seen>,
}

/// Generous, because a busy machine is slow, and a lossy server may swallow several beats; every wait ends as soon as
/// what it waits for is there.
pub const PATIENCE: Duration = Duration::from_secs(90);

impl Person {
    /// Opens the room in a thread of its own: a session is not made to be shared.
    pub fn join(room: &str, servers: &[&str]) -> Result<Self> {
        Self::join_knowing(room, servers, Known::default())
    }

    /// The same as somebody who remembers servers.
    pub fn join_knowing(room: &str, servers: &[&str], known: Known) -> Result<Self> {
        let relays: Result<Vec<_>, _> = servers
            .iter()
            .map(|url| Endpoint::parse(url, false))
            .collect();
        let mut rng = fastrand::Rng::new();
        let setup = Setup {
            shares: false,
            network: Some(NETWORK),
            tag: Tag::derive(room, Some(b"a shared secret!")),
            room_key: RoomKey::derive(room, Some(b"a shared secret!")),
            me: PeerId::from_random(rng.u64(..)),
            salt: rng.u32(..).to_be_bytes(),
            seed: rng.u64(..),
            profile: Profile::new("Ada", [1, 2, 3]),
            person: None,
            relays: relays?,
            known: known.to_text(),
        };
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (events, inbox) = mpsc::unbounded_channel();
        let (show, seen) = watch::channel(Seen::of(&Session::new(setup.clone())));
        let told = events.clone();
        std::thread::spawn(move || {
            let session = Session::new(setup);
            let host = Host {
                session,
                started: Instant::now(),
                events: told,
                socket: None,
                scout: None,
                tasks: Vec::new(),
                show,
            };
            runtime.block_on(host.run(inbox));
        });
        Ok(Self { events, seen })
    }

    pub fn input(&self, input: Input) {
        // A person whose task is over is one that was dropped.
        let _ = self.events.send(Event::Input(input));
    }

    pub fn draw(&self) {
        self.draw_many(1);
    }

    /// As one step, as a file brings them.
    pub fn draw_many(&self, strokes: usize) {
        self.input(Input::Edited((0..strokes).map(|_| stroke()).collect()));
    }

    pub fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// Waits until the page shows something.
    pub async fn until(&mut self, what: &str, shows: impl Fn(&Seen) -> bool) -> Result<Seen> {
        if let Ok(seen) = timeout(PATIENCE, self.seen.wait_for(shows)).await {
            return Ok(seen.context("the person is gone")?.clone());
        }
        bail!("{what} did not come; seen: {:#?}", self.seen())
    }
}

/// A stroke of 80 samples.
fn stroke() -> Write {
    let mut rng = fastrand::Rng::new();
    let samples = (0..80).map(|n| Sample {
        at: kurbo::Point::new(f64::from(n) * 3.0, rng.f64() * 200.0),
        pressure: 0.5,
    });
    let stroke = Stroke {
        carried: String::new(),
        style: Style {
            color: [0, 0, 0],
            opacity: 100,
            width: 2.0,
        },
        z: 1,
        simulate_pressure: true,
        samples: samples.collect(),
    };
    let value = stroke
        .to_bytes(3)
        .ok()
        .map(|bytes| Value::Bytes(bytes.into()));
    let key = ink(Id::random(&mut rng));
    Write { key, value }
}

struct Host {
    session: Session,
    started: Instant,
    events: mpsc::UnboundedSender<Event>,
    socket: Option<(machine::Generation, mpsc::UnboundedSender<Frame>)>,
    scout: Option<mpsc::UnboundedSender<Frame>>,
    tasks: Vec<(Option<machine::Generation>, JoinHandle<()>)>,
    show: watch::Sender<Seen>,
}

impl Host {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Event>) {
        self.work();
        loop {
            let wake = self.session.wake_at().unwrap_or(Millis::MAX >> 20);
            let at = self.started + Duration::from_millis(wake);
            let event = tokio::select! {
                event = inbox.recv() => event,
                () = sleep_until(at.into()) => Some(Event::Input(Input::Ticked)),
                () = self.show.closed() => None,
            };
            match event {
                None => return,
                Some(Event::Input(input)) => self.handle(input),
                Some(Event::Opened(generation, sender)) => {
                    self.socket = Some((generation, sender));
                    self.show.send_modify(|seen| seen.opened += 1);
                    self.handle(machine::Input::Opened(generation).into());
                }
                Some(Event::ScoutOpened(sender)) => {
                    self.scout = Some(sender);
                    self.handle(Input::Line(line::Input::Scout(ScoutNews::Opened)));
                }
            }
        }
    }

    fn now(&self) -> Millis {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(Millis::MAX)
    }

    fn handle(&mut self, input: Input) {
        self.session.handle(self.now(), input);
        self.work();
        let now = Seen::of(&self.session);
        self.show.send_modify(|seen| {
            let sentence = connection::sentence(&now.status);
            let mut sentences = std::mem::take(&mut seen.sentences);
            if sentences.last() != Some(&sentence) {
                sentences.push(sentence);
            }
            let opened = seen.opened;
            *seen = Seen {
                sentences,
                opened,
                ..now
            };
        });
    }

    /// All that the session wants done by now.
    fn work(&mut self) {
        loop {
            match self.session.poll(self.now(), Some(0)) {
                Poll::Send(frame) => {
                    let _ = self.socket.as_ref().map(|(_, socket)| socket.send(frame));
                }
                Poll::Do(output) => self.carry_out(output),
                Poll::Rest(_) => break,
            }
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Line(output) => self.carry_out_line(output),
            Output::Store(Command::Load) => self.tell(Input::Loaded(Stored::default())),
            Output::Store(Command::Write(batch)) => self.tell(Input::Written(batch.number)),
            Output::Store(Command::Compact(_) | Command::Persist)
            | Output::Touched(_)
            | Output::Streamed(..)
            | Output::Notice(_) => {}
        }
    }

    fn carry_out_line(&mut self, output: line::Output) {
        match output {
            line::Output::Socket(machine::Output::Open(generation, endpoint), _) => {
                let task = tokio::spawn(connect(endpoint, Some(generation), self.events.clone()));
                self.tasks.push((Some(generation), task));
            }
            line::Output::Socket(
                machine::Output::Abandon(generation) | machine::Output::Close(generation),
                _,
            ) => {
                self.stop(Some(generation));
            }
            line::Output::Scout(Scout::Open(endpoint), _) => {
                self.stop(None);
                let task = tokio::spawn(connect(endpoint, None, self.events.clone()));
                self.tasks.push((None, task));
            }
            line::Output::Scout(Scout::Send(frame), _) => {
                let _ = self.scout.as_ref().map(|scout| scout.send(frame));
            }
            line::Output::Scout(Scout::Close, _) => self.stop(None),
            line::Output::Socket(machine::Output::Ask(_), _)
            | line::Output::Tabs(_)
            | line::Output::Lead(_)
            | line::Output::Remember(_) => {}
        }
    }

    fn tell(&self, input: Input) {
        let _ = self.events.send(Event::Input(input));
    }

    fn stop(&mut self, of: Option<machine::Generation>) {
        self.tasks.retain(|(generation, task)| {
            let ends = *generation == of;
            if ends {
                task.abort();
            }
            !ends
        });
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.tasks.iter().for_each(|(_, task)| task.abort());
    }
}

/// One socket, from opening to its end. Without a generation it is the scout.
async fn connect(
    endpoint: Endpoint,
    generation: Option<machine::Generation>,
    events: mpsc::UnboundedSender<Event>,
) {
    let close = live(endpoint, generation, &events).await;
    let input = match generation {
        Some(generation) => machine::Input::Closed(generation, close).into(),
        None => Input::Line(line::Input::Scout(ScoutNews::Closed)),
    };
    let _ = events.send(Event::Input(input));
}

async fn live(
    endpoint: Endpoint,
    generation: Option<machine::Generation>,
    events: &mpsc::UnboundedSender<Event>,
) -> CloseEvent {
    let Ok((mut socket, _)) = connect_async(endpoint.as_str()).await else {
        return CloseEvent::ours("");
    };
    let (sender, mut frames) = mpsc::unbounded_channel();
    let _ = events.send(match generation {
        Some(generation) => Event::Opened(generation, sender),
        None => Event::ScoutOpened(sender),
    });
    loop {
        tokio::select! {
            Some(frame) = frames.recv() => {
                let message = match frame {
                    Frame::Text(text) => Message::text(text),
                    Frame::Binary(bytes) => Message::binary(bytes),
                };
                if socket.send(message).await.is_err() {
                    return CloseEvent::ours("");
                }
            }
            message = socket.next() => {
                let frame = match message {
                    Some(Ok(Message::Text(text))) => Frame::Text(text.to_string()),
                    Some(Ok(Message::Binary(bytes))) => Frame::Binary(bytes.to_vec()),
                    Some(Ok(Message::Close(Some(close)))) => {
                        return CloseEvent {
                            code: close.code.into(),
                            reason: close.reason.to_string(),
                            was_clean: true,
                        };
                    }
                    Some(Ok(Message::Close(None))) => {
                        return CloseEvent { code: 1005, reason: String::new(), was_clean: true };
                    }
                    Some(Ok(_)) => continue,
                    Some(Err(_)) | None => return CloseEvent::ours(""),
                };
                let input = match generation {
                    Some(_) => Input::Line(line::Input::Frame(frame)),
                    None => Input::Line(line::Input::Scout(ScoutNews::Frame(frame))),
                };
                let _ = events.send(Event::Input(input));
            }
        }
    }
}
