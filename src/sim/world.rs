//! Sessions on a virtual clock. The world is each session's host: it carries frames, keeps storage, and kills pages.

mod absence;
mod board;
mod network;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
};

use super::{
    disk::{Disk, at_once},
    ledger::Ledger,
    network::{Audience, Relay},
    plan::Plan,
};
use crate::{
    core::{
        apps::board::{engine::Board, table},
        doc::{
            id::Id,
            presence::Profile,
            replica::Replica,
            storage::Storage,
            store::{BatchNumber, Command, Saved},
        },
        frame::Frame,
        line::{
            self, ScoutNews,
            known::Known,
            server::{self, Server},
            tabs::{Group, Role},
        },
        peer::PeerId,
        session::{Input, Notice, Output, Poll, Session, Setup, network::NETWORK},
        socket::{close::CloseEvent, endpoint::Endpoint, machine},
        wire::{
            identity::Seed,
            seal::{RoomKey, Salt},
            tag::Tag,
        },
    },
    limits::Millis,
};

#[derive(Debug)]
enum Event {
    /// To a client whose socket is still of that generation.
    Frame(Frame, machine::Generation),
    Tab(Vec<u8>),
    /// The lead of this group is the client's, unless it gave it up meanwhile.
    Leads(Group),
    Opened(machine::Generation),
    Closed(machine::Generation),
    /// Of the page's second connection, if it is still that one.
    Scout(ScoutNews, u32),
    Storage(Command),
    NetworkCame(Seed),
    Tick,
}

/// A page: one session, from its load to its end.
pub(super) struct Page {
    session: Session,
    board: Board,
    salt: Salt,
    /// How far the machine's clock is before the world's: ten minutes at most.
    skew: Millis,
    /// Counts the page's lives; events of an earlier one are void.
    life: u32,
    socket: Option<(machine::Generation, bool)>,
    /// Its second connection: the how manieth, and whether it is open.
    scout: Option<(u32, bool)>,
    tick_at: Option<Millis>,
    /// What happened to the page while nothing of it runs.
    frozen: Option<Vec<Event>>,
}

pub struct World {
    pub(super) plan: Plan,
    pub(super) now: Millis,
    pub(super) rng: fastrand::Rng,
    pub(super) relay: Relay,
    pub(super) pages: Vec<Page>,
    disks: Vec<Disk>,
    /// Who queues for which lead in which browser; the first one has it.
    leads: Vec<(usize, Group, usize)>,
    queue: BinaryHeap<Reverse<(Millis, u64, usize, u32)>>,
    events: BTreeMap<u64, Event>,
    next_event: u64,
    pub(super) ledger: Ledger,
    /// Frames handed to the relay so far, their bytes, and how many carried messages of a kind.
    pub frames: usize,
    pub bytes: usize,
    pub said: BTreeMap<u8, usize>,
    /// How often a page thought that the document was forked.
    pub mended: usize,
    /// Acts that did something else than they should.
    pub wrong: Vec<String>,
    /// What pages told their people.
    pub notices: Vec<Notice>,
    /// Frames for another world: filled where that is wanted.
    pub outside: Option<Vec<Frame>>,
}

/// Clocks are up to five minutes before or behind the middle of this.
const SKEW_MS: Millis = 600_000;

const ADDRESS: &str = "ws://sim/";
pub const ROOM: &str = "sim";

impl World {
    pub fn new(plan: Plan) -> Self {
        let mut world = Self {
            now: 1_000,
            rng: fastrand::Rng::with_seed(plan.seed),
            relay: Relay {
                audience: plan.audience,
                faults: plan.faults,
                up: true,
                latency_ms: 5,
                halves: 0,
            },
            pages: Vec::new(),
            leads: Vec::new(),
            disks: Vec::new(),
            queue: BinaryHeap::new(),
            events: BTreeMap::new(),
            next_event: 0,
            ledger: Ledger::default(),
            frames: 0,
            bytes: 0,
            said: BTreeMap::new(),
            mended: 0,
            wrong: Vec::new(),
            notices: Vec::new(),
            outside: None,
            plan,
        };
        (0..plan.clients).for_each(|_| world.join());
        world
    }

    /// Somebody opens the link who never had it open.
    pub fn join(&mut self) {
        let client = self.pages.len();
        let page = self.page(client, 0);
        self.pages.push(page);
        self.disks.push(Disk::default());
        self.fetch_network(client);
        self.work(client);
    }

    /// The page's code for signatures is on its way.
    fn fetch_network(&mut self, client: usize) {
        if self.plan.signs() {
            let seed = std::array::from_fn(|_| self.rng.u8(..));
            let after = self.rng.u64(0..60);
            self.schedule(client, after, Event::NetworkCame(seed));
        }
    }

