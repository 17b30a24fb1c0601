//! Storage for values that are made while a row is processed.

use crate::work::spend;
use bumpalo::Bump;

/// Bytes that cost about what a row costs.
const UNIT_BYTES: usize = 4096;

/// A bump arena. Everything pushed lives until [`Arena::reset`] or drop.
#[derive(Debug, Default)]
pub struct Arena {
    bump: Bump,
}

impl Arena {
    /// An empty arena; it allocates at the first push.
    pub fn new() -> Self {
        Self::default()
    }

    /// Frees all values and keeps the largest chunk.
    pub fn reset(&mut self) {
        self.bump.reset();
    }

    /// Copies a string in.
    pub fn push_str(&self, text: impl AsRef<str>) -> &str {
        let text = text.as_ref();
        spend((text.len() / UNIT_BYTES) as u64);
        self.bump.alloc_str(text)
    }

    /// Copies bytes in.
    pub fn push_bytes(&self, bytes: impl AsRef<[u8]>) -> &[u8] {
        let bytes = bytes.as_ref();
        spend((bytes.len() / UNIT_BYTES) as u64);
        self.bump.alloc_slice_copy(bytes)
    }

    /// Copies a slice of plain values in.
    pub fn push_slice<T: Copy>(&self, values: &[T]) -> &[T] {
        self.bump.alloc_slice_copy(values)
    }

    /// Copies several strings in as one.
    pub fn push_concat(&self, parts: &[&str]) -> &str {
        let total = parts.iter().map(|part| part.len()).sum();
        spend((total / UNIT_BYTES) as u64);
        let target = self.bump.alloc_slice_fill_copy(total, 0u8);
        let mut at = 0;
        for part in parts {
            target[at..at + part.len()].copy_from_slice(part.as_bytes());
            at += part.len();
        }
        // SAFETY: a concatenation of UTF-8 strings is UTF-8.
        unsafe { std::str::from_utf8_unchecked(target) }
    }

    /// Bytes held by the arena.
    pub fn allocated_bytes(&self) -> usize {
        self.bump.allocated_bytes()
    }
}
