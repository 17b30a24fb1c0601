//! What all workers together have computed.

use crate::compaction::Compaction;
use crate::{Event, EventSink};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Shared by the workers and the runtime's handle.
pub(crate) struct Progress {
    by_worker: Mutex<Vec<u64>>,
    computed: AtomicU64,
    compaction: Arc<Compaction>,
    sink: Arc<EventSink>,
}

impl Progress {
    pub(crate) fn new(workers: usize, compaction: Arc<Compaction>, sink: Arc<EventSink>) -> Arc<Self> {
        Arc::new(Progress {
            by_worker: Mutex::new(vec![0; workers]),
            computed: AtomicU64::new(0),
            compaction,
            sink,
        })
    }

    pub(crate) fn computed(&self) -> u64 {
        self.computed.load(Ordering::Acquire)
    }

    pub(crate) fn compaction(&self) -> &Arc<Compaction> {
        &self.compaction
    }

    /// A worker has computed everything up to and including `time`.
    pub(crate) fn report(&self, worker: usize, time: u64) {
        let mut by_worker = self.by_worker.lock().expect("not poisoned");
        by_worker[worker] = time;
        let computed = by_worker.iter().copied().min().unwrap_or(0);
        if computed > self.computed() {
            self.computed.store(computed, Ordering::Release);
            self.compaction.computed(computed);
            // Under the lock: completions come in the order of time.
            (self.sink)(Event::Completed(computed));
        }
    }
}
