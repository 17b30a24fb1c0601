//! Updates that wait until their time is complete.

use std::collections::BTreeMap;
use tidewire_arrange::Updates;
use timely::dataflow::operators::{Capability, InputCapability};
use timely::progress::frontier::MutableAntichain;

/// A time's updates are thinned when there are so many, and when they are twice as many as the last thinning left.
const MANY: usize = 1 << 16;

/// Updates of one time.
#[derive(Default)]
struct Waiting {
    updates: Updates,
    /// How many were left when they were thinned last.
    thinned: usize,
}

/// Updates by time, with the capabilities (for `OUTPUTS` outputs) to send what they make.
pub struct Stash<const OUTPUTS: usize = 2> {
    times: BTreeMap<u64, Waiting>,
    /// At or before the least stashed time.
    capabilities: Option<[Capability<u64>; OUTPUTS]>,
}

impl<const OUTPUTS: usize> Stash<OUTPUTS> {
    /// Nothing stashed.
    pub fn new() -> Self {
        Stash { times: BTreeMap::new(), capabilities: None }
    }

    /// Takes a container over.
    pub fn push(&mut self, capability: &InputCapability<u64>, updates: &mut Updates) {
        let Some((low, high)) = updates.time_bounds() else { return };
        if self.capabilities.as_ref().is_none_or(|held| capability.time() < held[0].time()) {
            self.capabilities = Some(std::array::from_fn(|output| capability.retain(output)));
        }
        if low == high {
            match self.times.entry(low) {
                std::collections::btree_map::Entry::Vacant(entry) => {
                    entry.insert(Waiting { updates: std::mem::take(updates), thinned: 0 });
                }
                std::collections::btree_map::Entry::Occupied(entry) => {
                    entry.into_mut().updates.append(updates);
                }
            }
        } else {
            for update in updates.iter() {
                let at = self.times.entry(update.time).or_default();
                at.updates.push(update.key, update.val, update.time, update.diff);
            }
        }
    }

    /// Has `thin` take those away that make no difference, where many wait.
    pub fn thin(&mut self, mut thin: impl FnMut(&mut Updates)) {
        for Waiting { updates, thinned } in self.times.values_mut() {
            if updates.len() >= MANY.max(*thinned * 2) {
                thin(updates);
                *thinned = updates.len();
            }
        }
    }

    /// Hands out what is complete, in the order of time.
    pub fn release(
        &mut self,
        frontier: &MutableAntichain<u64>,
        mut each: impl FnMut(u64, Updates, &[Capability<u64>; OUTPUTS]),
    ) {
        let Some(mut held) = self.capabilities.take() else { return };
        while let Some(entry) = self.times.first_entry() {
            if frontier.less_equal(entry.key()) {
                break;
            }
            let (time, waiting) = entry.remove_entry();
            each(time, waiting.updates, &held);
        }
        if let Some((time, _)) = self.times.first_key_value() {
            for capability in &mut held {
                capability.downgrade(time);
            }
            self.capabilities = Some(held);
        }
    }
}
