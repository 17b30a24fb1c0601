//! The batch that flows between operators: a shared batch seen within run-time bounds of time.

use crate::{RowBatch, RowContainer};
use differential_dataflow::trace::{BatchReader, Cursor, Description, Navigable};
use std::rc::Rc;

/// A [`RowBatch`] whose times below `as_of` read as `as_of` and whose times above `until` are not there.
///
/// One concrete type serves local arrangements (`as_of` 0), arrangements imported from another dataflow, and
/// snapshots read at one time, so that every operator exists once.
#[derive(Clone)]
pub struct ReadBatch {
    batch: RowBatch,
    as_of: u64,
    until: u64,
    /// The description that it shows instead of the batch's own: shards of a snapshot overlap in time.
    frame: Option<Rc<Description<u64>>>,
}

impl ReadBatch {
    /// A batch as it is.
    pub fn local(batch: RowBatch) -> Self {
        Self::as_of(batch, 0)
    }

    /// A batch with times below `as_of` read as `as_of`.
    pub fn as_of(batch: RowBatch, as_of: u64) -> Self {
        ReadBatch { batch, as_of, until: u64::MAX, frame: None }
    }

    /// A batch of a snapshot read at `time`.
    pub(crate) fn frozen(batch: RowBatch, time: u64, frame: Rc<Description<u64>>) -> Self {
        ReadBatch { batch, as_of: time, until: time, frame: Some(frame) }
    }

    /// The batch, for keys, values and searches. Read its times through [`ReadBatch::updates`].
    pub fn rows(&self) -> &RowBatch {
        &self.batch
    }

    /// Calls `each` with the times and diffs of the value at a position, within the bounds.
    #[inline]
    pub fn updates(&self, position: usize, mut each: impl FnMut(u64, i64)) {
        self.batch.updates(position, |time, diff| {
            if time <= self.until {
                each(time.max(self.as_of), diff);
            }
        });
    }
}

impl BatchReader for ReadBatch {
    type Time = u64;
    fn len(&self) -> usize {
        self.batch.len()
    }
    fn description(&self) -> &Description<u64> {
        self.frame.as_deref().unwrap_or_else(|| self.batch.description())
    }
}

/// The library's view of a [`ReadBatch`], for its join.
#[derive(Default)]
pub struct ReadCursor {
    key: usize,
    /// The position of the value.
    val: usize,
}

impl Navigable for ReadBatch {
    type Cursor = ReadCursor;
    fn cursor(&self) -> ReadCursor {
        ReadCursor::default()
    }
}

impl Cursor for ReadCursor {
    type Storage = ReadBatch;
    type Key<'a> = &'a [u8];
    type ValOwn = Vec<u8>;
    type Val<'a> = &'a [u8];
    type Time = u64;
    type TimeGat<'a> = &'a u64;
    type Diff = i64;
    type DiffGat<'a> = &'a i64;
    type KeyContainer = RowContainer;
    type ValContainer = RowContainer;
    type TimeContainer = Vec<u64>;
    type DiffContainer = Vec<i64>;

    #[inline]
    fn key_valid(&self, storage: &ReadBatch) -> bool {
        self.key < storage.batch.key_count()
    }
    #[inline]
    fn val_valid(&self, storage: &ReadBatch) -> bool {
        self.key_valid(storage) && self.val < storage.batch.values(self.key).1
    }
    #[inline]
    fn key<'a>(&self, storage: &'a ReadBatch) -> &'a [u8] {
        storage.batch.key(self.key)
    }
    #[inline]
    fn val<'a>(&self, storage: &'a ReadBatch) -> &'a [u8] {
        storage.batch.value(self.val)
    }
    #[inline]
    fn get_key<'a>(&self, storage: &'a ReadBatch) -> Option<&'a [u8]> {
        self.key_valid(storage).then(|| storage.batch.key(self.key))
    }
    #[inline]
    fn get_val<'a>(&self, storage: &'a ReadBatch) -> Option<&'a [u8]> {
        self.val_valid(storage).then(|| storage.batch.value(self.val))
    }
    #[inline]
    fn map_times<L: FnMut(&u64, &i64)>(&mut self, storage: &ReadBatch, mut logic: L) {
        storage.updates(self.val, |time, diff| logic(&time, &diff));
    }
    #[inline]
    fn step_key(&mut self, storage: &ReadBatch) {
        self.key = (self.key + 1).min(storage.batch.key_count());
        self.rewind_vals(storage);
    }
    #[inline]
    fn seek_key(&mut self, storage: &ReadBatch, key: &[u8]) {
        self.key = storage.batch.seek(self.key, key);
        self.rewind_vals(storage);
    }
    #[inline]
    fn step_val(&mut self, storage: &ReadBatch) {
        self.val = (self.val + 1).min(storage.batch.values(self.key).1);
    }
    #[inline]
    fn seek_val(&mut self, storage: &ReadBatch, val: &[u8]) {
        let (_, end) = storage.batch.values(self.key);
        self.val = storage.batch.seek_value(self.val, end, val);
    }
    #[inline]
    fn rewind_keys(&mut self, storage: &ReadBatch) {
        self.key = 0;
        self.rewind_vals(storage);
    }
    #[inline]
    fn rewind_vals(&mut self, storage: &ReadBatch) {
        if self.key_valid(storage) {
            self.val = storage.batch.values(self.key).0;
        }
    }
}
