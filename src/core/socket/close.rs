//! What a close means: the fields of the browser's `CloseEvent`, a sentence for people, and what to do next.
//! Codes: RFC 6455 §7.4.1 and the IANA WebSocket Close Code Number Registry.

/// The browser's `CloseEvent`, whole. `code` 1006 stands for a connection that ended without a close frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseEvent {
    pub code: u16,
    /// At most 123 bytes of UTF-8, from the server: show it, never trust it.
    pub reason: String,
    pub was_clean: bool,
}

/// What the connection does after a close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Try again after the usual backoff. Even 1000: proxies end idle connections with it.
    Retry,
    /// The server asked for patience: try again after the longest wait.
    RetryLater,
    /// The server said no, and would say it again.
    Stop,
}

impl CloseEvent {
    pub fn verdict(&self) -> Verdict {
        match self.code {
            1008 | 4401 | 4403 => Verdict::Stop,
            1012 | 1013 => Verdict::RetryLater,
            _ => Verdict::Retry,
        }
    }

    /// What the code says, as a clause that completes "The relay …".
    pub fn meaning(&self) -> &'static str {
        match self.code {
            1000 => "closed the connection normally",
            1001 => "went away",
            1002 => "found a protocol error",
            1003 => "does not take this kind of data",
            1005 => "closed without saying why",
            1006 => "was cut off, or could not be reached",
            1007 => "found text that is not UTF-8",
            1008 => "refused us by its policy",
            1009 => "found a frame too big",
            1010 => "missed an extension",
            1011 => "failed inside",
            1012 => "is restarting",
            1013 => "is overloaded",
            1014 => "has a gateway that failed",
            1015 => "failed the TLS handshake",
            4401 => "wants a login",
            4403 => "forbids this address",
            3000..=3999 => "closed with a registered code",
            4000..=4999 => "closed with a code of its own",
            _ => "closed with a code that no standard knows",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(code: u16) -> CloseEvent {
        CloseEvent {
            code,
            reason: String::new(),
            was_clean: true,
        }
    }

    #[test]
    fn a_servers_normal_close_is_not_a_stop() {
        assert_eq!(close(1000).verdict(), Verdict::Retry);
        assert_eq!(close(1006).verdict(), Verdict::Retry);
    }

    #[test]
    fn refusals_stop_and_restarts_wait() {
        for code in [1008, 4401, 4403] {
            assert_eq!(close(code).verdict(), Verdict::Stop, "{code}");
        }
        for code in [1012, 1013] {
            assert_eq!(close(code).verdict(), Verdict::RetryLater, "{code}");
        }
    }

    #[test]
    fn every_code_has_a_meaning() {
        for code in 0..=u16::MAX {
            assert!(!close(code).meaning().is_empty());
        }
    }
}
