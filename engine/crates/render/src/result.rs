//! The rows of a one-shot statement as messages, in portions that a reader asks for.

use crate::encode::{RowFormat, ShownEncoder};
use crate::execute::{ExecuteError, Scan};
use crate::finish::{Collector, Demand, Finish, Gather, Rows};
use smallvec::{SmallVec, smallvec};
use std::collections::VecDeque;
use tidewire_row::FormatSettings;

/// Bytes after which a chunk of encoded rows is handed out.
const CHUNK_BYTES: usize = 64 << 10;
/// Bytes of encoded rows after which an execution waits until they were taken.
const PORTION_BYTES: usize = 512 << 10;
/// So many rows fill a chunk, more or less.
const MANY_ROWS: u64 = 512;

/// Gathers a result. Rows that have no order are encoded as they come, by the thread that computes them, and keep the
/// order in which they were computed, a portion at a time where the execution can be resumed; rows that have one are
/// encoded as they are taken.
pub struct Results {
    gathered: Gathered,
    encoder: Box<ShownEncoder>,
}

enum Gathered {
    Ordered(Collector),
    Unordered(Unordered),
}

/// Rows that are encoded as they come.
struct Unordered {
    chunks: Chunks,
    /// Rows that are still to be left out.
    skip: u64,
    /// Rows that are still to be shown.
    left: u64,
}

impl Results {
    /// A result in a format. `names` are used by formats with a header; they may be empty otherwise.
    pub fn new(finish: Finish, format: RowFormat, names: &[String], settings: FormatSettings) -> Self {
        let Finish { types, projection, .. } = &finish;
        let encoder = ShownEncoder::new(types.clone(), projection.clone(), format, names, settings);
        let encoder = Box::new(encoder);
        let gathered = match finish.order.is_empty() && !finish.with_ties {
            true => {
                let (skip, left) = (finish.offset, finish.limit.unwrap_or(u64::MAX));
                Gathered::Unordered(Unordered { chunks: Chunks::default(), skip, left })
            }
            false => Gathered::Ordered(Collector::new(finish)),
        };
        Results { gathered, encoder }
    }

    /// What was gathered, to be taken; `rest` computes what was not.
    pub fn finish(self, rest: Option<Scan>) -> ResultSet {
        let Results { gathered, mut encoder } = self;
        let taking = match gathered {
            Gathered::Ordered(rows) => Taking::Ordered { rows: rows.finish(), next: 0, shown: 0 },
            Gathered::Unordered(mut rows) => {
                if rows.chunks.count == 0 {
                    rows.chunks.header(&mut encoder);
                }
                Taking::Encoded { rows, rest: rest.map(Box::new) }
            }
        };
        ResultSet { taking, encoder, started: false }
    }
}

impl Gather for Results {
    fn push(&mut self, row: &[u8], count: u64) -> Demand {
        match &mut self.gathered {
            Gathered::Ordered(rows) => rows.push(row, count),
            Gathered::Unordered(rows) => rows.push(&mut self.encoder, row, count),
        }
    }
}

impl Unordered {
    fn push(&mut self, encoder: &mut ShownEncoder, row: &[u8], count: u64) -> Demand {
        let skipped = count.min(self.skip);
        self.skip -= skipped;
        let shown = (count - skipped).min(self.left);
        if shown > 0 {
            self.left -= shown;
            self.chunks.push(encoder, row, shown);
        }
        match self.left {
            0 => Demand::Nothing,
            _ if self.chunks.byte_count >= PORTION_BYTES => Demand::Later,
            _ => Demand::More,
        }
    }
}

/// The next portion of rows.
struct Refill<'a> {
    rows: &'a mut Unordered,
    encoder: &'a mut ShownEncoder,
}

impl Gather for Refill<'_> {
    fn push(&mut self, row: &[u8], count: u64) -> Demand {
        self.rows.push(self.encoder, row, count)
    }
}

/// Rows that are encoded, oldest first.
#[derive(Default)]
struct Chunks {
    chunks: VecDeque<Chunk>,
    /// Rows that came.
    count: u64,
    /// Of the chunks.
    byte_count: usize,
}

/// Some messages.
struct Chunk {
    bytes: Vec<u8>,
    /// Where each row ends.
    ends: SmallVec<[u32; 4]>,
    /// Rows that were handed out.
    taken: usize,
    /// How often it is still shown; more than once only if it is one row.
    copies: u64,
}

impl Chunk {
    fn new(bytes: Vec<u8>) -> Self {
        Chunk { bytes, ends: SmallVec::new(), taken: 0, copies: 1 }
    }
}

