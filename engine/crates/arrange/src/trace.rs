//! The one trace type: local arrangements, imported ones and snapshots.

use crate::{ReadBatch, Reading, RowBatch, RowSpine, Seed, Shared, Slot, frontier_at, time_of};
use differential_dataflow::operators::arrange::{Arranged, TraceAgent, TraceReplayInstruction};
use differential_dataflow::trace::{Batch, BatchReader, Description, TraceReader};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use timely::progress::Antichain;
use timely::progress::frontier::AntichainRef;
use timely::scheduling::Activator;

/// An arrangement: a stream of batches and the trace that holds them.
pub type Arr<'s> = Arranged<'s, RowTrace>;

/// Batches on their way to a follower.
pub struct BatchQueue(Rc<(Activator, RefCell<VecDeque<TraceReplayInstruction<RowSpine>>>)>);

impl BatchQueue {
    /// What has come since the last call, in the order of time and without a gap.
    pub fn take(&self) -> Vec<RowBatch> {
        let instructions = self.0.1.take();
        let batch = |instruction| match instruction {
            TraceReplayInstruction::Batch(batch, _) => Some(batch),
            TraceReplayInstruction::Frontier(_) => None,
        };
        instructions.into_iter().filter_map(batch).collect()
    }
}

/// A handle on an arrangement's contents that holds compaction back until it is moved or dropped.
#[derive(Clone)]
pub struct RowTrace {
    source: Source,
    shared: Rc<Shared>,
    /// Times below are read as this one.
    as_of: u64,
    /// Batches below are taken as processed already (seeded operators); 0 for none.
    floor: u64,
}

#[derive(Clone)]
enum Source {
    Live(TraceAgent<RowSpine>),
    Frozen(Frozen),
}

/// A snapshot posing as a trace: every batch spans all of its time.
#[derive(Clone)]
struct Frozen {
    batches: Rc<Vec<ReadBatch>>,
    logical: Antichain<u64>,
    physical: Antichain<u64>,
}

impl RowTrace {
    pub(crate) fn live(agent: TraceAgent<RowSpine>, shared: Rc<Shared>, as_of: u64, floor: u64) -> Self {
        RowTrace { source: Source::Live(agent), shared, as_of, floor }
    }

    /// A trace over a snapshot's batches (all shards) at `time`.
    pub(crate) fn frozen(batches: impl Iterator<Item = RowBatch>, time: u64) -> Self {
        let frame = Rc::new(Description::new(frontier_at(0), frontier_at(time + 1), frontier_at(0)));
        let batches = batches.map(|batch| ReadBatch::frozen(batch, time, frame.clone())).collect();
        let shared = Shared::new();
        shared.set_upper(time + 1);
        let source = Source::Frozen(Frozen {
            batches: Rc::new(batches),
            logical: frontier_at(0),
            physical: frontier_at(0),
        });
        RowTrace { source, shared, as_of: time, floor: 0 }
    }

    /// What the operator shares.
    pub fn shared(&self) -> &Rc<Shared> {
        &self.shared
    }

    /// The same arrangement read as of another time, with batches below `floor` taken as processed.
    pub fn reading(&self, as_of: u64, floor: u64) -> Self {
        RowTrace { as_of, floor, ..self.clone() }
    }

    /// Batches below are in the seeds of the dataflow that reads it; 0 where there are none.
    pub fn floor(&self) -> u64 {
        self.floor
    }

    /// Times below are read as this one.
    pub fn as_of(&self) -> u64 {
        self.as_of
    }

    /// All that it holds now, what is in seeds too.
    pub(crate) fn batches(&self) -> Vec<ReadBatch> {
        match &self.source {
            Source::Live(agent) => {
                let mut batches = Vec::new();
                agent.map_batches(|batch| {
                    if !batch.is_empty() {
                        batches.push(ReadBatch::as_of(batch.clone(), self.as_of));
                    }
                });
                batches
            }
            Source::Frozen(frozen) => frozen.batches.as_ref().clone(),
        }
    }

    /// The agent of a live trace.
    pub(crate) fn agent(&mut self) -> Option<&mut TraceAgent<RowSpine>> {
        match &mut self.source {
            Source::Live(agent) => Some(agent),
            Source::Frozen(_) => None,
        }
    }

    /// For an operator that reads the rows of an arrangement whose readers are [watched](Shared::watch_reading): where it
    /// says how many it has read.
    pub(crate) fn counted(&self) -> Option<Arc<Reading>> {
        let reading = self.shared.reading()?.clone();
        let mut rows = 0;
        if let Source::Live(agent) = &self.source {
            agent.map_batches(|batch| rows += batch.value_count());
        }
        reading.expect(rows as u64);
        Some(reading)
    }

