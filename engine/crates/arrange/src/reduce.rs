//! Grouping by a function of the whole group, and what tactics of reductions have in common.

use crate::staging::storage_of;
use crate::{ReadBatch, RowBatch, Updates, frontier_at, time_of};
use differential_dataflow::operators::reduce::ReduceTactic;
use differential_dataflow::trace::Description;
use std::collections::BTreeMap;
use tidewire_row::work::checkpoint;
use timely::progress::Antichain;

/// The one batch of a tactic's interval. `updates` come in any order, times within the interval.
pub fn output_batch(updates: &Updates, lower: &Antichain<u64>, upper: &Antichain<u64>) -> RowBatch {
    let description = Description::new(lower.clone(), upper.clone(), frontier_at(0));
    RowBatch::new(storage_of(updates), description)
}

/// The tactic of [`group_by`](crate::group_by).
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

/// The distinct keys of sorted batches, ascending.
pub fn distinct_keys(batches: &[ReadBatch]) -> Vec<&[u8]> {
    let mut keys: Vec<&[u8]> = batches
        .iter()
        .flat_map(|batch| (0..batch.rows().key_count()).map(|index| batch.rows().key(index)))
        .collect();
    if batches.len() > 1 {
        keys.sort_unstable();
        keys.dedup();
    }
    keys
}

impl<L> ReduceTactic<ReadBatch, RowBatch> for Groups<L>
where
    L: FnMut(&[u8], &[(&[u8], i64)], &mut Vec<Vec<u8>>),
{
    fn retire(
        &mut self,
        source: Vec<ReadBatch>,
        output: Vec<RowBatch>,
        input: Vec<ReadBatch>,
        lower: &Antichain<u64>,
        upper: &Antichain<u64>,
        held: &Antichain<u64>,
    ) -> (Vec<(u64, RowBatch)>, Antichain<u64>) {
        let mut made = Updates::new();
        let mut in_source = KeySeeker::new(source.len());
        let mut in_input = KeySeeker::new(input.len());
        let mut in_output = KeySeeker::new(output.len());
        let mut wanted = Vec::new();
        for key in distinct_keys(&input) {
            let mut group: Vec<(&[u8], u64, i64)> = Vec::new();
            let mut times: Vec<u64> = Vec::new();
            in_input.seek(input.iter().map(ReadBatch::rows), key, |batch, low, high| {
                for position in low..high {
                    let val = input[batch].rows().value(position);
                    input[batch].updates(position, |time, diff| {
                        times.push(time);
                        group.push((val, time, diff));
                    });
                }
            });
            in_source.seek(source.iter().map(ReadBatch::rows), key, |batch, low, high| {
                for position in low..high {
                    let val = source[batch].rows().value(position);
                    source[batch].updates(position, |time, diff| group.push((val, time, diff)));
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
        let time = held.first().copied().unwrap_or_else(|| time_of(lower.borrow()));
        (vec![(time, output_batch(&made, lower, upper))], Antichain::new())
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
