//! bit and bit varying.
//!
//! Packed: the bytes as bytea has them, then how many bits the last one has, which ends their order: by bytes, and of those
//! that have the same bytes the shorter first.

use crate::encode::push_escaped;
use crate::{Arena, EvalError, EvalResult};
use std::cmp::Ordering;

/// The most bits that a value can have (VARBITMAXLEN).
pub const MAX_BITS: i32 = i32::MAX - 8 + 1;

/// A string of bits, from the left; those that the last byte has over are 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bits<'a> {
    length: u32,
    bytes: &'a [u8],
}

/// The bytes that so many bits need.
pub const fn byte_count(bits: u32) -> usize {
    bits.div_ceil(8) as usize
}

/// 54000.
#[cold]
pub fn too_long() -> EvalError {
    EvalError::new("54000", format!("bit string length exceeds the maximum allowed ({MAX_BITS})"))
}

impl<'a> Bits<'a> {
    /// The first `length` bits of bytes, and zeros where these end before; what is behind them becomes 0.
    pub fn new(length: u32, mut bytes: Vec<u8>, arena: &'a Arena) -> Bits<'a> {
        bytes.resize(byte_count(length), 0);
        if let Some(last) = bytes.last_mut()
            && !length.is_multiple_of(8)
        {
            *last &= 0xffu8 << (8 - length % 8);
        }
        Bits { length, bytes: arena.push_bytes(bytes) }
    }

    /// Bits one by one.
    pub fn collect(bits: impl IntoIterator<Item = bool>, arena: &'a Arena) -> Bits<'a> {
        let (mut length, mut bytes) = (0u32, Vec::new());
        for bit in bits {
            if length % 8 == 0 {
                bytes.push(0);
            }
            if bit && let Some(last) = bytes.last_mut() {
                *last |= 0x80 >> (length % 8);
            }
            length += 1;
        }
        Bits::new(length, bytes, arena)
    }

    /// How many bits there are.
    pub fn length(&self) -> u32 {
        self.length
    }

    /// The bytes that they are in.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether the bit at an index from the left is set.
    pub fn get(&self, index: u32) -> bool {
        self.bytes[index as usize / 8] & (0x80 >> (index % 8)) != 0
    }

    /// The bits from the left.
    pub fn iter(self) -> impl Iterator<Item = bool> {
        (0..self.length).map(move |index| self.get(index))
    }

    /// The first so many bits, with zeros where there are fewer.
    pub fn resized(self, length: u32, arena: &'a Arena) -> Bits<'a> {
        if length == self.length { self } else { Bits::new(length, self.bytes.to_vec(), arena) }
    }

    /// The bits from one index to before another.
    pub fn slice(self, from: u32, to: u32, arena: &'a Arena) -> Bits<'a> {
        let whole = from as usize / 8;
        let (shift, end) = (from % 8, byte_count(to).max(whole));
        let bytes = &self.bytes[whole..end];
        let at = |index: usize| u16::from(bytes.get(index).copied().unwrap_or(0));
        let moved = (0..bytes.len()).map(|index| ((at(index) << 8 | at(index + 1)) >> (8 - shift)) as u8);
        Bits::new(to - from, moved.collect(), arena)
    }

    /// These bits, then others.
    pub fn concatenated(self, other: Bits<'a>, arena: &'a Arena) -> EvalResult<Bits<'a>> {
        let length = self.length + other.length;
        if length > MAX_BITS as u32 {
            return Err(too_long());
        }
        let mut bytes = self.bytes.to_vec();
        let used = self.length % 8;
        if used == 0 {
            bytes.extend_from_slice(other.bytes);
        } else {
            for byte in other.bytes {
                if let Some(last) = bytes.last_mut() {
                    *last |= byte >> used;
                }
                bytes.push(byte << (8 - used));
            }
        }
        Ok(Bits::new(length, bytes, arena))
    }

    /// The same value in another arena.
    pub fn copy_to<'b>(&self, arena: &'b Arena) -> Bits<'b> {
        Bits { length: self.length, bytes: arena.push_bytes(self.bytes) }
    }

    /// Appends the packed form, without tag.
    pub(crate) fn push(&self, out: &mut Vec<u8>) {
        push_escaped(out, self.bytes);
        out.push((self.length - (self.bytes.len() as u32).saturating_sub(1) * 8) as u8);
    }

    /// The value whose bytes were packed, with how many bits the last of them has.
    pub(crate) fn packed(bytes: &'a [u8], last: u8) -> Bits<'a> {
        Bits { length: (bytes.len() as u32).saturating_sub(1) * 8 + u32::from(last), bytes }
    }
}

impl PartialOrd for Bits<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Bits<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes.cmp(other.bytes).then(self.length.cmp(&other.length))
    }
}
