//! Reading collections off the worker: published snapshots and merging cursors over their batches.

use crate::order::{common_prefix, prefix};
use crate::{RowBatch, shard_of};
use differential_dataflow::trace::BatchReader;
use smallvec::SmallVec;
use std::cmp::Ordering;
use std::ops::ControlFlow;
use std::sync::Arc;

/// What one worker published of a collection. Exact at every time from `since` on that the collection's gate has
/// passed, for as long as it is held.
#[derive(Clone)]
pub struct Snapshot {
    batches: Vec<RowBatch>,
    since: u64,
    upper: u64,
}

impl Snapshot {
    /// Nothing, readable from `since` on.
    pub fn empty(since: u64) -> Self {
        Snapshot { batches: Vec::new(), since, upper: 0 }
    }

    pub(crate) fn new(batches: Vec<RowBatch>, since: u64, upper: u64) -> Self {
        Snapshot { batches, since, upper }
    }

    /// The non-empty batches, oldest first.
    pub fn batches(&self) -> &[RowBatch] {
        &self.batches
    }

    /// The least time at which it can be read.
    pub fn since(&self) -> u64 {
        self.since
    }

    /// How far the operator was when it published.
    pub fn upper(&self) -> u64 {
        self.upper
    }
}

/// A collection at one time: the snapshots of all workers.
#[derive(Clone)]
pub struct ShardedSnapshot {
    shards: SmallVec<[Arc<Snapshot>; 2]>,
    time: u64,
}

/// A collection at one time, with its errors.
#[derive(Clone)]
pub struct CollectionSnapshot {
    /// Its rows, by its layout.
    pub ok: ShardedSnapshot,
    /// Its errors: the error row is the key.
    pub err: ShardedSnapshot,
}

impl ShardedSnapshot {
    /// The shards of a collection, by worker, read at `time`, which the caller has checked.
    pub fn new(shards: impl IntoIterator<Item = Arc<Snapshot>>, time: u64) -> Self {
        ShardedSnapshot { shards: shards.into_iter().collect(), time }
    }

    /// The time at which it is read.
    pub fn time(&self) -> u64 {
        self.time
    }

    /// The same with more batches on top of each shard: a transaction's uncommitted writes.
    pub fn overlaid(&self, batches: &[Vec<RowBatch>]) -> Self {
        let shards = self.shards.iter().zip(batches).map(|(shard, batches)| {
            if batches.iter().all(BatchReader::is_empty) {
                return shard.clone();
            }
            let mut overlaid = shard.as_ref().clone();
            overlaid.batches.extend(batches.iter().filter(|batch| !batch.is_empty()).cloned());
            Arc::new(overlaid)
        });
        ShardedSnapshot { shards: shards.collect(), time: self.time }
    }

    /// The same shards and time without anything in them.
    pub fn emptied(&self) -> Self {
        let empty = |shard: &Arc<Snapshot>| Arc::new(Snapshot::empty(shard.since));
        ShardedSnapshot { shards: self.shards.iter().map(empty).collect(), time: self.time }
    }

    /// The least time at which all shards can be read.
    pub fn since(&self) -> u64 {
        self.shards.iter().map(|shard| shard.since).max().unwrap_or(0)
    }

    /// All batches of all shards.
    pub fn batches(&self) -> impl Iterator<Item = &RowBatch> {
        self.shards.iter().flat_map(|shard| shard.batches.iter())
    }

    /// Upper bound of the number of distinct (key, value) rows: the updates held.
    pub fn update_count(&self) -> usize {
        self.batches().map(BatchReader::len).sum()
    }

    /// The bytes of all keys and values held.
    pub fn byte_count(&self) -> usize {
        self.batches().map(RowBatch::byte_count).sum()
    }

