//! The batch that flows between operators: a shared batch seen within run-time bounds of time.

use crate::RowBatch;
use differential_dataflow::trace::{BatchReader, Description};
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
