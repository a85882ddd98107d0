//! What is remembered of servers, by address, the latest last. The host keeps it as text, which is JSON:
//! `[["wss://…", { "audience": "all", … }]]`.

use super::server::Server;
use crate::{
    core::{json, socket::endpoint::Endpoint},
    limits::KNOWN_SERVERS,
};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known(Vec<(String, Server)>);

impl Known {
    /// Nothing, from a text that does not read.
    pub fn read(text: &str) -> Self {
        let value = json::parse(text).and_then(|value| serde_json::from_value(value).ok());
        Self(value.unwrap_or_default())
    }

    pub fn to_text(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    pub fn of(&self, endpoint: &Endpoint) -> Option<&Server> {
        let mut known = self.0.iter().rev();
        let (_, server) = known.find(|(address, _)| address == endpoint.as_str())?;
        Some(server)
    }

    /// Remembers what a server is, if that is worth it, or forgets what was wrong. Says whether that changed anything.
    pub fn learn(&mut self, endpoint: &Endpoint, server: Server) -> bool {
        let before = self.clone();
        self.0.retain(|(address, _)| *address != endpoint.as_str());
        if server.is_worth_keeping() {
            self.0.push((endpoint.as_str().to_owned(), server));
        }
        let surplus = self.0.len().saturating_sub(KNOWN_SERVERS);
        self.0.drain(..surplus);
        *self != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::line::server::Audience;

    fn endpoint(number: usize) -> Endpoint {
        Endpoint::parse(&format!("ws://relay{number}/"), false).unwrap()
    }

    #[test]
    fn the_latest_servers_that_connect_people_are_remembered() {
        let server = |audience| Server {
            audience,
            ..Server::default()
        };
        let mut known = Known::default();
        assert!(!known.learn(&endpoint(0), server(Audience::None)));
        for number in 0..=KNOWN_SERVERS {
            assert!(known.learn(&endpoint(number), server(Audience::Others)));
        }
        assert_eq!(known.of(&endpoint(0)), None);
        let known_again = Known::read(&known.to_text());
        assert_eq!(known_again, known);
        assert_eq!(known.of(&endpoint(1)), Some(&server(Audience::Others)));
        assert!(known.learn(&endpoint(1), server(Audience::SelfOnly)));
        assert_eq!(known.of(&endpoint(1)), None);
        for text in [
            "",
            "{}",
            "[[1]]",
            "[",
            "[[\"ws://a/\",{\"audience\":\"x\"}]]",
        ] {
            assert_eq!(Known::read(text), Known::default(), "{text}");
        }
    }
}
