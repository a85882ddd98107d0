//! Every number that an attacker, a bad network or a small phone can hit, each with its reason.
//! Nothing here may be read from outside data.

pub use duplex_socket::limits::*;

// --- line ---

/// Pause between two frames, for a server that closed because it received too many. Doubled at each such close, up to
/// the cap; halved when a connection ended that had lasted for [`THROTTLE_CALM_MS`].
pub const THROTTLE_MS: Millis = 50;
pub const THROTTLE_CAP_MS: Millis = 1_000;
pub const THROTTLE_CALM_MS: Millis = 60_000;
/// A close after fewer frames than this was not caused by their number.
pub const THROTTLE_FRAMES: u32 = 4;
/// Relays of one link or `config.json`.
pub const RELAYS: usize = 8;
/// Servers whose profiles are remembered.
pub const KNOWN_SERVERS: usize = 20;
/// A tab without a socket asks the one that holds it for a sign of life this often, while a person sees it …
pub const LEAD_ASK_MS: Millis = 4_000;
/// … and opens one of its own after so long without any: that tab may be stopped, as by an `alert()`.
pub const LEAD_SILENT_MS: Millis = 10_000;
/// Peers that one heartbeat asks, where the server does not answer itself: one of them may have gone.
pub const HEARTBEAT_PEERS: usize = 3;

/// Frames of a server's own protocol that wait to be sent: answers to its keep-alive, and its handshake.
pub const CONTROL_FRAMES: usize = 64;
/// Timeout from the opening of a connection until a server with its own protocol accepts messages.
pub const READY_MS: Millis = 10_000;

// --- wire ---

/// A whole frame until the server has been profiled: the smallest server in the wild closes at 512 bytes.
pub const FRAME_BYTES: usize = 400;
/// A whole frame for a server that returned one of this size: below the 8 KiB at which the next ones close.
pub const LARGE_FRAME_BYTES: usize = 4_096;
/// The same for servers that take more: 16 KiB and a head. Beyond it a lost frame costs more than its head saves.
pub const LARGEST_FRAME_BYTES: usize = 17 * 1024;
/// How long one probe is waited for.
pub const PROBE_PATIENCE_MS: Millis = 400;
/// If nothing came back by then the first probe goes out again.
pub const PROBE_AGAIN_MS: Millis = 700;
/// A remembered profile is looked into again after this long without hearing anybody.
pub const VERIFY_MS: Millis = 5_000;
/// A profile that was made on this connection is verified after this time, if no peer is heard. Doubled each time, up
/// to the cap.
pub const VERIFY_ALONE_MS: Millis = 60_000;
pub const VERIFY_CAP_MS: Millis = 300_000;
/// A server that connects nobody is looked at again so many times sooner.
pub const USELESS_SOONER: Millis = 4;
/// Who is alone on one relay of several looks for the others on the next one after this; twice as late each time, up to
/// the cap.
pub const LOOK_MS: Millis = 8_000;
/// A client that has peers on a fallback relay waits up to this long between two looks for others on the preferred
/// relays (four times as long if it came there to join its peers).
pub const LOOK_IN_COMPANY_MS: Millis = 60_000;
pub const LOOK_CAP_MS: Millis = 120_000;
/// How long, at least, a look waits for an answer of a peer on the other relay.
pub const LOOK_LISTENS_MS: Millis = 1_500;
/// The examination of a server takes at least this long: an echo may arrive later than the frames on the second
/// connection.
pub const PROFILE_SETTLES_MS: Millis = 300;
/// The verdict comes then at the latest, on a line that is no slower than most …
pub const PROFILE_DEADLINE_MS: Millis = 1_800;
/// … and on any line: a second connection that has not opened by then will not.
pub const PROFILE_CAP_MS: Millis = 20_000;
/// Parts of one message: eight megabytes in the smallest frames.
pub const MESSAGE_PARTS: u16 = 32_768;
/// A frame longer than this is not scanned: no envelope of ours is near it, and scanning costs time.
pub const INBOUND_FRAME_BYTES: usize = 16 * 1024 * 1024;
/// An envelope that a server split over frames is waited for up to this size.
pub const SPLIT_BYTES: usize = 64 * 1024;
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
/// Bytes of our own sent messages kept, so that lost parts can be sent again: all of a long answer.
pub const SENT_BYTES: usize = 16 * 1024 * 1024;
/// Senders whose sequence numbers we remember; the least recently heard one goes first.
pub const SENDERS: usize = 1_024;
/// Names that are taken for new ones at once, and in a second: each costs the check of a signature, and who makes up
/// names must not push those who are here out of memory.
pub const NEW_SENDERS: u64 = 300;
pub const NEW_SENDERS_A_SECOND: u64 = 10;

// --- document ---

