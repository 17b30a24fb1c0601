//! Order, limit, offset and projection of a one-shot result.

use crate::encode::{MessageEncoder, RowFormat, project};
use crate::render::order_bytes;
use tidewire_arrange::{Resident, sorted_by_bytes};
use tidewire_plan::{OrderKey, ScalarType};
use tidewire_row::FormatSettings;

/// Bytes after which a chunk of encoded rows is handed out.
const CHUNK_BYTES: usize = 64 << 10;
/// So many rows fill a chunk, more or less.
const MANY_ROWS: u64 = 512;

/// How rows are finished.
#[derive(Clone, Debug)]
pub struct Finish {
    /// Types of the rows' columns.
    pub types: Vec<ScalarType>,
    /// Sort keys; rows that tie come in the order of their bytes.
    pub order: Vec<OrderKey>,
    /// LIMIT.
    pub limit: Option<u64>,
    /// OFFSET.
    pub offset: u64,
    /// WITH TIES.
    pub with_ties: bool,
    /// The columns to show.
    pub projection: Vec<u32>,
}

/// Collects rows with multiplicities and finishes them.
pub struct Collector {
    finish: Finish,
    bytes: Vec<u8>,
    resident: Resident,
    entries: Vec<Entry>,
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
        Collector { finish, bytes: Vec::new(), resident: Resident::default(), entries: Vec::new() }
    }

    /// Adds a row `count` times.
    pub fn push(&mut self, row: &[u8], count: u64) {
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
        self.entries.push(Entry { start, row: row_start, end: self.bytes.len(), count });
        // With a limit, only what can be shown is kept.
        if let Some(limit) = self.finish.limit
            && !self.finish.with_ties
            && self.entries.len() as u64
                > limit.saturating_add(self.finish.offset).saturating_mul(2).max(4096)
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
        let keep = self.finish.limit.unwrap_or(u64::MAX).saturating_add(self.finish.offset);
        self.entries.truncate(keep.min(usize::MAX as u64) as usize);
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
        self.into_rows()
    }

    /// The rows in the order in which they came.
    pub fn into_rows(self) -> Rows {
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
        Rows { types: finish.types, projection: finish.projection, bytes, kept, total }
    }
}

/// Finished rows, to be encoded.
pub struct Rows {
    types: Vec<ScalarType>,
    projection: Vec<u32>,
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

    /// The rows (before projection) with their multiplicities.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], u64)> {
        self.kept.iter().map(|(start, end, count)| (&self.bytes[*start..*end], *count))
    }

    /// The types of the shown columns.
    pub fn shown(&self) -> Vec<ScalarType> {
        self.projection.iter().map(|column| self.types[*column as usize]).collect()
    }
}

/// The rows of a result, encoded as they are taken.
pub struct ResultSet {
    rows: Rows,
    encoder: MessageEncoder,
    identity: bool,
    /// Next row, and how often it was shown already.
    next: usize,
    shown: u64,
    started: bool,
    bounds: Vec<u32>,
    scratch: Vec<u8>,
}

impl ResultSet {
    /// Rows in a format. `names` are used by formats with a header; they may be empty otherwise.
    pub fn new(rows: Rows, format: RowFormat, names: &[String], settings: FormatSettings) -> Self {
        let columns = rows
            .shown()
            .into_iter()
            .enumerate()
            .map(|(index, scalar)| (names.get(index).cloned().unwrap_or_default(), scalar))
            .collect();
        let identity = rows.projection.iter().copied().eq(0..rows.types.len() as u32);
        let encoder = MessageEncoder::new(columns, format, settings);
        ResultSet {
            rows,
            encoder,
            identity,
            next: 0,
            shown: 0,
            started: false,
            bounds: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Rows in all.
    pub fn row_count(&self) -> u64 {
        self.rows.total
    }

    /// A buffer for the next chunk; one for many rows has its room.
    pub fn buffer(&self, max_rows: u64) -> Vec<u8> {
        let left = (self.rows.kept.len() - self.next) as u64;
        let rows = if max_rows == 0 { left } else { left.min(max_rows) };
        if rows < MANY_ROWS { Vec::new() } else { Vec::with_capacity(CHUNK_BYTES + CHUNK_BYTES / 8) }
    }

    /// Appends at most `max_rows` (0: no limit) rows, about 64 KB, to `out`. Gives how many, and whether that was all.
    pub fn next(&mut self, max_rows: u64, out: &mut Vec<u8>) -> (u64, bool) {
        let start = out.len();
        let mut taken = 0;
        if !self.started {
            self.started = true;
            self.encoder.header(out);
        }
        while let Some((from, to, count)) = self.rows.kept.get(self.next).copied() {
            if (max_rows > 0 && taken == max_rows) || out.len() - start >= CHUNK_BYTES {
                return (taken, false);
            }
            let row = &self.rows.bytes[from..to];
            if self.identity {
                self.encoder.row(row, out);
            } else {
                self.scratch.clear();
                project(row, &self.rows.types, &self.rows.projection, &mut self.bounds, &mut self.scratch);
                self.encoder.row(&self.scratch, out);
            }
            taken += 1;
            self.shown += 1;
            if self.shown == count {
                self.next += 1;
                self.shown = 0;
            }
        }
        (taken, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidewire_row::{Datum, Row};

    fn finish(limit: Option<u64>, offset: u64, with_ties: bool) -> Finish {
        Finish {
            types: vec![ScalarType::Int4, ScalarType::Text],
            order: vec![OrderKey { column: 0, descending: true, nulls_first: false }],
            limit,
            offset,
            with_ties,
            projection: vec![1],
        }
    }

    fn shown(finish: Finish) -> Vec<(i32, u64)> {
        let types = finish.types.clone();
        let mut collector = Collector::new(finish);
        for (value, text, count) in [(1, "a", 1), (3, "b", 2), (2, "c", 1), (3, "a", 1), (2, "d", 1)] {
            collector.push(Row::pack(&[Datum::Int32(value), Datum::Text(text)]).as_bytes(), count);
        }
        let rows = collector.finish();
        let arena = tidewire_row::Arena::new();
        rows.iter()
            .map(|(row, count)| match read(row, &types, &arena) {
                Datum::Int32(value) => (value, count),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    fn read<'a>(row: &'a [u8], types: &[ScalarType], arena: &'a tidewire_row::Arena) -> Datum<'a> {
        tidewire_row::decode_column(row, types, 0, arena)
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

    #[test]
    fn messages_come_in_portions() {
        let mut collector = Collector::new(finish(None, 0, false));
        for value in 0..10 {
            collector.push(Row::pack(&[Datum::Int32(value), Datum::Null]).as_bytes(), 1);
            collector.push(Row::pack(&[Datum::Int32(value), Datum::Text("xy")]).as_bytes(), 2);
        }
        let mut result =
            ResultSet::new(collector.finish(), RowFormat::DataRow(vec![]), &[], FormatSettings::default());
        assert_eq!(result.row_count(), 30);
        let mut out = Vec::new();
        assert_eq!(result.next(4, &mut out), (4, false));
        let message = b"D\0\0\0\x0c\0\x01\0\0\0\x02xy";
        let null = b"D\0\0\0\x0a\0\x01\xff\xff\xff\xff";
        assert_eq!(out, [&message[..], &message[..], &null[..], &message[..]].concat());
        assert_eq!(result.next(0, &mut out), (26, true));
        assert_eq!(result.next(0, &mut out), (0, true));
    }
}
