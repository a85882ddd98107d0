//! A relay's address, checked before the browser sees it: `new WebSocket(bad)` throws, and a `ws:` address on an
//! `https:` page fails without a reason.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::RELAY_URL_BYTES;

/// A `ws:` or `wss:` URL that the browser will take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    #[error("The address is empty.")]
    Empty,
    #[error("The address is longer than {RELAY_URL_BYTES} characters.")]
    TooLong,
    #[error("The address has to begin with ws:// or wss://.")]
    Scheme,
    #[error("The address names no host.")]
    NoHost,
    #[error("The address has a port that is no number from 1 to 65535.")]
    Port,
    #[error("The address may not carry a user name or a password.")]
    Credentials,
    #[error("The address may not have a part after #.")]
    Fragment,
    #[error("The address has a space or a character that an address cannot have.")]
    Characters,
    #[error(
        "This page was opened over https, so the browser allows only wss:// relays, not ws://."
    )]
    MixedContent,
}

impl Endpoint {
    /// The same of a path on the page's own server: of `origin`, which is `ws://host` or `wss://host`.
    pub fn resolve(
        text: &str,
        origin: Option<&str>,
        page_is_secure: bool,
    ) -> Result<Self, EndpointError> {
        match origin.filter(|_| text.trim_start().starts_with('/')) {
            Some(origin) => Self::parse(&[origin, text.trim()].concat(), page_is_secure),
            None => Self::parse(text, page_is_secure),
        }
    }

    /// Checks `text`. `page_is_secure` says that the page came over https, where browsers block `ws:` to any
    /// host but this machine.
    pub fn parse(text: &str, page_is_secure: bool) -> Result<Self, EndpointError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(EndpointError::Empty);
        }
        if text.len() > RELAY_URL_BYTES {
            return Err(EndpointError::TooLong);
        }
        let (scheme, rest) = parts(text).ok_or(EndpointError::Scheme)?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "ws" => false,
            "wss" => true,
            _ => return Err(EndpointError::Scheme),
        };
        if rest.contains('#') {
            return Err(EndpointError::Fragment);
        }
        if rest
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || "\\<>\"^`{|}".contains(c))
        {
            return Err(EndpointError::Characters);
        }
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(EndpointError::Credentials);
        }
        let host = host_of(authority)?;
        if page_is_secure && !secure && !is_this_machine(host) {
            return Err(EndpointError::MixedContent);
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it leads to the same place as another one: what stands behind `?`, such as a token, aside.
    pub fn is_same_place(&self, other: &Self) -> bool {
        self.0.split('?').next() == other.0.split('?').next()
    }

    /// The host, with its port if it names one.
    pub fn host(&self) -> &str {
        let rest = parts(&self.0).map_or("", |(_, rest)| rest);
        rest.split(['/', '?']).next().unwrap_or_default()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What stands before `://`, and behind it. Without a search for a string, whose code is larger than all of this.
fn parts(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once(':')?;
    Some((scheme, rest.strip_prefix("//")?))
}

/// The host of `host`, `host:port` or `[v6]:port`.
fn host_of(authority: &str) -> Result<&str, EndpointError> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(v6) => {
            let (host, after) = v6.split_once(']').ok_or(EndpointError::NoHost)?;
            (
                host,
                after.strip_prefix(':').or(after.is_empty().then_some("")),
            )
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, Some("")),
        },
    };
    if host.is_empty() {
        return Err(EndpointError::NoHost);
    }
    match port {
        Some("") => Ok(host),
        Some(port) if port.parse::<u16>().is_ok_and(|port| port > 0) => Ok(host),
        _ => Err(EndpointError::Port),
    }
}

/// W3C Secure Contexts §3.1: loopback is trustworthy without TLS.
fn is_this_machine(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host == "::1"
        || host
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_addresses_pass_unchanged() {
        for url in [
            "ws://127.0.0.1:8080/relay/x",
            "wss://relay.example/a/b?c=d",
            "WSS://Relay.Example",
            "ws://[::1]:9/echo",
            "wss://[2001:db8::1]/",
        ] {
            assert_eq!(
                Endpoint::parse(url, false).map(|e| e.to_string()),
                Ok(url.to_owned())
            );
        }
    }

    #[test]
    fn bad_addresses_name_their_fault() {
        for (url, fault) in [
            ("", EndpointError::Empty),
            ("relay.example", EndpointError::Scheme),
            ("https://relay.example", EndpointError::Scheme),
            ("javascript://x", EndpointError::Scheme),
            ("ws://", EndpointError::NoHost),
            ("ws:///path", EndpointError::NoHost),
            ("ws://[::1", EndpointError::NoHost),
            ("ws://host:99999", EndpointError::Port),
            ("ws://host:x", EndpointError::Port),
            ("ws://[::1]x", EndpointError::Port),
            ("ws://user:pass@host/", EndpointError::Credentials),
            ("ws://host/#part", EndpointError::Fragment),
            ("ws://ho st/", EndpointError::Characters),
        ] {
            assert_eq!(Endpoint::parse(url, false), Err(fault), "{url}");
        }
    }

    #[test]
    fn a_secure_page_takes_plain_ws_only_to_this_machine() {
        assert_eq!(
            Endpoint::parse("ws://relay.example/", true),
            Err(EndpointError::MixedContent)
        );
        assert!(Endpoint::parse("ws://localhost:8080/", true).is_ok());
        assert!(Endpoint::parse("ws://127.0.0.1/", true).is_ok());
        assert!(Endpoint::parse("wss://relay.example/", true).is_ok());
    }
}