    /// The number of batches and of updates in them.
    pub fn size(&self) -> (usize, usize) {
        let (mut batches, mut updates) = (0, 0);
        match &self.source {
            Source::Live(agent) => agent.map_batches(|batch| {
                batches += 1;
                updates += batch.len();
            }),
            Source::Frozen(frozen) => {
                batches = frozen.batches.len();
                updates = frozen.batches.iter().map(BatchReader::len).sum();
            }
        }
        (batches, updates)
    }

    /// Its state, to start another operator from. None for a snapshot.
    pub fn seed(&self) -> Option<Seed> {
        let Source::Live(agent) = &self.source else { return None };
        let mut batches = Vec::new();
        agent.map_batches(|batch| batches.push(batch.clone()));
        Some(Seed { batches, upper: self.shared.upper() })
    }

    /// Gives all batches that it has now and then each new one; `activator` is activated with them.
    pub fn listen(&mut self, activator: Activator) -> Option<BatchQueue> {
        Some(BatchQueue(self.agent()?.new_listener(activator)))
    }

    /// Makes it a collection ([`Shared::enroll`]) and publishes what it holds already.
    pub fn enroll(&self, sequenced: &Rc<Cell<u64>>, as_of: Option<u64>, slot: Slot) {
        self.shared.enroll(sequenced, as_of, Some(slot));
        if let Source::Live(agent) = &self.source
            && self.shared.upper() > 0
        {
            self.shared.publish(agent);
        }
    }

    /// A handle that keeps the batches which come from now on apart, so that the trace can be cut here. Hold it for a
    /// short time only: what is apart costs every reader.
    pub fn pinned(&self) -> Self {
        let mut pinned = self.clone();
        pinned.set_physical_compaction(frontier_at(self.shared.upper()).borrow());
        pinned
    }

    /// Lets the spine merge all that is complete, and forget the difference between times below `since`.
    pub fn compact(&mut self, since: u64) {
        self.set_logical_compaction(frontier_at(since).borrow());
        let upper = self.shared.upper();
        self.set_physical_compaction(frontier_at(upper).borrow());
    }
}

impl TraceReader for RowTrace {
    type Time = u64;
    type Batch = ReadBatch;

    fn batches_through(&mut self, upper: AntichainRef<u64>) -> Option<Vec<ReadBatch>> {
        let as_of = self.as_of;
        match &mut self.source {
            Source::Live(agent) => {
                let batches = agent.batches_through(upper)?;
                Some(batches.into_iter().map(|batch| ReadBatch::as_of(batch, as_of)).collect())
            }
            Source::Frozen(_) if time_of(upper) == 0 => Some(Vec::new()),
            Source::Frozen(frozen) => Some(frozen.batches.as_ref().clone()),
        }
    }

    fn set_logical_compaction(&mut self, frontier: AntichainRef<u64>) {
        match &mut self.source {
            Source::Live(agent) => agent.set_logical_compaction(frontier),
            Source::Frozen(frozen) => frozen.logical = frontier.to_owned(),
        }
    }

    fn get_logical_compaction(&mut self) -> AntichainRef<'_, u64> {
        match &mut self.source {
            Source::Live(agent) => agent.get_logical_compaction(),
            Source::Frozen(frozen) => frozen.logical.borrow(),
        }
    }

    /// Clamped to the trace's own upper: a reader behind the gate is beyond it, and a join that starts later asserts that
    /// physical compaction is not.
    fn set_physical_compaction(&mut self, frontier: AntichainRef<u64>) {
        match &mut self.source {
            Source::Live(agent) => {
                let time = time_of(frontier).min(self.shared.upper());
                agent.set_physical_compaction(frontier_at(time).borrow());
            }
            Source::Frozen(frozen) => frozen.physical = frontier.to_owned(),
        }
    }

    fn get_physical_compaction(&mut self) -> AntichainRef<'_, u64> {
        match &mut self.source {
            Source::Live(agent) => agent.get_physical_compaction(),
            Source::Frozen(frozen) => frozen.physical.borrow(),
        }
    }

    /// A join preloads from here. A seeded one must find an empty `[0, floor)` only: the rest comes by the stream.
    fn map_batches<F: FnMut(&ReadBatch)>(&self, mut f: F) {
        match &self.source {
            Source::Live(_) if self.floor > 0 => {
                let processed = RowBatch::empty(frontier_at(0), frontier_at(self.floor));
                f(&ReadBatch::as_of(processed, self.as_of));
            }
            Source::Live(agent) => {
                agent.map_batches(|batch| f(&ReadBatch::as_of(batch.clone(), self.as_of)));
            }
            Source::Frozen(frozen) => frozen.batches.iter().for_each(f),
        }
    }

    fn advance_upper(&mut self, upper: &mut Antichain<u64>) {
        if let Source::Live(agent) = &self.source {
            agent.map_batches(|batch| {
                if batch.is_empty() && batch.lower() == upper {
                    upper.clone_from(batch.upper());
                }
            });
        }
    }
}