    fn page(&mut self, client: usize, life: u32) -> Page {
        let me = PeerId::from_random(self.rng.u64(..));
        let salt = self.rng.u32(..).to_be_bytes();
        let session = Session::new(Setup {
            tag: Tag::derive(ROOM, None),
            room_key: RoomKey::derive(ROOM, None),
            me,
            salt,
            seed: self.rng.u64(..),
            profile: Profile::new("Sim", [0; 3]),
            person: Some([1 + self.browser_of(client) as u8; 32]),
            relays: Endpoint::parse(ADDRESS, false).into_iter().collect(),
            known: match self.plan.knows_server {
                true => self.known(),
                false => String::new(),
            },
            shares: self.plan.locks,
            network: (!self.plan.signs()).then_some(NETWORK),
        });
        Page {
            board: board::opened(self.rng.fork(), &session),
            session,
            salt,
            skew: self.rng.u64(0..=SKEW_MS),
            life,
            socket: None,
            scout: None,
            tick_at: None,
            frozen: None,
        }
    }

    /// What the relay is, and earlier visits found out. In half of the worlds it takes the compact form.
    pub(super) fn server(&self) -> Server {
        Server {
            audience: match self.plan.audience {
                Audience::SelfOnly => server::Audience::SelfOnly,
                Audience::Others => server::Audience::Others,
                Audience::All => server::Audience::All,
            },
            echoes: self.plan.audience != Audience::Others,
            binary: self.plan.seed.is_multiple_of(2),
            ..Server::default()
        }
    }

    fn known(&self) -> String {
        let mut known = Known::default();
        if let Ok(endpoint) = Endpoint::parse(ADDRESS, false) {
            known.learn(&endpoint, self.server());
        }
        known.to_text()
    }

    pub fn session(&self, client: usize) -> Option<&Session> {
        self.pages.get(client).map(|page| &page.session)
    }

    /// What everybody can read on the wire of a client.
    pub fn salt(&self, client: usize) -> Salt {
        self.pages.get(client).map_or([0; 4], |page| page.salt)
    }

    /// The browser that a client is a tab of; each has one disk.
    fn browser_of(&self, client: usize) -> usize {
        if client < self.plan.tabs { 0 } else { client }
    }

    /// What a client's browser stores.
    pub fn disk(&self, client: usize) -> Option<&Disk> {
        self.disks.get(self.browser_of(client))
    }

    fn storage(&mut self, client: usize, command: Command) {
        let batch = match &command {
            Command::Write(batch) => Some(batch.number),
            Command::Load | Command::Compact(_) | Command::Persist => None,
        };
        if batch.is_some() && self.rng.f64() < self.plan.store_fails {
            return self.write_fails(client, batch, "it is full");
        }
        let Some(disk) = self.disk(client) else {
            return;
        };
        let answer = match command {
            Command::Load => at_once(disk.load()).map(|loaded| loaded.map(Input::Loaded)),
            Command::Write(batch) => {
                let written = at_once(disk.write(&batch.rows, &batch.records));
                written.map(|written| written.map(|()| Input::Written(batch.number)))
            }
            Command::Compact(compaction) => {
                at_once(disk.compact(&compaction));
                None
            }
            Command::Persist => None,
        };
        match answer {
            None => return,
            Some(Ok(input)) => self.input(client, input),
            Some(Err(full)) if batch.is_some() => {
                self.write_fails(client, batch, &full.to_string());
            }
            Some(Err(full)) => self.input(client, Input::StoreFailed(full.to_string())),
        }
        let is_saved = |session: &Session| session.status().saved == Saved::Saved;
        if batch.is_some() && self.session(client).is_some_and(is_saved) {
            self.ledger.promised(client);
        }
    }

    fn write_fails(&mut self, client: usize, batch: Option<BatchNumber>, why: &str) {
        if let Some(batch) = batch {
            self.input(client, Input::WriteFailed(batch, why.to_owned()));
        }
    }

    fn schedule(&mut self, client: usize, after: Millis, event: Event) {
        let Some(page) = self.pages.get(client) else {
            return;
        };
        self.next_event += 1;
        self.events.insert(self.next_event, event);
        self.queue.push(Reverse((
            self.now + after,
            self.next_event,
            client,
            page.life,
        )));
    }

    pub fn input(&mut self, client: usize, input: Input) {
        let Some(page) = self.pages.get_mut(client) else {
            return;
        };
        page.session.handle(self.now + page.skew, input);
        self.work(client);
    }

    /// All that a session wants done by now.
    fn work(&mut self, client: usize) {
        while let Some(page) = self.pages.get_mut(client) {
            match page.session.poll(self.now + page.skew, Some(0)) {
                Poll::Send(frame) => self.send(client, &frame),
                Poll::Do(output) => self.carry_out(client, output),
                Poll::Rest(_) => break,
            }
        }
        self.wake(client);
    }

    fn carry_out(&mut self, client: usize, output: Output) {
        match output {
            Output::Line(output) => self.carry_out_line(client, output),
            Output::Store(Command::Persist) => {}
            Output::Store(command) => {
                let after = match command {
                    Command::Write(_) | Command::Compact(_) => self.rng.u64(1..30),
                    _ => 3,
                };
                self.schedule(client, after, Event::Storage(command));
            }
            Output::Notice(notice) => {
                self.mended += usize::from(notice == Notice::Mended);
                self.notices.push(notice);
            }
            Output::Touched(touched) => self.show(client, &touched),
            Output::Streamed(from, _, ink) => self.show_ink(client, from, &ink),
        }
    }

