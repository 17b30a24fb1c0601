//! What collections hold, as it was last published.

use crate::read::shards;
use crate::runtime::Runtime;

impl Runtime {
    /// The oldest time at which all of these collections can still be read: what a hold is granted for, even where a
    /// collection has not yet been compacted that far.
    pub fn since(&self, ids: &[u64]) -> u64 {
        let registry = self.registry.read().expect("not poisoned");
        let slots =
            ids.iter().filter_map(|id| registry.get(id)).flat_map(|registered| registered.slots.iter());
        let compacted = slots.map(|(ok, err)| ok.load().since().max(err.load().since())).max();
        compacted.unwrap_or(0).max(self.compaction.since())
    }

    /// The updates and the bytes of keys and values that a collection holds, as last published.
    pub fn size(&self, id: u64) -> Option<(usize, usize)> {
        let registry = self.registry.read().expect("not poisoned");
        let slots = registry.get(&id)?.slots.clone();
        drop(registry);
        let snapshot = shards(&slots, 0, false);
        Some((snapshot.update_count(), snapshot.byte_count()))
    }

    /// The bytes that all arrangements of the dataflow which maintains a collection hold; none of what is written to.
    pub fn state_bytes(&self, id: u64) -> Option<u64> {
        let registry = self.registry.read().expect("not poisoned");
        Some(registry.get(&id)?.meter.bytes())
    }

    /// The number of distinct errors in a collection, as last published.
    pub fn error_count(&self, id: u64) -> Option<usize> {
        let registry = self.registry.read().expect("not poisoned");
        let slots = registry.get(&id)?.slots.clone();
        drop(registry);
        Some(shards(&slots, self.computed(), true).cursor().filter(|(_, _, count)| *count > 0).count())
    }
}
