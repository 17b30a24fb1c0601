//! Ready rows of a one-shot statement.

use crate::error::{call, internal};
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use tidewire_render::ResultSet;

/// So few rows are encoded at once.
const READY_ROWS: u64 = 64;

/// Rows that are encoded as they are taken.
#[napi]
pub struct NativeCursor {
    rows: Option<ResultSet>,
    count: u64,
}

/// A part of them.
#[napi(object)]
pub struct CursorChunk {
    /// Ready messages.
    pub chunk: Buffer,
    /// How many.
    pub rows: f64,
    /// Whether that was all.
    pub done: bool,
}

/// The rows of a small execution.
#[napi(object, object_from_js = false)]
pub struct ReadyRows {
    /// How many.
    pub rows: f64,
    /// All of them as ready messages, unless there are too many.
    pub chunk: Option<Buffer>,
    /// They are here then.
    pub cursor: Option<NativeCursor>,
}

impl ReadyRows {
    /// What a cursor at its start has.
    pub fn of(mut cursor: NativeCursor) -> Self {
        let rows = cursor.count as f64;
        let Some(results) = cursor.rows.as_mut().filter(|_| cursor.count <= READY_ROWS) else {
            return ReadyRows { rows, chunk: None, cursor: Some(cursor) };
        };
        let mut chunk = Vec::new();
        while !results.next(0, &mut chunk).1 {}
        ReadyRows { rows, chunk: Some(chunk.into()), cursor: None }
    }
}

impl NativeCursor {
    /// A cursor at its start.
    pub fn new(rows: ResultSet) -> Self {
        NativeCursor { count: rows.row_count(), rows: Some(rows) }
    }
}

#[napi]
impl NativeCursor {
    /// Rows in all.
    #[napi(catch_unwind)]
    pub fn row_count(&self) -> f64 {
        self.count as f64
    }

    /// The next rows.
    #[napi(catch_unwind)]
    pub fn next(&mut self, max_rows: f64) -> napi::Result<CursorChunk> {
        call(|| {
            let rows = self.rows.as_mut().ok_or_else(|| internal("the cursor was closed"))?;
            let max_rows = max_rows as u64;
            let mut chunk = rows.buffer(max_rows);
            let (rows, done) = rows.next(max_rows, &mut chunk);
            Ok(CursorChunk { chunk: chunk.into(), rows: rows as f64, done })
        })
    }

    /// Frees the rows.
    #[napi(catch_unwind)]
    pub fn close(&mut self) {
        self.rows = None;
    }
}
