//! Who is on which path, and the queues to them. A queue is bounded: a client that does not read is cut off, and
//! costs the others nothing.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::extract::ws::Message;
use tokio::sync::{mpsc, watch};

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
pub struct Seat<'a> {
    hub: &'a Hub,
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
    pub fn enter(&self, path: String) -> (Seat<'_>, mpsc::Receiver<Message>) {
        let client = self.next_client.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = mpsc::channel(QUEUE_FRAMES);
        self.rooms()
            .entry(path.clone())
            .or_default()
            .insert(client, sender);
        self.joined.send_modify(|joined| *joined += 1);
        (
            Seat {
                hub: self,
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

    fn audience(&self, path: &str) -> Audience {
        match path.split('/').nth(1) {
            Some("echo") => Audience::SelfOnly,
            Some("all") => Audience::All,
            _ => self.faults.audience.unwrap_or(Audience::Others),
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

impl Seat<'_> {
    /// Passes a frame on to whoever is to hear it, with the faults that were asked for.
    pub fn send(&self, frame: Message) {
        if self.hub.black_hole.load(Ordering::Relaxed) {
            return;
        }
        let audience = self.hub.audience(&self.path);
        let receivers: Vec<u64> = {
            let rooms = self.hub.rooms();
            let room = rooms.get(&self.path).into_iter().flat_map(HashMap::keys);
            room.copied()
                .filter(|&other| match audience {
                    Audience::SelfOnly => other == self.client,
                    Audience::Others => other != self.client,
                    Audience::All => true,
                })
                .collect()
        };
        let Some(frame) = self.changed(frame) else {
            self.hub.rooms().remove(&self.path);
            return;
        };
        for receiver in receivers {
            if fastrand::f64() < self.hub.faults.drop {
                continue;
            }
            self.hub.deliver(&self.path, receiver, frame.clone());
            if fastrand::f64() < self.hub.faults.duplicate {
                self.hub.deliver(&self.path, receiver, frame.clone());
            }
        }
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

    /// How long this frame is held back.
    pub fn delay(&self) -> Option<Duration> {
        let reorder = self.hub.faults.reorder;
        (reorder > 0).then(|| Duration::from_millis(fastrand::u64(0..=reorder)))
    }
}

impl Drop for Seat<'_> {
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
