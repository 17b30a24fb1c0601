//! Top-k over rows that only come: of each group no more is kept than what can be among its rows.
//!
//! A row behind `offset + limit` others (and behind their ties) stays behind them for good, so it is forgotten at once: there is
//! no arrangement of the input. What is kept is the operator's own arrangement ([`Kept`]), in the form of
//! [`top_k`](super): from it a maintained view can start.

use super::monotonic_extreme::ExtremeGroups;
use super::{TopK, split_value};
use crate::kept_groups::{Groups, kept_groups};
use std::cmp::Ordering;
use tidewire_arrange::{Flow, Kept, RowStream, Updates, sorted_indexes};
use tidewire_row::EvalError;
use timely::dataflow::operators::generic::OperatorInfo;
use timely::scheduling::Activator;

/// A value with how often it is kept and how often it is shown.
type Winner<'a> = (&'a [u8], i64, i64);

/// Takes values in order, until no other can be among the group's rows.
struct Cut<'a> {
    window: TopK,
    skip: u64,
    left: u64,
    /// The order bytes of the last value that is shown.
    last: Option<&'a [u8]>,
    winners: Vec<Winner<'a>>,
}

impl<'a> Cut<'a> {
    fn new(window: TopK) -> Self {
        let left = window.limit.unwrap_or(u64::MAX);
        Cut { window, skip: window.offset, left, last: None, winners: Vec::new() }
    }

    /// Takes a value that is there `count` times; false if it, and so all behind it, has lost.
    fn take(&mut self, value: &'a [u8], count: u64) -> bool {
        if self.left == 0 {
            let ties = self.window.with_ties && self.last.is_some_and(|last| split_value(value).0 == last);
            if ties {
                self.winners.push((value, count as i64, count as i64));
            }
            return ties;
        }
        let skipped = self.skip.min(count);
        self.skip -= skipped;
        let rest = count - skipped;
        let shown = if self.window.with_ties { rest } else { rest.min(self.left) };
        self.left = self.left.saturating_sub(shown);
        if shown > 0 {
            self.last = Some(split_value(value).0);
        }
        self.winners.push((value, (skipped + shown) as i64, shown as i64));
        true
    }
}

/// The rows that are kept, if anyone asks for them again, and how they change.
pub struct KeptRows {
    pub kept: Option<Kept>,
    pub changes: Updates,
    /// The error of a row that is taken away.
    pub taken_away: Vec<u8>,
}

impl KeptRows {
    fn new(kept: Option<Kept>) -> Self {
        let error = EvalError::new("XX000", "a row was taken from an input to which rows are only added");
        let taken_away = error.to_row().as_bytes().to_vec();
        KeptRows { kept, changes: Updates::new(), taken_away }
    }

    /// What is kept of a group, in order.
    pub fn of(&self, key: &[u8]) -> Vec<(Vec<u8>, u64)> {
        let mut found: Vec<(Vec<u8>, i64)> = Vec::new();
        if let Some(kept) = &self.kept {
            kept.find(key, |value, diff| found.push((value.to_vec(), diff)));
        }
        found.sort_unstable();
        found.dedup_by(|(next, more), (value, count)| {
            let same = next == value;
            if same {
                *count += *more;
            }
            same
        });
        found
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(value, count)| (value, count as u64))
            .collect()
    }

    /// Everything before `time` has been applied.
    pub fn advance(&mut self, time: u64) {
        if let Some(kept) = &mut self.kept {
            kept.advance(&self.changes, time);
        }
        self.changes.clear();
    }
}

struct TopGroups {
    window: TopK,
    rows: KeptRows,
}

