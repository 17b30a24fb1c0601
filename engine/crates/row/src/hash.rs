//! The hash of packed bytes. One hash everywhere: exchange, hash tables, shards.
//!
//! It must not change between processes of a cluster. A folded multiply over 16 bytes a step; the finish mixes all
//! bits, so that both the low bits (workers) and the high bits (hash tables) can be used.

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const STEP: u64 = 0xa076_1d64_78bd_642f;
const LAST: u64 = 0xe703_7ed1_a0b4_28db;

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = (a as u128) * (b as u128);
    (product as u64) ^ ((product >> 64) as u64)
}

#[inline(always)]
fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

#[inline(always)]
fn half(bytes: &[u8], at: usize) -> u64 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as u64
}

/// Hashes packed bytes.
#[inline]
pub fn hash_bytes(bytes: &[u8]) -> u64 {
    hash_bytes_seeded(bytes, SEED)
}

/// Hashes packed bytes onto an earlier hash.
#[inline]
pub fn hash_bytes_seeded(bytes: &[u8], seed: u64) -> u64 {
    let length = bytes.len();
    let mut state = seed;
    let (a, b) = if length >= 16 {
        let mut at = 0;
        while at + 16 < length {
            state = fold(word(bytes, at) ^ STEP, word(bytes, at + 8) ^ state);
            at += 16;
        }
        (word(bytes, length - 16), word(bytes, length - 8))
    } else if length >= 8 {
        (word(bytes, 0), word(bytes, length - 8))
    } else if length >= 4 {
        (half(bytes, 0), half(bytes, length - 4))
    } else if length > 0 {
        (((bytes[0] as u64) << 16) | ((bytes[length / 2] as u64) << 8) | bytes[length - 1] as u64, 0)
    } else {
        (0, 0)
    };
    let mixed = fold(a ^ LAST ^ (length as u64), b ^ state);
    fold(mixed ^ SEED, STEP)
}
