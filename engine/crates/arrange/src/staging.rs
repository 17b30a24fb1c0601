//! Keyed updates on their way into a batch.

use crate::order::{common_prefix, prefix};
use crate::sort::{by_data, consolidated, sorted_indexes};
use crate::{RowBatch, RowStorage, StorageBuilder, UpdateRef, Updates, frontier_at};
use differential_dataflow::trace::Description;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use tidewire_row::work::checkpoint;

/// At this size what has come is sorted into a run. What a source commits at once is less: it is sorted straight into its
/// batch.
const RUN_BYTES: usize = 16 << 20;
const RUN_UPDATES: usize = 1 << 18;

/// Updates that wait until their time is complete.
#[derive(Default)]
pub struct Staging {
    /// As it came.
    open: Updates,
    /// Sorted and consolidated.
    runs: Vec<Updates>,
}

impl Staging {
    /// Takes the updates; leaves the container empty.
    pub fn push(&mut self, updates: &mut Updates) {
        if self.open.is_empty() {
            std::mem::swap(&mut self.open, updates);
        } else {
            self.open.append(updates);
        }
        updates.clear();
        if self.open.len() >= RUN_UPDATES || self.open.byte_len() >= RUN_BYTES {
            self.close_run();
        }
    }

    fn close_run(&mut self) {
        let run = consolidated(&self.open);
        self.open.release();
        if !run.is_empty() {
            self.runs.push(run);
        }
    }

    /// Takes out what is before `upper`, as the batch from `lower` on.
    pub fn seal(&mut self, lower: u64, upper: u64) -> RowBatch {
        let description = Description::new(frontier_at(lower), frontier_at(upper), frontier_at(0));
        RowBatch::new(self.take(upper), description)
    }

    fn take(&mut self, upper: u64) -> RowStorage {
        if self.runs.is_empty() && self.open.time_bounds().is_none_or(|(_, greatest)| greatest < upper) {
            let storage = storage_of(&self.open);
            self.open.release();
            return storage;
        }
        self.close_run();
        let mut ready = Vec::new();
        for run in &mut self.runs {
            ready.push(run.take_before(upper));
        }
        self.runs.retain(|run| !run.is_empty());
        merged(&ready)
    }

    /// The least time of what waits.
    pub fn least_time(&self) -> Option<u64> {
        let containers = self.runs.iter().chain([&self.open]);
        containers.filter_map(|updates| updates.time_bounds()).map(|(least, _)| least).min()
    }
}

/// The columns of updates that come in any order.
pub fn storage_of(updates: &Updates) -> RowStorage {
    let mut columns = Columns::new([updates]);
    for index in sorted_indexes(updates) {
        checkpoint();
        columns.push(updates.get(index as usize));
    }
    columns.done()
}

/// The columns of sorted runs.
fn merged(runs: &[Updates]) -> RowStorage {
    let mut columns = Columns::new(runs);
    let ends = runs
        .iter()
        .filter(|run| !run.is_empty())
        .flat_map(|run| [0, run.len() - 1].map(|end| run.get(end).key));
    let common = common_prefix(ends);
    let mut heap: BinaryHeap<Head<'_>> = runs.iter().filter_map(|run| Head::at(run, 0, common)).collect();
    while let Some(mut least) = heap.peek_mut() {
        checkpoint();
        columns.push(least.update);
        match Head::at(least.run, least.index + 1, common) {
            Some(next) => *least = next,
            None => {
                std::collections::binary_heap::PeekMut::pop(least);
            }
        }
    }
    columns.done()
}

/// A run's next update. The least is the greatest in a heap.
struct Head<'a> {
    prefix: u128,
    update: UpdateRef<'a>,
    run: &'a Updates,
    index: usize,
}

impl<'a> Head<'a> {
    /// The update at `index`; all keys begin with the same `common` bytes.
    fn at(run: &'a Updates, index: usize, common: usize) -> Option<Self> {
        (index < run.len()).then(|| {
            let update = run.get(index);
            Head { prefix: prefix(&update.key[common..]), update, run, index }
        })
    }
}

impl Ord for Head<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.prefix.cmp(&self.prefix).then_with(|| by_data(&other.update, &self.update))
    }
}

impl PartialOrd for Head<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head<'_> {}

/// Groups sorted updates into keys and values.
struct Columns<'a> {
    builder: StorageBuilder,
    open: Option<(&'a [u8], &'a [u8])>,
}

impl<'a> Columns<'a> {
    fn new(sources: impl IntoIterator<Item = &'a Updates>) -> Self {
        let (mut key_bytes, mut value_bytes) = (0, 0);
        for update in sources.into_iter().flat_map(Updates::iter) {
            key_bytes += update.key.len();
            value_bytes += update.val.len();
        }
        Columns { builder: StorageBuilder::with_capacity(key_bytes, value_bytes), open: None }
    }

    #[inline]
    fn push(&mut self, update: UpdateRef<'a>) {
        match self.open {
            Some((key, val)) if key == update.key && val == update.val => {}
            Some((key, val)) if key == update.key => self.builder.end_value(val),
            Some((key, val)) => {
                self.builder.end_value(val);
                self.builder.end_key(key);
            }
            None => {}
        }
        self.open = Some((update.key, update.val));
        self.builder.update(update.time, update.diff);
    }

    fn done(mut self) -> RowStorage {
        if let Some((key, val)) = self.open {
            self.builder.end_value(val);
            self.builder.end_key(key);
        }
        self.builder.done()
    }
}
