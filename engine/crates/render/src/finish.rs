//! Order, limit and offset of a one-shot result.

use crate::render::order_bytes;
use std::sync::Arc;
use tidewire_arrange::{Resident, sorted_by_bytes};
use tidewire_plan::{OrderKey, ScalarType};

/// How rows are finished.
#[derive(Clone, Debug)]
pub struct Finish {
    /// Types of the rows' columns.
    pub types: Arc<[ScalarType]>,
    /// Sort keys; rows that tie come in the order of their bytes.
    pub order: Vec<OrderKey>,
    /// Rows come in the order of so many of the first sort keys.
    pub sorted: usize,
    /// LIMIT.
    pub limit: Option<u64>,
    /// OFFSET.
    pub offset: u64,
    /// WITH TIES.
    pub with_ties: bool,
    /// The columns to show.
    pub projection: Arc<[u32]>,
}

/// What an execution gives its rows to, each with its multiplicity.
pub trait Gather {
    /// Takes a row, before projection.
    fn push(&mut self, row: &[u8], count: u64) -> Demand;
}

/// Whether more rows are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// They are.
    More,
    /// There is enough to go on with; an execution that can be resumed stops for now.
    Later,
    /// No other can be shown.
    Nothing,
}

/// Collects rows to put them in order.
pub struct Collector {
    finish: Finish,
    bytes: Vec<u8>,
    resident: Resident,
    entries: Vec<Entry>,
    /// Of rows that come sorted, or have no order: how many came, and by what the last of them is sorted.
    came: u64,
    last: Vec<u8>,
    /// With a limit: order bytes and row of one that so many are not behind; others behind it are not shown.
    bound: Option<Vec<u8>>,
}

#[derive(Clone, Copy)]
struct Entry {
    start: usize,
    /// Where the order bytes end and the row begins.
    row: usize,
    end: usize,
    count: u64,
}

impl Collector {
    /// Nothing yet.
    pub fn new(finish: Finish) -> Self {
        Collector {
            finish,
            bytes: Vec::new(),
            resident: Resident::default(),
            entries: Vec::new(),
            came: 0,
            last: Vec::new(),
            bound: None,
        }
    }

    /// How many rows of the order the result takes.
    fn wanted(&self) -> u64 {
        self.finish.limit.unwrap_or(u64::MAX).saturating_add(self.finish.offset)
    }

    /// Whether any rows will do.
    fn is_unordered(&self) -> bool {
        self.finish.order.is_empty() && !self.finish.with_ties
    }

    /// Whether a row and all that come after it, sorted as they are, are behind the limit.
    fn is_behind(&mut self, row: &[u8], count: u64) -> bool {
        let Finish { types, order, sorted, limit, .. } = &self.finish;
        if *sorted == 0 || limit.is_none() {
            return false;
        }
        let mut keys = Vec::with_capacity(self.last.len());
        order_bytes(row, types, &order[..*sorted], &mut keys);
        if self.came >= self.wanted() && keys != self.last {
            return true;
        }
        self.came = self.came.saturating_add(count);
        self.last = keys;
        false
    }

    fn add(&mut self, row: &[u8], count: u64) {
        let start = self.bytes.len();
        // The order bytes of a row are about as long as the row.
        let about = 2 * row.len();
        if self.bytes.capacity() - start < about {
            self.bytes.reserve(about);
            self.resident = Resident::of(start, self.bytes.capacity());
        }
        self.resident.cover(&self.bytes, self.bytes.capacity(), about);
        order_bytes(row, &self.finish.types, &self.finish.order, &mut self.bytes);
        let row_start = self.bytes.len();
        self.bytes.extend_from_slice(row);
        if self.bound.as_ref().is_some_and(|bound| self.bytes[start..] > bound[..]) {
            self.bytes.truncate(start);
            return;
        }
        self.entries.push(Entry { start, row: row_start, end: self.bytes.len(), count });
        // With a limit, only what can be shown is kept.
        if self.finish.limit.is_some()
            && !self.finish.with_ties
            && self.entries.len() as u64 > self.wanted().saturating_mul(2).max(4096)
        {
            self.shrink();
        }
    }

