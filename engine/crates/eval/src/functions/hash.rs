//! PostgreSQL's hash functions (Jenkins' lookup3): clients shard rows and name advisory locks by them, so that the numbers
//! are PostgreSQL's on little-endian machines.

use crate::registry::{Function, total};
use tidewire_row::Inet;

const fn start(length: u32) -> [u32; 3] {
    [0x9e37_79b9u32.wrapping_add(length).wrapping_add(3_923_095); 3]
}

fn mix([mut a, mut b, mut c]: [u32; 3]) -> [u32; 3] {
    a = a.wrapping_sub(c) ^ c.rotate_left(4);
    c = c.wrapping_add(b);
    b = b.wrapping_sub(a) ^ a.rotate_left(6);
    a = a.wrapping_add(c);
    c = c.wrapping_sub(b) ^ b.rotate_left(8);
    b = b.wrapping_add(a);
    a = a.wrapping_sub(c) ^ c.rotate_left(16);
    c = c.wrapping_add(b);
    b = b.wrapping_sub(a) ^ a.rotate_left(19);
    a = a.wrapping_add(c);
    c = c.wrapping_sub(b) ^ b.rotate_left(4);
    b = b.wrapping_add(a);
    [a, b, c]
}

/// Both halves of the 64 bits; the lower one is the hash of 32.
fn finish([mut a, mut b, mut c]: [u32; 3]) -> u64 {
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    c = (c ^ b).wrapping_sub(b.rotate_left(24));
    u64::from(b) << 32 | u64::from(c)
}

fn seeded(state: [u32; 3], seed: u64) -> [u32; 3] {
    let [a, b, c] = state;
    if seed == 0 { state } else { mix([a.wrapping_add((seed >> 32) as u32), b.wrapping_add(seed as u32), c]) }
}

fn bytes(value: &[u8], seed: u64) -> u64 {
    let mut state = seeded(start(value.len() as u32), seed);
    let word = |chunk: &[u8], at: usize| {
        let mut four = [0u8; 4];
        let part = chunk.get(at..).unwrap_or_default();
        let part = &part[..part.len().min(4)];
        four[..part.len()].copy_from_slice(part);
        u32::from_le_bytes(four)
    };
    let chunks = value.chunks_exact(12);
    let rest = chunks.remainder();
    for chunk in chunks {
        let [a, b, c] = state;
        state = mix([
            a.wrapping_add(word(chunk, 0)),
            b.wrapping_add(word(chunk, 4)),
            c.wrapping_add(word(chunk, 8)),
        ]);
    }
    let [a, b, c] = state;
    // The lowest byte of the last word is the length's.
    finish([a.wrapping_add(word(rest, 0)), b.wrapping_add(word(rest, 4)), c.wrapping_add(word(rest, 8) << 8)])
}

fn number(value: u32, seed: u64) -> u64 {
    let [a, b, c] = seeded(start(4), seed);
    finish([a.wrapping_add(value), b, c])
}

/// A bigint within the range of an integer hashes as that integer.
fn folded(value: i64) -> u32 {
    let high = (value >> 32) as u32;
    value as u32 ^ if value >= 0 { high } else { !high }
}

fn unpadded(text: &str) -> &[u8] {
    text.trim_end_matches(' ').as_bytes()
}

/// An address as PostgreSQL keeps it: family, length of the network, bytes.
fn inet(value: Inet) -> Vec<u8> {
    [&[value.family().code(), value.bits()], value.address()].concat()
}

pub(super) const FUNCTIONS: &[Function] = &[
    total!("hashtext", (a: Text) => bytes(a.as_bytes(), 0) as i32),
    total!("hashtextextended", (a: Text, seed: Int64) => bytes(a.as_bytes(), seed as u64) as i64),
    total!("hashbpchar", (a: Text) => bytes(unpadded(a), 0) as i32),
    total!("hashbpcharextended", (a: Text, seed: Int64) => bytes(unpadded(a), seed as u64) as i64),
    total!("hashname", (a: Text) => bytes(a.as_bytes(), 0) as i32),
    total!("hashnameextended", (a: Text, seed: Int64) => bytes(a.as_bytes(), seed as u64) as i64),
    total!("hashint2", (a: Int16) => number(a as u32, 0) as i32),
    total!("hashint2extended", (a: Int16, seed: Int64) => number(a as u32, seed as u64) as i64),
    total!("hashint4", (a: Int32) => number(a as u32, 0) as i32),
    total!("hashint4extended", (a: Int32, seed: Int64) => number(a as u32, seed as u64) as i64),
    total!("hashint8", (a: Int64) => number(folded(a), 0) as i32),
    total!("hashint8extended", (a: Int64, seed: Int64) => number(folded(a), seed as u64) as i64),
    total!("hashinet", (a: Inet) => bytes(&inet(a), 0) as i32),
    total!("hashinetextended", (a: Inet, seed: Int64) => bytes(&inet(a), seed as u64) as i64),
    total!("hashmacaddr", (a: Macaddr) => bytes(&a, 0) as i32),
    total!("hashmacaddrextended", (a: Macaddr, seed: Int64) => bytes(&a, seed as u64) as i64),
    total!("hashmacaddr8", (a: Macaddr8) => bytes(&a, 0) as i32),
    total!("hashmacaddr8extended", (a: Macaddr8, seed: Int64) => bytes(&a, seed as u64) as i64),
    total!("uuid_hash", (a: Uuid) => bytes(&a, 0) as i32),
    total!("uuid_hash_extended", (a: Uuid, seed: Int64) => bytes(&a, seed as u64) as i64),
];
