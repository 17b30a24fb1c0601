//! The reduce driver, and grouping by a function of the whole group.

use crate::arrange::{OwnTrace, own_trace};
use crate::staging::storage_of;
use crate::{Arr, Flow, ReadBatch, RowBatch, RowTrace, Shared, Updates, frontier_at, time_of};
use differential_dataflow::operators::arrange::Arranged;
use differential_dataflow::operators::reduce::ReduceTactic;
use differential_dataflow::trace::{BatchReader, Description, TraceReader};
use std::collections::BTreeMap;
use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::Operator;
use timely::progress::Antichain;

/// Reduces an arrangement by a tactic, into an arrangement.
///
/// `retire` is given: the source's batches before the new ones, the output's batches, the new batches, and the interval
/// that it must retire wholly: one output batch with exactly that description, shipped at the held time, nothing
/// withheld. Use [`output_batch`] to make it. Keys are on the same worker as in the source.
pub fn reduce<'s, T>(flow: &Flow, source: Arr<'s>, name: &str, mut tactic: T) -> Arr<'s>
where
    T: ReduceTactic<ReadBatch, RowBatch> + 'static,
{
    let scope = source.stream.scope();
    let mut input_trace = source.trace;
    let shared = Shared::new();
    let seed = flow.next_seed();
    let mut trace = None;
    let stream = source.stream.unary_frontier(Pipeline, name, |_capability, info| {
        let activator = scope.activator_for(info.address.clone());
        let OwnTrace { mut agent, mut writer, watch, mut upper, merged } =
            own_trace(&info, activator, seed, &shared, flow.meter());
        trace = Some(RowTrace::live(agent.clone(), shared.clone(), 0, upper));
        let mut held: Option<Capability<u64>> = None;
        let mut fresh: Vec<ReadBatch> = Vec::new();
        // Where the source's processed batches end. The source is never cut at the gate, which may lie within a
        // merged batch, but here.
        let mut read_to = input_trace.floor().max(upper);
        move |(input, frontier), output| {
            input.for_each(|capability, batches| {
                if held.as_ref().is_none_or(|held| capability.time() < held.time()) {
                    held = Some(capability.retain(0));
                }
                fresh.append(batches);
            });
            // A received batch says by its upper that this worker's source is complete up to there.
            let received = fresh.last().map_or(0, |batch| time_of(batch.upper().borrow()));
            let complete = time_of(frontier.frontier()).max(received);
            // A batch read as of a later time waits for that time.
            let due = held.as_ref().is_none_or(|held| *held.time() < complete);
            if complete > upper && due {
                if let Some(capability) = held.take() {
                    let from = (*capability.time()).max(upper);
                    if from > upper {
                        writer.seal(frontier_at(from));
                    }
                    let before = input_trace
                        .batches_through(frontier_at(read_to).borrow())
                        .expect("cut where processed batches end");
                    let outputs = agent
                        .batches_through(frontier_at(upper).borrow())
                        .expect("cut at the operator's own upper");
                    read_to = received.max(read_to);
                    let (made, withheld) = tactic.retire(
                        before,
                        outputs,
                        std::mem::take(&mut fresh),
                        &frontier_at(from),
                        &frontier_at(complete),
                        &frontier_at(*capability.time()),
                    );
                    assert!(withheld.is_empty(), "a tactic over ordered times withholds nothing");
                    for (time, batch) in made {
                        writer.insert(batch.clone(), Some(time));
                        if !batch.is_empty() {
                            output.session(&capability).give(ReadBatch::local(batch));
                        }
                    }
                }
                let mut processed = frontier_at(read_to);
                input_trace.advance_upper(&mut processed);
                read_to = time_of(processed.borrow());
                writer.seal(frontier_at(complete));
                upper = complete;
                shared.set_upper(complete);
                input_trace.set_logical_compaction(frontier_at(complete).borrow());
                agent.set_logical_compaction(frontier_at(complete).borrow());
                input_trace.set_physical_compaction(frontier_at(read_to).borrow());
                agent.set_physical_compaction(frontier_at(complete).borrow());
                shared.publish(&watch);
            }
            writer.exert();
            if merged.take() {
                shared.publish(&watch);
            }
        }
    });
    let trace = trace.expect("the operator was built");
    flow.record(&trace);
    Arranged { stream, trace }
}

/// The one batch of a [`reduce`] tactic's interval. `updates` come in any order, times within the interval.
pub fn output_batch(updates: &Updates, lower: &Antichain<u64>, upper: &Antichain<u64>) -> RowBatch {
    let description = Description::new(lower.clone(), upper.clone(), frontier_at(0));
    RowBatch::new(storage_of(updates), description)
}

/// Groups by key with a function of the whole group: `logic(key, values with their counts, output)` appends the group's
/// output values to `output` (each once). Not called for empty groups. Counts are not 0, values ascend.
///
/// For functions whose cost is that of the group. Those that need less (min, max, top-k) bring their own tactic.
pub fn reduce_groups<'s, L>(flow: &Flow, source: Arr<'s>, name: &str, logic: L) -> Arr<'s>
where
    L: FnMut(&[u8], &[(&[u8], i64)], &mut Vec<Vec<u8>>) + 'static,
{
    reduce(flow, source, name, Groups(logic))
}

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
                    let mut count = 0;
                    output[batch].updates(position, |_, diff| count += diff);
                    if count != 0 {
                        *current.entry(output[batch].value(position).to_vec()).or_default() += count;
                    }
                }
            });
            times.sort_unstable();
            times.dedup();
            group.sort_unstable();
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
