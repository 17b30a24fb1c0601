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
    /// Collections at the last announced time, as far as somebody wanted to read them before it was computed.
    pub(super) ahead: HashMap<u64, CollectionSnapshot>,
}

impl Commands {
    /// A later time is announced.
    pub(super) fn sequence(&mut self, time: u64) {
        self.sequenced = time;
        self.ahead.clear();
    }

    /// Forgets writes that are computed; how large they were.
    pub(super) fn forget_through(&mut self, computed: u64) -> usize {
        let later = self.in_flight.split_off(&(computed + 1));
        let forgotten = std::mem::replace(&mut self.in_flight, later);
        forgotten.values().flatten().map(|(_, admitted)| admitted.byte_len()).sum()
    }

    /// To all workers.
    pub(super) fn send(&mut self, command: Command) {
        for (sender, thread) in self.senders.iter().zip(&self.threads) {
            // A worker that is gone has said so by an event.
            let _ = sender.send(command.clone());
            thread.unpark();
        }
    }
}
