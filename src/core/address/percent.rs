//! Percent-encoding: RFC 3986 §2.1.

/// `None` where an escape is broken, or the whole no UTF-8.
pub fn decoded(text: &str) -> Option<String> {
    let is_whole = text
        .match_indices('%')
        .all(|(at, _)| byte_at(text, at).is_some());
    let bytes = is_whole.then(|| bytes(text))?;
    String::from_utf8(bytes).ok()
}

/// A broken escape stays as it is; what is no UTF-8 becomes U+FFFD.
pub fn decoded_leniently(text: &str) -> String {
    String::from_utf8_lossy(&bytes(text)).into_owned()
}

fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes().enumerate();
    while let Some((at, byte)) = rest.next() {
        match byte_at(text, at) {
            Some(escaped) => {
                bytes.push(escaped);
                rest.nth(1);
            }
            None => bytes.push(byte),
        }
    }
    bytes
}

/// The byte that is escaped here.
fn byte_at(text: &str, at: usize) -> Option<u8> {
    let hex = text.get(at..at + 3)?.strip_prefix('%')?;
    let is_hex = hex.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hex.then(|| u8::from_str_radix(hex, 16).ok()).flatten()
}

/// Everything but the unreserved characters.
pub fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(byte.into())
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
