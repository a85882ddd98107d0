//! `crypto.getRandomValues`.

use web_sys::window;

/// Random bytes fit for keys. `None` where the browser has no Web Crypto.
pub fn bytes<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    window()?
        .crypto()
        .ok()?
        .get_random_values_with_u8_array(&mut bytes)
        .ok()?;
    Some(bytes)
}

/// 64 random bits.
pub fn bits() -> Option<u64> {
    bytes().map(u64::from_le_bytes)
}
