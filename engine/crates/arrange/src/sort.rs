//! Sorting and consolidating packed updates: what stands between a stream and a batch.

use crate::order::sorted_by_bytes;
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
    sum_runs(updates, sorted_indexes(updates).into_iter().map(|index| index as usize))
}

/// The indexes of the updates by key, value and time.
pub fn sorted_indexes(updates: &Updates) -> Vec<u32> {
    let compared = Compared::of(updates);
    sorted_by_bytes(
        updates.len(),
        |index| compared.bytes(updates, index),
        |a, b| by_data(&updates.get(a), &updates.get(b)),
    )
}

/// Which bytes of an update order it as its key and value do.
enum Compared {
    /// Key and value, one after the other: all keys are of one length.
    Both,
    Key,
}

impl Compared {
    fn of(updates: &Updates) -> Self {
        let mut lengths = updates.iter().map(|update| update.key.len());
        let first = lengths.next();
        if lengths.all(|length| Some(length) == first) { Compared::Both } else { Compared::Key }
    }

    #[inline]
    fn bytes<'a>(&self, updates: &'a Updates, index: usize) -> &'a [u8] {
        match self {
            Compared::Both => updates.row(index),
            Compared::Key => updates.get(index).key,
        }
    }
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
