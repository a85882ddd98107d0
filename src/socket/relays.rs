//! The servers of a link: which one is in use, when the next one has its turn, and when the preferred one again.

use super::endpoint::Endpoint;
use crate::limits::{FAILOVER_ATTEMPTS, Millis, PREFER_CAP_MS, PREFER_MS};

/// The servers of a link, the preferred one first, and which of them is in use.
#[derive(Debug)]
pub struct Relays {
    endpoints: Vec<Endpoint>,
    at: usize,
    failures: u32,
    /// Servers passed over since one last worked.
    tried: usize,
    /// How long a fallback is used before the preferred one is tried again; doubles while that fails.
    patience_ms: Millis,
    prefer_at: Option<Millis>,
    returning: bool,
}

impl Default for Relays {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Relays {
    pub fn new(endpoints: Vec<Endpoint>) -> Self {
        Self {
            endpoints,
            at: 0,
            failures: 0,
            tried: 0,
            patience_ms: PREFER_MS,
            prefer_at: None,
            returning: false,
        }
    }

    pub fn current(&self) -> Option<&Endpoint> {
        self.endpoints.get(self.at)
    }

    /// Whether one is left that was not tried since one last worked.
    pub fn has_others(&self) -> bool {
        self.endpoints.len() > 1 && self.tried + 1 < self.endpoints.len()
    }

    /// Which of how many is in use, counted from 0.
    pub fn place(&self) -> (usize, usize) {
        (self.at, self.endpoints.len())
    }

    pub fn opened(&mut self, now: Millis) {
        self.prefer_at = (self.at > 0).then(|| now + self.patience_ms);
    }

    /// The current server does what it is for, as far as can be known.
    pub fn worked(&mut self) {
        self.failures = 0;
        self.tried = 0;
        self.returning = false;
        if self.at == 0 {
            self.patience_ms = PREFER_MS;
        }
    }

    /// The current server is open and connects nobody. Whether it is another server's turn; after a round of which
    /// nothing came this one stays in use until it is looked at again.
    pub fn useless(&mut self) -> bool {
        match self.has_others() {
            true => self.failed(FAILOVER_ATTEMPTS),
            false => {
                self.tried = 0;
                false
            }
        }
    }

    /// Uses this one of them from now on; says whether that is news.
    pub fn go_to(&mut self, endpoint: &Endpoint) -> bool {
        let there = self.endpoints.iter().position(|this| this == endpoint);
        let Some(there) = there.filter(|&there| there != self.at) else {
            return false;
        };
        self.at = there;
        self.failures = 0;
        self.prefer_at = None;
        true
    }

    /// Counts `failures` of the current server. Whether the next try is another server's turn, and so due at once.
    pub fn failed(&mut self, failures: u32) -> bool {
        self.prefer_at = None;
        if self.endpoints.len() < 2 {
            return false;
        }
        self.failures += failures;
        if self.returning {
            self.returning = false;
            self.patience_ms = (self.patience_ms * 2).min(PREFER_CAP_MS);
        } else if self.failures < FAILOVER_ATTEMPTS {
            return false;
        }
        self.failures = 0;
        self.at = (self.at + 1) % self.endpoints.len();
        self.tried += 1;
        // Having been round once without success, wait like everybody.
        !self.tried.is_multiple_of(self.endpoints.len())
    }

    /// When the preferred one is to be tried again, while another one serves.
    pub fn prefer_at(&self) -> Option<Millis> {
        self.prefer_at
    }

    /// Back to the preferred one.
    pub fn prefer(&mut self) {
        self.at = 0;
        self.failures = 0;
        self.prefer_at = None;
        self.returning = true;
    }
}
