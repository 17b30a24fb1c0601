//! Where an arrangement keeps its batches.

use crate::merge::Merge;
use crate::meter::{Gauge, Meter};
use crate::{RowBatch, time_of};
use differential_dataflow::logging::Logger;
use differential_dataflow::trace::{Batch, BatchReader, ExertionLogic, Trace, TraceReader};
use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};
use timely::PartialOrder;
use timely::dataflow::operators::generic::OperatorInfo;
use timely::progress::Antichain;
use timely::progress::frontier::AntichainRef;
use timely::scheduling::Activator;

/// Batches of less weight than this are of the lowest tier.
const LEAST_WEIGHT: usize = 8 << 10;
/// So many of the lowest tier are merged: a commit of a row must not write all others of its tier again.
const LEAST_FULL_AT: usize = 8;
/// Tiers up to this weight merge two batches, so that look-ups after small commits meet few of them; from here on four, so
/// that the bytes of a load are copied half as often.
const PAIRS_UP_TO: usize = 1 << 20;
/// Merges of less weight are done at once.
const AT_ONCE: usize = 64 << 10;
/// How much faster merges go than batches come.
const EFFORT: usize = 2;
/// Fuel for one idle step.
const IDLE_FUEL: isize = 32 << 10;
/// When no batch has come for so long, what is gone is taken out of memory, if that is worth while:
const QUIET: Duration = Duration::from_secs(2);
/// one of so many updates takes something away.
const UPDATES_PER_RETRACTION: usize = 16;

/// Batches in the order of time, in tiers of weight: when enough of a tier stand side by side, they are merged into one of
/// a higher tier, in steps that are paid for by the batches that come, and when idle.
///
/// The library's contract holds: batches are merged only below the physical frontier, times become indistinguishable
/// only below the logical one.
pub struct RowSpine {
    logical: Antichain<u64>,
    physical: Antichain<u64>,
    /// Oldest first, all below the physical frontier.
    entries: Vec<Entry>,
    /// Not yet below it.
    pending: VecDeque<RowBatch>,
    upper: Antichain<u64>,
    activator: Option<Activator>,
    /// When the last batch with updates came, and when it is to be looked whether others have come since; None when that was done.
    quiet: Option<Quiet>,
    /// Set when merges changed which batches there are.
    merged: Rc<Cell<bool>>,
    gauge: Gauge,
}

struct Quiet {
    since: Instant,
    look_at: Instant,
    /// Up to where there are updates.
    upper: u64,
}

enum Entry {
    Batch(RowBatch),
    Merging(Box<Merge>),
}

impl RowSpine {
    /// An empty spine that says in `merged` when what was published of it is out of date, counted by `meter`.
    pub fn telling(activator: Option<Activator>, merged: Rc<Cell<bool>>, meter: &Meter) -> Self {
        RowSpine {
            logical: Antichain::from_elem(0),
            physical: Antichain::from_elem(0),
            entries: Vec::new(),
            pending: VecDeque::new(),
            upper: Antichain::from_elem(0),
            activator,
            quiet: None,
            merged,
            gauge: Gauge::of(meter),
        }
    }

    fn weigh(&mut self) {
        let mut bytes = self.pending.iter().map(weight).sum();
        self.each(|batch| bytes += weight(batch));
        self.gauge.show(bytes);
    }

    /// Takes in the pending batches that may be merged.
    fn admit(&mut self) {
        while let Some(batch) = self.pending.front()
            && PartialOrder::less_equal(batch.upper(), &self.physical)
        {
            let batch = self.pending.pop_front().expect("it is there");
            if batch.is_empty() {
                self.admit_empty(batch);
                continue;
            }
            let fuel = (weight(&batch).max(LEAST_WEIGHT) * EFFORT) as isize;
            self.entries.push(Entry::Batch(batch));
            self.plan();
            self.work(fuel);
        }
    }

    /// Time that passes without updates is added to the batch before.
    fn admit_empty(&mut self, batch: RowBatch) {
        match self.entries.pop() {
            Some(Entry::Batch(last)) => self.entries.push(Entry::Batch(last.extended(batch.upper()))),
            Some(Entry::Merging(mut merge)) => {
                merge.extend(batch.upper());
                self.entries.push(Entry::Merging(merge));
            }
            None => self.entries.push(Entry::Batch(batch)),
        }
    }

