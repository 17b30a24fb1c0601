//! The hash table of groups behind distinct, accumulable aggregates, threshold and guard.

/// Groups by packed key: open addressing over slots, so that a slot number stays valid while others come and go.
pub struct GroupTable<S> {
    /// Slot + 1 of each bucket, 0 if free; a power of two long.
    buckets: Vec<u32>,
    slots: Vec<Slot<S>>,
    free: Vec<u32>,
    live: usize,
    /// Of the keys.
    key_bytes: usize,
}

struct Slot<S> {
    hash: u64,
    key: Box<[u8]>,
    state: S,
}

impl<S: Default> Default for GroupTable<S> {
    fn default() -> Self {
        GroupTable { buckets: vec![0; 16], slots: Vec::new(), free: Vec::new(), live: 0, key_bytes: 0 }
    }
}

/// Whether two keys are equal. The key of all rows, which is empty, has no memory: comparing nothing at such an address with
/// masked loads takes some hundred cycles on current processors.
#[inline]
fn is_same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && (left.is_empty() || left == right)
}

impl<S: Default> GroupTable<S> {
    #[cfg(test)]
    fn len(&self) -> usize {
        self.live
    }

    #[inline]
    fn home(&self, hash: u64) -> usize {
        // Fibonacci: the exchange between workers has used up the low bits already.
        (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & (self.buckets.len() - 1)
    }

    /// The slot of `key`, made with `make` if it is not there.
    #[inline]
    pub fn slot_of(&mut self, hash: u64, key: &[u8], make: impl FnOnce() -> S) -> u32 {
        let mask = self.buckets.len() - 1;
        let mut at = self.home(hash);
        loop {
            match self.buckets[at] {
                0 => break,
                slot => {
                    let found = &self.slots[slot as usize - 1];
                    if found.hash == hash && is_same(&found.key, key) {
                        return slot - 1;
                    }
                }
            }
            at = (at + 1) & mask;
        }
        let entry = Slot { hash, key: key.into(), state: make() };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = entry;
                slot
            }
            None => {
                self.slots.push(entry);
                self.slots.len() as u32 - 1
            }
        };
        self.buckets[at] = slot + 1;
        self.live += 1;
        self.key_bytes += key.len();
        if self.live * 4 > self.buckets.len() * 3 {
            self.rehash(self.buckets.len() * 2);
        }
        slot
    }

    /// What it takes, about, where each state takes so much besides itself.
    pub fn byte_count(&self, state_bytes: usize) -> usize {
        self.buckets.len() * size_of::<u32>()
            + self.slots.len() * size_of::<Slot<S>>()
            + self.key_bytes
            + self.live * state_bytes
    }

    /// Forgets all groups but those of which `keep` holds.
    pub fn retain(&mut self, keep: impl Fn(&S) -> bool) {
        let live: Vec<u32> = self.buckets.iter().filter(|slot| **slot != 0).map(|slot| slot - 1).collect();
        for slot in live {
            if !keep(&self.slots[slot as usize].state) {
                self.remove(slot);
            }
        }
    }

    fn rehash(&mut self, size: usize) {
        let old = std::mem::replace(&mut self.buckets, vec![0; size]);
        let mask = size - 1;
        for slot in old.into_iter().filter(|slot| *slot != 0) {
            let mut at = self.home(self.slots[slot as usize - 1].hash);
            while self.buckets[at] != 0 {
                at = (at + 1) & mask;
            }
            self.buckets[at] = slot;
        }
    }

    /// The key in `slot`.
    #[inline]
    pub fn key(&self, slot: u32) -> &[u8] {
        &self.slots[slot as usize].key
    }

    /// The state in `slot`.
    #[inline]
    pub fn state(&self, slot: u32) -> &S {
        &self.slots[slot as usize].state
    }

    /// The state in `slot`.
    #[inline]
    pub fn state_mut(&mut self, slot: u32) -> &mut S {
        &mut self.slots[slot as usize].state
    }

    /// Forgets the group in `slot`.
    pub fn remove(&mut self, slot: u32) {
        let mask = self.buckets.len() - 1;
        let mut at = self.home(self.slots[slot as usize].hash);
        while self.buckets[at] != slot + 1 {
            at = (at + 1) & mask;
        }
        // Backward shift: what follows without a gap moves up unless it already stands at or after its home.
        let mut next = (at + 1) & mask;
        while self.buckets[next] != 0 {
            let home = self.home(self.slots[self.buckets[next] as usize - 1].hash);
            if (next.wrapping_sub(home) & mask) >= (next.wrapping_sub(at) & mask) {
                self.buckets[at] = self.buckets[next];
                at = next;
            }
            next = (next + 1) & mask;
        }
        self.buckets[at] = 0;
        let entry = &mut self.slots[slot as usize];
        self.key_bytes -= entry.key.len();
        entry.key = Box::default();
        entry.state = S::default();
        self.free.push(slot);
        self.live -= 1;
        if self.buckets.len() > 1024 && self.live * 8 < self.buckets.len() {
            self.rehash(self.buckets.len() / 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn agrees_with_a_map() {
        let mut table: GroupTable<i64> = GroupTable::default();
        let mut map: HashMap<Vec<u8>, i64> = HashMap::new();
        let mut state = 7u64;
        for step in 0..200_000u64 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let spread = if step < 100_000 { 5000 } else { 50 };
            let key = (state % spread).to_be_bytes().to_vec();
            // A poor hash on purpose: long runs.
            let slot = table.slot_of(state % spread % 97, &key, || 0);
            let entry = map.entry(key.clone()).or_insert(0);
            if *entry > 3 {
                map.remove(&key);
                table.remove(slot);
            } else {
                *entry += 1;
                *table.state_mut(slot) += 1;
            }
            assert_eq!(table.len(), map.len());
        }
        for (key, count) in &map {
            let hash = u64::from_be_bytes(key[..].try_into().unwrap()) % 97;
            let slot = table.slot_of(hash, key, || -1);
            assert_eq!((table.key(slot), *table.state(slot)), (&key[..], *count));
        }
    }
}
