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

/// Among fewer rows the middle is as good a guess as any.
const MANY_ROWS: usize = 256;

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

    /// As [`find`](Self::find), of rows of one width that are told apart by a number each. Among many it begins where the
    /// number would be if they were spread evenly, as keys often are, and goes on from there in steps that grow: some reads
    /// that lie together instead of the logarithm's, which lie far apart. The worst case is twice the logarithm.
    #[inline]
    fn find_number(&self, wanted: u128, number: impl Fn(&[u8]) -> u128) -> Option<usize> {
        let width = self.offsets.even()?;
        let at = |index: usize| number(&self.bytes[index * width..]);
        // The last of those that are not greater is in `[low, low + count)`, if there is one.
        let (mut low, mut count) = (0, self.count());
        if count > MANY_ROWS {
            let (least, greatest) = (at(0), at(count - 1));
            if wanted < least || wanted > greatest {
                return None;
            }
            let near = evenly(wanted - least, greatest - least, count);
            let (mut from, mut to) = (near, near);
            let mut step = 4;
            if at(near) <= wanted {
                loop {
                    to = (to + step).min(count);
                    if to == count || at(to) > wanted {
                        break;
                    }
                    from = to;
                    step *= 4;
                }
            } else {
                // The first is not greater.
                loop {
                    from = from.saturating_sub(step);
                    if from == 0 || at(from) <= wanted {
                        break;
                    }
                    to = from;
                    step *= 4;
                }
            }
            (low, count) = (from, to - from);
        }
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

/// Which of `count` numbers, spread evenly from 0 to `span`, is near `wanted`, which is in that range.
#[inline]
fn evenly(wanted: u128, span: u128, count: usize) -> usize {
    let shift = u128::BITS.saturating_sub(span.leading_zeros()).saturating_sub(u64::BITS);
    let [wanted, span] = [wanted, span].map(|number| (number >> shift) as u64 as f64);
    ((wanted / span * (count - 1) as f64) as usize).min(count - 1)
}

impl Drop for RowContainer {
    fn drop(&mut self) {
        slabs::give(std::mem::take(&mut self.bytes));
        self.offsets.drop_aside();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys of one width, ascending and different, are found, and what is between them is not: dense ones, sparse ones, clusters
    /// that lie far from where an even spread has them.
    #[test]
    fn rows_of_one_width_are_found() {
        let spreads: [(&str, fn(u64) -> u64); 5] = [
            ("dense", |i| i * 2),
            ("from the middle", |i| (1 << 40) + i * 2),
            ("squares", |i| i * i * 2),
            ("powers", |i| if i < 40 { 2 << i } else { (2 << 41) + i * 2 }),
            ("an end far away", |i| if i < 999 { i * 2 } else { u64::MAX - 1 }),
        ];
        for (name, key) in spreads {
            for width in [8, 9, 12, 16] {
                for count in [0, 1, 2, 256, 257, 1000] {
                    let row = |number: u64| {
                        let mut row = vec![7; width - 8];
                        row.extend(number.to_be_bytes());
                        row
                    };
                    let mut rows = RowContainer::default();
                    (0..count).for_each(|i| rows.push(&row(key(i))));
                    for i in 0..count {
                        let place = format!("{name}, row {i} of {count}, {width} bytes");
                        assert_eq!(rows.find(&row(key(i))), Some(i as usize), "{place}");
                        assert_eq!(rows.find(&row(key(i) + 1)), None, "after {place}");
                    }
                    assert_eq!(
                        rows.find(&vec![0; width]),
                        if key(0) == 0 && width == 8 && count > 0 { Some(0) } else { None }
                    );
                    assert_eq!(rows.find(&vec![255; width]), None);
                }
            }
        }
    }
}