    /// All `(key, value, multiplicity)` in the order of key and value; multiplicities are not 0.
    pub fn cursor(&self) -> SnapshotCursor<'_> {
        let runs = self.batches().map(|batch| Run::range(batch, 0, batch.key_count())).collect();
        SnapshotCursor::new(runs, self.time)
    }

    /// As [`cursor`](Self::cursor), from the first key that is not less than `key`.
    pub fn cursor_from(&self, key: &[u8]) -> SnapshotCursor<'_> {
        let runs =
            self.batches().map(|batch| Run::range(batch, batch.seek(0, key), batch.key_count())).collect();
        SnapshotCursor::new(runs, self.time)
    }

    /// The keys that are less than `end`, or all, from the last to the first, each with its rows.
    pub fn keys_back(&self, end: Option<&[u8]>) -> KeysBack<'_> {
        let ends = self.batches().map(|batch| {
            let end = end.map_or(batch.key_count(), |end| batch.seek(0, end));
            (batch, end)
        });
        KeysBack { ends: ends.collect(), time: self.time }
    }

    /// The rows under `key`, in the order of their values.
    pub fn seek(&self, key: &[u8]) -> SnapshotCursor<'_> {
        let shard = &self.shards[shard_of(key, self.shards.len())];
        let runs = shard
            .batches
            .iter()
            .filter_map(|batch| batch.find(key).map(|index| Run::range(batch, index, index + 1)))
            .collect();
        SnapshotCursor::new(runs, self.time)
    }

    /// The sum of the multiplicities under `key`.
    pub fn count(&self, key: &[u8]) -> i64 {
        self.sum(key, |batch, index| batch.values(index))
    }

    /// The multiplicity of one row.
    pub fn multiplicity(&self, key: &[u8], val: &[u8]) -> i64 {
        self.sum(key, |batch, index| {
            let (low, high) = batch.values(index);
            let position = batch.seek_value(low, high, val);
            let found = position < high && batch.value(position) == val;
            (position, position + usize::from(found))
        })
    }

    /// The sum of the multiplicities of the positions that `range` gives in each batch that has the key, by its index.
    fn sum(&self, key: &[u8], range: impl Fn(&RowBatch, usize) -> (usize, usize)) -> i64 {
        let shard = &self.shards[shard_of(key, self.shards.len())];
        let mut sum = 0i64;
        for batch in &shard.batches {
            let Some(index) = batch.find(key) else { continue };
            let (low, high) = range(batch, index);
            for position in low..high {
                batch.updates(position, |time, diff| {
                    if time <= self.time {
                        sum = sum.wrapping_add(diff);
                    }
                });
            }
        }
        sum
    }

    /// Whether no row has a multiplicity other than 0.
    pub fn is_empty(&self) -> bool {
        self.cursor().next().is_none()
    }

    /// Calls `each` for all rows in order until it breaks.
    pub fn scan<B>(&self, mut each: impl FnMut(&[u8], &[u8], i64) -> ControlFlow<B>) -> ControlFlow<B> {
        for (key, val, diff) in self.cursor() {
            each(key, val, diff)?;
        }
        ControlFlow::Continue(())
    }
}

/// Keys in descending order, each with its rows in the order of their values.
pub struct KeysBack<'a> {
    /// Batches, and where those of their keys end that are still to be read.
    ends: Vec<(&'a RowBatch, usize)>,
    time: u64,
}

impl<'a> Iterator for KeysBack<'a> {
    type Item = (&'a [u8], SnapshotCursor<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let last = |(batch, end): &(&'a RowBatch, usize)| end.checked_sub(1).map(|index| batch.key(index));
        let key = self.ends.iter().filter_map(last).max()?;
        let runs = self.ends.iter_mut().filter(|run| last(run) == Some(key)).map(|(batch, end)| {
            *end -= 1;
            Run::range(batch, *end, *end + 1)
        });
        Some((key, SnapshotCursor::new(runs.collect(), self.time)))
    }
}

/// How far the rows of some runs are alike, so that numbers made of what follows tell most of them apart.
#[derive(Clone, Copy)]
enum Alike {
    /// Their keys begin with so many bytes.
    Keys(usize),
    /// They have one key, and values that begin with so many bytes.
    Values(usize),
}

impl Alike {
    fn of(runs: &[Run<'_>]) -> Self {
        let keys =
            || runs.iter().flat_map(|run| [run.batch.key(run.key_index), run.batch.key(run.key_end - 1)]);
        let common = common_prefix(keys());
        if keys().any(|key| key.len() > common) {
            return Alike::Keys(common);
        }
        let values =
            runs.iter().flat_map(|run| [run.position, run.position_end - 1].map(|at| run.batch.value(at)));
        Alike::Values(common_prefix(values))
    }
}

/// Few: a key that is looked up mostly lies in one batch.
type Runs<'a> = SmallVec<[Run<'a>; 1]>;

