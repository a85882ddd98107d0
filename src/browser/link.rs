//! The hands of a [`Machine`](crate::core::socket::machine::Machine): holds the one live socket, and reports what
//! happens to it under its generation.

use std::rc::Rc;

use super::websocket::{self, Data, MessageEvent, SendError, Socket};
use crate::core::socket::{
    close::CloseEvent,
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

    /// Does what the machine said. An address that the browser refuses is reported as a close.
    pub fn carry_out(&mut self, output: Output) -> Option<Input> {
        match output {
            Output::Abandon(generation) => {
                self.live.take_if(|(live, _)| *live == generation);
                None
            }
            Output::Open(generation, endpoint) => {
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
                match Socket::open(endpoint.as_str(), &[], on_event) {
                    Ok(socket) => {
                        self.live = Some((generation, socket));
                        None
                    }
                    Err(error) => {
                        let close = CloseEvent {
                            code: 1008,
                            reason: error.to_string(),
                            was_clean: false,
                        };
                        Some(Input::Closed(generation, close))
                    }
                }
            }
        }
    }

    pub fn send(&self, data: &Data) -> Result<(), SendError> {
        let (_, socket) = self.live.as_ref().ok_or(SendError::NotOpen)?;
        match data {
            Data::Text(text) => socket.send_text(text),
            Data::Binary(bytes) => socket.send_binary(bytes),
        }
    }

    pub fn send_text(&self, text: &str) -> Result<(), SendError> {
        let (_, socket) = self.live.as_ref().ok_or(SendError::NotOpen)?;
        socket.send_text(text)
    }

    pub fn buffered_amount(&self) -> u32 {
        self.live
            .as_ref()
            .map_or(0, |(_, socket)| socket.buffered_amount())
    }
}
