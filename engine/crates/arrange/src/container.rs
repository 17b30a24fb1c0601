//! The slab in which a batch keeps its key rows or value rows.

use differential_dataflow::trace::implementations::{BatchContainer, OffsetList};
use timely::container::PushInto;

/// Packed rows, one after the other in one byte slab, with their offsets. Reads are borrowed slices.
pub struct RowContainer {
    offsets: OffsetList,
    bytes: Vec<u8>,
}

impl RowContainer {
    /// Bytes held by the rows, without the offsets.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// Gives back what the slab reserved and did not use.
    pub(crate) fn shrink(&mut self) {
        if self.bytes.capacity() - self.bytes.len() > self.bytes.len() / 8 {
            self.bytes.shrink_to_fit();
        }
    }

    #[inline]
    fn push_bytes(&mut self, row: &[u8]) {
        self.bytes.extend_from_slice(row);
        self.offsets.push(self.bytes.len());
    }
}

impl PushInto<&[u8]> for RowContainer {
    #[inline]
    fn push_into(&mut self, row: &[u8]) {
        self.push_bytes(row);
    }
}

fn offsets_with_capacity(rows: usize) -> OffsetList {
    let mut offsets = OffsetList::with_capacity(rows + 1);
    offsets.push(0);
    offsets
}

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
    #[inline]
    fn push_ref(&mut self, row: &[u8]) {
        self.push_bytes(row);
    }
    #[inline]
    fn push_own(&mut self, row: &Vec<u8>) {
        self.push_bytes(row);
    }
    fn clear(&mut self) {
        self.bytes.clear();
        self.offsets = offsets_with_capacity(0);
    }
    fn with_capacity(rows: usize) -> Self {
        RowContainer { offsets: offsets_with_capacity(rows), bytes: Vec::new() }
    }
    fn merge_capacity(one: &Self, two: &Self) -> Self {
        RowContainer {
            offsets: offsets_with_capacity(one.len() + two.len()),
            bytes: Vec::with_capacity(one.bytes.len() + two.bytes.len()),
        }
    }
    fn reborrow<'b, 'a: 'b>(row: &'a [u8]) -> &'b [u8] {
        row
    }
    #[inline]
    fn index(&self, index: usize) -> &[u8] {
        &self.bytes[self.offsets.index(index)..self.offsets.index(index + 1)]
    }
    fn len(&self) -> usize {
        self.offsets.len() - 1
    }
}
