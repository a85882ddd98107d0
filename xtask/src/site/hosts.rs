//! What is there for hosts: the headers to send, and copies of the files that are compressed already.

use std::{fs, io::Write, path::Path};

use anyhow::Result;
use flate2::{Compression, write::GzEncoder};

use super::{files, kind_of};

/// What the page may load and run: its own files, and connections to any relay. A relay that refuses is asked over
/// HTTP why.
pub const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' data: blob:; connect-src 'self' ws: wss: http: https:; manifest-src 'self'; worker-src 'self'; \
    base-uri 'none'; form-action 'none'";

/// The headers of every answer, for hosts that take them. The page itself says the first two, too.
pub const HEADERS: [(&str, &str); 4] = [
    ("Content-Security-Policy", POLICY),
    ("Referrer-Policy", "no-referrer"),
    (
        "Permissions-Policy",
        "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    ),
    ("X-Content-Type-Options", "nosniff"),
];

/// Smaller files gain nothing.
const WORTH_BYTES: usize = 512;

/// Writes `_headers`, which Netlify, Cloudflare Pages and others read.
pub fn write(dist: &Path) -> Result<()> {
    let mut headers = "/*\n".to_owned();
    for (name, value) in HEADERS {
        headers.push_str(&format!("  {name}: {value}\n"));
    }
    Ok(fs::write(dist.join("_headers"), headers)?)
}

/// Writes a compressed copy, or two, beside every file that gains from it.
pub fn compress(folder: &Path) -> Result<()> {
    for path in files(folder)? {
        let bytes = fs::read(folder.join(&path))?;
        if kind_of(&path).is_none() || bytes.len() < WORTH_BYTES {
            continue;
        }
        fs::write(folder.join(format!("{path}.br")), brotli(&bytes)?)?;
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&bytes)?;
        fs::write(folder.join(format!("{path}.gz")), gzip.finish()?)?;
    }
    Ok(())
}

/// Brotli at its best.
pub fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut brotli = brotli::CompressorWriter::new(Vec::new(), 4_096, 11, 22);
    brotli.write_all(bytes)?;
    Ok(brotli.into_inner())
}
