//! A transaction's own writes to one collection, as its statements see them on top of the collection's snapshot.

use crate::{Splitter, WriteSet};
use differential_dataflow::trace::BatchReader;
use tidewire_arrange::{RowBatch, ShardedSnapshot, Updates, frontier_at, output_batch, shard_of};

/// Sorted batches by worker, each at least twice as large as the next: what a statement wrote is sorted once, and merged
/// a logarithmic number of times, however many statements follow.
#[derive(Clone, Default)]
pub struct Overlay {
    /// How many rows of the write set are in it.
    seen: usize,
    shards: Vec<Vec<RowBatch>>,
}

impl Overlay {
    /// How many rows of the write set are in it.
    pub fn seen(&self) -> usize {
        self.seen
    }

    /// The updates held.
    pub fn update_count(&self) -> usize {
        self.shards.iter().flatten().map(BatchReader::len).sum()
    }

    /// Takes in what was written since the last call.
    pub(crate) fn extend(
        &mut self,
        writes: &WriteSet,
        splitter: &dyn Splitter,
        workers: usize,
    ) -> Result<(), String> {
        let rows = writes.rows();
        if self.seen > rows.len() {
            // Other writes than those that it was made from.
            *self = Overlay::default();
        }
        self.shards.resize_with(workers, Vec::new);
        let mut parts = vec![Updates::new(); workers];
        let mut scratch = Vec::new();
        for index in self.seen..rows.len() {
            let update = rows.get(index);
            scratch.clear();
            let key_len = splitter.split(update.val, &mut scratch)?;
            let (key, val) = scratch.split_at(key_len);
            // At the least time: the writes are there whenever the statement reads.
            parts[shard_of(key, workers)].push(key, val, 0, update.diff);
        }
        self.seen = rows.len();
        for (shard, part) in self.shards.iter_mut().zip(parts) {
            if !part.is_empty() {
                shard.push(batch(&part));
                while let [.., larger, smaller] = &shard[..]
                    && larger.len() < 2 * smaller.len()
                {
                    let merged = merged(larger, smaller);
                    shard.truncate(shard.len() - 2);
                    shard.push(merged);
                }
            }
        }
        Ok(())
    }

    /// The snapshot with the writes on top.
    pub(crate) fn on(&self, snapshot: &ShardedSnapshot) -> ShardedSnapshot {
        snapshot.overlaid(&self.shards)
    }
}

/// One batch of updates at the least time.
pub(crate) fn batch(updates: &Updates) -> RowBatch {
    output_batch(updates, &frontier_at(0), &frontier_at(1))
}

fn merged(one: &RowBatch, two: &RowBatch) -> RowBatch {
    let mut updates = Updates::with_capacity(one.len() + two.len(), one.byte_count() + two.byte_count());
    for batch in [one, two] {
        for index in 0..batch.key_count() {
            let (low, high) = batch.values(index);
            for position in low..high {
                batch.updates(position, |time, diff| {
                    updates.push(batch.key(index), batch.value(position), time, diff);
                });
            }
        }
    }
    batch(&updates)
}
