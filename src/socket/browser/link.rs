//! Executes the outputs of a [`Machine`](crate::machine::Machine): holds the one live socket, and reports its events
//! together with its generation.

use std::rc::Rc;

use super::websocket::{self, MessageEvent, SendError, Socket};
use crate::{
    frame::Frame,
    machine::{Generation, Input, Output},
};

/// What the live socket reports.
pub enum Report {
    Machine(Input),
    Message(MessageEvent),
}

pub struct Link {
    live: Option<(Generation, Socket)>,
    report: Rc<dyn Fn(Report)>,
}

impl Link {
    pub fn new(report: impl Fn(Report) + 'static) -> Self {
        Self {
            live: None,
            report: Rc::new(report),
        }
    }

    /// Does what the machine said. An address that the browser throws at is an input at once.
    /// `subprotocols` are offered in the opening handshake.
    pub fn carry_out(&mut self, output: &Output, subprotocols: &[&str]) -> Option<Input> {
        match output {
            Output::Abandon(generation) => {
                self.live.take_if(|(live, _)| live == generation);
                None
            }
            Output::Close(_) => {
                // Goodbye: a socket that cannot be closed any more is one that is closed.
                let _ = self.live.as_ref().map(|(_, socket)| socket.close(1000, ""));
                None
            }
            Output::Ask(_) => None,
            Output::Open(generation, endpoint) => {
                let generation = *generation;
                let report = Rc::clone(&self.report);
                let on_event = move |event| {
                    report(match event {
                        websocket::Event::Opened => Report::Machine(Input::Opened(generation)),
                        websocket::Event::Closed(close) => {
                            Report::Machine(Input::Closed(generation, close))
                        }
                        websocket::Event::Message(message) => Report::Message(message),
                    });
                };
                match Socket::open(endpoint.as_str(), subprotocols, on_event) {
                    Ok(socket) => {
                        self.live = Some((generation, socket));
                        None
                    }
                    Err(error) => Some(Input::Blocked(generation, error.to_string())),
                }
            }
        }
    }

    pub fn send(&self, frame: &Frame) -> Result<(), SendError> {
        let (_, socket) = self.live.as_ref().ok_or(SendError::NotOpen)?;
        socket.hand(frame)
    }

    /// The subprotocol that the server chose; empty if none, or without a socket.
    pub fn subprotocol(&self) -> String {
        let live = self.live.as_ref();
        live.map(|(_, socket)| socket.subprotocol())
            .unwrap_or_default()
    }

    /// Whether a socket is open. One that is closing would take what it is given, and send nothing of it.
    pub fn is_open(&self) -> bool {
        self.live
            .as_ref()
            .is_some_and(|(_, socket)| socket.is_open())
    }

    /// Bytes handed to the browser and not yet to the network; none where there is no socket.
    pub fn buffered_amount(&self) -> Option<usize> {
        let (_, socket) = self.live.as_ref()?;
        Some(usize::try_from(socket.buffered_amount()).unwrap_or(usize::MAX))
    }
}
