//! Checks untrusted data before yrs reads it. Everything from outside passes through here first.
//!
//! yrs trusts the numbers in an update: a count reserves memory, a length is added without a look at overflow, nesting
//! is followed down the stack. So each of them is checked here against the bytes that are there, in the order in which
//! yrs reads (lib0 encoding, update format v1). What Yjs 13 writes passes, but for what no room holds: documents in
//! documents, `Y.XmlHook`, the JSON items of documents from before Yjs 13, values nested deeper than [`ANY_DEPTH`].

mod pieces;

use std::{collections::HashMap, ops::Range};

pub use self::pieces::{cut, filtered, stretches, write_number};
use crate::limits::{ANY_DEPTH, CLOCK};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It ends before it is complete.
    CutOff,
    /// It goes on after its end.
    Trailing,
    /// It has a number that is too large for its place.
    Number,
    /// It announces more than there is.
    Count,
    /// It has text that is not UTF-8.
    Text,
    /// It is nested too deeply.
    Depth,
    /// It has a kind of content that is not known.
    Kind,
    /// It lists one author twice.
    Author,
    /// It has an operation that builds on a later one of its author.
    Order,
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
    /// It cannot be told how deep: it was said to be in two places, or it is in a list.
    Unknown,
}

/// What there is to know of an update that may pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passed<'a> {
    /// Names of types at the top of the document; one may be named more than once.
    pub roots: Vec<&'a str>,
    /// Shared types: yrs recurses into them. The replica limits their depth.
    pub types: Vec<(OperationId, Place)>,
    /// It has more than entries of maps with values and maps: what no edit of the board or the list has.
    pub is_unusual: bool,
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

/// Where operations stand: of each author the clocks of its blocks, in ascending order, and their places.
type Places = HashMap<u64, Vec<(Range<u64>, Place)>>;

/// Where each operation of an update stands.
fn places(update: &[u8]) -> Result<Places, Refusal> {
    let mut reader = Reader::new(update);
    reader.places = Some(Places::new());
    reader.blocks()?;
    Ok(reader.places.unwrap_or_default())
}

/// Where the block of an operation stands.
fn place_of(places: &mut Places, (author, clock): OperationId) -> Option<&mut Place> {
    let blocks = places.get_mut(&author)?;
    let at = blocks.partition_point(|(clocks, _)| clocks.end <= clock);
    let (clocks, place) = blocks.get_mut(at)?;
    clocks.contains(&clock).then_some(place)
}

/// Follows operations that stand beside each other, as far as they are known.
fn resolved(place: Place, places: &mut Places) -> Place {
    let (mut place, mut passed) = (place, Vec::new());
    while let Place::Beside(id) = place
        && let Some(next) = place_of(places, id)
    {
        passed.push(id);
        // A circle ends where it began.
        place = std::mem::replace(next, Place::Unknown);
    }
    for id in passed {
        if let Some(passed) = place_of(places, id) {
            *passed = place;
        }
    }
    place
}

/// Successive operations of one author, as an update has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    pub author: u64,
    pub clock: u64,
    pub length: u64,
    pub bytes: &'a [u8],
    /// It has a value like those of JSON with a map in it, whose entries come in any order.
    pub has_map: bool,
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
/// Types that are maps, or text.
const MAP_TYPE: u8 = 1;
const TEXT_TYPE: u8 = 2;

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
    pub const ANY: u8 = 8;
    pub const SKIP: u8 = 10;
}

struct Reader<'a> {
    rest: &'a [u8],
    passed: Passed<'a>,
    /// Where operations stand, if that is asked.
    places: Option<Places>,
    /// A value that was read has a map in it.
    maps: bool,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            passed: Passed::default(),
            places: None,
            maps: false,
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
                self.maps = false;
                let length = self.block(author, clock)?;
                let read = before.len() - self.rest.len();
                found.push(Block {
                    author,
                    clock,
                    length,
                    bytes: before.get(..read).unwrap_or_default(),
                    has_map: self.maps,
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
            self.passed.is_unusual = true;
            return self.clock();
        }
        let mut beside = None;
        if info & info::ORIGIN != 0 {
            beside = Some(self.id(author, clock)?);
        }
        if info & info::RIGHT_ORIGIN != 0 {
            let right = self.id(author, clock)?;
            beside.get_or_insert(right);
            self.passed.is_unusual = true;
        }
        let place = match beside {
            Some(id) => Place::Beside(id),
            None => {
                let place = match self.number(u64::from(u32::MAX))? {
                    1 => {
                        let root = self.text()?;
                        if self.passed.roots.last() != Some(&root) {
                            self.passed.roots.push(root);
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
        let is_map = content == TYPE && self.rest.first() == Some(&MAP_TYPE);
        let is_usual = is_map || matches!(content, info::DELETED | info::ANY);
        self.passed.is_unusual |= !is_usual;
        if content == TYPE {
            // To find an entry of a list yrs walks over all entries before it.
            let is_list = !matches!(self.rest.first(), Some(&(MAP_TYPE | TEXT_TYPE)));
            let place = if is_list { Place::Unknown } else { place };
            self.passed.types.push(((author, clock), place));
        }
        let length = self.content(content)?;
        if let Some(places) = &mut self.places {
            let blocks = places.entry(author).or_default();
            blocks.push((clock..clock.saturating_add(length), place));
        }
        Ok(length)
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
            info::ANY => {
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
                self.maps = true;
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
        // Bytes under a key of the root `a`, then bytes in their place, then a map.
        let first = [0x23, 1, 1, b'a', 1, b'k', 0];
        let second = [0x83, 1, 0, 0];
        let third = [0x87, 1, 1, 1];
        let bytes = [&[1, 3, 1, 0][..], &first, &second, &third, &[0]].concat();
        let passed = update(&bytes).unwrap();
        assert_eq!(passed.types, [((1, 2), Place::Depth(1))]);
        assert_eq!(passed.roots, ["a"]);
        // Without the first two.
        let later = [&[1, 1, 1, 2][..], &third, &[0]].concat();
        let passed = update(&later).unwrap();
        assert_eq!(passed.types, [((1, 2), Place::Beside((1, 1)))]);
        // Behind two deleted ones that became one block, whose last one it names.
        let squashed = [
            &[1, 2, 1, 0][..],
            &[0x21, 1, 1, b'a', 1, b'k', 2],
            &third,
            &[0],
        ]
        .concat();
        let passed = update(&squashed).unwrap();
        assert_eq!(passed.types, [((1, 2), Place::Depth(1))]);
        // Two that stand beside each other.
        let circle = [2, 1, 1, 0, 0x87, 2, 0, 1, 1, 2, 0, 0x87, 1, 0, 1, 0];
        assert!(update(&circle).is_ok());
    }
}
