//! # The Duplex wire, version 1
//!
//! Messages travel through servers that were written for something else: they may add text around a frame, trim
//! it, turn text into binary, join frames with newlines, cap them, deliver them twice, or not at all. So a message
//! is cut into **envelopes** of printable ASCII that are found by scanning, wherever in a frame they stand:
//!
//! ```text
//! ~dx2.TAG.SENDER.SEQ.PART-PARTS.K.BODY.CRC~
//! ```
//!
//! | field | form | meaning |
//! |---|---|---|
//! | `~dx2.` | literal | sentinel and version |
//! | `TAG` | 8 base64url characters, 6 bytes | the room: HKDF-SHA-256 of the link's key, or of the room's name where the link has no key ([`tag`]) |
//! | `SENDER` | 8 base64url characters, 6 bytes | the client, another one for each page load: a hash of the key that it signs with ([`identity`]), or drawn at random |
//! | `SEQ` | decimal, 32 bits | counts the sender's messages from 1; all parts of one message share it |
//! | `PART-PARTS` | decimals, `1-1` … `32768-32768` | which part this is, counted from 1, and of how many |
//! | `K` | one ASCII letter | what the message is; this layer passes it through |
//! | `BODY` | base64url without padding | this part's bytes, signed and sealed ([`identity`], [`seal`]); only a probe's (`K` = `h`, [`profile`]) is plain |
//! | `CRC` | 6 base64url characters, 4 bytes big endian | CRC-32 (ISO-HDLC) of all from `TAG` to the last byte of `BODY` |
//! | `~` | literal | end |
//!
//! No character of it is changed by JSON, HTML or URL escaping, by trimming, or by turning newlines into spaces.
//! A receiver ignores every byte outside an envelope, every envelope of another room, version or wrong CRC, and its
//! own envelopes when a server sends them back. A message is delivered once: [`replay`] remembers the last 1,024
//! sequence numbers of each sender. A message of several parts that stays incomplete is asked for again
//! ([`parts`]); one that stays lost is the document's business to notice.
//!
//! An envelope is at most 400 bytes, because a server that was not asked may close at 512; larger once the server has
//! been profiled. A server that returned a binary probe unchanged gets the same fields in binary frames:
//!
//! ```text
//! "dx2" 0x00 | TAG 6 | SENDER 6 | SEQ 4 | PART 2, from 0 | PARTS 2 | K 1 | length of BODY 4 | CRC 4 | BODY
//! ```
//!
//! Numbers are big endian, and the CRC covers all before it; the body's seal covers the body. Several may stand in one
//! frame.

pub mod codec;
pub mod ed25519;
pub mod envelope;
pub mod identity;
pub mod parts;
pub mod profile;
pub mod replay;
pub mod seal;
pub mod tag;
