//! Uncommitted writes.

use napi_derive::napi;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tidewire_worker::{WriteSet, Writes};

/// By arrangement: whole rows with multiplicities. Statements that run see the sets that stood when they began.
#[derive(Default)]
pub struct WriteSets(BTreeMap<u64, Arc<WriteSet>>);

impl WriteSets {
    /// The writes of one arrangement, to add to.
    pub fn of(&mut self, arrangement: u64) -> &mut WriteSet {
        Arc::make_mut(self.0.entry(arrangement).or_default())
    }

    /// As they stand.
    pub fn writes(&self) -> Writes {
        self.0.iter().filter(|(_, set)| !set.is_empty()).map(|(id, set)| (*id, set.clone())).collect()
    }

    /// One arrangement's as they stand.
    pub fn get(&self, arrangement: u64) -> Option<Arc<WriteSet>> {
        self.0.get(&arrangement).filter(|set| !set.is_empty()).cloned()
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
        self.lock().0.values().map(|set| set.byte_len()).sum::<usize>() as f64
    }

    /// How much was written so far: arrangement, rows and errors, one after the other.
    #[napi(catch_unwind)]
    pub fn mark(&self) -> Vec<f64> {
        let sets = self.lock();
        let marks = sets.0.iter().map(|(id, set)| (*id, set.mark()));
        marks.flat_map(|(id, (rows, errors))| [id as f64, rows as f64, errors as f64]).collect()
    }

    /// Takes back what was written after a mark.
    #[napi(catch_unwind)]
    pub fn rollback_to(&self, mark: Vec<f64>) {
        let kept: BTreeMap<u64, (usize, usize)> = mark
            .chunks_exact(3)
            .map(|entry| (entry[0] as u64, (entry[1] as usize, entry[2] as usize)))
            .collect();
        let mut sets = self.lock();
        sets.0.retain(|id, _| kept.contains_key(id));
        for (id, set) in &mut sets.0 {
            Arc::make_mut(set).rollback_to(kept[id]);
        }
    }

    /// Forgets all writes.
    #[napi(catch_unwind)]
    pub fn clear(&self) {
        self.lock().0.clear();
    }
}
