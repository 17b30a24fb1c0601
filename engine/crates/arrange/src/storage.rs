//! The sorted columns of a batch.

use crate::{Column, Offsets, RowContainer};
use std::ops::Range;

/// Keys ascend, values ascend within a key, times within a value; every value has an update, every key a value. What
/// repeats (one value a key, one update a value, one time, one count, rows of one width) takes no room.
#[derive(Default)]
pub struct RowStorage {
    pub(crate) keys: RowContainer,
    /// For each key, where its values end.
    pub(crate) key_values: Offsets,
    pub(crate) vals: RowContainer,
    /// For each value, where its updates end.
    pub(crate) value_updates: Offsets,
    pub(crate) times: Column<u64>,
    pub(crate) diffs: Column<i64>,
}

impl RowStorage {
    /// Number of updates.
    pub fn update_count(&self) -> usize {
        self.times.len()
    }

    /// The bytes of its keys and values.
    pub fn byte_count(&self) -> usize {
        self.keys.byte_len() + self.vals.byte_len()
    }
}

impl Drop for RowStorage {
    fn drop(&mut self) {
        self.key_values.drop_aside();
        self.value_updates.drop_aside();
        self.times.drop_aside();
        self.diffs.drop_aside();
    }
}

/// Builds a [`RowStorage`] front to back: the updates of a value, the value, when its key has no more values the key.
/// What adds up to nothing is left out.
#[derive(Default)]
pub struct StorageBuilder {
    storage: RowStorage,
    /// The updates of the value that is open.
    staged: Vec<(u64, i64)>,
}

impl StorageBuilder {
    /// With room for rows of so many bytes.
    pub fn with_capacity(key_bytes: usize, value_bytes: usize) -> Self {
        let mut builder = StorageBuilder::default();
        builder.storage.keys = RowContainer::with_room(key_bytes);
        builder.storage.vals = RowContainer::with_room(value_bytes);
        builder
    }

    /// An update of the value that is open.
    #[inline]
    pub fn update(&mut self, time: u64, diff: i64) {
        self.staged.push((time, diff));
    }

    /// The bytes of the keys and values that it has.
    pub(crate) fn byte_count(&self) -> usize {
        self.storage.byte_count()
    }

    /// Closes the value; its updates come in any order.
    #[inline]
    pub fn end_value(&mut self, val: &[u8]) {
        if self.staged.len() > 1 {
            consolidate(&mut self.staged);
        }
        self.staged.retain(|(_, diff)| *diff != 0);
        if self.staged.is_empty() {
            return;
        }
        let storage = &mut self.storage;
        for (time, diff) in self.staged.drain(..) {
            storage.times.push(time);
            storage.diffs.push(diff);
        }
        storage.value_updates.push(storage.times.len());
        storage.vals.push(val);
    }

    /// Closes the key, if it has values.
    #[inline]
    pub fn end_key(&mut self, key: &[u8]) {
        let storage = &mut self.storage;
        if storage.vals.count() > storage.key_values.end() {
            storage.keys.push(key);
            storage.key_values.push(storage.vals.count());
        }
    }

    /// Appends consecutive keys of a batch with all that is under them, times before `since` as `since`. No value is open.
    pub(crate) fn append(&mut self, from: &RowStorage, keys: Range<usize>, since: u64) {
        if keys.is_empty() {
            return;
        }
        let values = from.key_values.range(keys.start).0..from.key_values.range(keys.end - 1).1;
        if from.value_updates.is_unit() {
            // Nothing adds up: each update is a value's only one.
            let storage = &mut self.storage;
            storage.times.extend(&from.times, values.clone(), |time| time.max(since));
            storage.diffs.extend(&from.diffs, values.clone(), |diff| diff);
            storage.value_updates.extend(&from.value_updates, values.clone());
            storage.vals.extend(&from.vals, values);
            storage.key_values.extend(&from.key_values, keys.clone());
            storage.keys.extend(&from.keys, keys);
            return;
        }
        for key in keys {
            let (low, high) = from.key_values.range(key);
            for position in low..high {
                let (first, end) = from.value_updates.range(position);
                for index in first..end {
                    self.update(from.times.get(index).max(since), from.diffs.get(index));
                }
                self.end_value(from.vals.row(position));
            }
            self.end_key(from.keys.row(key));
        }
    }

    /// What was built.
    pub fn done(mut self) -> RowStorage {
        let storage = &mut self.storage;
        storage.keys.shrink();
        storage.vals.shrink();
        storage.key_values.shrink();
        storage.value_updates.shrink();
        storage.times.shrink();
        storage.diffs.shrink();
        self.storage
    }
}

/// Sorted by time, equal times added up.
fn consolidate(updates: &mut Vec<(u64, i64)>) {
    updates.sort_unstable_by_key(|(time, _)| *time);
    updates.dedup_by(|later, kept| {
        let equal = later.0 == kept.0;
        if equal {
            kept.1 = kept.1.wrapping_add(later.1);
        }
        equal
    });
}
