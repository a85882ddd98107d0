//! # The Duplex wire, version 2
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
//! | `BODY` | base64url without padding | this part's bytes, signed and sealed ([`identity`], [`seal`]); only a probe's (`K` = `h`, `line::dialect::raw`) is plain |
//! | `CRC` | 6 base64url characters, 4 bytes big endian | CRC-32 (ISO-HDLC) of all from `TAG` to the last byte of `BODY` |
//! | `~` | literal | end |
//!
//! No character of it is changed by JSON, HTML or URL escaping, by trimming, or by turning newlines into spaces.
//! A receiver ignores every byte outside an envelope, every envelope of another room, version or wrong CRC, and its
//! own envelopes when a server sends them back. A message is delivered once: [`replay`] remembers the last 1,024
//! sequence numbers of each sender. If parts of a message are missing, the receiver asks for them again ([`parts`]). If
//! a whole message is lost, the exchange of digests detects that (see below).
//!
//! An envelope is at most 400 bytes, because a server that was not asked may close at 512; larger once the server has
//! been profiled. A server that returned a binary probe unchanged gets the same fields in binary frames:
//!
//! ```text
//! "dx2" 0x00 | TAG 6 | SENDER 6 | SEQ 4 | PART 2, from 0 | PARTS 2 | K 1 | length of BODY 4 | CRC 4 | BODY
//! ```
//!
//! Numbers are big endian, and the CRC covers all before it; the body's seal covers the body. The first one begins with the
//! frame, and several may follow each other.
//!
//! # Secrets
//!
//! Everything follows from the room's name, in Unicode's form NFC, and the link's key (16 to 64 bytes; base64url in the
//! link), by HKDF-SHA-256 (RFC 5869) with the salt
//! `duplex/1`. Where the link has no key, the name's bytes are the key: such a room is open to whoever guesses it.
//!
//! | derived | secret | info | bytes |
//! |---|---|---|---|
//! | `TAG` | key | `tag/` name | 6 |
//! | room key | key | `room key/` name | 32 |
//! | session key | room key | `session key/` SENDER (6) salt (4) | 32 |
//!
//! A client draws a 32-byte seed for each page load: its Ed25519 key pair (RFC 8032). Its name, `SENDER`, is the first six
//! bytes of SHA-256 of the public key, with the highest bit set. It draws a salt of four bytes, too.
//!
//! A part's plain bytes are signed, then sealed:
//!
//! ```text
//! associated data  "dx2" TAG 6 SENDER 6 SEQ 4 PART 2, from 0 PARTS 2 K 1
//! signature        Ed25519 of "duplex/1 says " || associated data || part
//! signed           part || public key 32 || signature 64 || 0x01        or        part || signature 64 || 0x00
//! BODY             salt 4 || ChaCha20-Poly1305 (RFC 8439) of signed || authenticator 16
//! nonce            SEQ 4 PART 2, from 0, then six bytes 0
//! ```
//!
//! The form with the public key introduces the sender to receivers that do not know its key yet. Messages of slots omit
//! the key. A receiver that does not know the sender's key drops a message without it. It also drops a message whose
//! `SENDER` is not the hash of the key. A `SENDER` whose highest bit is clear was drawn at random: its messages have no
//! signature, only the part, and are accepted without a check.
//!
//! # Messages
//!
//! Bodies are in postcard's format (<https://postcard.jamesmunns.com/wire-format>): integers are LEB128 varints, signed ones
//! zigzag, single bytes and floats raw (little endian); byte strings, texts and lists have their length in front; an option
//! is 0, or 1 and the value. A later version may add fields at the end of a body, but for bare updates, and kinds; a client
//! ignores both. Updates and state vectors are Yjs's, version 1.
//!
//! | `K` | name | body |
//! |---|---|---|
//! | `h` | probe | plain: for the server (`line::dialect::raw`) |
//! | `q` | question | its digest, state vector (bytes) |
//! | `a` | answer | for whom (peer), the answerer's digest, update (bytes), how many bytes more follow |
//! | `r` | part of an answer | an update, bare; a message of its own |
//! | `g` | question for a whole copy | of whom (peer) |
//! | `u` | edit | an update, bare |
//! | `b` | beat | operations, digest, name (text), colour (3 bytes, bare), whom it follows (option of a peer), claim (bytes), level (1) |
//! | `n` | request for lost parts | of whom (peer), `SEQ`, parts (list of up to 48, from 0): the same envelopes are sent again |
//! | `l` | goodbye | nothing |
//! | `p` | heartbeat | peers that are asked to answer (list) |
//! | `o` | heartbeat answer | whom it answers (peer) |
//! | `C` | pointer | option of x, y: where it is on the board (64-bit floats) |
//! | `S` | view | option of x, y, width, height; only while somebody follows |
//! | `w` | wet ink | the stroke's id (text), colour (3 bytes, bare), opacity (a byte, percent), width (32-bit float), bits of the grid (a byte), first x, y, list of steps dx, dy, all in 2^-bits (signed), pressures (bytes, one a sample or none), whether nothing comes of it (a byte) |
//!
//! The values of `C` and `S` are at most 256 bytes; larger ones count as none. Wet ink shows where its sender's pointer is,
//! too. The first sample of each `w` repeats the last one of the `w` before.
//!
//! A peer is the number that its six bytes are, big endian. A claim shows whose page a client is: its name's six bytes,
//! signed and introduced as above by a key that its browser keeps for the room, as part 0 of 1 with `SEQ` 0 and `K` = `P`
//! of that key's name. What an update may hold is in [`crate::core::doc::table`].
//!
//! - Operations have an author, which is no `SENDER`: each page load draws one of 47 bits at random, never 0.
//! - A client that joins sends a question and a beat. A client that hears a new peer sends a beat within 300 ms.
//! - A client answers a question if its digest differs from the asker's, even if the asker lacks only deletions. The
//!   client with the smallest number answers at once. Each other client waits 80 ms for each client with a smaller
//!   number, up to eight of them (on slow lines up to 2 s for each). It cancels its answer if it receives one that was
//!   given from its own digest.
//! - An answer longer than 8 kB has the empty update and says how many bytes follow in parts. Until they have arrived,
//!   the receiver shows the digest of nothing.
//! - An edit is sent at once. A beat is sent two seconds after the last edit of a burst, and every twelve seconds or a
//!   little less.
//! - A client asks if it receives a digest that is neither one of its own last 64 nor that of nothing: after 300 to 600
//!   ms, at most once a second. It asks again if the two digests have differed for 15 s.
//! - Equal operations with different digests are a fork: one of the two clients asks the other for a whole copy, and
//!   receives it as an answer.
//! - A client that has sent nothing for 29 seconds is treated as gone.
//! - What an update may hold is checked before it is taken in (`core::doc::gate`).
//!
//! # Digests
//!
//! Both are made of sums, so that an edit costs what it changes. A term is the first 16 bytes of a SHA-256, a sum is one of
//! 16 bytes, modulo 2^128. Numbers are big endian.
//!
//! | number of 8 bytes | first bytes of SHA-256 of |
//! |---|---|
//! | operations | the sum of what is here in order, the sum of what is here beyond a gap |
//! | digest | operations, the sum of values |
//!
//! - In order: for each author whose operations are here up to clock *c* > 0 `seen`, author 8, *c* 4, four bytes 0; and for
//!   each longest stretch of deleted ones, from *a* to before *b*, `gone`, author 8, *a* 4, *b* 4. Beyond a gap: stretches
//!   of operations that came although earlier ones of their author did not, as `gone` ones.
//! - Values: for each one of each table its name, 0x00, row, 0x00, field, kind 1, value. The field is empty where the row
//!   itself is the value. Kinds: 0 bytes, 1 text, 2 false, 3 true, 4 a number (the 8 bytes of its float), 5 shared text, 6
//!   anything else ([`crate::core::doc::table::Value`]).
//!
//! # Test vectors
//!
//! The room is `attic`, its key `0123456789abcdef` in ASCII. The client's seed is 32 bytes 7, its salt 01020304, its first
//! message a goodbye. Bodies name the digest 0x0102 and the peer 300. The edit is peer 300's first: table `todo`, row `a`,
//! field `title`, text `milk`; then the field is removed.
//!
//! | what | value |
//! |---|---|
//! | tag of the open room | `juRtGKNG` |
//! | tag of the room with the key | `lv6TC6kF` |
//! | name of the client | `fe812c12f3ab` |
//! | associated data | `64783296fe930ba905fe812c12f3ab00000001000000016c` |
//! | signed body | `ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22cb2a6d5b73973ae05976807bd3846fbfe70f23146f03e32fab111d1ddb5c9d1c58d6cab717097bf488158bea5eee592f91f951f9d3583ad582da1e09baf22ea0601` |
//! | sealed body | `010203042b4d58b3a19bcd7ccc8f5a2b0b2f761d45187be61eac8954b0dc5f00def1495f3a1d65ae5b072e39f80d4d3206751955a88ebdc97e9fbbdd2d0f6779ef7a72447396738cb52ece0021bd9deb42d8ef9a8f6266ffbe3bce7e6fd79ec92d64a4b3ef75607b03b58ae3551e0e75c75a597119` |
//! | envelope | `~dx2.lv6TC6kF._oEsEvOr.1.1-1.l.AQIDBCtNWLOhm818zI9aKwsvdh1FGHvmHqyJVLDcXwDe8UlfOh1lrlsHLjn4DU0yBnUZVaiOvcl-n7vdLQ9nee96ckRzlnOMtS7OACG9netC2O-aj2Jm_747zn5v157JLWSks-91YHsDtYrjVR4OdcdaWXEZ.v4pxPg~` |
//! | question | `q 82020100` |
//! | answer | `a ac02820202000009` |
//! | question for a whole copy | `g ac02` |
//! | beat | `b 0582020341646101020301ac020001` |
//! | request for lost parts | `n ac0207020004` |
//! | heartbeat | `p 01ac02` |
//! | heartbeat answer | `o ac02` |
//! | digest of nothing | `21b74d20a5153582` |
//! | update of the edit | `0102ac0200270104746f646f0161012800ac0200057469746c650177046d696c6b00` |
//! | operations of the edit | `1ff7e2cea112c1d6` |
//! | digest of the edit | `d01ccc73d2fa0189` |
//! | digest of the edit taken back | `ff354cf1c25e47db` |

pub mod codec;
pub mod ed25519;
pub mod envelope;
pub mod identity;
pub mod parts;
pub mod replay;
pub mod seal;
pub mod tag;
