//! The batch that flows between operators: a shared batch seen within run-time bounds of time.

use crate::{RowBatch, RowContainer, RowLayout};
use differential_dataflow::trace::implementations::ord_neu::OrdValBatch;
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

type Inner = <OrdValBatch<RowLayout> as Navigable>::Cursor;

/// The library's view of a [`ReadBatch`], for its join.
pub struct ReadCursor {
    inner: Inner,
}

impl Navigable for ReadBatch {
    type Cursor = ReadCursor;
    fn cursor(&self) -> ReadCursor {
        ReadCursor { inner: self.batch.0.cursor() }
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
        self.inner.key_valid(&storage.batch.0)
    }
    #[inline]
    fn val_valid(&self, storage: &ReadBatch) -> bool {
        self.inner.val_valid(&storage.batch.0)
    }
    #[inline]
    fn key<'a>(&self, storage: &'a ReadBatch) -> &'a [u8] {
        self.inner.key(&storage.batch.0)
    }
    #[inline]
    fn val<'a>(&self, storage: &'a ReadBatch) -> &'a [u8] {
        self.inner.val(&storage.batch.0)
    }
    #[inline]
    fn get_key<'a>(&self, storage: &'a ReadBatch) -> Option<&'a [u8]> {
        self.inner.get_key(&storage.batch.0)
    }
    #[inline]
    fn get_val<'a>(&self, storage: &'a ReadBatch) -> Option<&'a [u8]> {
        self.inner.get_val(&storage.batch.0)
    }
    #[inline]
    fn map_times<L: FnMut(&u64, &i64)>(&mut self, storage: &ReadBatch, mut logic: L) {
        let (as_of, until) = (storage.as_of, storage.until);
        self.inner.map_times(&storage.batch.0, |time, diff| {
            if *time <= until {
                logic(time.max(&as_of), diff);
            }
        });
    }
    #[inline]
    fn step_key(&mut self, storage: &ReadBatch) {
        self.inner.step_key(&storage.batch.0);
    }
    #[inline]
    fn seek_key(&mut self, storage: &ReadBatch, key: &[u8]) {
        self.inner.seek_key(&storage.batch.0, key);
    }
    #[inline]
    fn step_val(&mut self, storage: &ReadBatch) {
        self.inner.step_val(&storage.batch.0);
    }
    #[inline]
    fn seek_val(&mut self, storage: &ReadBatch, val: &[u8]) {
        self.inner.seek_val(&storage.batch.0, val);
    }
    #[inline]
    fn rewind_keys(&mut self, storage: &ReadBatch) {
        self.inner.rewind_keys(&storage.batch.0);
    }
    #[inline]
    fn rewind_vals(&mut self, storage: &ReadBatch) {
        self.inner.rewind_vals(&storage.batch.0);
    }
}