/// Operations of one author, as the document counts them: yrs adds them up in 32 bits.
pub const CLOCK: u64 = (1 << 31) - 1;
/// Values inside values of an update; each costs stack.
pub const ANY_DEPTH: u32 = 32;
/// Shared types inside others that are known to be no deeper than this pass: a record of a table is the first, its
/// shared text the second.
pub const TYPE_DEPTH: u8 = 4;
/// Other shared types of one document: yrs goes down a stack of them.
pub const NESTED_TYPES: usize = 200;
/// Up to this size, the counts of the document are updated by what an update changed. After a larger update the whole
/// document is counted again.
pub const COUNTED_BYTES: usize = 64 * 1024;
/// A title longer than this is cut: a list is no place for a book.
pub const TITLE_CHARS: usize = 1_000;
/// Samples of one stroke: twenty minutes of a 120 Hz pen would be one line nobody can edit. A longer one goes on as
/// another.
pub const STROKE_SAMPLES: usize = 20_000;
/// What an element of a file carries that is not shown, as JSON.
pub const CARRIED_BYTES: usize = 4 * 1024;
/// An element's id, ours or one from a file.
pub const ID_BYTES: usize = 64;
/// Points of strokes' outlines that a board keeps, 8 bytes each: those of 15,000 strokes. Others are worked out anew
/// whenever they are painted.
pub const OUTLINE_POINTS: usize = 2_000_000;
/// Board coordinates beyond this lose the precision that a stroke needs.
pub const BOARD_EXTENT: f64 = 10_000_000.0;
/// Undo steps kept per person.
pub const UNDO_STEPS: usize = 500;
/// A larger step, as opening a file can be, is not taken back after a reload.
pub const STEP_BYTES: usize = 1024 * 1024;
/// Elements that one file may bring.
pub const IMPORT_ELEMENTS: usize = 100_000;
/// A file larger than this is not read.
pub const IMPORT_BYTES: usize = 64 * 1024 * 1024;

/// How long a browser may take to begin to read a file that it saves.
pub const DOWNLOAD_MS: Millis = 60_000;

// --- sync and presence ---

/// A client says that it is alive, and what it has, this often. Five frames a minute and person.
pub const BEAT_MS: Millis = 12_000;
/// After the last edit of a burst the digest goes out early, so that a lost frame is noticed soon.
pub const BEAT_AFTER_EDIT_MS: Millis = 2_000;
/// A person not heard of for two beats and a little is gone: who crashed is missed within half a minute.
pub const PERSON_GONE_MS: Millis = 29_000;
/// Beats wake a page more often than this. A page that had no input for this long was suspended, and received nothing.
pub const ASLEEP_MS: Millis = 20_000;
/// Those who show themselves so soon after we came were here already; nobody is told that they come.
pub const MEETING_MS: Millis = 3_000;
/// A page that is loaded again is back within this: nobody is told that its person left.
pub const COMES_BACK_MS: Millis = 2_000;
/// Followers of followers of … that a view is looked for through.
pub const FOLLOWED_THROUGH: usize = 8;
/// Frames still under way are given this long before a different digest counts as missing edits.
pub const ASK_PATIENCE_MS: Millis = 300;
/// No client asks more often than this.
pub const ASK_INTERVAL_MS: Millis = 1_000;
/// The first question waits until storage is read, and until the second connection is closed that finds out what kind of
/// server this is, for both would make the answer come twice; but no longer than this.
pub const QUESTION_WAITS_MS: Millis = 400;
/// An answer waits this long per rank, so that the first rank answers alone; longer where answers are seen to take
/// longer, on a slow line or among busy machines, up to the cap.
pub const ANSWER_RANK_MS: Millis = 80;
pub const ANSWER_RANK_CAP_MS: Millis = 2_000;
/// Ranks beyond this wait no longer than it.
pub const ANSWER_RANKS: u64 = 8;
/// A longer answer is announced before it comes: it takes longer than the next rank waits.
pub const LONG_ANSWER_BYTES: usize = 8 * 1024;
/// And it comes in parts of this size, each shown when it is here: two or three hundred strokes.
pub const ANSWER_PART_BYTES: usize = 64 * 1024;
/// The rest of a long answer is requested again if nothing of it arrived for the first time span, or if the whole
/// answer takes longer than the second.
pub const ANSWER_STALLS_MS: Millis = 3_000;
pub const ANSWER_MS: Millis = 60_000;
/// Own digests remembered: a peer that shows one of them is behind us, not ahead.
pub const DIGESTS: usize = 64;
/// A peer that shows another digest than ours this long after the last change on either side is out of step.
pub const APART_MS: Millis = 15_000;
/// A client that detects a fork of the document waits this long for each client that is to repair it first. In this
/// time two digests are sent, which show whether the repair worked.
pub const FORK_RANK_MS: Millis = 5_000;
/// Forks that were looked into and are remembered.
pub const FORKS: usize = 64;
/// What a peer may send at once, and in a second, counted in messages and in pieces of so many bytes: a script that adds
/// a thousand items, or an answer of 30 MB, and then three times what drawing takes.
pub const PEER_MESSAGES: u64 = 1_000;
pub const PEER_MESSAGES_A_SECOND: u64 = 100;
pub const PEER_PIECE_BYTES: u64 = 32 * 1024;
/// The same limit for all recent peers together: an attacker can create any number of peers, each with its own credit.
/// It is high because a client that joins a full room counts all its peers as recent.
pub const NEWCOMER_MESSAGES: u64 = 5_000;
pub const NEWCOMER_MESSAGES_A_SECOND: u64 = 500;
pub const NEWCOMER_MS: Millis = 10_000;
/// Heartbeats of others that are answered at once, and a second.
pub const PONGS: u64 = 32;
pub const PONGS_A_SECOND: u64 = 4;
/// Bytes of answers that a page gives at once, and in a second: whoever asks for more has to wait. A class that opens a
/// link together gets its copies of a large room.
pub const ANSWERED_BYTES: u64 = 32 * 1024 * 1024;
pub const ANSWERED_BYTES_A_SECOND: u64 = 1024 * 1024;
/// What an answer costs beside its bytes: the look at what is lacking.
pub const ANSWER_COST_BYTES: u64 = 16 * 1024;
/// Operations that an edit is compared with, at most, to see whether it gives an old one another meaning. What lies
/// further back the digests show.
pub const COMPARED_OPERATIONS: u64 = 2_000;
/// People whose presence is kept.
pub const PEOPLE: usize = 500;
/// A name longer than this does not fit its badge.
pub const NAME_CHARS: usize = 40;
/// Pointers and wet ink go out at half their rate among so many others, at a third among twice as many, and so on.
pub const CROWD: Millis = 8;
/// What a page shows of a moving thing, as its pointer, goes out at most this often.
pub const CURSOR_MS: Millis = 60;
/// What a page shows in one slot, and what is kept of it for each page here: a view takes 33 bytes.
pub const SLOT_BYTES: usize = 256;
/// Wet ink goes out at most this often: ten times a second, at the sixty samples of most pens, so that three seconds of
/// it, each message signed, take less than 10 kB.
pub const WET_MS: Millis = 100;
/// Samples of everybody's wet ink; beyond them a stroke grows no longer than its share until it is dry.
pub const WET_SAMPLES: usize = 60_000;
pub const WET_SHARE: usize = 600;
/// Wet ink of a person who vanished in the middle of a stroke is wiped after this.
pub const WET_GONE_MS: Millis = 5_000;

