//! The network of a world: sockets and second connections, the relay between them, and the tabs of a browser.

use super::{Event, World};
use crate::{
    core::{
        frame::Frame,
        line::{self, Scout, ScoutNews, tabs::Group},
        socket::machine,
        wire::envelope,
    },
    limits::Millis,
    sim::network::Faults,
};

/// Number of a page's second connection, beside the page's own: on the same side of a relay that falls in halves.
const SCOUT: u64 = 32;

impl World {
    pub(super) fn carry_out_line(&mut self, client: usize, output: line::Output) {
        match output {
            line::Output::Socket(machine::Output::Open(generation, _), _) => {
                if let Some(page) = self.pages.get_mut(client) {
                    page.socket = Some((generation, false));
                }
                let event = if self.relay.up {
                    Event::Opened(generation)
                } else {
                    Event::Closed(generation)
                };
                let after = 5 + self.rng.u64(0..40);
                self.schedule(client, after, event);
            }
            line::Output::Socket(machine::Output::Abandon(_) | machine::Output::Close(_), _) => {
                if let Some(page) = self.pages.get_mut(client) {
                    page.socket = None;
                }
            }
            line::Output::Socket(machine::Output::Ask(_), _) => {}
            line::Output::Tabs(bytes) => {
                let browser = self.browser_of(client);
                for to in (0..self.pages.len()).filter(|&to| to != client) {
                    if self.browser_of(to) == browser {
                        self.schedule(to, 1, Event::Tab(bytes.clone()));
                    }
                }
            }
            line::Output::Lead(group) => {
                self.give_up(client);
                if let Some(group) = group {
                    self.leads.push((self.browser_of(client), group, client));
                    if self.leader(client, group) == Some(client) {
                        self.schedule(client, 1, Event::Leads(group));
                    }
                }
            }
            line::Output::Scout(order, _) => self.scout(client, order),
            line::Output::Remember(_) => {}
        }
    }

    pub(super) fn send(&mut self, from: usize, frame: &Frame) {
        if self.open_socket(from).is_none() {
            return;
        }
        self.frames += 1;
        self.bytes += frame.len();
        if let Some(outside) = &mut self.outside {
            outside.push(frame.clone());
        }
        for kind in envelope::kinds(frame.as_bytes()) {
            *self.said.entry(kind).or_default() += 1;
        }
        self.pass_on(from as u64, frame);
    }

    /// What a page says over its second connection.
    fn scout(&mut self, client: usize, order: Scout) {
        let Some(page) = self.pages.get_mut(client) else {
            return;
        };
        match (order, page.scout) {
            (Scout::Open(_), before) => {
                let number = before.map_or(0, |(number, _)| number + 1);
                page.scout = Some((number, false));
                let news = match self.relay.up {
                    true => ScoutNews::Opened,
                    false => ScoutNews::Closed,
                };
                let after = 5 + self.rng.u64(0..40);
                self.schedule(client, after, Event::Scout(news, number));
            }
            (Scout::Send(frame), Some((_, true))) => self.pass_on(client as u64 + SCOUT, &frame),
            (Scout::Send(_), _) => {}
            (Scout::Close, before) => page.scout = before.map(|(number, _)| (number + 1, false)),
        }
    }

    /// From one connection to all that the relay passes it on to.
    fn pass_on(&mut self, from: u64, frame: &Frame) {
        let server = self.server();
        let is_taken = server.binary || matches!(frame, Frame::Text(_));
        if !is_taken || frame.len() > server.frame_bytes {
            return;
        }
        for to in 0..self.pages.len() {
            for after in self.relay.deliveries(from, to as u64, &mut self.rng) {
                self.deliver(to, after, frame);
            }
            let scout = self.pages.get(to).and_then(|page| page.scout);
            if let Some((number, true)) = scout {
                for after in self
                    .relay
                    .deliveries(from, to as u64 + SCOUT, &mut self.rng)
                {
                    let news = ScoutNews::Frame(frame.clone());
                    self.schedule(to, after, Event::Scout(news, number));
                }
            }
        }
    }

    fn open_socket(&self, client: usize) -> Option<machine::Generation> {
        let (generation, is_open) = self.pages.get(client)?.socket?;
        is_open.then_some(generation)
    }

    /// A frame on its way to a client, whoever sent it.
    pub fn deliver(&mut self, to: usize, after: Millis, frame: &Frame) {
        if let Some(generation) = self.open_socket(to) {
            self.schedule(to, after, Event::Frame(frame.clone(), generation));
        }
    }

    pub(super) fn leader(&self, tab: usize, group: Group) -> Option<usize> {
        let browser = self.browser_of(tab);
        let mut queue = self.leads.iter();
        queue
            .find(|(of, about, _)| (*of, *about) == (browser, group))
            .map(|(.., client)| *client)
    }

    /// Leaves every queue. Where it was the first one, the next one leads.
    pub(super) fn give_up(&mut self, client: usize) {
        let queued = self.leads.iter().filter(|(.., queued)| *queued == client);
        let groups: Vec<_> = queued.map(|(_, group, _)| *group).collect();
        for group in groups {
            let led = self.leader(client, group) == Some(client);
            self.leads
                .retain(|(_, about, queued)| (*about, *queued) != (group, client));
            if let Some(next) = self.leader(client, group).filter(|_| led) {
                self.schedule(next, 1, Event::Leads(group));
            }
        }
    }

    /// Cuts a client off; it will come back by itself.
    pub fn disconnect(&mut self, client: usize) {
        let Some((generation, _)) = self
            .pages
            .get_mut(client)
            .and_then(|page| page.socket.take())
        else {
            return;
        };
        self.schedule(client, 0, Event::Closed(generation));
    }

    /// Stops the relay and cuts everybody off, or starts it again.
    pub fn set_relay(&mut self, up: bool) {
        self.relay.up = up;
        if !up {
            (0..self.pages.len()).for_each(|client| self.cut_off(client));
        }
    }

    pub fn set_faults(&mut self, faults: Faults) {
        self.relay.faults = faults;
    }

    /// Both of a page's connections.
    fn cut_off(&mut self, client: usize) {
        self.disconnect(client);
        let scout = self.pages.get(client).and_then(|page| page.scout);
        if let Some((number, true)) = scout {
            self.schedule(client, 0, Event::Scout(ScoutNews::Closed, number));
        }
    }
}
