//! What stands in front of yrs: nothing from outside reaches it that this has not walked through.
//!
//! yrs trusts the numbers in an update: a count reserves memory, a length is added without a look at overflow, nesting
//! is followed down the stack. So each of them is checked here against the bytes that are there, in the order in which
//! yrs reads (lib0 encoding, update format v1). What Yjs 13 writes passes, but for what no room holds: documents in
//! documents, `Y.XmlHook`, the JSON items of documents from before Yjs 13, values nested deeper than [`ANY_DEPTH`].

use std::collections::HashMap;

use crate::limits::{ANY_DEPTH, CLOCK, TABLES};

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("It ends before it is complete.")]
    CutOff,
    #[error("It goes on after its end.")]
    Trailing,
    #[error("It has a number that is too large for its place.")]
    Number,
    #[error("It announces more than there is.")]
    Count,
    #[error("It has text that is not UTF-8.")]
    Text,
    #[error("It is nested too deeply.")]
    Depth,
    #[error("It has a kind of content that is not known.")]
    Kind,
    #[error("It lists one author twice.")]
    Author,
    #[error("It has an operation that builds on a later one of its author.")]
    Order,
    #[error("It has more tables than a document may have.")]
    Tables,
}

/// An operation: its author, and how many of theirs were before it.
pub type OperationId = (u64, u64);

/// Where an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Inside of so many types, at least the one at the top of the document.
    Depth(u8),
    /// In the shared type that this operation made.
    Below(OperationId),
    /// Where this operation stands.
    Beside(OperationId),
    /// In two places, by what was said of it.
    Contradicted,
}

/// What there is to know of an update that may pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passed<'a> {
    /// Names of types at the top of the document.
    pub roots: Vec<&'a str>,
    /// Shared types: yrs follows them down the stack. Whoever knows the document limits their depth.
    pub types: Vec<(OperationId, Place)>,
    /// It has stretches of which nothing is left but the number of operations ([`Block::is_stretch`]).
    pub stretches: bool,
    /// It has marks of formatted text, which yrs takes as an entry of a map, and then panics while it names the entry.
    pub marks: bool,
}

/// Walks through a Yjs update, format v1.
pub fn update(bytes: &[u8]) -> Result<Passed<'_>, Refusal> {
    let mut reader = Reader::new(bytes);
    // Number of blocks, author, clock.
    let authors = reader.count(3)?;
    let mut seen = Vec::new();
    for _ in 0..authors {
        // Info and length.
        let blocks = reader.count(2)?;
        let author = reader.client()?;
        seen.push(author);
        let mut clock = reader.clock()?;
        for _ in 0..blocks {
            let length = reader.block(author, clock)?;
            clock = clock
                .checked_add(length)
                .filter(|clock| *clock <= CLOCK)
                .ok_or(Refusal::Number)?;
        }
    }
    reader.deletions()?;
    reader.end()?;
    seen.sort_unstable();
    if seen.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(Refusal::Author);
    }
    let mut passed = reader.passed;
    let is_beside = |(_, place): &(OperationId, Place)| matches!(place, Place::Beside(_));
    if passed.types.iter().any(is_beside) {
        let mut places = places(bytes)?;
        for (_, place) in &mut passed.types {
            *place = resolved(*place, &mut places);
        }
    }
    Ok(passed)
}

/// Where each operation of an update stands.
fn places(update: &[u8]) -> Result<HashMap<OperationId, Place>, Refusal> {
    let mut reader = Reader::new(update);
    reader.places = Some(HashMap::new());
    reader.blocks()?;
    Ok(reader.places.unwrap_or_default())
}

/// Follows operations that stand beside each other, as far as they are known.
fn resolved(place: Place, places: &mut HashMap<OperationId, Place>) -> Place {
    let (mut place, mut passed) = (place, Vec::new());
    // Each is taken away as it is passed, so that a circle ends.
    while let Place::Beside(id) = place
        && let Some(next) = places.remove(&id)
    {
        passed.push(id);
        place = next;
    }
    places.extend(passed.into_iter().map(|id| (id, place)));
    place
}

