//! One envelope: written as ASCII, found again anywhere in a frame. The grammar stands in [`super`].

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use std::sync::LazyLock;

use crc::{CRC_32_ISO_HDLC, Crc, Table};

use super::tag::Tag;
use crate::{
    core::{frame::Frame, peer::PeerId},
    limits::MESSAGE_PARTS,
};

const SENTINEL: &[u8] = b"~dx2.";
const END: u8 = b'~';
/// The fast kind. Its tables, 16 kB that do not compress, are made at first use and not downloaded.
static CRC: LazyLock<Crc<u32, Table<16>>> =
    LazyLock::new(|| Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC));

/// What an envelope says of itself in the clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub tag: Tag,
    pub sender: PeerId,
    pub seq: u32,
    /// Counted from 0 here, from 1 on the wire.
    pub part: u16,
    pub parts: u16,
    /// An ASCII letter.
    pub kind: u8,
}

impl Head {
    fn is_sound(&self) -> bool {
        self.part < self.parts && self.parts <= MESSAGE_PARTS && self.kind.is_ascii_alphabetic()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    pub head: Head,
    pub body: Vec<u8>,
}

/// What a scan met.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    Envelope(Envelope),
    /// Something that begins like an envelope and is none: cut off, changed on the way, or a newer version.
    Broken,
}

/// How envelopes are written into frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Printable ASCII in a text frame: every server takes it.
    #[default]
    Text,
    /// Bytes in a binary frame, for a server that was seen to return them unchanged.
    Binary,
}

/// Bytes of a text envelope around a body, at most: sentinel 5, tag 8, sender 8, seq 10, parts 11, kind 1, CRC 6,
/// end 1, six dots.
const TEXT_OVERHEAD: usize = 56;
/// Bytes of a binary envelope around a body: magic 4, tag 6, sender 6, seq 4, part 2, parts 2, kind 1, length 4, CRC 4. The CRC
/// covers the head only: the body is sealed, and a probe's is compared whole.
const BINARY_OVERHEAD: usize = 33;
/// The first bytes of a binary envelope: a zero byte is in no text.
const MAGIC: &[u8; 4] = b"dx2\0";

impl Form {
    /// How many body bytes fit an envelope of `frame_bytes`.
    pub const fn body_capacity(self, frame_bytes: usize) -> usize {
        match self {
            Self::Text => frame_bytes.saturating_sub(TEXT_OVERHEAD) / 4 * 3,
            Self::Binary => frame_bytes.saturating_sub(BINARY_OVERHEAD),
        }
    }
}

impl Envelope {
    pub fn write(&self, form: Form) -> Frame {
        match form {
            Form::Text => Frame::Text(self.to_text()),
            Form::Binary => Frame::Binary(self.to_bytes()),
        }
    }

    pub fn to_text(&self) -> String {
        let head = &self.head;
        let mut text = String::with_capacity(TEXT_OVERHEAD + self.body.len() * 4 / 3 + 4);
        text.push_str("~dx2.");
        let signed_from = text.len();
        BASE64.encode_string(head.tag.0, &mut text);
        text.push('.');
        BASE64.encode_string(head.sender.to_bytes(), &mut text);
        text.push_str(&format!(
            ".{}.{}-{}.{}.",
            head.seq,
            u32::from(head.part) + 1,
            head.parts,
            char::from(head.kind)
        ));
        BASE64.encode_string(&self.body, &mut text);
        let crc = CRC.checksum(text.as_bytes().get(signed_from..).unwrap_or_default());
        text.push('.');
        BASE64.encode_string(crc.to_be_bytes(), &mut text);
        text.push('~');
        text
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let head = &self.head;
        let length = u32::try_from(self.body.len()).unwrap_or(u32::MAX);
        let mut bytes = [
            MAGIC.as_slice(),
            &head.tag.0,
            &head.sender.to_bytes(),
            &head.seq.to_be_bytes(),
            &head.part.to_be_bytes(),
            &head.parts.to_be_bytes(),
            &[head.kind],
            &length.to_be_bytes(),
        ]
        .concat();
        let crc = CRC.checksum(&bytes);
        bytes.reserve_exact(size_of::<u32>() + self.body.len());
        bytes.extend_from_slice(&crc.to_be_bytes());
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// Reads a binary envelope at the beginning of `bytes`; gives what stands behind it, too.
    fn read_binary(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut rest = bytes.strip_prefix(MAGIC)?;
        fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
            let (taken, after) = rest.split_first_chunk()?;
            *rest = after;
            Some(taken)
        }
        let head = Head {
            tag: Tag(*take(&mut rest)?),
            sender: PeerId::from_bytes(*take(&mut rest)?),
            seq: u32::from_be_bytes(*take(&mut rest)?),
            part: u16::from_be_bytes(*take(&mut rest)?),
            parts: u16::from_be_bytes(*take(&mut rest)?),
            kind: u8::from_be_bytes(*take(&mut rest)?),
        };
        let length = usize::try_from(u32::from_be_bytes(*take(&mut rest)?)).ok()?;
        let signed = bytes.get(..bytes.len() - rest.len())?;
        let crc = u32::from_be_bytes(*take(&mut rest)?);
        let (body, after) = rest.split_at_checked(length)?;
        (head.is_sound() && crc == CRC.checksum(signed)).then(|| {
            let body = body.to_vec();
            (Self { head, body }, after)
        })
    }