// --- storage ---

/// Pieces of a room that stopped a page and are not taken in again.
pub const SET_ASIDE: usize = 50;
/// Log rows after which a load writes a fresh snapshot.
pub const LOG_ROWS: usize = 500;
/// A stroke under the pen is stored this often: a killed page loses no more of it.
pub const DRAFT_MS: Millis = 250;
/// A page that is heard within this time of another one's start is alive, and finishes its drafts itself.
pub const DRAFT_IS_LEFT_MS: Millis = 2_000;
/// A failed write is tried again after this.
pub const STORE_RETRY_MS: Millis = 5_000;
/// Storage that has not answered for so long is not there, as far as a person can tell.
pub const STORE_PATIENCE_MS: Millis = 10_000;

/// Names of others that the list of rooms keeps with each.
pub const ROOM_PEOPLE: usize = 5;
/// What a person calls a room.
pub const ROOM_TITLE_CHARS: usize = 60;

/// A version is kept by itself at most this often.
pub const VERSION_MS: Millis = 60_000;
/// Versions of one room: nobody looks through more.
pub const VERSIONS: u32 = 500;
/// They may take twice the space of the document, or this.
pub const VERSIONS_BYTES: u64 = 256 * 1024;
/// The name of one.
pub const VERSION_NAME_CHARS: usize = 60;

// --- event log ---

/// Events of the wire that are kept, and their bytes: some minutes of drawing together.
pub const LOG_ENTRIES: usize = 2_000;
pub const LOG_BYTES: usize = 4 * 1024 * 1024;
/// Text of one event.
pub const LOG_TEXT_BYTES: usize = 500;

// --- address ---

/// A room's name in an address.
pub const ROOM_CHARS: usize = 80;
/// `config.json` larger than this is not one.
pub const CONFIG_BYTES: usize = 64 * 1024;

/// If a pen or mouse sent no event for this long when a finger comes down, its lift event was lost. A pen that rests on
/// the glass reports its pressure all the time.
pub const LIFT_LOST_MS: Millis = 5_000;

/// The host's own files take no longer, or are asked for again.
pub const FETCH_MS: Millis = 10_000;

/// How often a page that stays open asks the host for a new version of the program.
pub const UPDATE_CHECK_MS: Millis = 3_600_000;
