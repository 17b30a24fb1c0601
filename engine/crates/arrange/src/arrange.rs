//! The arrange driver: from a stream of packed updates to an arrangement.

use crate::intake::{Intake, Sealed};
use crate::{
    Arr, Flow, Meter, ReadBatch, RowSpine, RowStream, RowTrace, Seed, Shared, UpdateRef, Updates,
    frontier_at, hash_row, time_of,
};
use differential_dataflow::operators::arrange::{Arranged, TraceAgent, TraceWriter};
use differential_dataflow::trace::{BatchReader, TraceReader};
use std::cell::Cell;
use std::rc::Rc;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::channels::pact::{ExchangeCore, ParallelizationContract, Pipeline};
use timely::dataflow::operators::generic::{Operator, OperatorInfo};
use timely::progress::frontier::AntichainRef;
use timely::scheduling::Activator;

/// Arranges keyed updates; each key goes to one worker.
///
/// The stream's updates have key and value rows (see [`Updates`]). The arrangement's batches end at the stream's
/// frontier; an empty batch goes up to the first change, so that no gate ever lies inside a batch with rows.
pub fn arrange<'s>(flow: &Flow, stream: RowStream<'s>, name: &str) -> Arr<'s> {
    let pact = ExchangeCore::<CapacityContainerBuilder<Updates>, _>::new_core(|update: &UpdateRef<'_>| {
        hash_row(update.key)
    });
    arrange_with(flow, stream, pact, name)
}

/// Arranges keyed updates that stand on the right worker already (their key was exchanged upstream).
pub fn arrange_local<'s>(flow: &Flow, stream: RowStream<'s>, name: &str) -> Arr<'s> {
    arrange_with(flow, stream, Pipeline, name)
}

/// The parts of an operator that owns a trace.
pub(crate) struct OwnTrace {
    pub(crate) agent: TraceAgent<RowSpine>,
    pub(crate) writer: TraceWriter<RowSpine>,
    /// For publishing only; holds nothing back.
    pub(crate) watch: TraceAgent<RowSpine>,
    /// 0, or the seed's upper.
    pub(crate) upper: u64,
    /// Merges have changed what was published.
    pub(crate) merged: Rc<Cell<bool>>,
}

pub(crate) fn own_trace(
    info: &OperatorInfo,
    activator: Activator,
    seed: Option<Seed>,
    shared: &Rc<Shared>,
    meter: &Meter,
) -> OwnTrace {
    let merged: Rc<Cell<bool>> = Rc::default();
    let spine = RowSpine::telling(Some(activator), merged.clone(), meter);
    let (agent, mut writer) = TraceAgent::new(spine, info.clone(), None);
    let mut upper = 0;
    if let Some(seed) = seed {
        for batch in seed.batches {
            writer.insert(batch, Some(0));
        }
        writer.seal(frontier_at(seed.upper));
        upper = seed.upper;
        shared.set_upper(upper);
    }
    let mut watch = agent.clone();
    watch.set_logical_compaction(AntichainRef::new(&[]));
    watch.set_physical_compaction(AntichainRef::new(&[]));
    OwnTrace { agent, writer, watch, upper, merged }
}

fn arrange_with<'s, P>(flow: &Flow, stream: RowStream<'s>, pact: P, name: &str) -> Arr<'s>
where
    P: ParallelizationContract<u64, Updates>,
{
    let scope = stream.scope();
    let shared = Shared::new();
    let seed = flow.next_seed();
    let mut trace = None;
    let stream = stream.unary_frontier(pact, name, |_capability, info| {
        let activator = scope.activator_for(info.address.clone());
        let OwnTrace { agent, mut writer, watch, mut upper, merged } =
            own_trace(&info, activator, seed, &shared, flow.meter());
        trace = Some(RowTrace::live(agent, shared.clone(), 0, upper));
        let mut intake = Intake::new(upper);
        move |(input, frontier), output| {
            input.for_each(|capability, updates| intake.receive(capability, updates));
            let complete = time_of(frontier.frontier());
            if complete > upper {
                match intake.seal(upper, complete) {
                    Some(Sealed { batch, from, capability }) => {
                        if from > upper {
                            writer.seal(frontier_at(from));
                        }
                        writer.insert(batch.clone(), Some(*capability.time()));
                        if !batch.is_empty() {
                            output.session(&capability).give(ReadBatch::local(batch));
                        }
                    }
                    None => writer.seal(frontier_at(complete)),
                }
                upper = complete;
                shared.set_upper(complete);
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
