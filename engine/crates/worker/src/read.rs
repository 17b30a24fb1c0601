//! Reading collections off the workers.

use crate::compaction::TooOld;
use crate::runtime::Runtime;
use smallvec::SmallVec;
use std::sync::atomic::Ordering;
use tidewire_arrange::{CollectionSnapshot, ShardedSnapshot, Slot};

/// The snapshots of some collections, mostly of one.
pub type CollectionSnapshots = SmallVec<[CollectionSnapshot; 1]>;

/// Why something can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// There is no such collection.
    Unknown(u64),
    /// It still hydrates.
    NotReady(u64),
    /// The time is not computed yet.
    NotComputed {
        /// What is.
        computed: u64,
    },
    /// The time can't be read any more.
    TooOld(TooOld),
}

impl Runtime {
    /// The collections at a computed time, all at the same. Readable on any thread for as long as they are held.
    pub fn snapshot(&self, ids: &[u64], time: u64) -> Result<CollectionSnapshots, ReadError> {
        let computed = self.computed();
        if time > computed {
            return Err(ReadError::NotComputed { computed });
        }
        let registry = self.registry.read().expect("not poisoned");
        ids.iter()
            .map(|id| {
                let registered = registry
                    .get(id)
                    .filter(|registered| registered.subscription.is_none())
                    .ok_or(ReadError::Unknown(*id))?;
                if !registered.readable.load(Ordering::Acquire) {
                    return Err(ReadError::NotReady(*id));
                }
                let ok = checked(&registered.slots, time, false)?;
                let err = match registered.skips_errors.load(Ordering::Acquire) {
                    true => ok.emptied(),
                    false => checked(&registered.slots, time, true)?,
                };
                Ok(CollectionSnapshot { ok, err })
            })
            .collect()
    }
}

/// Loads a collection's shards, to be read at `time`.
pub(crate) fn shards(slots: &[(Slot, Slot)], time: u64, errors: bool) -> ShardedSnapshot {
    let shards = slots.iter().map(|(ok, err)| if errors { err.load_full() } else { ok.load_full() });
    ShardedSnapshot::new(shards, time)
}

pub(crate) fn checked(slots: &[(Slot, Slot)], time: u64, errors: bool) -> Result<ShardedSnapshot, ReadError> {
    let snapshot = shards(slots, time, errors);
    let oldest = snapshot.since();
    if time < oldest {
        return Err(ReadError::TooOld(TooOld { oldest }));
    }
    Ok(snapshot)
}
