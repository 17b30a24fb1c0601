//! Uncommitted writes.

use napi_derive::napi;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tidewire_worker::{Overlay, WriteSet, Writes};

/// By arrangement: whole rows with multiplicities. Statements that run see the sets that stood when they began.
#[derive(Default)]
pub struct WriteSets(BTreeMap<u64, Own>);

/// A transaction's writes to one arrangement, and what was sorted of them for its statements to read.
#[derive(Default)]
struct Own {
    set: Arc<WriteSet>,
    overlay: Overlay,
    /// The same by other keys of the relation, by their arrangements.
    by_key: BTreeMap<u64, Overlay>,
}

impl WriteSets {
    /// Forgets all writes.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The writes of one arrangement, to add to.
    pub fn of(&mut self, arrangement: u64) -> &mut WriteSet {
        Arc::make_mut(&mut self.0.entry(arrangement).or_default().set)
    }

    /// As they stand.
    pub fn writes(&self) -> Writes {
        let written = self.0.iter().filter(|(_, own)| !own.set.is_empty());
        written.map(|(id, own)| (*id, own.set.clone())).collect()
    }

    /// Those of one arrangement as they stand; None without writes.
    pub fn of_collection(&self, arrangement: u64) -> Option<Arc<WriteSet>> {
        let own = self.0.get(&arrangement).filter(|own| !own.set.is_empty())?;
        Some(own.set.clone())
    }

    /// How many rows of one arrangement's writes are sorted, and how many are not; None without writes.
    pub fn sizes(&self, arrangement: u64) -> Option<(usize, usize)> {
        let own = self.0.get(&arrangement).filter(|own| !own.set.is_empty())?;
        Some((own.overlay.update_count(), own.set.rows().len() - own.overlay.seen()))
    }

    /// One arrangement's as they stand, with what was sorted of them; give that back.
    pub fn lend(&mut self, arrangement: u64) -> Option<(Arc<WriteSet>, Overlay)> {
        let own = self.0.get_mut(&arrangement).filter(|own| !own.set.is_empty())?;
        Some((own.set.clone(), std::mem::take(&mut own.overlay)))
    }

    /// Takes back what [`lend`](WriteSets::lend) gave, unless the writes are others by now.
    pub fn give_back(&mut self, arrangement: u64, set: &Arc<WriteSet>, overlay: Overlay) {
        if let Some(own) = self.0.get_mut(&arrangement).filter(|own| Arc::ptr_eq(&own.set, set)) {
            own.overlay = overlay;
        }
    }

    /// What was sorted of an arrangement's writes by another key; give that back.
    pub fn lend_by(&mut self, arrangement: u64, key: u64) -> Overlay {
        self.0.get_mut(&arrangement).and_then(|own| own.by_key.remove(&key)).unwrap_or_default()
    }

    /// Takes back what [`lend_by`](WriteSets::lend_by) gave, unless the writes are others by now.
    pub fn give_back_by(&mut self, arrangement: u64, key: u64, set: &Arc<WriteSet>, overlay: Overlay) {
        if let Some(own) = self.0.get_mut(&arrangement).filter(|own| Arc::ptr_eq(&own.set, set)) {
            own.by_key.insert(key, overlay);
        }
    }
}

/// A transaction's handle.
#[napi]
pub struct NativeTransaction {
    sets: Arc<Mutex<WriteSets>>,
}

impl NativeTransaction {
    /// Nothing written yet.
    pub fn empty() -> Self {
        NativeTransaction { sets: Arc::default() }
    }

    /// Its writes.
    pub fn lock(&self) -> MutexGuard<'_, WriteSets> {
        lock(&self.sets)
    }

    /// Its writes, for another thread.
    pub fn shared(&self) -> Arc<Mutex<WriteSets>> {
        self.sets.clone()
    }
}

/// Locks; a panic under the lock left whole sets, since a set is pushed to row by row.
pub fn lock<T>(sets: &Mutex<T>) -> MutexGuard<'_, T> {
    sets.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[napi]
impl NativeTransaction {
    /// Arrangements written so far.
    #[napi(catch_unwind)]
    pub fn arrangements(&self) -> Vec<f64> {
        self.lock().writes().iter().map(|(id, _)| *id as f64).collect()
    }

    /// Bytes held.
    #[napi(catch_unwind)]
    pub fn byte_length(&self) -> f64 {
        self.lock().0.values().map(|own| own.set.byte_len()).sum::<usize>() as f64
    }

    /// How much was written so far: arrangement, rows and upserts, one after the other.
    #[napi(catch_unwind)]
    pub fn mark(&self) -> Vec<f64> {
        let sets = self.lock();
        let marks = sets.0.iter().map(|(id, own)| (*id, own.set.mark()));
        let entry = |(id, mark): (u64, [usize; 2])| [id as f64, mark[0] as f64, mark[1] as f64];
        marks.flat_map(entry).collect()
    }

    /// Takes back what was written after a mark.
    #[napi(catch_unwind)]
    pub fn rollback_to(&self, mark: Vec<f64>) {
        let kept: BTreeMap<u64, [usize; 2]> = mark
            .chunks_exact(3)
            .map(|entry| (entry[0] as u64, [entry[1] as usize, entry[2] as usize]))
            .collect();
        let mut sets = self.lock();
        sets.0.retain(|id, _| kept.contains_key(id));
        for (id, own) in &mut sets.0 {
            Arc::make_mut(&mut own.set).rollback_to(kept[id]);
            if own.overlay.seen() > own.set.rows().len() {
                // What is sorted can't be taken apart.
                own.overlay = Overlay::default();
            }
            let rows = own.set.rows().len();
            own.by_key.retain(|_, overlay| overlay.seen() <= rows);
        }
    }

    /// Forgets all writes.
    #[napi(catch_unwind)]
    pub fn clear(&self) {
        self.lock().clear();
    }
}