impl Chunks {
    fn header(&mut self, encoder: &mut ShownEncoder) {
        let mut bytes = Vec::new();
        encoder.header(&mut bytes);
        if !bytes.is_empty() {
            self.chunks.push_back(Chunk::new(bytes));
        }
    }

    fn push(&mut self, encoder: &mut ShownEncoder, row: &[u8], count: u64) {
        if self.count == 0 {
            self.header(encoder);
        }
        self.count += count;
        let open = self.chunks.back().filter(|chunk| chunk.copies == 1 && chunk.bytes.len() < CHUNK_BYTES);
        if open.is_none() {
            // What follows many rows is taken to be many rows.
            let capacity = if self.chunks.is_empty() { 0 } else { CHUNK_BYTES + CHUNK_BYTES / 8 };
            self.chunks.push_back(Chunk::new(Vec::with_capacity(capacity)));
        }
        let chunk = self.chunks.back_mut().expect("one was made");
        let start = chunk.bytes.len();
        encoder.row(row, &mut chunk.bytes);
        let end = chunk.bytes.len();
        let copies = if count.saturating_mul((end - start) as u64) > CHUNK_BYTES as u64 { 1 } else { count };
        chunk.ends.push(end as u32);
        for _ in 1..copies {
            chunk.bytes.extend_from_within(start..end);
            chunk.ends.push(chunk.bytes.len() as u32);
        }
        self.byte_count += chunk.bytes.len() - start;
        if copies < count {
            let bytes = chunk.bytes[start..end].to_vec();
            let ends = smallvec![bytes.len() as u32];
            self.chunks.push_back(Chunk { bytes, ends, taken: 0, copies: count - copies });
        }
    }

    /// At most `max_rows` rows of the first chunk, and how many.
    fn take(&mut self, max_rows: u64, out: &mut Vec<u8>) -> u64 {
        let Some(chunk) = self.chunks.front_mut() else { return 0 };
        if chunk.copies > 1 {
            let fitting = (CHUNK_BYTES / chunk.bytes.len().max(1)) as u64 + 1;
            let rows = chunk.copies.min(max_rows).min(fitting);
            for _ in 0..rows {
                out.extend_from_slice(&chunk.bytes);
            }
            chunk.copies -= rows;
            if chunk.copies == 0 {
                self.chunks.pop_front();
            }
            return rows;
        }
        let left = chunk.ends.len() - chunk.taken;
        let start = chunk.taken.checked_sub(1).map_or(0, |last| chunk.ends[last] as usize);
        if left as u64 > max_rows {
            chunk.taken += max_rows as usize;
            out.extend_from_slice(&chunk.bytes[start..chunk.ends[chunk.taken - 1] as usize]);
            return max_rows;
        }
        let chunk = self.chunks.pop_front().expect("it is there");
        self.byte_count -= chunk.bytes.len().min(self.byte_count);
        if start == 0 && out.is_empty() {
            *out = chunk.bytes;
        } else {
            out.extend_from_slice(&chunk.bytes[start..]);
        }
        left as u64
    }
}

/// The rows of a result.
pub struct ResultSet {
    taking: Taking,
    encoder: Box<ShownEncoder>,
    started: bool,
}

enum Taking {
    /// `next`: the next row; `shown`: how often it was shown already.
    Ordered {
        rows: Rows,
        next: usize,
        shown: u64,
    },
    Encoded {
        rows: Unordered,
        rest: Option<Box<Scan>>,
    },
}

impl ResultSet {
    /// Rows in all, if all are computed.
    pub fn row_count(&self) -> Option<u64> {
        match &self.taking {
            Taking::Ordered { rows, .. } => Some(rows.row_count()),
            Taking::Encoded { rest: Some(_), .. } => None,
            Taking::Encoded { rows, rest: None } => Some(rows.chunks.count),
        }
    }

    /// Whether what was computed is taken and the next portion is to be computed, by [`fill`](Self::fill).
    pub fn is_waiting(&self) -> bool {
        match &self.taking {
            Taking::Encoded { rows, rest: Some(_) } => rows.chunks.chunks.is_empty(),
            _ => false,
        }
    }

    /// Computes the next portion.
    pub fn fill(&mut self) -> Result<(), ExecuteError> {
        if let Taking::Encoded { rows, rest } = &mut self.taking
            && let Some(scan) = rest
            && scan.resume(&mut Refill { rows, encoder: &mut self.encoder })?
        {
            *rest = None;
        }
        Ok(())
    }