/// Successive operations of one author, as an update has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    pub author: u64,
    pub clock: u64,
    pub length: u64,
    pub bytes: &'a [u8],
}

impl Block<'_> {
    /// Nothing but the number of operations is left: they were below something that was deleted.
    pub fn is_stretch(&self) -> bool {
        self.bytes.first() == Some(&info::GC)
    }

    /// Stands for operations that the update leaves out.
    pub fn is_skip(&self) -> bool {
        self.bytes.first() == Some(&info::SKIP)
    }

    /// Says what its operations were, and not only that they were deleted.
    pub fn has_content(&self) -> bool {
        let info = self.bytes.first().copied().unwrap_or_default();
        !matches!(info & info::CONTENT, info::GC | info::DELETED | info::SKIP)
    }
}

/// What an update consists of, without its deletions.
pub fn blocks(update: &[u8]) -> Result<Vec<Block<'_>>, Refusal> {
    Reader::new(update).blocks()
}

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

/// Walks through a state vector, format v1.
pub fn state_vector(bytes: &[u8]) -> Result<(), Refusal> {
    let mut reader = Reader::new(bytes);
    for _ in 0..reader.count(2)? {
        reader.client()?;
        reader.clock()?;
    }
    reader.end()
}

/// Walks through one value in lib0's encoding.
pub fn any(bytes: &[u8]) -> Result<(), Refusal> {
    let mut reader = Reader::new(bytes);
    reader.any(0)?;
    reader.end()
}

/// Content that is a shared type.
const TYPE: u8 = 7;

/// First bytes of values like those of JSON.
pub const FLOAT64: u8 = 123;
pub const MAP: u8 = 118;
pub const ARRAY: u8 = 117;

/// Bits of a block's first byte.
mod info {
    pub const ORIGIN: u8 = 0b1000_0000;
    pub const RIGHT_ORIGIN: u8 = 0b0100_0000;
    pub const PARENT_KEY: u8 = 0b0010_0000;
    pub const CONTENT: u8 = 0b0000_1111;
    pub const GC: u8 = 0;
    pub const DELETED: u8 = 1;
    pub const SKIP: u8 = 10;
}

