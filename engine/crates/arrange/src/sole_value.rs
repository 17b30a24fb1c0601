//! The value of a key that has one.

use crate::RowBatch;

/// The values of one key with their counts, added up over batches: of a key that has one value, what others it once had
/// come to nothing.
#[derive(Default)]
pub struct SoleValue<'a> {
    counts: Vec<(&'a [u8], i64)>,
}

impl<'a> SoleValue<'a> {
    /// Adds the values at the positions from `low` to `high`.
    pub fn add(&mut self, batch: &'a RowBatch, low: usize, high: usize) {
        for position in low..high {
            let (value, count) = (batch.value(position), batch.total(position));
            match self.counts.iter_mut().find(|(known, _)| *known == value) {
                Some((_, known)) => *known += count,
                None => self.counts.push((value, count)),
            }
        }
    }

    /// The value, if the key is there.
    pub fn get(mut self) -> Option<&'a [u8]> {
        self.counts.retain(|(_, count)| *count != 0);
        debug_assert!(self.counts.len() <= 1, "a key has one value");
        self.counts.first().map(|(value, _)| *value)
    }
}
