//! What a decoder gives: rows and errors with their places.

use tidewire_row::EvalError;

/// Where a record stands in its stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Bytes before the record, from the stream's start.
    pub offset: u64,
    /// Records up to and with this one; headers and blank lines count.
    pub line: u64,
}

/// A record that did not decode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordError {
    /// Code, message and detail.
    pub error: EvalError,
    /// Where the record stands.
    pub position: Position,
    /// The record, without its line break; at most [`RecordError::MAX_BYTES`] of it.
    pub bytes: Vec<u8>,
}

impl RecordError {
    /// Bytes of a refused record that are kept.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// An error of `record`, which stands at `position`.
    pub fn new(error: EvalError, position: Position, record: &[u8]) -> Self {
        let bytes = record[..record.len().min(Self::MAX_BYTES)].to_vec();
        RecordError { error, position, bytes }
    }
}

/// Where decoded records go.
pub trait RecordSink {
    /// A packed row of the declared fields, and the record that it was decoded from.
    fn row(&mut self, row: &[u8], record: &[u8], position: Position);
    /// A packed row that takes the place of its key's. Columns in `kept`, a mask by their number, stay as they are where the key
    /// has a row.
    fn upsert(&mut self, row: &[u8], kept: u64, record: &[u8], position: Position);
    /// A packed row whose key has no row any more; of other columns it says nothing.
    fn remove(&mut self, row: &[u8], record: &[u8], position: Position);
    /// A record that is none.
    fn error(&mut self, error: RecordError);
}

/// Rows and errors, collected.
#[derive(Default, Debug)]
pub struct Decoded {
    bytes: Vec<u8>,
    rows: Vec<(usize, Position)>,
    /// Which of the rows, by their number, are their keys' ends.
    pub removed: Vec<usize>,
    /// The masks of columns that rows of keys leave as they are, for those that have any.
    pub kept: Vec<u64>,
    /// Records that did not decode.
    pub errors: Vec<RecordError>,
}

impl Decoded {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The packed rows with their places, in order.
    pub fn rows(&self) -> impl Iterator<Item = (&[u8], Position)> {
        let mut start = 0;
        self.rows.iter().map(move |&(end, position)| {
            let row = &self.bytes[start..end];
            start = end;
            (row, position)
        })
    }

    /// Forgets all, keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.rows.clear();
        self.removed.clear();
        self.kept.clear();
        self.errors.clear();
    }
}

impl RecordSink for Decoded {
    fn row(&mut self, row: &[u8], _record: &[u8], position: Position) {
        self.bytes.extend_from_slice(row);
        self.rows.push((self.bytes.len(), position));
    }

    fn upsert(&mut self, row: &[u8], kept: u64, record: &[u8], position: Position) {
        if kept != 0 {
            self.kept.push(kept);
        }
        self.row(row, record, position);
    }

    fn remove(&mut self, row: &[u8], record: &[u8], position: Position) {
        self.removed.push(self.rows.len());
        self.row(row, record, position);
    }

    fn error(&mut self, error: RecordError) {
        self.errors.push(error);
    }
}
