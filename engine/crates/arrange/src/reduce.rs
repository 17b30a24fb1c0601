//! Reductions of arrangements: what they are, what they have in common, and the one by a function of the whole group.

use crate::staging::storage_of;
use crate::{RowBatch, Updates, frontier_at};
use differential_dataflow::trace::Description;
use std::collections::BTreeMap;
use tidewire_row::work::checkpoint;
use timely::progress::Antichain;

/// How the groups of an arrangement are reduced.
pub trait Reduction: 'static {
    /// What changes in the output, in any order, at the times at which `input` changes the source. `source` and `output` are
    /// what both had before.
    fn changes(&mut self, source: &[RowBatch], output: &[RowBatch], input: &RowBatch) -> Updates;
}

/// The batch of an interval. `updates` come in any order, times within the interval.
pub fn output_batch(updates: &Updates, lower: &Antichain<u64>, upper: &Antichain<u64>) -> RowBatch {
    let description = Description::new(lower.clone(), upper.clone(), frontier_at(0));
    RowBatch::new(storage_of(updates), description)
}

/// The reduction of [`group_by`](crate::group_by).
pub(crate) struct Groups<L>(pub(crate) L);

/// Positions in sorted batches, moved to ascending keys.
pub struct KeySeeker {
    positions: Vec<usize>,
}

impl KeySeeker {
    /// At the start of `count` batches.
    pub fn new(count: usize) -> Self {
        KeySeeker { positions: vec![0; count] }
    }

    /// Calls `each(batch index, first value position, end)` for every batch that has `key`. Keys must ascend from call
    /// to call.
    pub fn seek<'b>(
        &mut self,
        batches: impl Iterator<Item = &'b RowBatch>,
        key: &[u8],
        mut each: impl FnMut(usize, usize, usize),
    ) {
        for (index, (batch, position)) in batches.zip(&mut self.positions).enumerate() {
            *position = batch.seek(*position, key);
            if *position < batch.key_count() && batch.key(*position) == key {
                let (low, high) = batch.values(*position);
                each(index, low, high);
            }
        }
    }
}

impl<L> Reduction for Groups<L>
where
    L: FnMut(&[u8], &[(&[u8], i64)], &mut Vec<Vec<u8>>) + 'static,
{
    fn changes(&mut self, source: &[RowBatch], output: &[RowBatch], input: &RowBatch) -> Updates {
        let mut made = Updates::new();
        let mut in_source = KeySeeker::new(source.len());
        let mut in_output = KeySeeker::new(output.len());
        let mut wanted = Vec::new();
        for index in 0..input.key_count() {
            let key = input.key(index);
            let mut group: Vec<(&[u8], u64, i64)> = Vec::new();
            let (low, high) = input.values(index);
            for position in low..high {
                let value = input.value(position);
                input.updates(position, |time, diff| group.push((value, time, diff)));
            }
            let mut times: Vec<u64> = group.iter().map(|(_, time, _)| *time).collect();
            in_source.seek(source.iter(), key, |batch, low, high| {
                for position in low..high {
                    let value = source[batch].value(position);
                    source[batch].updates(position, |time, diff| group.push((value, time, diff)));
                }
            });
            let mut current: BTreeMap<Vec<u8>, i64> = BTreeMap::new();
            in_output.seek(output.iter(), key, |batch, low, high| {
                for position in low..high {
                    let count = output[batch].total(position);
                    if count != 0 {
                        *current.entry(output[batch].value(position).to_vec()).or_default() += count;
                    }
                }
            });
            times.sort_unstable();
            times.dedup();
            group.sort_unstable_by(|a, b| {
                checkpoint();
                a.cmp(b)
            });
            for time in times {
                let values = accumulate(&group, time);
                wanted.clear();
                if !values.is_empty() {
                    (self.0)(key, &values, &mut wanted);
                }
                for count in current.values_mut() {
                    *count = -*count;
                }
                for value in &wanted {
                    *current.entry(value.clone()).or_default() += 1;
                }
                for (value, count) in &current {
                    if *count != 0 {
                        made.push(key, value, time, *count);
                    }
                }
                current.clear();
                for value in wanted.drain(..) {
                    *current.entry(value).or_default() += 1;
                }
            }
        }
        made
    }
}

/// The values of a sorted group with their counts as of `time`.
fn accumulate<'a>(group: &[(&'a [u8], u64, i64)], time: u64) -> Vec<(&'a [u8], i64)> {
    let mut values: Vec<(&[u8], i64)> = Vec::new();
    for (val, at, diff) in group {
        if *at <= time {
            match values.last_mut() {
                Some((last, count)) if last == val => *count += diff,
                _ => values.push((val, *diff)),
            }
        }
    }
    values.retain(|(_, count)| *count != 0);
    values
}
