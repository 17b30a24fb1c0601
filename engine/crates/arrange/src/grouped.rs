//! Arranging and reducing in one operator, for arrangements that only their reduction reads.

use crate::arrange::{OwnTrace, own_trace};
use crate::reduce::Groups;
use crate::staging::Staging;
use crate::{Arr, Flow, ReadBatch, RowBatch, RowStream, RowTrace, Shared, UpdateRef, Updates};
use crate::{frontier_at, hash_row, time_of};
use differential_dataflow::operators::arrange::Arranged;
use differential_dataflow::operators::reduce::ReduceTactic;
use differential_dataflow::trace::BatchReader;
use differential_dataflow::trace::TraceReader;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::channels::pact::ExchangeCore;
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::Operator;

/// Arranges keyed updates, each key on one worker, and reduces the arrangement by a tactic, into an arrangement.
///
/// What [`arrange`](crate::arrange) and [`reduce`](crate::reduce) would do one after the other; here a time that is complete
/// is reduced at once, without waiting for the news of it to come around.
pub fn arrange_reduce<'s, T>(flow: &Flow, stream: RowStream<'s>, name: &str, mut tactic: T) -> Arr<'s>
where
    T: ReduceTactic<ReadBatch, RowBatch> + 'static,
{
    let scope = stream.scope();
    let pact = ExchangeCore::<CapacityContainerBuilder<Updates>, _>::new_core(|update: &UpdateRef<'_>| {
        hash_row(update.key)
    });
    let (source, shared) = (Shared::new(), Shared::new());
    let (source_seed, seed) = (flow.next_seed(), flow.next_seed());
    let mut traces = None;
    let stream = stream.unary_frontier(pact, name, |_capability, info| {
        let activator = || scope.activator_for(info.address.clone());
        let mut input = own_trace(&info, activator(), source_seed, &source, flow.meter());
        let OwnTrace { mut agent, mut writer, watch, mut upper, merged } =
            own_trace(&info, activator(), seed, &shared, flow.meter());
        let floor = upper;
        debug_assert_eq!(input.upper, upper, "both were complete at one time");
        traces = Some([
            RowTrace::live(input.agent.clone(), source.clone(), 0, floor),
            RowTrace::live(agent.clone(), shared.clone(), 0, floor),
        ]);
        let mut staging = Staging::default();
        // The least time of what is staged.
        let mut held: Option<Capability<u64>> = None;
        move |(stream, frontier), output| {
            stream.for_each(|capability, updates| {
                if floor > 0 {
                    updates.retain(|update| update.time >= floor);
                    // A seed that is CLOSED never lets go of what is held.
                    if updates.is_empty() {
                        return;
                    }
                }
                if held.as_ref().is_none_or(|held| capability.time() < held.time()) {
                    held = Some(capability.retain(0));
                }
                staging.push(updates);
            });
            let complete = time_of(frontier.frontier());
            if complete > upper {
                if let Some(capability) = held.take_if(|held| *held.time() < complete) {
                    let from = (*capability.time()).max(upper);
                    if from > upper {
                        input.writer.seal(frontier_at(from));
                        writer.seal(frontier_at(from));
                    }
                    let batch = staging.seal(from, complete);
                    held = staging.least_time().map(|next| capability.delayed(&next));
                    let mut before = Vec::new();
                    input.agent.map_batches(|batch| {
                        if !batch.is_empty() {
                            before.push(ReadBatch::local(batch.clone()));
                        }
                    });
                    let mut outputs = Vec::new();
                    agent.map_batches(|batch| {
                        if !batch.is_empty() {
                            outputs.push(batch.clone());
                        }
                    });
                    input.writer.insert(batch.clone(), Some(*capability.time()));
                    let (made, withheld) = tactic.retire(
                        before,
                        outputs,
                        vec![ReadBatch::local(batch)],
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
                let done = frontier_at(complete);
                input.writer.seal(done.clone());
                writer.seal(done.clone());
                upper = complete;
                source.set_upper(complete);
                shared.set_upper(complete);
                for agent in [&mut input.agent, &mut agent] {
                    agent.set_logical_compaction(done.borrow());
                    agent.set_physical_compaction(done.borrow());
                }
                shared.publish(&watch);
            }
            input.writer.exert();
            writer.exert();
            if merged.take() {
                shared.publish(&watch);
            }
        }
    });
    let [source, trace] = traces.expect("the operator was built");
    flow.record(&source);
    flow.record(&trace);
    Arranged { stream, trace }
}

/// Groups keyed updates with a function of the whole group, as [`reduce_groups`](crate::reduce_groups) does with an
/// arrangement.
pub fn group_by<'s, L>(flow: &Flow, stream: RowStream<'s>, name: &str, logic: L) -> Arr<'s>
where
    L: FnMut(&[u8], &[(&[u8], i64)], &mut Vec<Vec<u8>>) + 'static,
{
    arrange_reduce(flow, stream, name, Groups(logic))
}
