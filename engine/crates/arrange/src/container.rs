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

    /// The index of a row, where the rows ascend and none stands twice.
    pub(crate) fn find(&self, row: &[u8]) -> Option<usize> {
        match self.offsets.even() {
            Some(width) if width != row.len() => None,
            Some(width @ 8..=16) => self.find_number(number(row), |bytes| number(&bytes[..width])),
            _ => {
                let index = self.lower_bound(|other| other < row);
                (index < self.count() && self.row(index) == row).then_some(index)
            }
        }
    }

    /// As [`find`](Self::find), of rows of one width that are told apart by a number each.
    #[inline]
    fn find_number(&self, wanted: u128, number: impl Fn(&[u8]) -> u128) -> Option<usize> {
        let width = self.offsets.even()?;
        let at = |index: usize| number(&self.bytes[index * width..]);
        // The last of those that are not greater is in `[low, low + count)`, if there is one.
        let (mut low, mut count) = (0, self.count());
        while count > 1 {
            let half = count / 2;
            if at(low + half) <= wanted {
                low += half;
            }
            count -= half;
        }
        (count == 1 && at(low) == wanted).then_some(low)
    }

    /// The first index whose row is not `before`, which holds up to some row.
    fn lower_bound(&self, before: impl Fn(&[u8]) -> bool) -> usize {
        let (mut low, mut high) = (0, self.count());
        while low < high {
            let middle = low + (high - low) / 2;
            if before(self.row(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
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

/// Eight to sixteen bytes as a number that orders rows of one length as they do: the first eight, and the last eight, which
/// say nothing new where they overlap.
#[inline]
fn number(bytes: &[u8]) -> u128 {
    let (first, last) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>());
    let [first, last] = [first, last].map(|chunk| chunk.map_or(0, |chunk| u64::from_be_bytes(*chunk)));
    u128::from(first) << 64 | u128::from(last)
}

impl Drop for RowContainer {
    fn drop(&mut self) {
        slabs::give(std::mem::take(&mut self.bytes));
        self.offsets.drop_aside();
    }
}