    /// Starts the merges that are due among the newest batches.
    fn plan(&mut self) {
        while let Some(start) = self.due() {
            let batches: Vec<RowBatch> = self
                .entries
                .drain(start..)
                .map(|entry| match entry {
                    Entry::Batch(batch) => batch,
                    Entry::Merging(_) => unreachable!("only settled batches are due"),
                })
                .collect();
            let total: usize = batches.iter().map(weight).sum();
            let mut merge = Merge::new(batches, time_of(self.logical.borrow()));
            if total >= AT_ONCE {
                self.entries.push(Entry::Merging(Box::new(merge)));
                return;
            }
            merge.work(&mut { isize::MAX });
            self.entries.push(Entry::Batch(merge.done()));
            self.merged.set(true);
        }
    }

    /// From which entry on the newest batches should become one: they begin with a tier that is full.
    fn due(&self) -> Option<usize> {
        let mut highest = 0;
        let mut count = 0;
        for (index, entry) in self.entries.iter().enumerate().rev() {
            let Entry::Batch(batch) = entry else { return None };
            let (tier, full_at) = tier(weight(batch));
            if tier > highest {
                (highest, count) = (tier, 0);
            }
            if tier == highest {
                count += 1;
                if count >= full_at {
                    return Some(index);
                }
            }
        }
        None
    }

    /// Gives every merge fuel.
    fn work(&mut self, fuel: isize) {
        let mut done = false;
        for entry in &mut self.entries {
            if let Entry::Merging(merge) = entry
                && merge.work(&mut { fuel })
            {
                let Entry::Merging(merge) = std::mem::replace(entry, Entry::Batch(empty())) else {
                    unreachable!()
                };
                *entry = Entry::Batch(merge.done());
                done = true;
            }
        }
        if done {
            self.merged.set(true);
            // What adds up to nothing leaves time only.
            let entries = std::mem::take(&mut self.entries);
            for entry in entries {
                match entry {
                    Entry::Batch(batch) if batch.is_empty() => self.admit_empty(batch),
                    entry => self.entries.push(entry),
                }
            }
            self.plan();
        }
    }

    /// A batch with updates before `upper` has come.
    fn disturb(&mut self, upper: u64) {
        let since = Instant::now();
        match (&mut self.quiet, &self.activator) {
            (Some(quiet), _) => (quiet.since, quiet.upper) = (since, upper),
            (None, Some(activator)) => {
                self.quiet = Some(Quiet { since, look_at: since + QUIET, upper });
                activator.activate_after(QUIET);
            }
            (None, None) => {}
        }
    }

    /// Where it has been quiet for long, times are told apart no more, and much adds up to nothing, all batches become one.
    fn settle(&mut self) {
        let (Some(quiet), Some(activator)) = (&mut self.quiet, &self.activator) else { return };
        let now = Instant::now();
        if now < quiet.look_at {
            return;
        }
        let is_compacted = time_of(self.logical.borrow()).saturating_add(1) >= quiet.upper;
        quiet.look_at = if is_compacted { quiet.since } else { now } + QUIET;
        if now < quiet.look_at {
            activator.activate_after(quiet.look_at - now);
            return;
        }
        self.quiet = None;
        let (mut updates, mut retractions) = (0, 0);
        self.each(|batch| {
            updates += batch.len();
            retractions += batch.retraction_count();
        });
        if retractions > 0 && retractions >= updates / UPDATES_PER_RETRACTION {
            let batches = self.entries.drain(..).flat_map(|entry| match entry {
                Entry::Batch(batch) => vec![batch],
                // It begins anew.
                Entry::Merging(merge) => merge.batches().cloned().collect(),
            });
            let merge = Merge::new(batches.collect(), time_of(self.logical.borrow()));
            self.entries.push(Entry::Merging(Box::new(merge)));
        }
    }