    fn sort(&mut self) {
        let Collector { bytes, entries, .. } = self;
        let row = |index: usize| &bytes[entries[index].start..entries[index].end];
        let order = sorted_by_bytes(entries.len(), row, |a, b| row(a).cmp(row(b)));
        self.entries = order.into_iter().map(|index| entries[index as usize]).collect();
    }

    fn shrink(&mut self) {
        self.sort();
        self.entries.truncate(self.wanted().min(usize::MAX as u64) as usize);
        self.bound = self.entries.last().map(|entry| self.bytes[entry.start..entry.end].to_vec());
        let mut bytes = Vec::with_capacity(self.bytes.len() / 2);
        for entry in &mut self.entries {
            let start = bytes.len();
            bytes.extend_from_slice(&self.bytes[entry.start..entry.end]);
            *entry = Entry { start, row: start + entry.row - entry.start, end: bytes.len(), ..*entry };
        }
        self.bytes = bytes;
        self.resident = Resident::default();
    }

    /// The finished rows.
    pub fn finish(mut self) -> Rows {
        self.sort();
        let Collector { finish, bytes, entries, .. } = self;
        let mut skip = finish.offset;
        let mut left = finish.limit.unwrap_or(u64::MAX);
        let mut kept: Vec<(usize, usize, u64)> = Vec::with_capacity(entries.len());
        let mut total = 0u64;
        let mut last: Option<&[u8]> = None;
        for entry in &entries {
            let order = &bytes[entry.start..entry.row];
            if left == 0 && !(finish.with_ties && last == Some(order)) {
                break;
            }
            let skipped = skip.min(entry.count);
            skip -= skipped;
            let available = entry.count - skipped;
            let taken = if finish.with_ties { available } else { available.min(left) };
            if taken > 0 {
                left = left.saturating_sub(taken);
                last = Some(order);
                total += taken;
                kept.push((entry.row, entry.end, taken));
            }
        }
        Rows { bytes, kept, total }
    }
}

impl Gather for Collector {
    fn push(&mut self, row: &[u8], count: u64) -> Demand {
        if self.is_behind(row, count) {
            return Demand::Nothing;
        }
        self.add(row, count);
        if !self.is_unordered() {
            return Demand::More;
        }
        self.came = self.came.saturating_add(count);
        if self.came >= self.wanted() { Demand::Nothing } else { Demand::More }
    }
}

/// Finished rows, in their order.
pub struct Rows {
    bytes: Vec<u8>,
    /// Where each row stands, and how often it is shown.
    kept: Vec<(usize, usize, u64)>,
    total: u64,
}

impl Rows {
    /// Number of rows.
    pub fn row_count(&self) -> u64 {
        self.total
    }

