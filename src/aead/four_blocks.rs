//! ChaCha20's block function (RFC 8439 §2.3) with WebAssembly's 128-bit vectors: four blocks at once, a word of each in
//! every vector. RustCrypto has such a backend for other processors and none for wasm32, where its portable one takes
//! three times as long. Only the keystream is made here; what is done with it is RustCrypto's.

// Constants into arrays of fixed size, which the compiler checks.
#![allow(clippy::indexing_slicing)]

use core::arch::wasm32::{
    u32x4, u32x4_add, u32x4_shl, u32x4_shr, u32x4_shuffle, u32x4_splat, u64x2_extract_lane,
    u64x2_shuffle, v128, v128_or, v128_xor,
};

use cipher::{
    Block, BlockSizeUser, Iv, IvSizeUser, Key, KeyIvInit, KeySizeUser, ParBlocks,
    ParBlocksSizeUser, StreamBackend, StreamCipherCore, StreamCipherCoreWrapper,
    StreamCipherSeekCore, StreamClosure,
    consts::{U4, U12, U32, U64},
};

pub type ChaCha20 = StreamCipherCoreWrapper<Core>;

const COUNTER: usize = 12;

/// "expand 32-byte k", the key, the block counter and the nonce.
pub struct Core([u32; 16]);

impl KeySizeUser for Core {
    type KeySize = U32;
}

impl IvSizeUser for Core {
    type IvSize = U12;
}

impl BlockSizeUser for Core {
    type BlockSize = U64;
}

impl KeyIvInit for Core {
    fn new(key: &Key<Self>, nonce: &Iv<Self>) -> Self {
        let mut words = [0; 16];
        let bytes = b"expand 32-byte k".iter().chain(key).chain(&[0; 4]);
        for (at, byte) in bytes.chain(nonce).enumerate() {
            words[at / 4] |= u32::from(*byte) << (8 * (at % 4));
        }
        Self(words)
    }
}

impl StreamCipherCore for Core {
    fn remaining_blocks(&self) -> Option<usize> {
        (u32::MAX - self.0[COUNTER]).try_into().ok()
    }

    fn process_with_backend(&mut self, closure: impl StreamClosure<BlockSize = U64>) {
        closure.call(self);
    }
}

impl StreamCipherSeekCore for Core {
    type Counter = u32;

    fn get_block_pos(&self) -> u32 {
        self.0[COUNTER]
    }

    fn set_block_pos(&mut self, at: u32) {
        self.0[COUNTER] = at;
    }
}

impl ParBlocksSizeUser for Core {
    type ParBlocksSize = U4;
}

impl StreamBackend for Core {
    fn gen_ks_block(&mut self, block: &mut Block<Self>) {
        let mut four = ParBlocks::<Self>::default();
        keystream(&self.0, &mut four);
        self.0[COUNTER] = self.0[COUNTER].wrapping_add(1);
        *block = four[0];
    }

    fn gen_par_ks_blocks(&mut self, blocks: &mut ParBlocks<Self>) {
        keystream(&self.0, blocks);
        self.0[COUNTER] = self.0[COUNTER].wrapping_add(4);
    }
}

/// The blocks from the counter on. Once in the program: inlined, it is in it six times.
#[inline(never)]
fn keystream(state: &[u32; 16], blocks: &mut ParBlocks<Core>) {
    write(&four_blocks(state), blocks);
}

/// Word by word, of the blocks from the counter on.
#[inline(always)]
fn four_blocks(state: &[u32; 16]) -> [v128; 16] {
    let mut start = state.map(|word| u32x4_splat(word));
    start[COUNTER] = u32x4_add(start[COUNTER], u32x4(0, 1, 2, 3));
    let mut words = start;
    for _ in 0..10 {
        for [a, b, c, d] in [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15]] {
            quarter_round(&mut words, a, b, c, d);
        }
        for [a, b, c, d] in [[0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]] {
            quarter_round(&mut words, a, b, c, d);
        }
    }
    core::array::from_fn(|at| u32x4_add(words[at], start[at]))
}

#[inline(always)]
fn quarter_round(words: &mut [v128; 16], a: usize, b: usize, c: usize, d: usize) {
    let mut step = |to: usize, from: usize, turned: usize, by: u32| {
        words[to] = u32x4_add(words[to], words[from]);
        let mixed = v128_xor(words[turned], words[to]);
        words[turned] = v128_or(u32x4_shl(mixed, by), u32x4_shr(mixed, 32 - by));
    };
    step(a, b, d, 16);
    step(c, d, b, 12);
    step(a, b, d, 8);
    step(c, d, b, 7);
}

/// From vectors with one word of every block to blocks, little-endian.
#[inline(always)]
fn write(words: &[v128; 16], blocks: &mut ParBlocks<Core>) {
    for (group, of_group) in words.chunks_exact(4).enumerate() {
        let low = |a, b| u32x4_shuffle::<0, 4, 1, 5>(a, b);
        let high = |a, b| u32x4_shuffle::<2, 6, 3, 7>(a, b);
        let [a, b, c, d] = [of_group[0], of_group[1], of_group[2], of_group[3]];
        let rows = [
            u64x2_shuffle::<0, 2>(low(a, b), low(c, d)),
            u64x2_shuffle::<1, 3>(low(a, b), low(c, d)),
            u64x2_shuffle::<0, 2>(high(a, b), high(c, d)),
            u64x2_shuffle::<1, 3>(high(a, b), high(c, d)),
        ];
        for (block, row) in blocks.iter_mut().zip(rows) {
            let at = 16 * group;
            block[at..at + 8].copy_from_slice(&u64x2_extract_lane::<0>(row).to_le_bytes());
            block[at + 8..at + 16].copy_from_slice(&u64x2_extract_lane::<1>(row).to_le_bytes());
        }
    }
}
