//! What a transaction writes into one collection.

use crate::Splitter;
use tidewire_arrange::{Updates, shard_of};

/// Packed whole rows with multiplicities: deletions are negative. Errors are packed error rows of a source.
#[derive(Clone, Default, Debug)]
pub struct WriteSet {
    rows: Updates,
    errors: Updates,
}

impl WriteSet {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `diff` copies of a row.
    pub fn push(&mut self, row: &[u8], diff: i64) {
        self.rows.push_row(row, 0, diff);
    }

    /// Adds `diff` copies of a row that `write` appends.
    pub fn push_with<E>(
        &mut self,
        diff: i64,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.rows.try_push_with(0, diff, |bytes| write(bytes).map(|()| 0))
    }

    /// Adds `diff` copies of an error row.
    pub fn push_error(&mut self, error: &[u8], diff: i64) {
        self.errors.push_row(error, 0, diff);
    }

    /// Adds everything of another write set.
    pub fn append(&mut self, other: &WriteSet) {
        self.rows.append(&other.rows);
        self.errors.append(&other.errors);
    }

    /// The rows, as whole rows.
    pub fn rows(&self) -> &Updates {
        &self.rows
    }

    /// The error rows.
    pub fn errors(&self) -> &Updates {
        &self.errors
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.errors.is_empty()
    }

    /// Bytes of its rows.
    pub fn byte_len(&self) -> usize {
        self.rows.byte_len() + self.errors.byte_len()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.errors.clear();
    }

    /// The rows as (key, value) by a collection's layout.
    pub fn keyed(&self, splitter: &dyn Splitter) -> Result<Updates, String> {
        let mut keyed = Updates::with_capacity(self.rows.len(), self.rows.byte_len());
        for update in self.rows.iter() {
            keyed.try_push_with(0, update.diff, |bytes| splitter.split(update.val, bytes))?;
        }
        Ok(keyed)
    }
}

/// A group's writes to one collection at one time, by worker.
pub(crate) struct Partitioned {
    pub(crate) rows: Vec<Updates>,
    pub(crate) errors: Vec<Updates>,
}

impl Partitioned {
    pub(crate) fn new(workers: usize) -> Self {
        Partitioned { rows: vec![Updates::new(); workers], errors: vec![Updates::new(); workers] }
    }

    /// Adds keyed rows and error rows at `time`.
    pub(crate) fn add(&mut self, keyed: &Updates, errors: &Updates, time: u64) {
        let workers = self.rows.len();
        for update in keyed.iter() {
            self.rows[shard_of(update.key, workers)].push(update.key, update.val, time, update.diff);
        }
        for error in errors.iter() {
            self.errors[shard_of(error.val, workers)].push(error.val, &[], time, error.diff);
        }
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.errors.iter().any(|errors| !errors.is_empty())
    }
}
