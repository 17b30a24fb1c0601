//! A collection followed in another timely runtime by its shared batches; no operator does any work for it.

use crate::arrange::{OwnTrace, own_trace};
use crate::{Meter, RowBatch, RowSpine, RowTrace, Seed, Shared, Updates, frontier_at, output_batch, time_of};
use differential_dataflow::operators::arrange::TraceWriter;
use differential_dataflow::trace::{Batch, BatchReader};
use std::cell::Cell;
use std::rc::Rc;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::OutputBuilderSession;
use timely::dataflow::operators::generic::operator::source;
use timely::worker::Worker;

/// The writing end of a followed collection.
pub struct Follower {
    writer: TraceWriter<RowSpine>,
    trace: RowTrace,
}

impl Follower {
    /// Starts from what the collection held. `sequenced`: this runtime's last announced time.
    pub fn new(worker: &mut Worker, seed: Seed, sequenced: &Rc<Cell<u64>>) -> Self {
        type Output<'a> = OutputBuilderSession<'a, u64, CapacityContainerBuilder<Vec<u64>>>;
        let shared = Shared::new();
        let mut own = None;
        worker.dataflow::<u64, _, _>(|scope| {
            // Only the owner of an address can own a trace.
            source(scope, "Follower", |_capability: Capability<u64>, info| {
                let activator = scope.activator_for(info.address.clone());
                own = Some(own_trace(&info, activator, Some(seed), &shared, &Meter::default()));
                |_output: &mut Output<'_>| {}
            });
        });
        let OwnTrace { agent, writer, .. } = own.expect("the operator was built");
        shared.enroll(sequenced, None, None);
        Follower { writer, trace: RowTrace::live(agent, shared, 0, 0) }
    }

    /// The collection, to import and to compact.
    pub fn trace(&mut self) -> &mut RowTrace {
        &mut self.trace
    }

    /// Appends what the collection has got since, all at `time`: a backlog becomes one batch, or else every handle on
    /// the trace would make each of its batches cost all the others.
    pub fn append(&mut self, batches: &[RowBatch], time: u64) {
        let Some(last) = batches.last() else { return };
        let mut updates = Updates::new();
        for batch in batches {
            for index in 0..batch.key_count() {
                let (low, high) = batch.values(index);
                for position in low..high {
                    batch.updates(position, |_, diff| {
                        updates.push(batch.key(index), batch.value(position), time, diff);
                    });
                }
            }
        }
        let (lower, upper) = (frontier_at(self.trace.shared().upper()), last.upper().clone());
        let batch = if updates.is_empty() {
            RowBatch::empty(lower, upper.clone())
        } else {
            output_batch(&updates, &lower, &upper)
        };
        self.writer.insert(batch, Some(0));
        self.trace.shared().set_upper(time_of(upper.borrow()));
        self.writer.exert();
    }
}
