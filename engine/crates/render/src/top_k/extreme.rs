//! The first row of each group and all that tie with it, maintained.
//!
//! Rows that tie may be many, so a change among them is passed on as it is: only where other rows come first are those
//! read that were shown before.

use super::split_value;
use crate::reduce::ordered::{GroupRanges, each_changed_group};
use tidewire_arrange::{KeySeeker, RowBatch, Updates};

/// What a group shows.
struct Shown<'g, 'a> {
    /// As it was before the batch.
    output: &'g GroupRanges<'a>,
    source: &'g GroupRanges<'a>,
    /// The last time of the batch that has been looked at.
    time: Option<u64>,
}

impl<'a> Shown<'_, 'a> {
    /// How often a value is shown that is among the first.
    fn count(&self, value: &[u8]) -> i64 {
        match self.time {
            None => self.output.count(value, u64::MAX),
            Some(time) => self.source.count(value, time).max(0),
        }
    }

    /// Calls `each` with what is shown, whose order is `order`.
    fn each(&self, order: &[u8], each: impl FnMut(&'a [u8], i64)) {
        match self.time {
            None => ties(self.output, order, u64::MAX, each),
            Some(time) => ties(self.source, order, time, each),
        }
    }
}

/// The order bytes of the first value that is there as of `time`.
fn first_order<'a>(ranges: &GroupRanges<'a>, time: u64) -> Option<&'a [u8]> {
    let mut cursor = ranges.from(&[]);
    loop {
        let (value, count) = cursor.next(time)?;
        if count > 0 {
            return Some(split_value(value).0);
        }
    }
}

/// Calls `each` with the values in this place of the order, as of `time`.
fn ties<'a>(ranges: &GroupRanges<'a>, order: &[u8], time: u64, mut each: impl FnMut(&'a [u8], i64)) {
    let mut cursor = ranges.from(order);
    while let Some((value, count)) = cursor.next(time) {
        if split_value(value).0 != order {
            return;
        }
        if count > 0 {
            each(value, count);
        }
    }
}

/// As [`Reduction::changes`](tidewire_arrange::Reduction::changes).
pub fn changes(source: &[RowBatch], output: &[RowBatch], input: &RowBatch) -> Updates {
    let mut made = Updates::new();
    let mut in_output = KeySeeker::new(output.len());
    let mut before = GroupRanges::default();
    each_changed_group(source, input, |key, ranges, changes| {
        before.load(&mut in_output, output, key);
        let mut shown = Shown { output: &before, source: ranges, time: None };
        let mut order = first_order(shown.output, u64::MAX);
        for changed in changes.chunk_by(|(time, _), (next, _)| time == next) {
            let (time, least) = changed[0];
            if order.is_none_or(|order| split_value(least).0 <= order) {
                let first = first_order(shown.source, time);
                if first == order {
                    let among = changed.iter().filter(|(_, value)| Some(split_value(value).0) == order);
                    for (_, value) in among {
                        let diff = shown.source.count(value, time).max(0) - shown.count(value);
                        if diff != 0 {
                            made.push(key, value, time, diff);
                        }
                    }
                } else {
                    if let Some(order) = order {
                        shown.each(order, |value, count| made.push(key, value, time, -count));
                    }
                    if let Some(first) = first {
                        ties(shown.source, first, time, |value, count| made.push(key, value, time, count));
                    }
                    order = first;
                }
            }
            shown.time = Some(time);
        }
    });
    made
}
