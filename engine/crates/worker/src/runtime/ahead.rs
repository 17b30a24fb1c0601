//! Collections ahead of what is computed. What is written to is known as soon as it is announced: who reads nothing else
//! need not wait for the views.

use crate::overlay::batch;
use crate::read::{CollectionSnapshots, ReadError, checked};
use crate::runtime::Runtime;
use crate::runtime::commands::Commands;
use tidewire_arrange::{CollectionSnapshot, RowBatch, Updates, shard_of};

/// Of more bytes that are announced and not computed nobody makes a snapshot.
const MOST_BYTES: usize = 1 << 20;

impl Runtime {
    /// Collections that are written to, at the last announced time, which need not be computed.
    pub fn snapshot_ahead(&self, ids: &[u64], time: u64) -> Result<CollectionSnapshots, ReadError> {
        let mut commands = self.commands();
        // What is announced is pruned by what was computed before this.
        let computed = self.computed();
        if time <= computed {
            drop(commands);
            return self.snapshot(ids, time);
        }
        if time != commands.sequenced {
            return Err(ReadError::NotComputed { computed });
        }
        let registry = self.registry.read().expect("not poisoned");
        let Commands { in_flight, ahead: known, .. } = &mut *commands;
        let mut snapshots = CollectionSnapshots::with_capacity(ids.len());
        for id in ids {
            if let Some(snapshot) = known.get(id) {
                snapshots.push(snapshot.clone());
                continue;
            }
            let registered = registry.get(id).ok_or(ReadError::Unknown(*id))?;
            if registered.writable.is_none() {
                return Err(ReadError::NotComputed { computed });
            }
            let announced = in_flight.range(computed + 1..).flat_map(|(_, admitted)| admitted);
            let announced = announced.filter(|(other, _)| other == id);
            if announced.clone().map(|(_, admitted)| admitted.byte_len()).sum::<usize>() > MOST_BYTES {
                return Err(ReadError::NotComputed { computed });
            }
            let mut parts = vec![Updates::new(); self.workers];
            for (_, admitted) in announced {
                admitted.with_sorted(|sorted| {
                    for update in sorted.iter() {
                        // At the least time, as what is on top of a snapshot is.
                        let part = &mut parts[shard_of(update.key, self.workers)];
                        part.push(update.key, update.val, 0, update.diff);
                    }
                });
            }
            let on_top = |part: &Updates| if part.is_empty() { Vec::new() } else { vec![batch(part)] };
            let on_top: Vec<Vec<RowBatch>> = parts.iter().map(on_top).collect();
            let ok = checked(&registered.slots, computed, false)?.overlaid(&on_top);
            // What is written to has no errors.
            let err = ok.emptied();
            let snapshot = CollectionSnapshot { ok, err };
            known.insert(*id, snapshot.clone());
            snapshots.push(snapshot);
        }
        Ok(snapshots)
    }
}