    /// Reads what stands between the sentinel and the end of a text envelope.
    fn read_text(inner: &[u8]) -> Option<Self> {
        let inner = std::str::from_utf8(inner).ok()?;
        let (signed, crc) = inner.rsplit_once('.')?;
        let crc: [u8; 4] = BASE64.decode(crc).ok()?.try_into().ok()?;
        if u32::from_be_bytes(crc) != CRC.checksum(signed.as_bytes()) {
            return None;
        }
        let mut fields = signed.split('.');
        let mut field = || fields.next();
        let tag = BASE64.decode(field()?).ok()?.try_into().ok()?;
        let sender = BASE64.decode(field()?).ok()?.try_into().ok()?;
        let seq = decimal(field()?)?;
        let (part, parts) = field()?.split_once('-')?;
        let part = u16::try_from(decimal(part)?.checked_sub(1)?).ok()?;
        let parts = u16::try_from(decimal(parts)?).ok()?;
        let &[kind] = field()?.as_bytes() else {
            return None;
        };
        let body = BASE64.decode(field()?).ok()?;
        let head = Head {
            tag: Tag(tag),
            sender: PeerId::from_bytes(sender),
            seq,
            part,
            parts,
            kind,
        };
        (field().is_none() && head.is_sound()).then_some(Self { head, body })
    }
}

