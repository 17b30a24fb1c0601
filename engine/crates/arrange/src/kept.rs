//! The arrangement that an operator keeps as its state: what it knows of each key, in batches that can be handed over.

use crate::arrange::{OwnTrace, own_trace};
use crate::{Flow, RowSpine, RowTrace, Shared, Updates, frontier_at, output_batch};
use differential_dataflow::operators::arrange::{TraceAgent, TraceWriter};
use differential_dataflow::trace::TraceReader;
use std::rc::Rc;
use timely::dataflow::operators::generic::OperatorInfo;
use timely::scheduling::Activator;

/// One value of its own for each key. The operator works on a cache of it: where that was not filled from the start
/// ([`was_seeded`](Kept::was_seeded)), what the cache misses may be here.
pub struct Kept {
    agent: TraceAgent<RowSpine>,
    writer: TraceWriter<RowSpine>,
    shared: Rc<Shared>,
    upper: u64,
    /// The seed's upper, or 0.
    floor: u64,
}

impl Kept {
    /// The state of the operator that is being built; `activator` is that operator's. None in a dataflow that runs
    /// [once](Flow::once): there is nobody to hand anything over to.
    pub fn new(flow: &Flow, info: &OperatorInfo, activator: Activator) -> Option<Self> {
        if flow.runs_once() {
            return None;
        }
        let shared = Shared::new();
        let OwnTrace { agent, writer, upper, .. } =
            own_trace(info, activator, flow.next_seed(), &shared, flow.meter());
        flow.record(&RowTrace::live(agent.clone(), shared.clone(), 0, upper));
        Some(Kept { agent, writer, shared, upper, floor: upper })
    }

    /// Updates at times below are in the state that it was seeded with; 0 if it began empty.
    pub fn floor(&self) -> u64 {
        self.floor
    }

    /// Whether it began with contents, so that a cache of it is not complete.
    pub fn was_seeded(&self) -> bool {
        self.floor > 0
    }

    /// Calls `each` with the values of a key and how often they come and go, up to [`advance`](Kept::advance)'s time;
    /// a value may come in parts.
    pub fn find(&self, key: &[u8], mut each: impl FnMut(&[u8], i64)) {
        self.agent.map_batches(|batch| {
            let Some(index) = batch.find(key) else { return };
            let (low, high) = batch.values(index);
            for position in low..high {
                batch.updates(position, |_, diff| each(batch.value(position), diff));
            }
        });
    }

    /// Takes changes in, at times from where it stands and below `to`, and stands there.
    pub fn advance(&mut self, changes: &Updates, to: u64) {
        if to > self.upper {
            let (lower, upper) = (frontier_at(self.upper), frontier_at(to));
            match changes.time_bounds() {
                Some((first, _)) => {
                    self.writer.insert(output_batch(changes, &lower, &upper), Some(first));
                }
                None => self.writer.seal(upper.clone()),
            }
            self.upper = to;
            self.shared.set_upper(to);
            self.agent.set_logical_compaction(upper.borrow());
            self.agent.set_physical_compaction(upper.borrow());
        }
        self.writer.exert();
    }
}