    /// Sets the timer of a page.
    fn wake(&mut self, client: usize) {
        let now = self.now;
        let Some(page) = self.pages.get_mut(client) else {
            return;
        };
        let wakes = [page.session.wake_at(), page.board.wake_at()];
        let wake = wakes.into_iter().flatten().min();
        let wake = wake.map(|at| at.saturating_sub(page.skew).max(now));
        if wake.is_some() && wake != page.tick_at {
            page.tick_at = wake;
            self.schedule(client, wake.unwrap_or(now) - now, Event::Tick);
        }
    }

    /// Lets `span` pass.
    pub fn run(&mut self, span: Millis) {
        let end = self.now + span;
        while let Some(&Reverse((at, number, client, life))) = self.queue.peek() {
            if at > end {
                break;
            }
            self.queue.pop();
            self.now = at;
            let event = self.events.remove(&number);
            let alive = self.pages.get(client).is_some_and(|page| page.life == life);
            if let (Some(event), true) = (event, alive) {
                self.happen(client, event);
            }
        }
        self.now = end;
    }

    fn happen(&mut self, client: usize, event: Event) {
        let Some(page) = self.pages.get_mut(client) else {
            return;
        };
        if let Some(frozen) = &mut page.frozen {
            return frozen.push(event);
        }
        let current = page.socket.map(|(generation, _)| generation);
        match event {
            Event::Frame(frame, generation) => {
                if current == Some(generation) {
                    self.input(client, Input::Line(line::Input::Frame(frame)));
                }
            }
            Event::Scout(news, number) => {
                if let Some((current, is_open)) = &mut page.scout
                    && *current == number
                {
                    *is_open |= news == ScoutNews::Opened;
                    self.input(client, Input::Line(line::Input::Scout(news)));
                }
            }
            Event::Tab(bytes) => {
                self.input(client, Input::Line(line::Input::Tab(bytes)));
            }
            Event::Leads(group) => {
                if self.leader(client, group) == Some(client) {
                    self.input(client, Input::Line(line::Input::Leads(Role::Leader)));
                }
            }
            Event::Opened(generation) => {
                if current == Some(generation) {
                    page.socket = Some((generation, true));
                }
                self.input(client, machine::Input::Opened(generation).into());
            }
            Event::Closed(generation) => {
                if current == Some(generation) {
                    page.socket = None;
                }
                let close = CloseEvent {
                    code: 1006,
                    reason: String::new(),
                    was_clean: false,
                };
                self.input(client, machine::Input::Closed(generation, close).into());
            }
            Event::Storage(command) => self.storage(client, command),
            Event::NetworkCame(seed) => self.input(client, Input::NetworkCame(NETWORK, seed)),
            Event::Tick => {
                page.tick_at = None;
                self.input(client, Input::Ticked);
                self.store_gesture(client, false);
            }
        }
    }

    /// How many sockets the tabs of one browser hold.
    pub fn sockets(&self) -> usize {
        (0..self.plan.tabs)
            .filter(|&tab| self.holds_socket(tab))
            .count()
    }

    pub fn holds_socket(&self, client: usize) -> bool {
        let page = self.pages.get(client);
        page.is_some_and(|page| page.socket.is_some())
    }

    /// Kills a page and loads it again. What storage has not taken by now is gone with it.
    pub fn reload(&mut self, client: usize) {
        self.ledger.killed(client);
        self.give_up(client);
        let life = self.pages.get(client).map_or(0, |page| page.life + 1);
        let page = self.page(client, life);
        if let Some(slot) = self.pages.get_mut(client) {
            *slot = page;
        }
        self.fetch_network(client);
        self.work(client);
    }

    /// Whether all clients have the same document.
    pub fn agree(&self) -> bool {
        let mut digests = self
            .pages
            .iter()
            .map(|page| page.session.replica().digest());
        let first = digests.next();
        digests.all(|digest| Some(digest) == first)
    }

    /// Strokes that a page had promised to keep and that some client does not show.
    pub fn lost(&self) -> Vec<Id> {
        let shown = self.pages.iter().map(|page| strokes(&page.session));
        shown.flat_map(|shown| self.ledger.lost(&shown)).collect()
    }

    /// The clients whose storage does not hold exactly what they show.
    pub fn unsaved(&self) -> Vec<usize> {
        let differs = |&client: &usize| {
            let mut fresh = Replica::new(PeerId::FIRST);
            let stored = self.disk(client).map(Disk::read).unwrap_or_default();
            for update in stored.snapshot.iter().chain(&stored.rows) {
                let _ = fresh.apply(update);
            }
            let shown = self
                .session(client)
                .map(|session| session.replica().digest());
            shown != Some(fresh.digest())
        };
        (0..self.plan.clients).filter(differs).collect()
    }
}

pub(super) fn strokes(session: &Session) -> BTreeSet<Id> {
    let strokes = session.replica().values(&table::INK).into_iter();
    strokes.map(|(id, _)| id).collect()
}
