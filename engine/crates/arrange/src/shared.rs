//! What an arrangement's operator shares with its readers: how far it is, what is announced, what is published.

use crate::{RowSpine, Snapshot};
use arc_swap::ArcSwap;
use differential_dataflow::operators::arrange::TraceAgent;
use differential_dataflow::trace::{BatchReader, TraceReader};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The `upper` of a collection that never changes again.
pub const CLOSED: u64 = u64::MAX;

/// Where a worker publishes a collection's current snapshot for other threads.
pub type Slot = Arc<ArcSwap<Snapshot>>;

/// A slot for a collection that can be read from `since` on and has published nothing.
pub fn new_slot(since: u64) -> Slot {
    Arc::new(ArcSwap::from_pointee(Snapshot::empty(since)))
}

/// State of one arrangement on one worker. An arrangement inside a dataflow uses `upper` only; one that the catalog
/// knows (a collection) is [`enrolled`](Shared::enroll), and then has a gate and publishes.
#[derive(Default)]
pub struct Shared {
    upper: Cell<u64>,
    /// Announced times at which this collection may change, not yet below `upper`, ascending.
    pending: RefCell<VecDeque<u64>>,
    /// While `upper` is below this, the gate is `upper`: changes below were announced before it existed.
    caught_up_at: Cell<u64>,
    collection: OnceCell<Collection>,
    reading: OnceCell<Arc<Reading>>,
}

/// How far the readers of some arrangements are with what these held at first.
#[derive(Default)]
pub struct Reading {
    done: AtomicU64,
    expected: AtomicU64,
}

impl Reading {
    /// Updates read, of how many; more than that once changes have come.
    pub fn progress(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.expected.load(Ordering::Relaxed))
    }

    /// Another reader will read so much.
    pub(crate) fn expect(&self, updates: u64) {
        self.expected.fetch_add(updates, Ordering::Relaxed);
    }

    /// A reader has read so much more.
    pub(crate) fn read(&self, updates: u64) {
        self.done.fetch_add(updates, Ordering::Relaxed);
    }
}

struct Collection {
    /// The last announced time; one cell for a worker.
    sequenced: Rc<Cell<u64>>,
    /// Below this the collection can't be read: it began here.
    readable_from: u64,
    slot: Option<Slot>,
}

impl Shared {
    /// The state of an arrangement that has seen nothing.
    pub fn new() -> Rc<Self> {
        Rc::default()
    }

    /// Makes it a collection, once: gated by the worker's announcements, and published in `slot`, if it is given.
    ///
    /// `sequenced` is the worker's last announced time. A collection that begins with contents (a view) can be read from
    /// `as_of` on and is behind until its operator has passed everything announced so far; one that begins empty (a
    /// table) passes `None`.
    pub fn enroll(&self, sequenced: &Rc<Cell<u64>>, as_of: Option<u64>, slot: Option<Slot>) {
        if let Some(as_of) = as_of {
            self.caught_up_at.set(sequenced.get().max(as_of) + 1);
        }
        let readable_from = as_of.unwrap_or(0);
        let collection = Collection { sequenced: sequenced.clone(), readable_from, slot };
        assert!(self.collection.set(collection).is_ok(), "an arrangement is enrolled once");
    }

    /// Whether it is a collection already.
    pub fn is_enrolled(&self) -> bool {
        self.collection.get().is_some()
    }

    /// Has those who read it from here on count what they read.
    pub fn watch_reading(&self, reading: &Arc<Reading>) {
        let _ = self.reading.set(reading.clone());
    }

    pub(crate) fn reading(&self) -> Option<&Arc<Reading>> {
        self.reading.get()
    }

    /// Up to which time its operator has processed everything.
    pub fn upper(&self) -> u64 {
        self.upper.get()
    }

    /// Moves `upper`; the operator's alone.
    pub fn set_upper(&self, upper: u64) {
        self.upper.set(upper);
    }

    /// Announces that it may change at `time`. Times come ascending.
    pub fn announce(&self, time: u64) {
        if self.upper.get() == CLOSED {
            return;
        }
        let mut pending = self.pending.borrow_mut();
        debug_assert!(pending.back().is_none_or(|last| *last <= time), "announcements ascend");
        pending.push_back(time);
    }

    /// THE GATE: the content is known at all times below it. It is the operator's own upper, or else the next announced
    /// change, or, when none is announced, everything that has been sequenced.
    pub fn gate(&self) -> u64 {
        let upper = self.upper.get();
        if upper == CLOSED {
            return CLOSED;
        }
        let Some(collection) = self.collection.get() else { return upper };
        if upper < self.caught_up_at.get() {
            return upper;
        }
        let mut pending = self.pending.borrow_mut();
        while pending.front().is_some_and(|time| *time < upper) {
            pending.pop_front();
        }
        upper.max(pending.front().copied().unwrap_or(collection.sequenced.get() + 1))
    }

    /// Puts the trace's batches into the slot, if it is a collection.
    pub(crate) fn publish(&self, agent: &TraceAgent<RowSpine>) {
        let Some((collection, slot)) = self.collection.get().and_then(|c| Some((c, c.slot.as_ref()?))) else {
            return;
        };
        let mut batches = Vec::new();
        let mut since = collection.readable_from;
        agent.map_batches(|batch| {
            since = since.max(crate::time_of(batch.description().since().borrow()));
            if !batch.is_empty() {
                batches.push(batch.clone());
            }
        });
        slot.store(Arc::new(Snapshot::new(batches, since, self.upper.get())));
    }
}