    /// Number of entries: of rows that are not counted by their multiplicities.
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    /// The rows (before projection) with their multiplicities.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], u64)> {
        self.kept.iter().map(|(start, end, count)| (&self.bytes[*start..*end], *count))
    }

    /// The row (before projection) at an index, and how often it is shown.
    pub(crate) fn get(&self, index: usize) -> Option<(&[u8], u64)> {
        self.kept.get(index).map(|(start, end, count)| (&self.bytes[*start..*end], *count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidewire_row::{Datum, Row};

    fn finish(limit: Option<u64>, offset: u64, with_ties: bool) -> Finish {
        Finish {
            types: [ScalarType::Int4, ScalarType::Text].into(),
            order: vec![OrderKey { column: 0, descending: true, nulls_first: false }],
            sorted: 0,
            limit,
            offset,
            with_ties,
            projection: [1].into(),
        }
    }

    fn shown(finish: Finish) -> Vec<(i32, u64)> {
        let types = finish.types.clone();
        let mut collector = Collector::new(finish);
        for (value, text, count) in [(1, "a", 1), (3, "b", 2), (2, "c", 1), (3, "a", 1), (2, "d", 1)] {
            collector.add(Row::pack(&[Datum::Int32(value), Datum::Text(text)]).as_bytes(), count);
        }
        let rows = collector.finish();
        let arena = tidewire_row::Arena::new();
        rows.iter()
            .map(|(row, count)| match value(row, &types, &arena) {
                Datum::Int32(value) => (value, count),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    fn value<'a>(row: &'a [u8], types: &[ScalarType], arena: &'a tidewire_row::Arena) -> Datum<'a> {
        tidewire_row::decode_column(row, types, 0, arena)
    }

    /// The first columns of finished rows.
    fn first_of(collector: Collector) -> Vec<i32> {
        let types = [ScalarType::Int4, ScalarType::Text];
        let arena = tidewire_row::Arena::new();
        let first = |(row, _): (&[u8], u64)| match value(row, &types, &arena) {
            Datum::Int32(value) => value,
            other => panic!("{other:?}"),
        };
        collector.finish().iter().map(first).collect()
    }

    #[test]
    fn rows_that_come_sorted_end_behind_the_limit() {
        let types: Arc<[ScalarType]> = [ScalarType::Int4, ScalarType::Text].into();
        let order = vec![
            OrderKey { column: 0, descending: false, nulls_first: false },
            OrderKey { column: 1, descending: false, nulls_first: false },
        ];
        let finish = |offset, with_ties| {
            let (types, order) = (types.clone(), order.clone());
            Finish { types, order, sorted: 1, limit: Some(1), offset, with_ties, projection: [1].into() }
        };
        let read = |finish| {
            let mut collector = Collector::new(finish);
            let rows = [(1, "d", 1), (1, "c", 1), (2, "b", 2), (2, "a", 1), (3, "z", 1), (4, "y", 1)];
            let taken = rows.iter().take_while(|(value, text, count)| {
                let row = Row::pack(&[Datum::Int32(*value), Datum::Text(text)]);
                collector.push(row.as_bytes(), *count) == Demand::More
            });
            (taken.count(), first_of(collector))
        };
        assert_eq!(read(finish(0, false)), (2, vec![1]));
        assert_eq!(read(finish(1, true)), (2, vec![1]));
        assert_eq!(read(finish(2, false)), (4, vec![2]));
    }

    #[test]
    fn rows_without_an_order_end_with_those_that_are_wanted() {
        let mut collector = Collector::new(Finish { order: vec![], ..finish(Some(2), 1, false) });
        let mut push =
            |value| collector.push(Row::pack(&[Datum::Int32(value), Datum::Text("x")]).as_bytes(), 1);
        assert_eq!([push(3), push(1), push(2)], [Demand::More, Demand::More, Demand::Nothing]);
    }

    #[test]
    fn rows_behind_the_limit_are_forgotten() {
        let mut collector = Collector::new(finish(Some(3), 1, false));
        for value in (0..20_000).map(|value| value * 7919 % 20_000) {
            collector.add(Row::pack(&[Datum::Int32(value), Datum::Text("x")]).as_bytes(), 1);
        }
        assert!(collector.entries.len() < 5000);
        assert_eq!(first_of(collector), [19_998, 19_997, 19_996]);
    }

    #[test]
    fn orders_limits_and_ties() {
        assert_eq!(shown(finish(None, 0, false)), vec![(3, 1), (3, 2), (2, 1), (2, 1), (1, 1)]);
        assert_eq!(shown(finish(Some(2), 0, false)), vec![(3, 1), (3, 1)]);
        assert_eq!(shown(finish(Some(2), 2, false)), vec![(3, 1), (2, 1)]);
        assert_eq!(shown(finish(Some(4), 0, true)), vec![(3, 1), (3, 2), (2, 1), (2, 1)]);
        assert_eq!(shown(finish(Some(0), 0, true)), vec![]);
        assert_eq!(shown(finish(Some(9), 5, false)), vec![(1, 1)]);
    }
}
