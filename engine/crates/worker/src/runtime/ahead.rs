//! Collections ahead of what is computed. What is written to is known as soon as it is announced: who reads nothing else
//! need not wait for the views.

use crate::check::Admitted;
use crate::overlay::batch;
use crate::read::{CollectionSnapshots, ReadError, checked};
use crate::runtime::Runtime;
use crate::runtime::commands::{Ahead, Commands};
use std::sync::Arc;
use tidewire_arrange::{CollectionSnapshot, RowBatch, Updates, shard_of};

/// Of more bytes that are announced and not computed nobody makes a snapshot.
const MOST_BYTES: usize = 1 << 20;
/// A snapshot with more groups on top of it is made anew from what is computed by then, with what is left on top as one.
const MOST_GROUPS: usize = 8;

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
        let sequenced = commands.sequenced;
        let registry = self.registry.read().expect("not poisoned");
        let Commands { in_flight, ahead, .. } = &mut *commands;
        let mut snapshots = CollectionSnapshots::with_capacity(ids.len());
        for id in ids {
            let known = ahead.get(id).filter(|known| known.through >= computed);
            if let Some(known) = known
                && known.through == sequenced
            {
                snapshots.push(known.snapshot.clone());
                continue;
            }
            let registered = registry.get(id).ok_or(ReadError::Unknown(*id))?;
            if registered.writable.is_none() {
                return Err(ReadError::NotComputed { computed });
            }
            let announced = |after: u64| {
                let groups = in_flight.range(after + 1..);
                groups.flat_map(|(_, admitted)| admitted).filter(|(other, _)| other == id).map(|(_, a)| a)
            };
            if announced(computed).map(|admitted| admitted.byte_len()).sum::<usize>() > MOST_BYTES {
                return Err(ReadError::NotComputed { computed });
            }
            let (base, groups, after) = match known.filter(|known| known.groups < MOST_GROUPS) {
                Some(known) => (known.snapshot.ok.clone(), known.groups, known.through),
                None => (checked(&registered.slots, computed, false)?, 0, computed),
            };
            let ok = base.overlaid(&self.on_top(announced(after)));
            // What is written to has no errors.
            let err = ok.emptied();
            let snapshot = CollectionSnapshot { ok, err };
            snapshots.push(snapshot.clone());
            ahead.insert(*id, Ahead { snapshot, through: sequenced, groups: groups + 1 });
        }
        Ok(snapshots)
    }

    /// Writes as batches on top of a snapshot, by worker.
    fn on_top<'a>(&self, announced: impl Iterator<Item = &'a Arc<Admitted>>) -> Vec<Vec<RowBatch>> {
        let mut parts = vec![Updates::new(); self.workers];
        for admitted in announced {
            admitted.with_sorted(|sorted| {
                for update in sorted.iter() {
                    // At the least time, as what is on top of a snapshot is.
                    let part = &mut parts[shard_of(update.key, self.workers)];
                    part.push(update.key, update.val, 0, update.diff);
                }
            });
        }
        let batches = |part: &Updates| if part.is_empty() { Vec::new() } else { vec![batch(part)] };
        parts.iter().map(batches).collect()
    }
}