/// Digits only: `str::parse` would take a leading plus.
fn decimal(digits: &str) -> Option<u32> {
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// Every envelope in a frame, in order, whatever stands around them. Linear in the frame's length.
pub fn scan(frame: &[u8]) -> impl Iterator<Item = Found> {
    let mut rest = frame;
    std::iter::from_fn(move || {
        if let Some((envelope, after)) = Envelope::read_binary(rest) {
            rest = after;
            return Some(Found::Envelope(envelope));
        }
        let start = find(rest, SENTINEL)?;
        let inner = rest.get(start + SENTINEL.len()..)?;
        let end = inner.iter().position(|&b| b == END);
        let Some(end) = end else {
            rest = &[];
            return Some(Found::Broken);
        };
        let (inner, after) = inner.split_at(end);
        let found = Envelope::read_text(inner).map(Found::Envelope);
        // The tilde that ends a broken one may begin the next.
        rest = match found {
            Some(_) => after.get(1..).unwrap_or_default(),
            None => after,
        };
        Some(found.unwrap_or(Found::Broken))
    })
}

/// The kind letters of the envelopes in a frame, at a glance: nothing is checked.
pub fn kinds(frame: &[u8]) -> impl Iterator<Item = u8> {
    let binary = frame
        .starts_with(MAGIC)
        .then(|| frame.get(24).copied())
        .flatten();
    let mut rest = frame;
    let text = std::iter::from_fn(move || {
        let start = find(rest, SENTINEL)?;
        let inner = rest.get(start + SENTINEL.len()..)?;
        rest = inner;
        Some(
            inner
                .split(|&b| b == b'.')
                .nth(4)
                .and_then(|kind| kind.first().copied()),
        )
    });
    binary.into_iter().chain(text.flatten())
}

/// Whether a frame begins as a binary envelope does.
pub fn is_binary(frame: &[u8]) -> bool {
    frame.starts_with(MAGIC)
}

/// The end of `frame` from where a text envelope begins and does not end: a server that splits messages sends the rest
/// of it in its next frame. Empty if there is none.
pub fn unfinished(frame: &[u8]) -> &[u8] {
    if is_binary(frame) {
        return &[];
    }
    let tail = frame.iter().rposition(|&b| b == END).unwrap_or_default();
    let tail = frame.get(tail..).unwrap_or_default();
    let begins =
        tail.starts_with(SENTINEL) || (tail.starts_with(b"~") && SENTINEL.starts_with(tail));
    if begins { tail } else { &[] }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn envelope() -> impl Strategy<Value = Envelope> {
        (
            any::<[u8; 6]>(),
            any::<u64>(),
            any::<u32>(),
            1..=MESSAGE_PARTS,
            any::<u16>(),
            proptest::char::range('a', 'z'),
            proptest::collection::vec(any::<u8>(), 0..300),
        )
            .prop_map(|(tag, sender, seq, parts, part, kind, body)| {
                let head = Head {
                    tag: Tag(tag),
                    sender: PeerId::from_random(sender),
                    seq,
                    part: part % parts,
                    parts,
                    kind: kind as u8,
                };
                Envelope { head, body }
            })
    }

    proptest! {
        #[test]
        fn an_envelope_comes_back_from_any_decoration(e in envelope(), before in "[^~]*", after in ".*") {
            let frame = format!("{before}{}{after}", e.to_text());
            prop_assert_eq!(scan(frame.as_bytes()).next(), Some(Found::Envelope(e)));
        }

        #[test]
        fn joined_envelopes_come_back_in_order(es in proptest::collection::vec(envelope(), 1..5), glue in "[\n ]?") {
            let frame = es.iter().map(Envelope::to_text).collect::<Vec<_>>().join(&glue);
            let back: Vec<_> = scan(frame.as_bytes()).collect();
            prop_assert_eq!(back, es.into_iter().map(Found::Envelope).collect::<Vec<_>>());
        }

        #[test]
        fn a_broken_envelope_hides_no_good_one(e in envelope(), cut in 1_usize..20) {
            let text = e.to_text();
            let frame = format!("{}{}", &text[..text.len().saturating_sub(cut).max(5)], text);
            prop_assert!(scan(frame.as_bytes()).any(|found| found == Found::Envelope(e.clone())));
        }

        #[test]
        fn one_changed_byte_is_never_accepted(e in envelope(), at in any::<prop::sample::Index>(), to in any::<u8>()) {
            let mut bytes = e.to_text().into_bytes();
            let at = at.index(bytes.len());
            prop_assume!(bytes[at] != to);
            bytes[at] = to;
            for found in scan(&bytes) {
                prop_assert_eq!(found, Found::Broken);
            }
        }

        #[test]
        fn garbage_is_no_envelope_and_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            for found in scan(&[SENTINEL, &bytes].concat()) {
                prop_assert_eq!(found, Found::Broken);
            }
        }

        #[test]
        fn a_full_body_fits_the_frame(mut e in envelope(), frame in 100_usize..2_000) {
            for form in [Form::Text, Form::Binary] {
                e.body = vec![0xff; form.body_capacity(frame)];
                prop_assert!(e.write(form).len() <= frame);
            }
        }

        #[test]
        fn binary_envelopes_come_back_one_or_several(es in proptest::collection::vec(envelope(), 1..5)) {
            let frame = es.iter().flat_map(Envelope::to_bytes).collect::<Vec<_>>();
            let back: Vec<_> = scan(&frame).collect();
            prop_assert_eq!(back, es.into_iter().map(Found::Envelope).collect::<Vec<_>>());
        }

        #[test]
        fn one_changed_byte_of_a_binary_head_is_never_accepted(
            e in envelope(), at in 0..BINARY_OVERHEAD, to in any::<u8>(),
        ) {
            let mut bytes = e.to_bytes();
            prop_assume!(bytes[at] != to);
            bytes[at] = to;
            prop_assert!(!scan(&bytes).any(|found| matches!(found, Found::Envelope(_))));
        }

        #[test]
        fn an_envelope_split_anywhere_is_unfinished_from_its_beginning(
            e in envelope(), before in "[^~]*", at in any::<prop::sample::Index>(),
        ) {
            let text = e.to_text();
            let cut = 1 + at.index(text.len() - 1);
            let frame = format!("{before}{}", &text[..cut]);
            prop_assert_eq!(unfinished(frame.as_bytes()), &text.as_bytes()[..cut]);
            // The last tilde may be the first of what comes next.
            let whole = format!("{before}{text}{before}");
            let next = format!("~{before}");
            prop_assume!(!next.as_bytes().starts_with(SENTINEL));
            let begins = SENTINEL.starts_with(next.as_bytes());
            prop_assert_eq!(unfinished(whole.as_bytes()), if begins { next.as_bytes() } else { b"" });
        }
    }

    #[test]
    fn no_character_is_one_that_servers_escape() {
        let head = Head {
            tag: Tag([255; 6]),
            sender: PeerId::from_random(u64::MAX),
            seq: u32::MAX,
            part: 0,
            parts: 2,
            kind: b'u',
        };
        let body = (0..=255).collect();
        assert!(
            Envelope { head, body }
                .to_text()
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"~._-".contains(&b))
        );
    }
}
