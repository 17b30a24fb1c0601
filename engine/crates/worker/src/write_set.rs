//! What a transaction writes into one collection.

use crate::{Splitter, Upserts};
use std::sync::{Arc, Mutex, OnceLock};
use tidewire_arrange::{Updates, consolidated, shard_of};

/// Packed whole rows with multiplicities: deletions are negative. Upserts stand in the place of
/// rows: who writes by key writes nothing else into the collection, and reads none of it before the commit.
#[derive(Clone, Default, Debug)]
pub struct WriteSet {
    rows: Updates,
    upserts: Upserts,
    resolved: bool,
    /// See [`mark_sound`](WriteSet::mark_sound).
    sound_at: Option<u64>,
    /// See [`sorted`](WriteSet::sorted).
    sorted: OnceLock<Arc<Updates>>,
    /// The rows up to here satisfy the constraints of this number.
    checked: (u64, usize),
}

impl WriteSet {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was found out about its rows is out of date.
    fn touch(&mut self) {
        self.sound_at = None;
        self.sorted.take();
    }

    /// Adds `diff` copies of a row.
    pub fn push(&mut self, row: &[u8], diff: i64) {
        self.touch();
        self.rows.push_row(row, 0, diff);
    }

    /// Adds `diff` copies of a row that `write` appends.
    pub fn push_with<E>(
        &mut self,
        diff: i64,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.touch();
        self.rows.try_push_with(0, diff, |bytes| write(bytes).map(|()| 0))
    }

    /// It depends on which keys are not there (ON CONFLICT): a key that has come since is a conflict that another try
    /// resolves, not a duplicate.
    pub fn mark_resolved(&mut self) {
        self.resolved = true;
    }

    /// At this time what it deletes is there, and keys stay unique with what it inserts.
    pub fn mark_sound(&mut self, time: u64) {
        self.sound_at = Some(time);
    }

    /// Whether nothing more is to be looked up in the collection as it is at a time.
    pub fn is_sound_at(&self, time: u64) -> bool {
        self.sound_at == Some(time)
    }

    /// All rows so far satisfy the constraints that have this number.
    pub fn mark_checked(&mut self, constraints: u64) {
        self.checked = (constraints, self.rows.len());
    }

    /// From where on its rows have not been checked against the constraints of this number.
    pub fn unchecked_from(&self, constraints: u64) -> usize {
        if self.checked.0 == constraints { self.checked.1.min(self.rows.len()) } else { 0 }
    }

    /// Whether it depends on which keys are not there.
    pub fn is_resolved(&self) -> bool {
        self.resolved
    }

    /// Adds everything of another write set.
    pub fn append(&mut self, other: &WriteSet) {
        self.touch();
        self.resolved |= other.resolved;
        self.rows.append(&other.rows);
        self.upserts.append(&other.upserts);
    }

    /// What is written by primary key.
    pub fn upserts(&self) -> &Upserts {
        &self.upserts
    }

    /// What is written by primary key, to add to.
    pub fn upserts_mut(&mut self) -> &mut Upserts {
        self.touch();
        &mut self.upserts
    }

    /// The rows, as whole rows.
    pub fn rows(&self) -> &Updates {
        &self.rows
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.upserts.is_empty()
    }

    /// Bytes of its rows.
    pub fn byte_len(&self) -> usize {
        self.rows.byte_len() + self.upserts.byte_len()
    }

    /// How much was written so far: rows and upserts.
    pub fn mark(&self) -> [usize; 2] {
        [self.rows.len(), self.upserts.len()]
    }

    /// Takes back what was written after a mark.
    pub fn rollback_to(&mut self, [rows, upserts]: [usize; 2]) {
        self.touch();
        self.rows.truncate(rows);
        self.checked.1 = self.checked.1.min(rows);
        self.upserts.truncate(upserts);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.upserts.clear();
        self.resolved = false;
        self.touch();
        self.checked = (0, 0);
    }

    /// A row with this key by a layout that was inserted, or one that was deleted. It looks at one after the other.
    pub fn row_with(&self, splitter: &dyn Splitter, key: &[u8], inserted: bool) -> Option<Vec<u8>> {
        let mut scratch = Vec::new();
        let mut rows = self.rows.iter().filter(|update| (update.diff > 0) == inserted);
        let found = rows.find(|update| {
            scratch.clear();
            splitter.split(update.val, &mut scratch).is_ok_and(|key_len| &scratch[..key_len] == key)
        });
        found.map(|update| update.val.to_vec())
    }

    /// The rows as (key, value) by their own collection's layout, consolidated. Worked out once.
    pub fn sorted(&self, splitter: &dyn Splitter) -> Result<Arc<Updates>, String> {
        if let Some(sorted) = self.sorted.get() {
            return Ok(sorted.clone());
        }
        let sorted = Arc::new(consolidated(&self.keyed(splitter)?));
        Ok(self.sorted.get_or_init(|| sorted).clone())
    }

    /// The rows as (key, value) by a layout.
    pub fn keyed(&self, splitter: &dyn Splitter) -> Result<Updates, String> {
        let mut keyed = Updates::with_capacity(self.rows.len(), self.rows.byte_len());
        for update in self.rows.iter() {
            keyed.try_push_with(0, update.diff, |bytes| splitter.split(update.val, bytes))?;
        }
        Ok(keyed)
    }
}

/// A group's writes to one collection at one time, by worker. Each worker takes its part.
pub(crate) struct Partitioned {
    rows: Vec<Mutex<Updates>>,
    time: u64,
}

impl Partitioned {
    pub(crate) fn new(workers: usize, time: u64) -> Self {
        Partitioned { rows: (0..workers).map(|_| Mutex::default()).collect(), time }
    }

    /// Adds rows that are split already.
    pub(crate) fn add_keyed(&mut self, keyed: &Updates) {
        for update in keyed.iter() {
            let part = part_of(&mut self.rows, update.key);
            part.push(update.key, update.val, self.time, update.diff);
        }
    }

    /// Splits whole rows and adds them.
    pub(crate) fn add_rows(&mut self, rows: &Updates, splitter: &dyn Splitter) -> Result<(), String> {
        if let [part] = self.rows.as_mut_slice() {
            let part = inner(part);
            part.reserve(rows.len(), rows.byte_len());
            for update in rows.iter() {
                part.try_push_with(self.time, update.diff, |bytes| splitter.split(update.val, bytes))?;
            }
            return Ok(());
        }
        let mut scratch = Vec::new();
        for update in rows.iter() {
            scratch.clear();
            let key_len = splitter.split(update.val, &mut scratch)?;
            let (key, val) = scratch.split_at(key_len);
            part_of(&mut self.rows, key).push(key, val, self.time, update.diff);
        }
        Ok(())
    }

    /// Adds everything of another one, for the same time.
    pub(crate) fn append(&mut self, other: Partitioned) {
        for (part, other) in self.rows.iter_mut().zip(other.rows) {
            let (part, other) = (inner(part), other.into_inner().expect("not poisoned"));
            if part.is_empty() {
                *part = other;
            } else {
                part.append(&other);
            }
        }
    }

    /// A worker's part, once.
    pub(crate) fn take(&self, worker: usize) -> Updates {
        std::mem::take(&mut *self.rows[worker].lock().expect("not poisoned"))
    }
}

fn inner(part: &mut Mutex<Updates>) -> &mut Updates {
    part.get_mut().expect("not poisoned")
}

fn part_of<'a>(parts: &'a mut [Mutex<Updates>], key: &[u8]) -> &'a mut Updates {
    let shard = shard_of(key, parts.len());
    inner(&mut parts[shard])
}
