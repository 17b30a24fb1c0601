//! The slab in which a batch keeps its key rows or value rows.

use crate::Offsets;
use crate::resident::Resident;
use crate::slabs;
use differential_dataflow::trace::implementations::BatchContainer;
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

/// For the library's cursors.
impl BatchContainer for RowContainer {
    type Owned = Vec<u8>;
    type ReadItem<'a> = &'a [u8];

    fn into_owned(row: &[u8]) -> Vec<u8> {
        row.to_vec()
    }
    fn clone_onto(row: &[u8], other: &mut Vec<u8>) {
        other.clear();
        other.extend_from_slice(row);
    }
    fn push_ref(&mut self, row: &[u8]) {
        self.push(row);
    }
    fn push_own(&mut self, row: &Vec<u8>) {
        self.push(row);
    }
    fn clear(&mut self) {
        *self = RowContainer::default();
    }
    fn with_capacity(_rows: usize) -> Self {
        RowContainer::default()
    }
    fn merge_capacity(one: &Self, two: &Self) -> Self {
        RowContainer::with_room(one.byte_len() + two.byte_len())
    }
    fn reborrow<'b, 'a: 'b>(row: &'a [u8]) -> &'b [u8] {
        row
    }
    #[inline]
    fn index(&self, index: usize) -> &[u8] {
        self.row(index)
    }
    fn len(&self) -> usize {
        self.count()
    }
}
