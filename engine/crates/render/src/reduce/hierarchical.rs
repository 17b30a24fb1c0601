//! min, max and least representation: one arrangement for all aggregates of a group, read from the extreme.
//!
//! The source arrangement has, for each input row and each aggregate, the value `aggregate number, sort form`: the
//! packed column for min (order first, then identity), all but its tag inverted for max. NULL (no argument, or
//! filtered out) sorts last either way, so the first value with a positive count is the aggregate's result, and a group
//! exists while it has any value. A change looks from the lesser of the old extreme and the least value touched, and
//! so never reads the group again.

use super::ordered::each_changed_group;
use tidewire_arrange::{KeySeeker, Reduction, RowBatch, SoleValue, Updates};
use tidewire_plan::ScalarType;
use tidewire_row::encode::TAG_NULL;
use tidewire_row::skip_column;

/// Which extreme an aggregate shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extreme {
    /// The first in order.
    Least,
    /// The last in order.
    Greatest,
}

/// One aggregate: its extreme and its argument's type.
pub type Aggregates = Vec<(Extreme, ScalarType)>;

/// Appends the sort form of a packed column. It is its own inverse.
pub fn sort_form(extreme: Extreme, column: &[u8], out: &mut Vec<u8>) {
    match extreme {
        Extreme::Greatest if column.first() != Some(&TAG_NULL) => {
            out.extend_from_slice(&column[..1]);
            out.extend(column[1..].iter().map(|byte| !byte));
        }
        _ => out.extend_from_slice(column),
    }
}

/// Keeps `(key, results)` for `(key, aggregate number ++ sort form)`.
pub struct Hierarchical {
    aggregates: Aggregates,
}

impl Hierarchical {
    /// For these aggregates, by number.
    pub fn new(aggregates: Aggregates) -> Self {
        Hierarchical { aggregates }
    }

    /// The sort forms (with aggregate number) of an output row's columns.
    fn forms_of(&self, row: &[u8]) -> Vec<Option<Vec<u8>>> {
        let mut at = 0;
        self.aggregates
            .iter()
            .enumerate()
            .map(|(number, (extreme, scalar))| {
                let end = skip_column(row, at, *scalar);
                let mut form = vec![number as u8];
                sort_form(*extreme, &row[at..end], &mut form);
                at = end;
                Some(form)
            })
            .collect()
    }

    /// The output row of the aggregates' forms; None if the group is gone.
    fn row_of(&self, forms: &[Option<Vec<u8>>]) -> Option<Vec<u8>> {
        let mut row = Vec::new();
        for ((extreme, _), form) in self.aggregates.iter().zip(forms) {
            sort_form(*extreme, &form.as_ref()?[1..], &mut row);
        }
        Some(row)
    }
}

impl Reduction for Hierarchical {
    fn changes(&mut self, source: &[RowBatch], output: &[RowBatch], input: &RowBatch) -> Updates {
        let mut made = Updates::new();
        let mut in_output = KeySeeker::new(output.len());
        each_changed_group(source, input, |key, ranges, changes| {
            let mut shown = shown_row(&mut in_output, output, key);
            let mut forms = match &shown {
                Some(row) => self.forms_of(row),
                None => vec![None; self.aggregates.len()],
            };
            let mut rest = changes;
            while let Some((time, _)) = rest.first().copied() {
                let end = rest.partition_point(|(at, _)| *at == time);
                let (now, later) = rest.split_at(end);
                rest = later;
                let mut seen = None;
                for (_, value) in now {
                    // Values ascend, so the first of each aggregate is its least.
                    let Some(number) = value.first().copied().filter(|number| seen != Some(*number)) else {
                        continue;
                    };
                    seen = Some(number);
                    let form = &mut forms[number as usize];
                    let start = match form {
                        Some(old) if &old[..] < *value => &old[..],
                        _ => *value,
                    };
                    let mut cursor = ranges.from(start);
                    let found = loop {
                        match cursor.next(time) {
                            Some((value, _)) if value[0] != number => break None,
                            Some((value, count)) if count > 0 => break Some(value),
                            Some(_) => {}
                            None => break None,
                        }
                    };
                    *form = found.map(<[u8]>::to_vec);
                }
                let row = self.row_of(&forms);
                if row != shown {
                    if let Some(old) = &shown {
                        made.push(key, old, time, -1);
                    }
                    if let Some(new) = &row {
                        made.push(key, new, time, 1);
                    }
                    shown = row;
                }
            }
        });
        made
    }
}

/// What the output has for `key`.
fn shown_row(seeker: &mut KeySeeker, output: &[RowBatch], key: &[u8]) -> Option<Vec<u8>> {
    let mut sole = SoleValue::default();
    seeker.seek(output.iter(), key, |index, low, high| sole.add(&output[index], low, high));
    sole.get().map(<[u8]>::to_vec)
}
