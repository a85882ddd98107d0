//! One envelope: written as ASCII, found again anywhere in a frame. The grammar stands in [`super`].

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use crc::{CRC_32_ISO_HDLC, Crc, Table};

use super::tag::Tag;
use crate::{core::peer::PeerId, limits::MESSAGE_PARTS};

const SENTINEL: &[u8] = b"~dx1.";
const END: u8 = b'~';
/// A table of 1 kB; the faster kind has 16 kB, which do not compress, and frames are short.
const CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    pub tag: Tag,
    pub sender: PeerId,
    pub seq: u32,
    /// Counted from 0 here, from 1 on the wire.
    pub part: u16,
    pub parts: u16,
    /// An ASCII letter.
    pub kind: u8,
    pub body: Vec<u8>,
}

/// What a scan met.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    Envelope(Envelope),
    /// Something that begins like an envelope and is none: cut off, changed on the way, or a newer version.
    Broken,
}

/// Bytes of an envelope around a body, at most: sentinel 5, tag 8, sender 8, seq 10, parts 11, kind 1, CRC 6,
/// end 1, six dots.
const OVERHEAD: usize = 56;

/// How many body bytes fit an envelope of `frame_bytes`.
pub const fn body_capacity(frame_bytes: usize) -> usize {
    frame_bytes.saturating_sub(OVERHEAD) / 4 * 3
}

impl Envelope {
    pub fn write(&self) -> String {
        let mut text = String::with_capacity(OVERHEAD + self.body.len() * 4 / 3 + 4);
        text.push_str("~dx1.");
        let signed_from = text.len();
        BASE64.encode_string(self.tag.0, &mut text);
        text.push('.');
        BASE64.encode_string(self.sender.to_bytes(), &mut text);
        text.push_str(&format!(
            ".{}.{}-{}.{}.",
            self.seq,
            u32::from(self.part) + 1,
            self.parts,
            char::from(self.kind)
        ));
        BASE64.encode_string(&self.body, &mut text);
        let crc = CRC.checksum(text.as_bytes().get(signed_from..).unwrap_or_default());
        text.push('.');
        BASE64.encode_string(crc.to_be_bytes(), &mut text);
        text.push('~');
        text
    }

    /// Reads what stands between the sentinel and the end.
    fn read(inner: &[u8]) -> Option<Self> {
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
        let kind = match field()?.as_bytes() {
            [kind] if kind.is_ascii_alphabetic() => *kind,
            _ => return None,
        };
        let body = BASE64.decode(field()?).ok()?;
        if field().is_some() || part >= parts || parts > MESSAGE_PARTS {
            return None;
        }
        Some(Self {
            tag: Tag(tag),
            sender: PeerId::from_bytes(sender),
            seq,
            part,
            parts,
            kind,
            body,
        })
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
        let start = find(rest, SENTINEL)?;
        let inner = rest.get(start + SENTINEL.len()..)?;
        let end = inner.iter().position(|&b| b == END);
        let Some(end) = end else {
            rest = &[];
            return Some(Found::Broken);
        };
        let (inner, after) = inner.split_at(end);
        let found = Envelope::read(inner).map(Found::Envelope);
        // The tilde that ends a broken one may begin the next.
        rest = match found {
            Some(_) => after.get(1..).unwrap_or_default(),
            None => after,
        };
        Some(found.unwrap_or(Found::Broken))
    })
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
            .prop_map(|(tag, sender, seq, parts, part, kind, body)| Envelope {
                tag: Tag(tag),
                sender: PeerId::from_random(sender),
                seq,
                part: part % parts,
                parts,
                kind: kind as u8,
                body,
            })
    }

    proptest! {
        #[test]
        fn an_envelope_comes_back_from_any_decoration(e in envelope(), before in "[^~]*", after in ".*") {
            let frame = format!("{before}{}{after}", e.write());
            prop_assert_eq!(scan(frame.as_bytes()).next(), Some(Found::Envelope(e)));
        }

        #[test]
        fn joined_envelopes_come_back_in_order(es in proptest::collection::vec(envelope(), 1..5), glue in "[\n ]?") {
            let frame = es.iter().map(Envelope::write).collect::<Vec<_>>().join(&glue);
            let back: Vec<_> = scan(frame.as_bytes()).collect();
            prop_assert_eq!(back, es.into_iter().map(Found::Envelope).collect::<Vec<_>>());
        }

        #[test]
        fn a_broken_envelope_hides_no_good_one(e in envelope(), cut in 1_usize..20) {
            let text = e.write();
            let frame = format!("{}{}", &text[..text.len().saturating_sub(cut).max(5)], text);
            prop_assert!(scan(frame.as_bytes()).any(|found| found == Found::Envelope(e.clone())));
        }

        #[test]
        fn one_changed_byte_is_never_accepted(e in envelope(), at in any::<prop::sample::Index>(), to in any::<u8>()) {
            let mut bytes = e.write().into_bytes();
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
            e.body = vec![0xff; body_capacity(frame)];
            prop_assert!(e.write().len() <= frame);
        }
    }

    #[test]
    fn no_character_is_one_that_servers_escape() {
        let e = Envelope {
            tag: Tag([255; 6]),
            sender: PeerId::from_random(u64::MAX),
            seq: u32::MAX,
            part: 0,
            parts: 2,
            kind: b'u',
            body: (0..=255).collect(),
        };
        assert!(
            e.write()
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"~._-".contains(&b))
        );
    }
}
