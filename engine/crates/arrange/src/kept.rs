//! The arrangements that an operator writes itself: its state, what it knows of each key in batches that can be handed over,
//! and what it shows.

use crate::arrange::{OwnTrace, own_trace};
use crate::meter::Gauge;
use crate::{
    Flow, ReadBatch, RowBatch, RowSpine, RowTrace, Seed, Shared, SoleValue, Updates, frontier_at,
    output_batch,
};
use differential_dataflow::operators::arrange::{TraceAgent, TraceWriter};
use differential_dataflow::trace::{BatchReader, TraceReader};
use std::cell::Cell;
use std::rc::Rc;
use timely::dataflow::operators::generic::OperatorInfo;
use timely::scheduling::Activator;

/// Values of an operator's own for each key, in batches that can be handed over.
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

    /// Calls `each` with the least value of a key in each batch that has the key, whether or not others have taken it away.
    pub fn least(&self, key: &[u8], mut each: impl FnMut(&[u8])) {
        self.agent.map_batches(|batch| {
            let Some(index) = batch.find(key) else { return };
            each(batch.value(batch.values(index).0));
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

/// What is behind an operator's hash table of groups, which has one value for each of them.
pub enum Backing {
    /// Nothing: the table has all.
    Nothing,
    /// All that the table has: another dataflow is to start from it.
    Written(Kept),
    /// What the table started from: of a group that it never had, the value may be here.
    Seed(SeededGroups),
}

impl Backing {
    /// That of the operator that is being built; `activator` is that operator's.
    pub fn new(flow: &Flow, info: &OperatorInfo, activator: Activator) -> Self {
        if flow.is_recording() {
            return Kept::new(flow, info, activator).map_or(Backing::Nothing, Backing::Written);
        }
        flow.next_seed().map_or(Backing::Nothing, |seed| Backing::Seed(SeededGroups::new(flow, seed)))
    }

    /// Updates at times below are in the table's values already; 0 if it begins empty.
    pub fn floor(&self) -> u64 {
        match self {
            Backing::Seed(seed) => seed.upper,
            Backing::Nothing | Backing::Written(_) => 0,
        }
    }
}

/// The groups that a table starts from, each with one value.
pub struct SeededGroups {
    batches: Vec<RowBatch>,
    upper: u64,
    /// Those that [`take`](SeededGroups::take) has not given yet, or more.
    left: usize,
    _gauge: Gauge,
}

impl SeededGroups {
    fn new(flow: &Flow, Seed { batches, upper }: Seed) -> Self {
        let mut gauge = Gauge::of(flow.meter());
        gauge.show(batches.iter().map(RowBatch::byte_count).sum());
        SeededGroups { left: batches.iter().map(RowBatch::key_count).sum(), batches, upper, _gauge: gauge }
    }

    /// Whether there was such a group.
    pub fn has(&self, key: &[u8]) -> bool {
        self.batches.iter().any(|batch| batch.find(key).is_some())
    }

    /// The value of a group, which is asked for once.
    pub fn take(&mut self, key: &[u8]) -> Option<&[u8]> {
        let mut sole = SoleValue::default();
        for batch in &self.batches {
            let Some(index) = batch.find(key) else { continue };
            self.left -= 1;
            let (low, high) = batch.values(index);
            sole.add(batch, low, high);
        }
        sole.get()
    }

    /// Whether all groups were taken.
    pub fn is_spent(&self) -> bool {
        self.left == 0
    }
}

/// An operator's output, as the arrangement that its readers want, on the worker where it arises.
pub struct Shown {
    writer: TraceWriter<RowSpine>,
    /// For publishing only.
    watch: TraceAgent<RowSpine>,
    shared: Rc<Shared>,
    merged: Rc<Cell<bool>>,
    upper: u64,
}

impl Shown {
    /// The output of the operator that is being built, and the trace for its readers.
    pub fn new(flow: &Flow, info: &OperatorInfo, activator: Activator) -> (Self, RowTrace) {
        let shared = Shared::new();
        let OwnTrace { agent, writer, watch, upper, merged } =
            own_trace(info, activator, flow.next_seed(), &shared, flow.meter());
        let trace = RowTrace::live(agent, shared.clone(), 0, upper);
        flow.record(&trace);
        (Shown { writer, watch, shared, merged, upper }, trace)
    }

    /// Shows changes, at times from where it stands and below `to`, and stands there. Gives what goes to the readers, at the
    /// first of these times.
    pub fn advance(&mut self, changes: &Updates, to: u64) -> Option<ReadBatch> {
        let mut sent = None;
        if to > self.upper {
            match changes.time_bounds() {
                Some((first, _)) => {
                    // No gate lies inside a batch with rows.
                    if first > self.upper {
                        self.writer.seal(frontier_at(first));
                    }
                    let batch = output_batch(changes, &frontier_at(first), &frontier_at(to));
                    self.writer.insert(batch.clone(), Some(first));
                    sent = Some(batch).filter(|batch| !batch.is_empty()).map(ReadBatch::local);
                }
                None => self.writer.seal(frontier_at(to)),
            }
            self.upper = to;
            self.shared.set_upper(to);
            self.shared.publish(&self.watch);
        }
        self.writer.exert();
        if self.merged.take() {
            self.shared.publish(&self.watch);
        }
        sent
    }
}