struct Reader<'a> {
    rest: &'a [u8],
    passed: Passed<'a>,
    /// Where operations stand, if that is asked.
    places: Option<HashMap<OperationId, Place>>,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            passed: Passed::default(),
            places: None,
        }
    }

    fn end(&self) -> Result<(), Refusal> {
        match self.rest.is_empty() {
            true => Ok(()),
            false => Err(Refusal::Trailing),
        }
    }

    fn byte(&mut self) -> Result<u8, Refusal> {
        let (first, rest) = self.rest.split_first().ok_or(Refusal::CutOff)?;
        self.rest = rest;
        Ok(*first)
    }

    fn bytes(&mut self, count: u64) -> Result<&'a [u8], Refusal> {
        let count = usize::try_from(count).map_err(|_| Refusal::CutOff)?;
        let (first, rest) = self.rest.split_at_checked(count).ok_or(Refusal::CutOff)?;
        self.rest = rest;
        Ok(first)
    }

    /// Seven bits a byte, the lowest first; the highest bit says that more follow.
    fn number(&mut self, most: u64) -> Result<u64, Refusal> {
        let mut number = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return match number <= most {
                    true => Ok(number),
                    false => Err(Refusal::Number),
                };
            }
        }
        Err(Refusal::Number)
    }

    /// How many things follow that take `least` bytes each.
    fn count(&mut self, least: u64) -> Result<u64, Refusal> {
        let count = self.number(u64::from(u32::MAX))?;
        match count.saturating_mul(least) <= self.rest.len() as u64 {
            true => Ok(count),
            false => Err(Refusal::Count),
        }
    }

    fn clock(&mut self) -> Result<u64, Refusal> {
        self.number(CLOCK)
    }

    /// JavaScript numbers carry 53 bits.
    fn client(&mut self) -> Result<u64, Refusal> {
        self.number((1 << 53) - 1)
    }

    fn buffer(&mut self) -> Result<&'a [u8], Refusal> {
        let length = self.number(u64::from(u32::MAX))?;
        self.bytes(length)
    }

    fn text(&mut self) -> Result<&'a str, Refusal> {
        std::str::from_utf8(self.buffer()?).map_err(|_| Refusal::Text)
    }

    /// The id of an operation that this one, `clock` of `author`, builds on.
    fn id(&mut self, author: u64, clock: u64) -> Result<OperationId, Refusal> {
        match (self.client()?, self.clock()?) {
            (client, before) if client == author && before >= clock => Err(Refusal::Order),
            id => Ok(id),
        }
    }

    /// All of them, and leaves what follows: the deletions.
    fn blocks(&mut self) -> Result<Vec<Block<'a>>, Refusal> {
        let mut found = Vec::new();
        for _ in 0..self.count(3)? {
            let blocks = self.count(2)?;
            let author = self.client()?;
            let mut clock = self.clock()?;
            for _ in 0..blocks {
                let before = self.rest;
                let length = self.block(author, clock)?;
                let read = before.len() - self.rest.len();
                found.push(Block {
                    author,
                    clock,
                    length,
                    bytes: before.get(..read).unwrap_or_default(),
                });
                clock = clock.saturating_add(length);
            }
        }
        Ok(found)
    }

    /// Gives how many clock ticks the block takes.
    fn block(&mut self, author: u64, clock: u64) -> Result<u64, Refusal> {
        let info = self.byte()?;
        if info == info::SKIP || info == info::GC {
            self.passed.stretches |= info == info::GC;
            return self.clock();
        }
        let mut beside = None;
        if info & info::ORIGIN != 0 {
            beside = Some(self.id(author, clock)?);
        }
        if info & info::RIGHT_ORIGIN != 0 {
            let right = self.id(author, clock)?;
            beside.get_or_insert(right);
        }
        let place = match beside {
            Some(id) => Place::Beside(id),
            None => {
                let place = match self.number(u64::from(u32::MAX))? {
                    1 => {
                        let root = self.text()?;
                        if !self.passed.roots.contains(&root) {
                            self.passed.roots.push(root);
                        }
                        if self.passed.roots.len() > TABLES {
                            return Err(Refusal::Tables);
                        }
                        Place::Depth(1)
                    }
                    _ => Place::Below(self.id(author, clock)?),
                };
                if info & info::PARENT_KEY != 0 {
                    self.text()?;
                }
                place
            }
        };
        let content = info & info::CONTENT;
        if content == TYPE {
            self.passed.types.push(((author, clock), place));
        }
        if let Some(places) = &mut self.places {
            places.insert((author, clock), place);
        }
        self.content(content)
    }

    /// Gives its length.
    fn content(&mut self, kind: u8) -> Result<u64, Refusal> {
        match kind {
            info::DELETED => return self.clock(),
            // Binary.
            3 => drop(self.buffer()?),
            // String: its clock counts UTF-16 units.
            4 => return Ok(self.text()?.encode_utf16().count() as u64),
            // Embed: JSON, whose parser has a limit of its own.
            5 => drop(self.text()?),
            // Format: key and JSON.
            6 => {
                self.text()?;
                self.text()?;
                self.passed.marks = true;
            }
            // Type: array, map, text, XML element with its name, fragment, hook, text, undefined.
            TYPE => match self.byte()? {
                0..=2 | 4..=6 | 15 => {}
                3 => drop(self.text()?),
                _ => return Err(Refusal::Kind),
            },
            // Any.
            8 => {
                let count = self.count(1)?;
                for _ in 0..count {
                    self.any(0)?;
                }
                return Ok(count);
            }
            _ => return Err(Refusal::Kind),
        }
        Ok(1)
    }

    /// A value like those of JSON, inside `depth` others.
    fn any(&mut self, depth: u32) -> Result<(), Refusal> {
        if depth > ANY_DEPTH {
            return Err(Refusal::Depth);
        }
        match self.byte()? {
            // Undefined, null, false, true.
            127 | 126 | 121 | 120 => {}
            // Integer: six bits, then seven a byte.
            125 => drop(self.number(u64::MAX)?),
            // Float32, bigint.
            124 => drop(self.bytes(4)?),
            FLOAT64 | 122 => drop(self.bytes(8)?),
            119 => drop(self.text()?),
            MAP => {
                for _ in 0..self.count(2)? {
                    self.text()?;
                    self.any(depth + 1)?;
                }
            }
            ARRAY => {
                for _ in 0..self.count(1)? {
                    self.any(depth + 1)?;
                }
            }
            116 => drop(self.buffer()?),
            _ => return Err(Refusal::Kind),
        }
        Ok(())
    }

    /// Author, and runs of clock and length.
    fn deletions(&mut self) -> Result<(), Refusal> {
        for _ in 0..self.count(2)? {
            self.client()?;
            for _ in 0..self.count(2)? {
                let (start, length) = (self.clock()?, self.clock()?);
                if start + length > CLOCK {
                    return Err(Refusal::Number);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_update_and_an_empty_state_vector_pass() {
        assert_eq!(update(&[0, 0]), Ok(Passed::default()));
        assert_eq!(state_vector(&[0]), Ok(()));
        assert_eq!(update(&[]), Err(Refusal::CutOff));
        assert_eq!(update(&[0, 0, 0]), Err(Refusal::Trailing));
    }

    #[test]
    fn what_traps_yrs_is_refused_with_its_reason() {
        // A string of 4 GB.
        let long = [1, 1, 1, 0, 4, 1, 1, 0x61, 0xff, 0xff, 0xff, 0xff, 0x0f];
        assert_eq!(update(&long), Err(Refusal::CutOff));
        // Half a billion authors.
        assert_eq!(update(&[0xff, 0xff, 0xff, 0x0f, 0]), Err(Refusal::Count));
        // Twenty thousand arrays in each other.
        let mut nested = vec![1, 1, 1, 0, 8, 1, 1, 0x61, 1];
        nested.extend([117, 1].repeat(20_000));
        assert_eq!(update(&nested), Err(Refusal::Depth));
        // The clock runs over.
        let late = [1, 1, 1, 0xff, 0xff, 0xff, 0xff, 7, 0, 1, 0];
        assert_eq!(update(&late), Err(Refusal::Number));
        // To the right of itself.
        assert_eq!(update(&[1, 1, 1, 0, 0x81, 1, 0, 1, 0]), Err(Refusal::Order));
        assert_eq!(update(&[2, 0, 1, 0, 0, 1, 0, 0]), Err(Refusal::Author));
        assert_eq!(update(&[1, 1, 1, 0, 9, 1, 1, 0x61, 0]), Err(Refusal::Kind));
        assert_eq!(
            update(&[1, 1, 1, 0, 4, 1, 1, 0x61, 1, 0xff, 0]),
            Err(Refusal::Text)
        );
    }

    #[test]
    fn a_type_in_the_place_of_other_values_is_found_to_be_where_they_are() {
        // Bytes under a key of the root `a`, then bytes in their place, then an array.
        let first = [0x23, 1, 1, b'a', 1, b'k', 0];
        let second = [0x83, 1, 0, 0];
        let third = [0x87, 1, 1, 0];
        let bytes = [&[1, 3, 1, 0][..], &first, &second, &third, &[0]].concat();
        let passed = update(&bytes).unwrap();
        assert_eq!(passed.types, [((1, 2), Place::Depth(1))]);
        assert_eq!(passed.roots, ["a"]);
        // Without the first two.
        let later = [&[1, 1, 1, 2][..], &third, &[0]].concat();
        let passed = update(&later).unwrap();
        assert_eq!(passed.types, [((1, 2), Place::Beside((1, 1)))]);
        // Two that stand beside each other.
        let circle = [2, 1, 1, 0, 0x87, 2, 0, 0, 1, 2, 0, 0x87, 1, 0, 0, 0];
        assert!(update(&circle).is_ok());
    }
}
