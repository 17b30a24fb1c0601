//! Top-k: the first rows of each group, maintained from the front of an arrangement in order.
//!
//! The source arrangement has the value `order bytes, row, length of the order bytes` (see [`encode_value`]), so its
//! order is that of the order keys, then of the row's bytes. The output keeps the same form, so that a change behind a
//! full window is seen to be without effect, and a change before its end reads `offset + limit` rows, and those that tie.

mod extreme;
mod monotonic;
mod monotonic_extreme;

pub use monotonic::monotonic_top_k;

use crate::reduce::ordered::{GroupRanges, each_changed_group};
use std::collections::BTreeMap;
use tidewire_arrange::{KeySeeker, Reduction, RowBatch, Updates};

/// Appends a value: `write_order` appends the order bytes.
pub fn encode_value(out: &mut Vec<u8>, row: &[u8], write_order: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    write_order(out);
    let order = (out.len() - start) as u32;
    out.extend_from_slice(row);
    out.extend_from_slice(&order.to_be_bytes());
}

/// The order bytes and the row of a value.
pub fn split_value(value: &[u8]) -> (&[u8], &[u8]) {
    let (body, length) = value.split_at(value.len() - 4);
    let order = u32::from_be_bytes([length[0], length[1], length[2], length[3]]) as usize;
    body.split_at(order)
}

/// The window of each group.
#[derive(Clone, Copy, Debug)]
pub struct TopK {
    /// Rows skipped.
    pub offset: u64,
    /// At most so many rows; None: all.
    pub limit: Option<u64>,
    /// Also rows that tie with the last by the order keys.
    pub with_ties: bool,
}

impl TopK {
    /// Whether it is the first row and all that tie with it: any number of rows, all equal in the order.
    fn is_extreme(&self) -> bool {
        self.offset == 0 && self.limit == Some(1) && self.with_ties
    }

    /// The rows of the window as of `time` with their multiplicities.
    fn window<'a>(&self, ranges: &GroupRanges<'a>, time: u64) -> BTreeMap<&'a [u8], i64> {
        let mut window = BTreeMap::new();
        let mut skip = self.offset;
        let mut left = self.limit.unwrap_or(u64::MAX);
        if left == 0 {
            return window;
        }
        let mut last: Option<&[u8]> = None;
        let mut cursor = ranges.from(&[]);
        while let Some((value, count)) = cursor.next(time) {
            if count <= 0 {
                continue;
            }
            if left == 0 {
                match last {
                    Some(order) if self.with_ties && split_value(value).0 == order => {
                        window.insert(value, count);
                        continue;
                    }
                    _ => break,
                }
            }
            let mut count = count as u64;
            let skipped = skip.min(count);
            skip -= skipped;
            count -= skipped;
            let taken = match self.with_ties {
                true => count,
                false => count.min(left),
            };
            if taken > 0 {
                left = left.saturating_sub(taken);
                last = Some(split_value(value).0);
                window.insert(value, taken as i64);
                if left == 0 && !self.with_ties {
                    break;
                }
            }
        }
        window
    }

    /// Whether values from `least` on can't change a window that is as `shown`.
    fn is_behind(&self, shown: &BTreeMap<&[u8], i64>, least: &[u8]) -> bool {
        let Some(limit) = self.limit else { return false };
        let taken: i64 = shown.values().sum();
        let Some((last, _)) = shown.last_key_value() else { return false };
        if (taken.max(0) as u64) < limit {
            return false;
        }
        match self.with_ties {
            true => split_value(least).0 > split_value(last).0,
            false => least > *last,
        }
    }
}

impl Reduction for TopK {
    fn changes(&mut self, source: &[RowBatch], output: &[RowBatch], input: &RowBatch) -> Updates {
        if self.is_extreme() {
            return extreme::changes(source, output, input);
        }
        let mut made = Updates::new();
        let mut in_output = KeySeeker::new(output.len());
        each_changed_group(source, input, |key, ranges, changes| {
            let mut shown: BTreeMap<&[u8], i64> = BTreeMap::new();
            in_output.seek(output.iter(), key, |index, low, high| {
                for position in low..high {
                    *shown.entry(output[index].value(position)).or_default() += output[index].total(position);
                }
            });
            shown.retain(|_, count| *count != 0);
            let mut rest = changes;
            while let Some((time, least)) = rest.first().copied() {
                rest = &rest[rest.partition_point(|(at, _)| *at == time)..];
                if self.is_behind(&shown, least) {
                    continue;
                }
                let window = self.window(ranges, time);
                for (value, count) in &shown {
                    let kept = window.get(value).copied().unwrap_or(0);
                    if kept != *count {
                        made.push(key, value, time, kept - count);
                    }
                }
                for (value, count) in &window {
                    if !shown.contains_key(value) {
                        made.push(key, value, time, *count);
                    }
                }
                shown = window;
            }
        });
        made
    }
}
