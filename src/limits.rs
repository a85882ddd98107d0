//! Every number that an attacker, a bad network or a small phone can hit, each with its reason.
//! Nothing here may be read from outside data.

/// A moment or a span in milliseconds. Moments count from an origin that the host chooses.
pub type Millis = u64;

// --- socket ---

/// A server that accepts TCP and never answers the handshake leaves a browser CONNECTING for over 40 s.
pub const CONNECT_TIMEOUT_MS: Millis = 8_000;
/// First ceiling of the full-jitter backoff: a first retry within half a second feels like no outage.
pub const BACKOFF_BASE_MS: Millis = 500;
/// Last ceiling of the backoff: a restarted relay is found again within half a minute.
pub const BACKOFF_CAP_MS: Millis = 30_000;
/// A connection that lived this long was a good one: the backoff starts over.
pub const UPTIME_RESETS_BACKOFF_MS: Millis = 5_000;
/// Longer relay addresses are refused by proxies and unreadable to people.
pub const RELAY_URL_BYTES: usize = 2_048;
/// RFC 6455 §5.5: a control frame carries 125 bytes, two of them the close code.
pub const CLOSE_REASON_BYTES: usize = 123;
/// Above this a peer is stalled: 64 MiB of `send()` to one was taken without a word.
pub const BUFFERED_AMOUNT_BYTES: u32 = 256 * 1024;
/// Messages that `use_socket` keeps for a consumer that does not drain them.
pub const INBOX_MESSAGES: usize = 10_000;

// --- wire ---

/// A whole frame until the server has been profiled: the smallest server in the wild closes at 512 bytes.
pub const FRAME_BYTES: usize = 400;
/// Parts of one message: eight megabytes in the smallest frames.
pub const MESSAGE_PARTS: u16 = 32_768;
/// A frame longer than this is not scanned: no envelope of ours is near it, and scanning costs time.
pub const INBOUND_FRAME_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of unfinished messages, their empty slots included.
pub const REASSEMBLY_BYTES: usize = 24 * 1024 * 1024;
/// Unfinished messages kept at a time.
pub const REASSEMBLY_MESSAGES: usize = 64;
/// An unfinished message that got no part for this long is asked for again.
pub const PART_PATIENCE_MS: Millis = 400;
/// How often an unfinished message is asked for again before it is dropped and left to the digest.
pub const PART_REPEATS: u8 = 8;
/// Missing parts that one request names: a request has to fit one frame.
pub const PARTS_PER_REQUEST: usize = 48;
/// Bytes of our own sent messages kept, so that lost parts can be sent again.
pub const SENT_BYTES: usize = 4 * 1024 * 1024;
/// Senders whose sequence numbers we remember; the least recently heard one goes first.
pub const SENDERS: usize = 1_024;

// --- document ---

/// A title longer than this is cut: a list is no place for a book.
pub const TITLE_CHARS: usize = 1_000;
/// Samples of one stroke: twenty minutes of a 120 Hz pen would be one line nobody can edit.
pub const STROKE_SAMPLES: usize = 20_000;
/// An element's id, ours or one from a file.
pub const ID_BYTES: usize = 64;
/// Board coordinates beyond this lose the precision that a stroke needs.
pub const BOARD_EXTENT: f64 = 10_000_000.0;
/// Undo steps kept per person.
pub const UNDO_STEPS: usize = 500;
/// Elements that one file may bring.
pub const IMPORT_ELEMENTS: usize = 100_000;
/// A file larger than this is not read.
pub const IMPORT_BYTES: usize = 64 * 1024 * 1024;

// --- sync and presence ---

/// A client says that it is alive, and what it has, this often. Four frames a minute and person.
pub const BEAT_MS: Millis = 15_000;
/// After the last edit of a burst the digest goes out early, so that a lost frame is noticed soon.
pub const BEAT_AFTER_EDIT_MS: Millis = 2_000;
/// A person not heard of for two beats and a little is gone.
pub const PERSON_GONE_MS: Millis = 35_000;
/// Frames still under way are given this long before a different digest counts as missing edits.
pub const ASK_PATIENCE_MS: Millis = 300;
/// No client asks more often than this.
pub const ASK_INTERVAL_MS: Millis = 1_000;
/// An answer waits this long per rank, so that the first rank answers alone.
pub const ANSWER_RANK_MS: Millis = 80;
/// Ranks beyond this wait no longer than it.
pub const ANSWER_RANKS: u64 = 8;
/// Own digests remembered: a peer that shows one of them is behind us, not ahead.
pub const DIGESTS: usize = 64;
/// People whose presence is kept.
pub const PEOPLE: usize = 500;
/// A name longer than this does not fit its badge.
pub const NAME_CHARS: usize = 40;
/// Cursor positions go out at most this often.
pub const CURSOR_MS: Millis = 60;
/// Wet ink goes out at most this often: 15 times a second looks continuous, and costs less than the finished stroke
/// several times over.
pub const WET_MS: Millis = 66;
/// Wet ink of a person who vanished in the middle of a stroke is wiped after this.
pub const WET_GONE_MS: Millis = 5_000;

// --- storage ---

/// Log rows after which a load writes a fresh snapshot.
pub const LOG_ROWS: usize = 500;
/// A failed write is tried again after this.
pub const STORE_RETRY_MS: Millis = 5_000;

// --- address ---

/// A room's name in an address.
pub const ROOM_CHARS: usize = 80;
/// `config.json` larger than this is not one.
pub const CONFIG_BYTES: usize = 64 * 1024;
