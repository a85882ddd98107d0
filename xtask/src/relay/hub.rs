//! Who is on which path, and the queues to them. A queue is bounded: a client that does not read is cut off, and
//! costs the others nothing.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::extract::ws::Message;
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};

use super::{Audience, Faults};

/// Frames that wait for a client.
const QUEUE_FRAMES: usize = 4_096;

type Rooms = HashMap<String, HashMap<u64, mpsc::Sender<Message>>>;

pub struct Hub {
    pub faults: Faults,
    rooms: Mutex<Rooms>,
    next_client: AtomicU64,
    joined: watch::Sender<usize>,
    black_hole: AtomicBool,
}

/// A place in a room; it is given up when this is dropped.
pub struct Seat {
    hub: Arc<Hub>,
    path: String,
    client: u64,
}

impl Hub {
    pub fn new(faults: Faults) -> Self {
        Self {
            faults,
            rooms: Mutex::default(),
            next_client: AtomicU64::new(0),
            joined: watch::Sender::new(0),
            black_hole: AtomicBool::new(false),
        }
    }

    fn rooms(&self) -> MutexGuard<'_, Rooms> {
        // Nothing panics while it holds the lock; if something did, the map would still be whole.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn joined(&self) -> watch::Receiver<usize> {
        self.joined.subscribe()
    }

    /// Takes a seat; frames for it come out of the receiver, which ends when the client is to be cut off.
    pub fn enter(self: &Arc<Self>, path: String) -> (Seat, mpsc::Receiver<Message>) {
        let client = self.next_client.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = mpsc::channel(QUEUE_FRAMES);
        self.rooms()
            .entry(path.clone())
            .or_default()
            .insert(client, sender);
        self.joined.send_modify(|joined| *joined += 1);
        (
            Seat {
                hub: Arc::clone(self),
                path,
                client,
            },
            receiver,
        )
    }

    pub fn set_black_hole(&self, swallows: bool) {
        self.black_hole.store(swallows, Ordering::Relaxed);
    }

    pub fn cut_all(&self) {
        self.rooms().clear();
    }

    /// What happens on a path.
    fn model(&self, path: &str) -> duplex_network::Relay {
        duplex_network::Relay {
            audience: match path.split('/').nth(1) {
                Some("echo") => Audience::SelfOnly,
                Some("all") => Audience::All,
                _ => self.faults.audience.unwrap_or(Audience::Others),
            },
            faults: duplex_network::Faults {
                lose: self.faults.drop,
                duplicate: self.faults.duplicate,
                reorder_ms: self.faults.reorder,
            },
            up: !self.black_hole.load(Ordering::Relaxed),
            latency_ms: 0,
            halves: 0,
        }
    }

    fn deliver(&self, path: &str, client: u64, frame: Message) {
        let mut rooms = self.rooms();
        let Some(room) = rooms.get_mut(path) else {
            return;
        };
        if room
            .get(&client)
            .is_some_and(|queue| queue.try_send(frame).is_err())
        {
            room.remove(&client);
        }
    }
}

impl Seat {
    /// Passes a frame on to whoever is to hear it, with the faults that were asked for.
    pub fn send(&self, frame: Message) {
        let model = self.hub.model(&self.path);
        let deliveries: Vec<(u64, u64)> = {
            let rooms = self.hub.rooms();
            let room = rooms.get(&self.path).into_iter().flat_map(HashMap::keys);
            let mut rng = fastrand::Rng::new();
            let of = |&to: &u64| {
                let delays = model.deliveries(self.client, to, &mut rng);
                delays.into_iter().map(move |delay| (to, delay))
            };
            room.flat_map(of).collect()
        };
        let Some(frame) = self.changed(frame) else {
            self.hub.rooms().remove(&self.path);
            return;
        };
        for (to, delay) in deliveries {
            match delay {
                0 => self.hub.deliver(&self.path, to, frame.clone()),
                delay => self.deliver_later(to, delay, frame.clone()),
            }
        }
    }

    fn deliver_later(&self, to: u64, delay: u64, frame: Message) {
        let (hub, path) = (Arc::clone(&self.hub), self.path.clone());
        tokio::spawn(async move {
            sleep(Duration::from_millis(delay)).await;
            hub.deliver(&path, to, frame);
        });
    }

    /// None for what nobody can be given.
    fn changed(&self, frame: Message) -> Option<Message> {
        let faults = &self.hub.faults;
        let mut text = match frame {
            Message::Text(text) => text.to_string(),
            Message::Binary(bytes) if faults.as_text => String::from_utf8(bytes.to_vec()).ok()?,
            frame => return Some(frame),
        };
        if faults.chat {
            text = text.trim().replace('\n', " ");
        }
        if let Some(prefix) = &faults.prefix {
            text.insert_str(0, prefix);
        }
        Some(match faults.flip {
            true => Message::Binary(text.into_bytes().into()),
            false => Message::Text(text.into()),
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut rooms = self.hub.rooms();
        if let Some(room) = rooms.get_mut(&self.path) {
            room.remove(&self.client);
            if room.is_empty() {
                rooms.remove(&self.path);
            }
        }
        drop(rooms);
        self.hub.joined.send_modify(|joined| *joined -= 1);
    }
}
