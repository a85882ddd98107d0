//! Percent-encoding: RFC 3986 §2.1.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Everything but the unreserved characters of §2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// `None` where an escape is broken, or the whole is no UTF-8.
pub fn decoded(text: &str) -> Option<String> {
    let is_escape = |(at, _): (usize, &str)| {
        let hex = text.as_bytes().get(at + 1..at + 3);
        hex.is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
    };
    let is_whole = text.match_indices('%').all(is_escape);
    let decoded = is_whole.then(|| percent_decode_str(text).decode_utf8())?;
    Some(decoded.ok()?.into_owned())
}

/// A broken escape stays as it is; what is no UTF-8 becomes U+FFFD.
pub fn decoded_leniently(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).collect()
}
