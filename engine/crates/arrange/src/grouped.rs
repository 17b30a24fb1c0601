//! Arranging and reducing in one operator, for arrangements that only their reduction reads.

use crate::arrange::{OwnTrace, own_trace};
use crate::intake::{Intake, Sealed};
use crate::reduce::{Groups, Reduction, output_batch};
use crate::{Arr, Flow, ReadBatch, RowBatch, RowSpine, RowStream, RowTrace, Shared, UpdateRef, Updates};
use crate::{frontier_at, hash_row, time_of};
use differential_dataflow::operators::arrange::{Arranged, TraceAgent};
use differential_dataflow::trace::BatchReader;
use differential_dataflow::trace::TraceReader;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::channels::pact::ExchangeCore;
use timely::dataflow::operators::generic::Operator;

/// Arranges keyed updates, each key on one worker, and reduces the arrangement into another. A time that is complete is reduced
/// at once, without waiting for the news of it to come around.
pub fn arrange_reduce<'s>(
    flow: &Flow,
    stream: RowStream<'s>,
    name: &str,
    mut reduction: impl Reduction,
) -> Arr<'s> {
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
        debug_assert_eq!(input.upper, upper, "both were complete at one time");
        traces = Some([
            RowTrace::live(input.agent.clone(), source.clone(), 0, upper),
            RowTrace::live(agent.clone(), shared.clone(), 0, upper),
        ]);
        let mut intake = Intake::new(upper);
        move |(stream, frontier), output| {
            stream.for_each(|capability, updates| intake.receive(capability, updates));
            let complete = time_of(frontier.frontier());
            if complete > upper {
                if let Some(Sealed { batch, from, capability }) = intake.seal(upper, complete) {
                    if from > upper {
                        input.writer.seal(frontier_at(from));
                        writer.seal(frontier_at(from));
                    }
                    let changes = reduction.changes(&batches_of(&input.agent), &batches_of(&agent), &batch);
                    input.writer.insert(batch, Some(*capability.time()));
                    let made = output_batch(&changes, &frontier_at(from), &frontier_at(complete));
                    writer.insert(made.clone(), Some(*capability.time()));
                    if !made.is_empty() {
                        output.session(&capability).give(ReadBatch::local(made));
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

/// The batches that have rows.
fn batches_of(agent: &TraceAgent<RowSpine>) -> Vec<RowBatch> {
    let mut batches = Vec::new();
    agent.map_batches(|batch| batches.extend((!batch.is_empty()).then(|| batch.clone())));
    batches
}

/// Groups keyed updates with a function of the whole group: `logic(key, values with their counts, output)` appends the group's
/// output values to `output` (each once). Not called for empty groups. Counts are not 0, values ascend.
///
/// For functions whose cost is that of the group. Those that need less (min, max, top-k) bring their own [`Reduction`].
pub fn group_by<'s, L>(flow: &Flow, stream: RowStream<'s>, name: &str, logic: L) -> Arr<'s>
where
    L: FnMut(&[u8], &[(&[u8], i64)], &mut Vec<Vec<u8>>) + 'static,
{
    arrange_reduce(flow, stream, name, Groups(logic))
}
