//! Sorting and consolidating packed updates: what stands between a stream and a batch.

use crate::merge::prefix;
use crate::{UpdateRef, Updates};
use std::cmp::Ordering;
use timely::container::PushInto;

fn pair(update: &UpdateRef<'_>) -> (usize, usize) {
    (update.key.len(), update.val.len())
}

/// By key, value, time.
#[inline]
pub(crate) fn by_data(a: &UpdateRef<'_>, b: &UpdateRef<'_>) -> Ordering {
    a.key.cmp(b.key).then_with(|| a.val.cmp(b.val)).then_with(|| a.time.cmp(&b.time))
}

/// Sorted by key, value and time, equal ones added up, zeros left out.
pub fn consolidated(updates: &Updates) -> Updates {
    sum_runs(updates, sorted(updates).into_iter())
}

/// The indexes of the updates by key, value and time.
pub(crate) fn sorted(updates: &Updates) -> Vec<usize> {
    let whole_rows = updates.iter().all(|update| update.key.is_empty());
    let mut order: Vec<(u128, usize)> = updates
        .iter()
        .enumerate()
        .map(|(index, update)| (prefix(if whole_rows { update.val } else { update.key }), index))
        .collect();
    order.sort_unstable_by(|(p, a), (q, b)| {
        p.cmp(q).then_with(|| by_data(&updates.get(*a), &updates.get(*b)))
    });
    order.into_iter().map(|(_, index)| index).collect()
}

/// Sorted by time, then key and value; equal ones added up, zeros left out.
pub fn consolidated_by_time(updates: &Updates) -> Updates {
    let mut order: Vec<usize> = (0..updates.len()).collect();
    order.sort_unstable_by(|a, b| {
        let (a, b) = (updates.get(*a), updates.get(*b));
        a.time.cmp(&b.time).then_with(|| a.key.cmp(b.key)).then_with(|| a.val.cmp(b.val))
    });
    sum_runs(updates, order.into_iter())
}

fn sum_runs(updates: &Updates, order: impl Iterator<Item = usize>) -> Updates {
    let mut result = Updates::with_capacity(updates.len(), updates.byte_len());
    let mut run: Option<UpdateRef<'_>> = None;
    for update in order.map(|index| updates.get(index)) {
        match &mut run {
            Some(open)
                if open.time == update.time
                    && pair(open) == pair(&update)
                    && open.key == update.key
                    && open.val == update.val =>
            {
                open.diff = open.diff.wrapping_add(update.diff);
            }
            _ => {
                if let Some(done) = run.replace(update).filter(|done| done.diff != 0) {
                    result.push_into(done);
                }
            }
        }
    }
    if let Some(done) = run.filter(|done| done.diff != 0) {
        result.push_into(done);
    }
    result
}
