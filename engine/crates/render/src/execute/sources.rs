//! What an execution reads.

use crate::execute::ExecuteError;
use smallvec::SmallVec;
use tidewire_arrange::CollectionSnapshot;

/// Collections at the time of an execution, by their ids, with the transaction's own writes on top. Mostly it is one.
#[derive(Clone, Default)]
pub struct Sources(SmallVec<[(u64, CollectionSnapshot); 1]>);

impl Sources {
    /// A collection, if it is among them.
    pub fn get(&self, id: u64) -> Option<&CollectionSnapshot> {
        self.0.iter().find(|(other, _)| *other == id).map(|(_, snapshot)| snapshot)
    }

    /// Adds one, or puts it in the place of what was known of it.
    pub fn insert(&mut self, id: u64, snapshot: CollectionSnapshot) {
        match self.0.iter_mut().find(|(other, _)| *other == id) {
            Some((_, known)) => *known = snapshot,
            None => self.0.push((id, snapshot)),
        }
    }

    /// One that the plan names.
    pub(crate) fn given(&self, id: u64) -> Result<&CollectionSnapshot, ExecuteError> {
        Ok(self.get(id).ok_or_else(|| format!("arrangement {id} was not given"))?)
    }
}

/// Each id once.
impl FromIterator<(u64, CollectionSnapshot)> for Sources {
    fn from_iter<I: IntoIterator<Item = (u64, CollectionSnapshot)>>(snapshots: I) -> Self {
        Sources(snapshots.into_iter().collect())
    }
}
