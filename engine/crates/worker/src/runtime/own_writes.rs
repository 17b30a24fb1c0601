//! A transaction's own writes, before they are committed: what it sees, and whether keys stay unique.

use crate::check::{UniqueKey, duplicate_key};
use crate::runtime::Runtime;
use crate::{Overlay, Splitter, WriteSet};
use std::sync::Arc;
use tidewire_arrange::{CollectionSnapshot, ShardedSnapshot, consolidated};

impl Runtime {
    /// A transaction's own writes on top of a collection's snapshot. `overlay` is what was made of them before: it takes
    /// in what is new.
    pub fn overlay(
        &self,
        id: u64,
        snapshot: &CollectionSnapshot,
        writes: &WriteSet,
        overlay: &mut Overlay,
    ) -> Result<CollectionSnapshot, String> {
        overlay.extend(writes, self.splitter(id)?.as_ref(), self.workers)?;
        Ok(CollectionSnapshot { ok: overlay.on(&snapshot.ok), err: snapshot.err.clone() })
    }

    /// A transaction's own writes on top of a snapshot of the collection by another key.
    pub fn overlay_by(
        &self,
        splitter: &dyn Splitter,
        snapshot: &CollectionSnapshot,
        writes: &WriteSet,
        overlay: &mut Overlay,
    ) -> Result<CollectionSnapshot, String> {
        overlay.extend(writes, splitter, self.workers)?;
        Ok(CollectionSnapshot { ok: overlay.on(&snapshot.ok), err: snapshot.err.clone() })
    }

    /// The first packed key of a collection that would be there more than once with these writes, at a computed time.
    pub fn check_unique(
        &self,
        id: u64,
        writes: &WriteSet,
        snapshot: &ShardedSnapshot,
    ) -> Result<Option<Vec<u8>>, String> {
        Ok(duplicate_key(snapshot, writes.sorted(self.splitter(id)?.as_ref())?.as_ref()))
    }

    /// The first packed value of a key that would be there more than once with these writes.
    pub fn check_unique_by(
        key: &UniqueKey,
        writes: &WriteSet,
        snapshot: &ShardedSnapshot,
    ) -> Result<Option<Vec<u8>>, String> {
        let keyed = consolidated(&writes.keyed(key.splitter.as_ref())?);
        Ok(key.duplicate(&keyed, |value| snapshot.count(value)))
    }

    fn splitter(&self, id: u64) -> Result<Arc<dyn Splitter>, String> {
        let registry = self.registry.read().expect("not poisoned");
        let writable = registry.get(&id).and_then(|registered| registered.writable.as_ref());
        let splitter = writable.map(|writable| writable.splitter.clone());
        splitter.ok_or_else(|| format!("arrangement {id} is not written to"))
    }
}
