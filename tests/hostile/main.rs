//! Bytes that an enemy, a broken server or a cosmic ray made: never a panic, never a hang, never memory without end.
//!
//! `cargo xtask fuzz` plays other inputs than those of every run, and more.

mod frames;
mod updates;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// Changes bytes, cuts, repeats, inserts, until something is different.
pub fn mutate(good: &[u8], rng: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = good.to_vec();
    let changes = rng.usize(1..4);
    let mut done = 0;
    while done < changes || bytes == good {
        let at = rng.usize(0..bytes.len().max(1));
        match rng.u8(0..6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at.min(bytes.len()), rng.u8(..)),
            2 if !bytes.is_empty() => drop(bytes.remove(at)),
            3 => bytes.extend_from_within(at.min(bytes.len())..),
            4 if !bytes.is_empty() => {
                bytes[at] = *rng.choice(b"~.-dx2A0=\0\x7f\x80\xff").unwrap_or(&0);
            }
            _ if !bytes.is_empty() => bytes[at] ^= 1 << rng.u8(0..8),
            _ => {}
        }
        done += 1;
    }
    bytes
}

/// A number that `cargo xtask fuzz` asks for.
#[cfg(not(target_arch = "wasm32"))]
fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