/// A range of one sorted batch.
struct Run<'a> {
    batch: &'a RowBatch,
    key_index: usize,
    key_end: usize,
    position: usize,
    position_end: usize,
    alike: Alike,
    /// The head: current key and value, and a number that orders as they do where it differs.
    key: &'a [u8],
    val: &'a [u8],
    number: u128,
}

impl<'a> Run<'a> {
    fn range(batch: &'a RowBatch, key_index: usize, key_end: usize) -> Self {
        let alike = Alike::Keys(0);
        let (key, val): (&[u8], &[u8]) = (&[], &[]);
        let (position, position_end, number) = (0, 0, 0);
        let mut run = Run { batch, key_index, key_end, position, position_end, alike, key, val, number };
        run.load_key();
        run
    }

    fn load_key(&mut self) {
        if self.key_index < self.key_end {
            self.key = self.batch.key(self.key_index);
            if let Alike::Keys(common) = self.alike {
                self.number = prefix(&self.key[common..]);
            }
            (self.position, self.position_end) = self.batch.values(self.key_index);
            self.load_value();
        }
    }

    fn load_value(&mut self) {
        self.val = self.batch.value(self.position);
        if let Alike::Values(common) = self.alike {
            self.number = prefix(&self.val[common..]);
        }
    }

    fn valid(&self) -> bool {
        self.key_index < self.key_end
    }

    fn step(&mut self) {
        self.position += 1;
        if self.position < self.position_end {
            self.load_value();
        } else {
            self.key_index += 1;
            self.load_key();
        }
    }

    /// Its head's place among others'.
    fn compare(&self, other: &Self) -> Ordering {
        self.number.cmp(&other.number).then_with(|| (self.key, self.val).cmp(&(other.key, other.val)))
    }
}

/// Merges sorted runs and adds up multiplicities at one time, without owning a row.
pub struct SnapshotCursor<'a> {
    runs: Runs<'a>,
    /// Which of them are valid, the one with the greatest head first, so that the least is popped from the end.
    order: SmallVec<[u32; 8]>,
    time: u64,
}

impl<'a> SnapshotCursor<'a> {
    fn new(mut runs: Runs<'a>, time: u64) -> Self {
        runs.retain(|run| run.valid());
        let mut order: SmallVec<[u32; 8]> = (0..runs.len() as u32).collect();
        if runs.len() > 1 {
            let alike = Alike::of(&runs);
            for run in &mut runs {
                run.alike = alike;
                run.load_key();
            }
            order.sort_by(|a, b| runs[*b as usize].compare(&runs[*a as usize]));
        }
        SnapshotCursor { runs, order, time }
    }

    /// Brings the last run, whose head moved, to its place.
    fn settle(&mut self) {
        let Some(moved) = self.order.last().map(|last| *last as usize) else { return };
        if !self.runs[moved].valid() {
            self.order.pop();
            return;
        }
        let mut at = self.order.len() - 1;
        while at > 0 && self.runs[moved].compare(&self.runs[self.order[at - 1] as usize]).is_gt() {
            self.order.swap(at, at - 1);
            at -= 1;
        }
    }
}

impl<'a> Iterator for SnapshotCursor<'a> {
    type Item = (&'a [u8], &'a [u8], i64);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let mut least = *self.order.last()? as usize;
            let Run { key, val, number, .. } = self.runs[least];
            let mut count = 0i64;
            loop {
                let run = &mut self.runs[least];
                run.batch.updates(run.position, |time, diff| {
                    if time <= self.time {
                        count = count.wrapping_add(diff);
                    }
                });
                run.step();
                self.settle();
                let Some(next) = self.order.last() else { break };
                least = *next as usize;
                let run = &self.runs[least];
                // A run has a row once.
                if run.number != number || (run.key, run.val) != (key, val) {
                    break;
                }
            }
            if count != 0 {
                return Some((key, val, count));
            }
        }
    }
}
