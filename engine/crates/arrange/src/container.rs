//! The slab in which a batch keeps its key rows or value rows.

use crate::Offsets;
use crate::resident::Resident;
use crate::slabs;
use std::ops::Range;

/// Packed rows, one after the other in one byte slab, with their offsets. Reads are borrowed slices.
#[derive(Default)]
pub struct RowContainer {
    offsets: Offsets,
    bytes: Vec<u8>,
    resident: Resident,
}

impl RowContainer {
    /// Bytes held by the rows, without the offsets.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// Number of rows.
    #[inline]
    pub fn count(&self) -> usize {
        self.offsets.len()
    }

    /// The row at `index`.
    #[inline]
    pub fn row(&self, index: usize) -> &[u8] {
        let (start, end) = self.offsets.range(index);
        &self.bytes[start..end]
    }

    /// Appends a row.
    #[inline]
    pub fn push(&mut self, row: &[u8]) {
        self.resident.cover(&self.bytes, self.bytes.capacity(), row.len());
        self.bytes.extend_from_slice(row);
        self.offsets.push(self.bytes.len());
    }

    /// Appends consecutive rows of another container.
    pub(crate) fn extend(&mut self, from: &RowContainer, rows: Range<usize>) {
        if rows.is_empty() {
            return;
        }
        let bytes = &from.bytes[from.offsets.range(rows.start).0..from.offsets.range(rows.end - 1).1];
        self.resident.cover(&self.bytes, self.bytes.capacity(), bytes.len());
        self.bytes.extend_from_slice(bytes);
        self.offsets.extend(&from.offsets, rows);
    }

    /// With room for so many bytes.
    pub(crate) fn with_room(bytes: usize) -> Self {
        let (slab, resident) = slabs::slab(bytes);
        let resident = if resident { Resident::default() } else { Resident::of(0, slab.capacity()) };
        RowContainer { offsets: Offsets::default(), bytes: slab, resident }
    }

    /// Gives back what was reserved and not used.
    pub(crate) fn shrink(&mut self) {
        if self.bytes.capacity() - self.bytes.len() > self.bytes.len() / 16 {
            self.bytes.shrink_to_fit();
        }
        self.offsets.shrink();
    }
}

impl Drop for RowContainer {
    fn drop(&mut self) {
        slabs::give(std::mem::take(&mut self.bytes));
    }
}
