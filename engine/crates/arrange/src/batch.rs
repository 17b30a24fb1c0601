//! Batches behind an `Arc`, so that threads other than the worker can read them while merges go on.

use crate::merge::Merge;
use crate::{RowStorage, time_of};
use differential_dataflow::trace::{Batch, BatchReader, Description};
use std::sync::Arc;
use timely::progress::Antichain;

/// An immutable sorted batch of updates; cheap to clone, `Send` and `Sync`.
#[derive(Clone)]
pub struct RowBatch {
    storage: Arc<RowStorage>,
    description: Description<u64>,
}

const fn assert_shareable<T: Send + Sync>() {}
const _: () = assert_shareable::<RowBatch>();

impl RowBatch {
    /// A batch of what lies in the description's interval.
    pub(crate) fn new(storage: RowStorage, description: Description<u64>) -> Self {
        RowBatch { storage: Arc::new(storage), description }
    }

    /// The sorted columns.
    pub(crate) fn storage(&self) -> &RowStorage {
        &self.storage
    }

    /// Times before it are told apart no more.
    pub fn since(&self) -> u64 {
        time_of(self.description.since().borrow())
    }

    /// The same updates, and nothing more up to a later time.
    pub(crate) fn extended(self, upper: &Antichain<u64>) -> Self {
        let description = Description::new(
            self.description.lower().clone(),
            upper.clone(),
            self.description.since().clone(),
        );
        RowBatch { description, ..self }
    }

    /// Number of distinct keys.
    pub fn key_count(&self) -> usize {
        self.storage.keys.count()
    }

    /// Number of distinct keys and values together.
    pub fn value_count(&self) -> usize {
        self.storage.vals.count()
    }

    /// How many of its updates take something away.
    pub(crate) fn retraction_count(&self) -> usize {
        self.storage.diffs.count(|diff| diff < 0)
    }

    /// The bytes of its keys and values.
    pub fn byte_count(&self) -> usize {
        self.storage.byte_count()
    }

    /// The key at `index`, in ascending order.
    #[inline]
    pub fn key(&self, index: usize) -> &[u8] {
        self.storage.keys.row(index)
    }

    /// The positions of the values of the key at `index`.
    #[inline]
    pub fn values(&self, index: usize) -> (usize, usize) {
        self.storage.key_values.range(index)
    }

    /// The value at a position.
    #[inline]
    pub fn value(&self, position: usize) -> &[u8] {
        self.storage.vals.row(position)
    }

    /// Calls `each` with the times and diffs of the value at a position.
    #[inline]
    pub fn updates(&self, position: usize, mut each: impl FnMut(u64, i64)) {
        let (low, high) = self.storage.value_updates.range(position);
        for index in low..high {
            each(self.storage.times.get(index), self.storage.diffs.get(index));
        }
    }

    /// How often the value at a position comes more than it goes, all times together.
    #[inline]
    pub fn total(&self, position: usize) -> i64 {
        let mut total = 0i64;
        self.updates(position, |_, diff| total = total.wrapping_add(diff));
        total
    }

    /// The first key index at or after `start` whose key is not less than `key`; gallops, so that ascending searches
    /// over a batch cost little each.
    pub fn seek(&self, start: usize, key: &[u8]) -> usize {
        gallop(start, self.key_count(), |index| self.key(index) < key)
    }

    /// The first position in `[start, end)` whose value is not less than `val`, or `end`.
    pub fn seek_value(&self, start: usize, end: usize, val: &[u8]) -> usize {
        gallop(start, end, |position| self.value(position) < val)
    }

    /// The key index of `key`, if it is there.
    pub fn find(&self, key: &[u8]) -> Option<usize> {
        self.storage.keys.find(key)
    }
}

/// The first index in `[start, end)` for which `before` does not hold, or `end`; `before` holds up to some index. Costs
/// the logarithm of how far that is.
fn gallop(start: usize, end: usize, before: impl Fn(usize) -> bool) -> usize {
    if start >= end || !before(start) {
        return start.min(end);
    }
    // `before(low)` holds.
    let (mut low, mut step) = (start, 1);
    while low + step < end && before(low + step) {
        low += step;
        step *= 2;
    }
    let mut high = (low + step).min(end);
    low += 1;
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

impl BatchReader for RowBatch {
    type Time = u64;
    fn len(&self) -> usize {
        self.storage.update_count()
    }
    fn description(&self) -> &Description<u64> {
        &self.description
    }
}

impl Batch for RowBatch {
    type Merger = Merge;
    fn empty(lower: Antichain<u64>, upper: Antichain<u64>) -> Self {
        let description = Description::new(lower, upper, Antichain::from_elem(0));
        RowBatch { storage: Arc::default(), description }
    }
}
