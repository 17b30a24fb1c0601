//! The first row of each group and all that tie with it, of rows that only come.
//!
//! What is kept of a group is equal in the order, and before all that was ever there: so the least value of any batch says
//! what a row has to meet or to beat, and the rows that are kept are read only to be taken away.

use super::monotonic::{KeptRows, retain};
use super::split_value;
use crate::kept_groups::Groups;
use crate::reduce::table::GroupTable;
use tidewire_arrange::{UpdateRef, Updates, hash_row};
use tidewire_row::work::checkpoint;

pub struct ExtremeGroups {
    rows: KeptRows,
}

/// A group of the rows of one time.
#[derive(Default)]
struct Newcomers {
    /// The index of one that comes first.
    first: u32,
    /// Whether it loses against what is kept.
    lost: bool,
}

impl ExtremeGroups {
    pub fn new(rows: KeptRows) -> Self {
        ExtremeGroups { rows }
    }

    /// Makes room for newcomers with these order bytes; false if what is kept comes before them.
    fn admit(&mut self, newcomer: UpdateRef<'_>, time: u64, ok: &mut Updates) -> bool {
        let Some(kept) = &self.rows.kept else { return true };
        let mut held: Option<Vec<u8>> = None;
        kept.least(newcomer.key, |value| {
            let order = split_value(value).0;
            if held.as_deref().is_none_or(|held| order < held) {
                held = Some(order.to_vec());
            }
        });
        let Some(held) = held else { return true };
        let order = split_value(newcomer.val).0;
        if order < &held[..] {
            for (value, count) in self.rows.of(newcomer.key) {
                self.rows.changes.push(newcomer.key, &value, time, -(count as i64));
                ok.push_row(split_value(&value).1, time, -(count as i64));
            }
        }
        order <= &held[..]
    }
}

impl Groups for ExtremeGroups {
    fn apply(&mut self, time: u64, updates: &Updates, ok: &mut Updates, err: &mut Updates) {
        let at = |index: u32| updates.get(index as usize);
        let order = |index: u32| split_value(at(index).val).0;
        let mut groups: GroupTable<Newcomers> = GroupTable::default();
        let mut added: Vec<(u32, u32)> = Vec::with_capacity(updates.len());
        for (index, update) in (0u32..).zip(updates.iter()) {
            checkpoint();
            if update.diff <= 0 {
                err.push_row(&self.rows.taken_away, time, 1);
                continue;
            }
            let fresh = || Newcomers { first: index, lost: false };
            let slot = groups.slot_of(hash_row(update.key), update.key, fresh);
            added.push((index, slot));
            let newcomers = groups.state_mut(slot);
            if order(index) < order(newcomers.first) {
                newcomers.first = index;
            }
        }
        for (index, slot) in &added {
            let newcomers = groups.state_mut(*slot);
            if newcomers.first == *index {
                newcomers.lost = !self.admit(at(*index), time, ok);
            }
        }
        for (index, slot) in &added {
            let newcomers = groups.state(*slot);
            if !newcomers.lost && order(*index) == order(newcomers.first) {
                let update = at(*index);
                self.rows.changes.push(update.key, update.val, time, update.diff);
                ok.push_row(split_value(update.val).1, time, update.diff);
            }
        }
        // The next time finds what this one kept.
        self.advance(time + 1);
    }

    fn advance(&mut self, time: u64) {
        self.rows.advance(time);
    }

    const THINS: bool = true;

    fn thin(&self, updates: &mut Updates) {
        let at = |index: u32| updates.get(index as usize);
        let order = |index: u32| split_value(at(index).val).0;
        let mut groups: GroupTable<Newcomers> = GroupTable::default();
        let mut slots: Vec<Option<u32>> = Vec::with_capacity(updates.len());
        for (index, update) in (0u32..).zip(updates.iter()) {
            checkpoint();
            // Those that are taken away are errors, still.
            let slot = (update.diff > 0).then(|| {
                let fresh = || Newcomers { first: index, lost: false };
                groups.slot_of(hash_row(update.key), update.key, fresh)
            });
            if let Some(slot) = slot {
                let newcomers = groups.state_mut(slot);
                if order(index) < order(newcomers.first) {
                    newcomers.first = index;
                }
            }
            slots.push(slot);
        }
        let is_first = |(index, slot): (u32, &Option<u32>)| {
            slot.is_none_or(|slot| order(index) == order(groups.state(slot).first))
        };
        let keep: Vec<bool> = (0u32..).zip(&slots).map(is_first).collect();
        retain(updates, &keep);
    }
}