    fn is_merging(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry, Entry::Merging(_)))
    }

    fn each(&self, mut each: impl FnMut(&RowBatch)) {
        for entry in &self.entries {
            match entry {
                Entry::Batch(batch) => each(batch),
                Entry::Merging(merge) => merge.batches().for_each(&mut each),
            }
        }
    }
}

fn empty() -> RowBatch {
    RowBatch::empty(Antichain::from_elem(0), Antichain::from_elem(0))
}

/// What a batch is to be merged for: about its bytes.
fn weight(batch: &RowBatch) -> usize {
    batch.byte_count() + 8 * batch.len()
}

/// The tier of a weight, and how many batches make it full.
fn tier(weight: usize) -> (u32, usize) {
    let pairs = |weight: usize| (weight / LEAST_WEIGHT).max(1).ilog2();
    if weight < LEAST_WEIGHT {
        (0, LEAST_FULL_AT)
    } else if weight < PAIRS_UP_TO {
        (1 + pairs(weight), 2)
    } else {
        (1 + pairs(PAIRS_UP_TO) + (weight / PAIRS_UP_TO).ilog2() / 2, 4)
    }
}

impl TraceReader for RowSpine {
    type Time = u64;
    type Batch = RowBatch;

    fn batches_through(&mut self, upper: AntichainRef<u64>) -> Option<Vec<RowBatch>> {
        let mut batches = Vec::new();
        if time_of(upper) == 0 {
            return Some(batches);
        }
        assert!(
            PartialOrder::less_equal(&self.physical.borrow(), &upper),
            "a trace is not cut below its physical frontier"
        );
        self.each(|batch| {
            if !batch.is_empty() {
                batches.push(batch.clone());
            }
        });
        for batch in self.pending.iter().filter(|batch| !batch.is_empty()) {
            if PartialOrder::less_equal(&batch.upper().borrow(), &upper) {
                batches.push(batch.clone());
            } else {
                assert!(
                    PartialOrder::less_equal(&upper, &batch.lower().borrow()),
                    "a trace is not cut within a batch"
                );
            }
        }
        Some(batches)
    }

    fn set_logical_compaction(&mut self, frontier: AntichainRef<u64>) {
        self.logical = frontier.to_owned();
    }
    fn get_logical_compaction(&mut self) -> AntichainRef<'_, u64> {
        self.logical.borrow()
    }

    fn set_physical_compaction(&mut self, frontier: AntichainRef<u64>) {
        debug_assert!(PartialOrder::less_equal(&self.physical.borrow(), &frontier), "it never goes back");
        self.physical = frontier.to_owned();
        self.admit();
    }
    fn get_physical_compaction(&mut self) -> AntichainRef<'_, u64> {
        self.physical.borrow()
    }

    fn map_batches<F: FnMut(&RowBatch)>(&self, mut each: F) {
        self.each(&mut each);
        self.pending.iter().for_each(each);
    }
}

impl Trace for RowSpine {
    fn new(_info: OperatorInfo, _logger: Option<Logger>, activator: Option<Activator>) -> Self {
        Self::telling(activator, Rc::default(), &Meter::default())
    }

    /// Merges go on while there is nothing else to do.
    fn exert(&mut self) {
        self.settle();
        if !self.is_merging() {
            return;
        }
        self.work(IDLE_FUEL);
        self.weigh();
        if self.is_merging()
            && let Some(activator) = &self.activator
        {
            activator.activate();
        }
    }

    /// The effort is the spine's own.
    fn set_exert_logic(&mut self, _logic: ExertionLogic) {}

    fn insert(&mut self, batch: RowBatch) {
        assert!(batch.lower() != batch.upper(), "a batch spans time");
        assert_eq!(batch.lower(), &self.upper, "batches follow each other");
        self.upper.clone_from(batch.upper());
        if !batch.is_empty() {
            self.disturb(time_of(batch.upper().borrow()));
        }
        self.pending.push_back(batch);
        self.admit();
        self.weigh();
    }

    fn close(&mut self) {
        if !self.upper.is_empty() {
            self.insert(RowBatch::empty(self.upper.clone(), Antichain::new()));
        }
    }
}