    /// Appends at most `max_rows` (0: no limit) rows, about 64 KB, to `out`. Gives how many, and whether that was all;
    /// if not, and there were fewer, the next portion is to be computed.
    pub fn next(&mut self, max_rows: u64, out: &mut Vec<u8>) -> (u64, bool) {
        let start = out.len();
        let max_rows = if max_rows == 0 { u64::MAX } else { max_rows };
        let mut taken = 0;
        let first = !std::mem::replace(&mut self.started, true);
        let encoder = &mut self.encoder;
        let (rows, next, shown) = match &mut self.taking {
            Taking::Encoded { rows: Unordered { chunks, .. }, rest } => {
                while taken < max_rows && out.len() - start < CHUNK_BYTES && !chunks.chunks.is_empty() {
                    taken += chunks.take(max_rows - taken, out);
                }
                return (taken, chunks.chunks.is_empty() && rest.is_none());
            }
            Taking::Ordered { rows, next, shown } => (rows, next, shown),
        };
        if first {
            encoder.header(out);
        }
        if max_rows.min((rows.len() - *next) as u64) >= MANY_ROWS {
            out.reserve(CHUNK_BYTES + CHUNK_BYTES / 8);
        }
        while let Some((row, count)) = rows.get(*next) {
            if taken == max_rows || out.len() - start >= CHUNK_BYTES {
                return (taken, false);
            }
            encoder.row(row, out);
            taken += 1;
            *shown += 1;
            if *shown == count {
                *next += 1;
                *shown = 0;
            }
        }
        (taken, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidewire_plan::{OrderKey, ScalarType};
    use tidewire_row::{Datum, Row};

    const ONE: &[u8] = b"D\0\0\0\x0c\0\x01\0\0\0\x02xy";
    const NULL: &[u8] = b"D\0\0\0\x0a\0\x01\xff\xff\xff\xff";

    fn results(order: Vec<OrderKey>, limit: Option<u64>, offset: u64) -> Results {
        let types = [ScalarType::Int4, ScalarType::Text].into();
        let finish =
            Finish { types, order, sorted: 0, limit, offset, with_ties: false, projection: [1].into() };
        Results::new(finish, RowFormat::DataRow(vec![]), &[], FormatSettings::default())
    }

    fn pairs(results: &mut Results, numbers: std::ops::Range<i32>) {
        for value in numbers {
            let _ = results.push(Row::pack(&[Datum::Int32(value), Datum::Text("xy")]).as_bytes(), 2);
            let _ = results.push(Row::pack(&[Datum::Int32(value), Datum::Null]).as_bytes(), 1);
        }
    }

    #[test]
    fn messages_come_in_portions() {
        let by_number = vec![OrderKey { column: 0, descending: false, nulls_first: false }];
        for order in [by_number, vec![]] {
            let mut gathered = results(order.clone(), None, 0);
            pairs(&mut gathered, 0..10);
            let mut result = gathered.finish(None);
            assert_eq!(result.row_count(), Some(30));
            let mut out = Vec::new();
            assert_eq!(result.next(4, &mut out), (4, false), "{order:?}");
            assert_eq!(out, [ONE, ONE, NULL, ONE].concat(), "{order:?}");
            assert_eq!(result.next(0, &mut out), (26, true), "{order:?}");
            assert_eq!(out.len(), 20 * ONE.len() + 10 * NULL.len(), "{order:?}");
            assert_eq!(result.next(0, &mut out), (0, true), "{order:?}");
        }
    }

    #[test]
    fn without_an_order_it_ends_with_the_limit() {
        let mut gathered = results(vec![], Some(3), 1);
        pairs(&mut gathered, 0..1);
        let row = Row::pack(&[Datum::Int32(2), Datum::Text("xy")]);
        assert_eq!(gathered.push(row.as_bytes(), 7), Demand::Nothing);
        let mut out = Vec::new();
        assert_eq!(gathered.finish(None).next(0, &mut out), (3, true));
        assert_eq!(out, [ONE, NULL, ONE].concat());
    }

    #[test]
    fn a_row_of_many_copies_is_held_once() {
        let mut gathered = results(vec![], None, 0);
        let copies = 1_000_000_007;
        let _ = gathered.push(Row::pack(&[Datum::Int32(2), Datum::Text("xy")]).as_bytes(), copies);
        pairs(&mut gathered, 0..1);
        let mut result = gathered.finish(None);
        assert_eq!(result.row_count(), Some(copies + 3));
        let mut out = Vec::new();
        assert_eq!(result.next(2, &mut out), (2, false));
        assert_eq!(out, [ONE, ONE].concat());
        out.clear();
        let (rows, done) = result.next(0, &mut out);
        assert!(
            !done && out.len() == rows as usize * ONE.len() && out.len() < 2 * CHUNK_BYTES,
            "{rows} rows"
        );
    }
}
