//! What a close means: the fields of the browser's `CloseEvent`, a sentence for people, and what to do next.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// The browser's `CloseEvent`, whole. `code` 1006 stands for a connection that ended without a close frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Try again with smaller frames.
    SmallerFrames,
    /// Try again, and send text only.
    TextOnly,
    /// The server said no, and would say it again.
    Stop,
}

/// One line of the table: codes, what follows, and a clause that completes "The relay …".
pub struct Row(pub RangeInclusive<u16>, pub Verdict, pub &'static str);

/// RFC 6455 §7.4.1, the IANA WebSocket Close Code Number Registry, and codes in the private range that repeat an
/// HTTP status, as graphql-ws and many servers have them. The first row that holds a code counts.
pub const TABLE: &[Row] = {
    use Verdict::{Retry, RetryLater, SmallerFrames, Stop, TextOnly};
    &[
        Row(1000..=1000, Retry, "closed the connection normally"),
        Row(1001..=1001, Retry, "went away"),
        Row(1002..=1002, Retry, "found a protocol error"),
        Row(1003..=1003, TextOnly, "does not take this kind of data"),
        Row(1004..=1004, Retry, "closed with a reserved code"),
        Row(1005..=1005, Retry, "closed without saying why"),
        Row(1006..=1006, Retry, "was cut off, or could not be reached"),
        Row(1007..=1007, TextOnly, "found text that is not UTF-8"),
        Row(1008..=1008, Stop, "refused us by its policy"),
        Row(1009..=1009, SmallerFrames, "found a frame too big"),
        Row(1010..=1010, Stop, "insists on an extension"),
        Row(1011..=1011, Retry, "failed inside"),
        Row(1012..=1012, RetryLater, "is restarting"),
        Row(1013..=1013, RetryLater, "is overloaded"),
        Row(1014..=1014, Retry, "has a gateway that failed"),
        Row(1015..=1015, Retry, "failed the TLS handshake"),
        Row(3000..=3000, Stop, "wants a login"),
        Row(3003..=3003, Stop, "forbids this address"),
        Row(3008..=3008, Retry, "waited too long for us"),
        Row(3000..=3999, Retry, "closed with a registered code"),
        Row(4400..=4400, Stop, "did not understand our request"),
        Row(4401..=4401, Stop, "wants a login"),
        Row(4402..=4402, Stop, "wants to be paid"),
        Row(4403..=4403, Stop, "forbids this address"),
        Row(4404..=4404, Stop, "does not know this address"),
        Row(4405..=4405, Stop, "does not allow what we do"),
        Row(4406..=4406, Stop, "speaks another subprotocol"),
        Row(4408..=4408, Retry, "waited too long for us"),
        Row(4409..=4409, Retry, "sees us connected already"),
        Row(4410..=4410, Stop, "says that this address is gone"),
        Row(4413..=4413, SmallerFrames, "found a frame too big"),
        Row(4415..=4415, TextOnly, "does not take this kind of data"),
        Row(4426..=4426, Stop, "wants a newer client"),
        Row(4429..=4429, RetryLater, "finds that we ask too often"),
        Row(4451..=4451, Stop, "refuses for legal reasons"),
        Row(4500..=4500, Retry, "failed inside"),
        Row(4502..=4502, Retry, "has a gateway that failed"),
        Row(4503..=4503, RetryLater, "is overloaded"),
        Row(4504..=4504, Retry, "has a gateway that timed out"),
        Row(4000..=4999, Retry, "closed with a code of its own"),
        Row(
            0..=u16::MAX,
            Retry,
            "closed with a code that no standard knows",
        ),
    ]
};

impl CloseEvent {
    /// What stands for a connection that we gave up: nothing came from the server.
    pub fn ours(reason: &str) -> Self {
        Self {
            code: 1006,
            reason: reason.to_owned(),
            was_clean: false,
        }
    }

    fn row(&self) -> Option<&'static Row> {
        TABLE.iter().find(|row| row.0.contains(&self.code))
    }

    pub fn verdict(&self) -> Verdict {
        self.row().map_or(Verdict::Retry, |row| row.1)
    }

    /// Whether a server closes like this on those who say too much.
    pub fn limits(&self) -> bool {
        matches!(self.code, 1008 | 1013 | 4429)
    }

    /// Whether a server closes like this that does not understand us, or says nothing of why.
    pub fn is_of_another_protocol(&self) -> bool {
        match self.code {
            1002 | 1003 | 1007 => true,
            1000 | 1005 | 1006 => self.reason.is_empty(),
            _ => false,
        }
    }

    /// What the code says, as a clause that completes "The relay …".
    pub fn meaning(&self) -> &'static str {
        self.row().map_or("closed", |row| row.2)
    }

    /// The clause with the server's own words, if it gave any.
    pub fn in_words(&self) -> String {
        self.meaning().to_owned() + &self.quoted()
    }

    /// The server's own words, if it gave any, to stand behind a clause.
    pub fn quoted(&self) -> String {
        match self.reason.as_str() {
            "" => String::new(),
            reason => format!(" (\u{201c}{reason}\u{201d})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(code: u16) -> Verdict {
        let close = CloseEvent {
            code,
            reason: String::new(),
            was_clean: true,
        };
        assert!(!close.meaning().is_empty());
        close.verdict()
    }

    #[test]
    fn the_codes_that_decide_something() {
        for (codes, expected) in [
            (
                &[
                    1000, 1001, 1002, 1005, 1006, 1011, 1015, 3008, 4408, 4999, 0, 999,
                ][..],
                Verdict::Retry,
            ),
            (&[1012, 1013, 4429, 4503], Verdict::RetryLater),
            (&[1009, 4413], Verdict::SmallerFrames),
            (&[1003, 1007, 4415], Verdict::TextOnly),
            (&[1008, 1010, 3000, 3003, 4401, 4403, 4404], Verdict::Stop),
        ] {
            for &code in codes {
                assert_eq!(verdict(code), expected, "{code}");
            }
        }
    }

    #[test]
    fn every_code_has_one_row_of_its_own() {
        assert!(TABLE.len() >= 30);
        for code in 0..=u16::MAX {
            verdict(code);
        }
        for (at, row) in TABLE.iter().enumerate() {
            let shadowed = TABLE[..at]
                .iter()
                .any(|before| before.0.contains(row.0.start()) && before.0.contains(row.0.end()));
            assert!(!shadowed, "{:?} is never reached", row.0);
        }
    }
}