impl Groups for TopGroups {
    fn apply(&mut self, time: u64, updates: &Updates, ok: &mut Updates, err: &mut Updates) {
        let at = |index: u32| updates.get(index as usize);
        for group in sorted_indexes(updates).chunk_by(|a, b| at(*a).key == at(*b).key) {
            let key = at(group[0]).key;
            let held = self.rows.of(key);
            let mut before = Cut::new(self.window);
            let _ = held.iter().all(|(value, count)| before.take(value, *count));
            let mut after = Cut::new(self.window);
            let mut old = held.iter().map(|(value, count)| (&value[..], *count)).peekable();
            let new = group.iter().map(|index| at(*index)).filter(|update| match update.diff {
                ..=0 => {
                    err.push_row(&self.rows.taken_away, time, 1);
                    false
                }
                _ => true,
            });
            let mut new = new.map(|update| (update.val, update.diff as u64)).peekable();
            loop {
                let next = match (old.peek(), new.peek()) {
                    (None, None) => break,
                    (Some(_), None) => old.next(),
                    (None, Some(_)) => new.next(),
                    (Some((first, _)), Some((second, _))) => match first.cmp(second) {
                        Ordering::Greater => new.next(),
                        _ => old.next(),
                    },
                };
                let Some((value, mut count)) = next else { break };
                while let Some((_, more)) = old.next_if(|(other, _)| *other == value) {
                    count += more;
                }
                while let Some((_, more)) = new.next_if(|(other, _)| *other == value) {
                    count += more;
                }
                if !after.take(value, count) {
                    break;
                }
            }
            // Those that lost may have been taken away all the same.
            new.for_each(drop);
            let changes = &mut self.rows.changes;
            differences(&before.winners, &after.winners, |value, kept, shown| {
                if kept != 0 {
                    changes.push(key, value, time, kept);
                }
                if shown != 0 {
                    ok.push_row(split_value(value).1, time, shown);
                }
            });
        }
        self.advance(time + 1);
    }

    fn advance(&mut self, time: u64) {
        self.rows.advance(time);
    }

    const THINS: bool = true;

    fn thin(&self, updates: &mut Updates) {
        let mut keep = vec![true; updates.len()];
        let at = |index: u32| updates.get(index as usize);
        for group in sorted_indexes(updates).chunk_by(|a, b| at(*a).key == at(*b).key) {
            let mut cut = Cut::new(self.window);
            for equal in group.chunk_by(|a, b| at(*a).val == at(*b).val) {
                let count: u64 = equal.iter().map(|index| at(*index).diff.max(0) as u64).sum();
                if count > 0 && !cut.take(at(equal[0]).val, count) {
                    // Those that are taken away are errors, still.
                    equal.iter().for_each(|index| keep[*index as usize] = at(*index).diff <= 0);
                }
            }
        }
        retain(updates, &keep);
    }
}

/// Leaves those updates of which `keep` says so, and no room for the others.
pub fn retain(updates: &mut Updates, keep: &[bool]) {
    let mut kept = Updates::new();
    for (update, _) in updates.iter().zip(keep).filter(|(_, keep)| **keep) {
        kept.push(update.key, update.val, update.time, update.diff);
    }
    *updates = kept;
}

/// How much more each value is kept and shown.
fn differences(before: &[Winner<'_>], after: &[Winner<'_>], mut each: impl FnMut(&[u8], i64, i64)) {
    let (mut old, mut new) = (before.iter().peekable(), after.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((first, ..)), Some((second, ..))) => first.cmp(second),
        };
        let lost = if order.is_le() { old.next() } else { None };
        let won = if order.is_ge() { new.next() } else { None };
        let Some((value, ..)) = lost.or(won) else { return };
        let counts = |winner: Option<&Winner<'_>>| winner.map_or((0, 0), |(_, kept, shown)| (*kept, *shown));
        let ((kept, shown), (keeps, shows)) = (counts(lost), counts(won));
        each(value, keeps - kept, shows - shown);
    }
}

/// The windows of a keyed stream of [encoded](super::encode_value) values, to which rows are only added. Gives rows, and an
/// error for each row that was taken away all the same.
pub fn monotonic_top_k<'s>(
    flow: &Flow,
    input: RowStream<'s>,
    name: &str,
    window: TopK,
) -> (RowStream<'s>, RowStream<'s>) {
    let rows = |info: &OperatorInfo, activator: Activator| {
        let kept = Kept::new(flow, info, activator);
        let floor = kept.as_ref().map_or(0, Kept::floor);
        (KeptRows::new(kept), floor)
    };
    match window.is_extreme() {
        true => kept_groups(input, name, |info, activator| {
            let (rows, floor) = rows(info, activator);
            (ExtremeGroups::new(rows), floor)
        }),
        false => kept_groups(input, name, |info, activator| {
            let (rows, floor) = rows(info, activator);
            (TopGroups { window, rows }, floor)
        }),
    }
}
