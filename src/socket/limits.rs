//! Every number that an attacker, a bad network or a small phone can hit, each with its reason.

/// A moment or a span in milliseconds. Moments count from an origin that the host chooses.
pub type Millis = u64;

/// A server that accepts TCP and never answers the handshake leaves a browser CONNECTING for over 40 s.
pub const CONNECT_TIMEOUT_MS: Millis = 8_000;
/// First ceiling of the full-jitter backoff: a first retry within half a second feels like no outage.
pub const BACKOFF_BASE_MS: Millis = 500;
/// Last ceiling of the backoff: a restarted relay is found again within half a minute.
pub const BACKOFF_CAP_MS: Millis = 30_000;
/// Nobody looks at a hidden page: it may take five minutes.
pub const HIDDEN_BACKOFF_CAP_MS: Millis = 300_000;
/// Attempts that may follow each other closely, and the price of each further one: together at most 150 an hour.
pub const ATTEMPTS_AT_ONCE: u64 = 30;
pub const ATTEMPT_REFILL_MS: Millis = 30_000;
/// A connection that lived this long was a good one: the backoff starts over.
pub const UPTIME_RESETS_BACKOFF_MS: Millis = 5_000;
/// Silence after which a sign of life is asked for: proxies close connections that are idle for 60 s.
pub const HEARTBEAT_MS: Millis = 15_000;
/// How long its answer may take before the page says that the relay has gone quiet …
pub const HEARTBEAT_STALE_MS: Millis = 2_000;
/// … and before the connection is replaced.
pub const HEARTBEAT_PATIENCE_MS: Millis = 5_000;
/// The same when somebody returns to the page: a decision within a second.
pub const RETURN_PATIENCE_MS: Millis = 900;
/// An answer is late after two round trips and this.
pub const ROUND_TRIP_SLACK_MS: Millis = 300;
/// A longer round trip is treated as one of this length.
pub const ROUND_TRIP_MS: Millis = 10_000;
/// After this long out of sight a connection of which nothing can be known is replaced.
pub const AWAY_MS: Millis = 20_000;
/// How long the closing handshake is waited for. A dead peer lets it take a minute.
pub const CLOSING_MS: Millis = 1_000;
/// Finding out what kind of server answered takes no longer, however slow the line.
pub const PROBING_MS: Millis = 30_000;
/// A server that refused us is asked again after this, twice as long each time, up to the cap: a limit of sessions or a
/// wrong setting passes in minutes.
pub const REFUSED_MS: Millis = 10_000;
pub const REFUSED_CAP_MS: Millis = 300_000;
/// Failures in a row after which the next relay of the list has its turn.
pub const FAILOVER_ATTEMPTS: u32 = 2;
/// Connections in a row that ended sooner than this, after which the next relay of the list has its turn, too.
pub const SHORT_LIVES: u32 = 4;
pub const SHORT_LIFE_MS: Millis = 30_000;
/// A fallback is left for the preferred relay after this long; twice as long each time that fails, up to the cap.
pub const PREFER_MS: Millis = 60_000;
pub const PREFER_CAP_MS: Millis = 600_000;
/// Longer relay addresses are refused by proxies and unreadable to people.
pub const RELAY_URL_BYTES: usize = 2_048;
/// RFC 6455 §5.5: a control frame carries 125 bytes, two of them the close code.
pub const CLOSE_REASON_BYTES: usize = 123;
/// Above this a peer is stalled: 64 MiB of `send()` to one was taken without a word.
pub const BUFFERED_AMOUNT_BYTES: u32 = 256 * 1024;
/// The browser is handed no more frames once it holds this much …
pub const HIGH_WATER_BYTES: usize = 64 * 1024;
/// … until it holds no more than this.
pub const LOW_WATER_BYTES: usize = 16 * 1024;
/// How soon `bufferedAmount` is looked at again while it is high, for no event tells of it; twice as late each time that
/// nothing went, up to the cap.
pub const DRAIN_MS: Millis = 4;
pub const DRAIN_CAP_MS: Millis = 16;
/// What may wait for a slow server, in messages and payload bytes; beyond it the document holds the truth.
pub const OUTBOX_MESSAGES: usize = 1_000;
pub const OUTBOX_BYTES: usize = 1024 * 1024;
/// Bytes of messages that `use_socket` keeps for a consumer that drains them: a minute of anything that people watch.
pub const INBOX_BYTES: usize = 64 * 1024 * 1024;
