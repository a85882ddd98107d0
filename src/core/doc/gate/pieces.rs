//! Updates out of pieces of others.

use super::{Block, Reader, Refusal, info};

/// Cuts an update into smaller ones of about `bytes` each, to be taken in in this order; the deletions come with the
/// last one. One block that is longer stays whole.
pub fn cut(update: &[u8], bytes: usize) -> Result<Vec<Vec<u8>>, Refusal> {
    let mut reader = Reader::new(update);
    let mut parts = Vec::new();
    let mut part = Part::default();
    for block in reader.blocks()? {
        if part.len + block.bytes.len() > bytes && part.len > 0 {
            parts.push(std::mem::take(&mut part).finish(&[0]));
        }
        part.add(&block);
    }
    parts.push(part.finish(reader.rest));
    Ok(parts)
}

/// An update without those of its blocks for which `passes` is false; all its deletions stay.
pub fn filtered(update: &[u8], passes: impl Fn(&Block) -> bool) -> Result<Vec<u8>, Refusal> {
    let mut reader = Reader::new(update);
    let blocks = reader.blocks()?;
    let mut part = Part::default();
    let passing = blocks.iter().filter(|block| passes(block));
    passing.for_each(|block| part.add(block));
    Ok(part.finish(reader.rest))
}

/// An update of stretches that were deleted, for each its author, clock and length; each author's in ascending order.
pub fn stretches(stretches: impl IntoIterator<Item = (u64, u64, u64)>) -> Vec<u8> {
    let mut part = Part::default();
    for (author, clock, length) in stretches {
        let mut bytes = vec![info::GC];
        write_number(&mut bytes, length);
        part.add(&Block {
            author,
            clock,
            length,
            bytes: &bytes,
            has_map: false,
        });
    }
    part.finish(&[0])
}

/// Blocks of some authors, on their way into an update of their own.
#[derive(Default)]
struct Part {
    authors: Vec<Run>,
    len: usize,
}

/// Blocks of one author, in ascending order.
struct Run {
    author: u64,
    clock: u64,
    /// The clock behind the last one.
    end: u64,
    blocks: u64,
    bytes: Vec<u8>,
}

impl Part {
    fn add(&mut self, block: &Block) {
        let goes_on = self.authors.last().map(|run| run.author) == Some(block.author);
        if !goes_on {
            self.authors.push(Run {
                author: block.author,
                clock: block.clock,
                end: block.clock,
                blocks: 0,
                bytes: Vec::new(),
            });
        }
        if let Some(run) = self.authors.last_mut() {
            let gap = block.clock.saturating_sub(run.end);
            if gap > 0 {
                run.blocks += 1;
                run.bytes.push(info::SKIP);
                write_number(&mut run.bytes, gap);
            }
            run.end = block.clock.saturating_add(block.length);
            run.blocks += 1;
            run.bytes.extend_from_slice(block.bytes);
            self.len += block.bytes.len();
        }
    }

    fn finish(self, deletions: &[u8]) -> Vec<u8> {
        let mut update = Vec::with_capacity(self.len + 32 * self.authors.len() + 16);
        write_number(&mut update, self.authors.len() as u64);
        for run in self.authors {
            write_number(&mut update, run.blocks);
            write_number(&mut update, run.author);
            write_number(&mut update, run.clock);
            update.extend(run.bytes);
        }
        update.extend_from_slice(deletions);
        update
    }
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
pub fn write_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number as u8 & 0x7f) | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}
