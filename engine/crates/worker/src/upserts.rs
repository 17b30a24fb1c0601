//! Writes by primary key: a row takes the place of the one that its key has, whatever that is, and a deletion needs only the key.
//!
//! Who writes does not know the old row. It is looked up when the transaction commits, on the committing thread, in the
//! snapshot that primary keys are checked against; what comes out are ordinary updates.

use crate::Splitter;
use crate::check::Base;
use tidewire_arrange::{UpdateRef, Updates};

/// Packed whole rows in the order in which they were written. The last of a key counts.
#[derive(Clone, Default, Debug)]
pub struct Upserts {
    /// Multiplicity 1: this is the key's row. -1: the key has none; only the row's key columns are read. The time is a mask of
    /// columns, by their number in the row, whose value is to stay as it is.
    entries: Updates,
}

/// Columns that a mask can name.
pub const MASKED_COLUMNS: usize = 64;

impl Upserts {
    /// This is its key's row. Columns in `kept` have the value that the key's row had; where it had none, that of `row`.
    pub fn set(&mut self, row: &[u8], kept: u64) {
        self.entries.push_row(row, kept, 1);
    }

    /// Its key has no row.
    pub fn remove(&mut self, row: &[u8]) {
        self.entries.push_row(row, 0, -1);
    }

    /// How many were written.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of the rows.
    pub fn byte_len(&self) -> usize {
        self.entries.byte_len()
    }

    /// Adds everything of another, behind its own.
    pub fn append(&mut self, other: &Upserts) {
        self.entries.append(&other.entries);
    }

    /// Keeps the first `len`.
    pub fn truncate(&mut self, len: usize) {
        self.entries.truncate(len);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// As (key, value), in order.
    fn keyed(&self, splitter: &dyn Splitter) -> Result<Updates, String> {
        let mut keyed = Updates::with_capacity(self.entries.len(), self.entries.byte_len());
        for entry in self.entries.iter() {
            keyed.try_push_with(entry.time, entry.diff, |bytes| splitter.split(entry.val, bytes))?;
        }
        Ok(keyed)
    }

    /// What they change in a collection: (key, value) updates, consolidated.
    pub(crate) fn resolve(&self, base: &Base<'_>, splitter: &dyn Splitter) -> Result<Updates, String> {
        let keyed = self.keyed(splitter)?;
        let mut order: Vec<(u64, u32)> =
            keyed.iter().enumerate().map(|(index, entry)| (prefix(entry.key), index as u32)).collect();
        order.sort_unstable_by(|(p, a), (q, b)| {
            p.cmp(q)
                .then_with(|| keyed.get(*a as usize).key.cmp(keyed.get(*b as usize).key))
                .then_with(|| a.cmp(b))
        });
        let mut changes = Updates::with_capacity(keyed.len(), keyed.byte_len());
        let mut key = KeyChange::default();
        let mut index = 0;
        while index < order.len() {
            let first = keyed.get(order[index].1 as usize);
            let begin = index;
            while index < order.len() && keyed.get(order[index].1 as usize).key == first.key {
                index += 1;
            }
            let entries = order[begin..index].iter().map(|(_, at)| keyed.get(*at as usize));
            key.resolve(first.key, entries, base, splitter, &mut changes)?;
        }
        Ok(changes)
    }
}

/// The first bytes, as a number of the same order: most comparisons need no more.
fn prefix(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let length = key.len().min(8);
    bytes[..length].copy_from_slice(&key[..length]);
    u64::from_be_bytes(bytes)
}

/// What happens to one key; its buffers serve one key after another.
#[derive(Default)]
struct KeyChange {
    /// The key's values as they stand, with their multiplicities.
    before: Vec<(Vec<u8>, i64)>,
    merged: Vec<u8>,
    spare: Vec<u8>,
}

impl KeyChange {
    fn resolve<'a>(
        &mut self,
        key: &[u8],
        entries: impl DoubleEndedIterator<Item = UpdateRef<'a>> + Clone,
        base: &Base<'_>,
        splitter: &dyn Splitter,
        changes: &mut Updates,
    ) -> Result<(), String> {
        self.before.clear();
        base.values(key, |val, diff| match self.before.iter_mut().find(|(other, _)| other == val) {
            Some((_, count)) => *count += diff,
            None => self.before.push((val.to_vec(), diff)),
        });
        self.before.retain(|(_, count)| *count != 0);
        let last = entries.clone().next_back().expect("a key with an entry");
        let after: Option<&[u8]> = match (last.diff > 0, last.time) {
            (false, _) => None,
            (true, 0) => Some(last.val),
            (true, _) => {
                self.merge(entries, splitter)?;
                Some(&self.merged)
            }
        };
        let mut missing = after;
        for (val, count) in &self.before {
            if after == Some(val.as_slice()) {
                missing = None;
                push(changes, key, val, 1 - count);
            } else {
                push(changes, key, val, -count);
            }
        }
        if let Some(val) = missing {
            push(changes, key, val, 1);
        }
        Ok(())
    }

    /// The value that the entries come to, one after the other from the last that keeps nothing.
    fn merge<'a>(
        &mut self,
        entries: impl DoubleEndedIterator<Item = UpdateRef<'a>> + Clone,
        splitter: &dyn Splitter,
    ) -> Result<(), String> {
        let keeps_nothing = |entry: &UpdateRef<'_>| entry.diff < 0 || entry.time == 0;
        let whole =
            entries.clone().enumerate().filter(|(_, entry)| keeps_nothing(entry)).map(|(at, _)| at).last();
        let mut there = false;
        self.merged.clear();
        if whole.is_none()
            && let Some((val, _)) = self.before.first()
        {
            self.merged.extend_from_slice(val);
            there = true;
        }
        for entry in entries.skip(whole.unwrap_or(0)) {
            if entry.diff < 0 {
                there = false;
            } else if !there || entry.time == 0 {
                self.merged.clear();
                self.merged.extend_from_slice(entry.val);
                there = true;
            } else {
                self.spare.clear();
                splitter.merge(entry.val, &self.merged, entry.time, &mut self.spare)?;
                std::mem::swap(&mut self.merged, &mut self.spare);
            }
        }
        Ok(())
    }
}

fn push(changes: &mut Updates, key: &[u8], val: &[u8], diff: i64) {
    if diff != 0 {
        changes.push(key, val, 0, diff);
    }
}
