//! What workers are told, in one order.

use crate::check::Admitted;
use crate::command::Command;
use crossbeam_channel::Sender;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::thread::Thread;
use tidewire_arrange::CollectionSnapshot;

/// The way to the workers, and what was announced to them and is not computed yet.
pub(super) struct Commands {
    pub(super) senders: Vec<Sender<Command>>,
    pub(super) threads: Vec<Thread>,
    pub(super) sequenced: u64,
    /// Writes announced after what was computed when they were last pruned: by time and collection.
    pub(super) in_flight: BTreeMap<u64, Vec<(u64, Arc<Admitted>)>>,
    /// Collections that somebody wanted to read before they were computed.
    pub(super) ahead: HashMap<u64, Ahead>,
    /// So many groups were announced without waking the workers, since these were woken last.
    pub(super) untold: usize,
    /// The workers were woken since somebody asked last.
    pub(super) woken: bool,
}

/// A collection ahead of what is computed.
pub(super) struct Ahead {
    pub(super) snapshot: CollectionSnapshot,
    /// All that is announced up to this time is in it.
    pub(super) through: u64,
    /// How many announced groups are on top of what was computed.
    pub(super) groups: usize,
}

impl Commands {
    /// Forgets writes that are computed; how large they were.
    pub(super) fn forget_through(&mut self, computed: u64) -> usize {
        let later = self.in_flight.split_off(&(computed + 1));
        let forgotten = std::mem::replace(&mut self.in_flight, later);
        // What it lacks is not known any more; and it would keep batches that are merged since.
        self.ahead.retain(|_, ahead| ahead.through >= computed);
        forgotten.values().flatten().map(|(_, admitted)| admitted.byte_len()).sum()
    }

    /// To all workers.
    pub(super) fn send(&mut self, command: Command) {
        self.leave(command);
        self.wake();
    }

    /// To all workers, which find it when they look next: one that sleeps sleeps on.
    pub(super) fn leave(&mut self, command: Command) {
        for sender in &self.senders {
            // A worker that is gone has said so by an event.
            let _ = sender.send(command.clone());
        }
        self.untold += 1;
    }

    pub(super) fn wake(&mut self) {
        self.threads.iter().for_each(Thread::unpark);
        self.untold = 0;
        self.woken = true;
    }
}
