//! Reading one group of an arrangement in the order of its values, from any value on.

use tidewire_arrange::{KeySeeker, RowBatch};

/// The value ranges of one key in several sorted batches.
#[derive(Default)]
pub struct GroupRanges<'a> {
    runs: Vec<Run<'a>>,
}

#[derive(Clone, Copy)]
struct Run<'a> {
    batch: &'a RowBatch,
    position: usize,
    end: usize,
}

impl<'a> GroupRanges<'a> {
    /// Turns to `key`: its values in `source`, on which `seeker` stands.
    pub fn load(&mut self, seeker: &mut KeySeeker, source: &'a [RowBatch], key: &[u8]) {
        self.runs.clear();
        seeker.seek(source.iter(), key, |batch, position, end| {
            self.runs.push(Run { batch: &source[batch], position, end });
        });
    }

    /// How often `value` is there as of `time`.
    pub fn count(&self, value: &[u8], time: u64) -> i64 {
        match self.from(value).next(time) {
            Some((found, count)) if found == value => count,
            _ => 0,
        }
    }

    /// Walks the values from the first that is not less than `start`.
    pub fn from(&self, start: &[u8]) -> GroupCursor<'a> {
        let mut runs: Vec<(&'a [u8], Run<'a>)> = Vec::with_capacity(self.runs.len());
        for run in &self.runs {
            let rows = run.batch;
            let (mut low, mut high) = (run.position, run.end);
            while low < high {
                let middle = low + (high - low) / 2;
                if rows.value(middle) < start {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            if low < run.end {
                runs.push((rows.value(low), Run { position: low, ..*run }));
            }
        }
        GroupCursor { runs }
    }
}

/// Merges the values of a group.
pub struct GroupCursor<'a> {
    /// With the value at its position.
    runs: Vec<(&'a [u8], Run<'a>)>,
}

impl<'a> GroupCursor<'a> {
    /// The next value with its count as of `time`, which may be 0 or negative.
    pub fn next(&mut self, time: u64) -> Option<(&'a [u8], i64)> {
        let least = self.runs.iter().map(|(value, _)| *value).min()?;
        let mut count = 0i64;
        let mut index = 0;
        while index < self.runs.len() {
            let (value, run) = &mut self.runs[index];
            if *value == least {
                run.batch.updates(run.position, |at, diff| {
                    if at <= time {
                        count = count.wrapping_add(diff);
                    }
                });
                run.position += 1;
                if run.position == run.end {
                    self.runs.swap_remove(index);
                    continue;
                }
                *value = run.batch.value(run.position);
            }
            index += 1;
        }
        Some((least, count))
    }
}

/// Calls `each` with every key that a new batch changes, its values there and in `source`, and the updates of the batch:
/// `(time, value)`, in that order. Keys ascend.
pub fn each_changed_group<'a>(
    source: &'a [RowBatch],
    input: &'a RowBatch,
    mut each: impl FnMut(&'a [u8], &GroupRanges<'a>, &[(u64, &'a [u8])]),
) {
    let mut in_source = KeySeeker::new(source.len());
    let mut ranges = GroupRanges::default();
    let mut changes: Vec<(u64, &'a [u8])> = Vec::new();
    for index in 0..input.key_count() {
        let key = input.key(index);
        ranges.load(&mut in_source, source, key);
        let (position, end) = input.values(index);
        ranges.runs.push(Run { batch: input, position, end });
        changes.clear();
        for position in position..end {
            let value = input.value(position);
            input.updates(position, |time, _| changes.push((time, value)));
        }
        changes.sort_unstable();
        changes.dedup();
        each(key, &ranges, &changes);
    }
}
