//! Batches behind an `Arc`, so that threads other than the worker can read them while merges go on.

use crate::sort::ChunkMerger;
use crate::{RowContainer, Updates};
use differential_dataflow::trace::implementations::merge_batcher::MergeBatcher;
use differential_dataflow::trace::implementations::ord_neu::val_batch::OrdValStorage;
use differential_dataflow::trace::implementations::ord_neu::{OrdValBatch, OrdValBuilder};
use differential_dataflow::trace::implementations::spine_fueled::Spine;
use differential_dataflow::trace::implementations::{BatchContainer, OffsetList};
use differential_dataflow::trace::{Batch, BatchReader, Builder, Description, Merger};
use std::sync::Arc;
use timely::progress::Antichain;
use timely::progress::frontier::AntichainRef;

/// How a batch lays out its updates: keys, values, times, diffs, offsets.
pub type RowLayout = (RowContainer, RowContainer, Vec<u64>, Vec<i64>, OffsetList);
/// The sorted columns of a batch.
pub type RowStorage = OrdValStorage<RowLayout>;
/// The spine that arrangements keep their batches in.
pub type RowSpine = Spine<RowBatch>;
/// Collects packed chunks until a time is complete.
pub type RowBatcher = MergeBatcher<ChunkMerger>;

/// An immutable sorted batch of updates; cheap to clone, `Send` and `Sync`.
#[derive(Clone)]
pub struct RowBatch(pub(crate) Arc<OrdValBatch<RowLayout>>);

const fn assert_shareable<T: Send + Sync>() {}
const _: () = assert_shareable::<RowBatch>();

impl RowBatch {
    /// The sorted columns.
    pub fn storage(&self) -> &RowStorage {
        &self.0.storage
    }

    /// Number of distinct keys.
    pub fn key_count(&self) -> usize {
        self.0.storage.keys.len()
    }

    /// Number of distinct keys and values together.
    pub fn value_count(&self) -> usize {
        self.0.storage.vals.vals.len()
    }

    /// The bytes of its keys and values.
    pub fn byte_count(&self) -> usize {
        self.0.storage.keys.byte_len() + self.0.storage.vals.vals.byte_len()
    }

    /// The key at `index`, in ascending order.
    #[inline]
    pub fn key(&self, index: usize) -> &[u8] {
        self.0.storage.keys.index(index)
    }

    /// The positions of the values of the key at `index`.
    #[inline]
    pub fn values(&self, index: usize) -> (usize, usize) {
        self.0.storage.vals.bounds(index)
    }

    /// The value at a position.
    #[inline]
    pub fn value(&self, position: usize) -> &[u8] {
        self.0.storage.vals.get_abs(position)
    }

    /// Calls `each` with the times and diffs of the value at a position.
    #[inline]
    pub fn updates(&self, position: usize, mut each: impl FnMut(u64, i64)) {
        let (low, high) = self.0.storage.upds.bounds(position);
        for index in low..high {
            let (time, diff) = self.0.storage.upds.get_abs(index);
            each(*time, *diff);
        }
    }

    /// The first key index at or after `start` whose key is not less than `key`; gallops, so that ascending searches
    /// over a batch cost little each.
    pub fn seek(&self, start: usize, key: &[u8]) -> usize {
        let keys = &self.0.storage.keys;
        start + keys.advance(start, keys.len(), |candidate| candidate < key)
    }

    /// The key index of `key`, if it is there.
    pub fn find(&self, key: &[u8]) -> Option<usize> {
        let (mut low, mut high) = (0, self.key_count());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.key(middle) < key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (low < self.key_count() && self.key(low) == key).then_some(low)
    }
}

impl BatchReader for RowBatch {
    type Time = u64;
    fn len(&self) -> usize {
        self.0.len()
    }
    fn description(&self) -> &Description<u64> {
        self.0.description()
    }
}

impl Batch for RowBatch {
    type Merger = RowMerger;
    fn empty(lower: Antichain<u64>, upper: Antichain<u64>) -> Self {
        RowBatch(Arc::new(OrdValBatch::empty(lower, upper)))
    }
}

/// The library's merger behind the `Arc`.
pub struct RowMerger(<OrdValBatch<RowLayout> as Batch>::Merger);

impl Merger<RowBatch> for RowMerger {
    fn new(one: &RowBatch, two: &RowBatch, since: AntichainRef<u64>) -> Self {
        RowMerger(one.0.begin_merge(&two.0, since))
    }
    fn work(&mut self, one: &RowBatch, two: &RowBatch, fuel: &mut isize) {
        self.0.work(&one.0, &two.0, fuel);
    }
    fn done(self) -> RowBatch {
        finish(self.0.done())
    }
}

fn finish(mut batch: OrdValBatch<RowLayout>) -> RowBatch {
    batch.storage.keys.shrink();
    batch.storage.vals.vals.shrink();
    RowBatch(Arc::new(batch))
}

/// Builds a batch from sorted, consolidated [`Updates`].
pub struct RowBuilder(OrdValBuilder<RowLayout, Updates>);

impl Builder for RowBuilder {
    type Input = Updates;
    type Time = u64;
    type Output = RowBatch;
    fn with_capacity(keys: usize, vals: usize, updates: usize) -> Self {
        RowBuilder(OrdValBuilder::with_capacity(keys, vals, updates))
    }
    fn push(&mut self, chunk: &mut Updates) {
        self.0.push(chunk);
    }
    fn done(self, description: Description<u64>) -> RowBatch {
        finish(self.0.done(description))
    }
    fn seal(chain: &mut Vec<Updates>, description: Description<u64>) -> RowBatch {
        chain.retain(|chunk| !chunk.is_empty());
        if chain.is_empty() {
            return RowBatch::empty(description.lower().clone(), description.upper().clone());
        }
        let (keys, vals, updates) =
            <Updates as differential_dataflow::trace::implementations::BuilderInput<
                RowContainer,
                RowContainer,
            >>::key_val_upd_counts(chain);
        let mut builder = Self::with_capacity(keys, vals, updates);
        for mut chunk in chain.drain(..) {
            builder.push(&mut chunk);
        }
        builder.done(description)
    }
}
