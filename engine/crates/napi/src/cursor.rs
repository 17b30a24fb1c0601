//! Ready rows of a one-shot statement.

use crate::dispatch::Answer;
use crate::error::{call, internal, stopped};
use crate::execution::limit_of;
use crate::transaction::lock;
use napi::bindgen_prelude::{Buffer, BufferSlice};
use napi_derive::napi;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tidewire_render::ResultSet;
use tidewire_row::EvalError;
use tidewire_row::work::{Limit, limited};

/// So few rows are encoded at once.
const READY_ROWS: u64 = 64;

/// A result, of which perhaps a portion only is computed yet.
#[napi]
pub struct NativeCursor {
    rows: Arc<Mutex<Option<ResultSet>>>,
    closed: Arc<AtomicBool>,
    /// What ends the computation of a portion.
    limit: Limit,
}

/// A part of the rows.
#[napi(object)]
pub struct CursorChunk {
    /// Ready messages, if they are not in the buffer that was given for them.
    pub chunk: Option<Buffer>,
    /// Their bytes.
    pub length: u32,
    /// How many.
    pub rows: f64,
    /// Whether that was all.
    pub done: bool,
    /// Whether the next portion is to be computed before more can be taken.
    pub waiting: bool,
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
    /// What a result has of which all is computed.
    pub fn of(mut results: ResultSet) -> Self {
        let count = results.row_count();
        let rows = count.unwrap_or(0) as f64;
        if count.is_none_or(|count| count > READY_ROWS) {
            return ReadyRows { rows, chunk: None, cursor: Some(NativeCursor::new(results, limit_of(None))) };
        }
        let mut chunk = Vec::new();
        while !results.next(0, &mut chunk).1 {}
        ReadyRows { rows, chunk: Some(chunk.into()), cursor: None }
    }
}

impl NativeCursor {
    /// A cursor at its start.
    pub fn new(rows: ResultSet, limit: Limit) -> Self {
        NativeCursor { rows: Arc::new(Mutex::new(Some(rows))), closed: Arc::default(), limit }
    }

    /// Computes the next portion, on another thread. Not while one is computed.
    pub fn filling(&self) -> impl FnOnce() -> Result<Answer, EvalError> + Send + 'static {
        let (rows, closed, limit) = (self.rows.clone(), self.closed.clone(), self.limit.clone());
        move || {
            let mut rows = lock(&rows);
            let filled = limited(limit, || rows.as_mut().map_or(Ok(()), ResultSet::fill));
            if closed.load(Ordering::Acquire) {
                *rows = None;
            }
            filled.map_err(stopped)??;
            Ok(Answer::Done)
        }
    }
}

#[napi]
impl NativeCursor {
    /// The next rows, in `room` if they fit. A new buffer for each chunk would have JavaScript look for garbage all the time.
    #[napi(catch_unwind)]
    pub fn next(&mut self, max_rows: f64, mut room: Option<BufferSlice<'_>>) -> napi::Result<CursorChunk> {
        call(|| {
            let mut rows = lock(&self.rows);
            let rows = rows.as_mut().ok_or_else(|| internal("the cursor was closed"))?;
            let mut chunk = Vec::new();
            let (count, done) = rows.next(max_rows as u64, &mut chunk);
            let waiting = rows.is_waiting();
            let length = chunk.len() as u32;
            let room = room.as_mut().and_then(|room| room.get_mut(..chunk.len()));
            let chunk = match room {
                Some(room) => {
                    room.copy_from_slice(&chunk);
                    None
                }
                None => Some(chunk.into()),
            };
            Ok(CursorChunk { chunk, length, rows: count as f64, done, waiting })
        })
    }

    /// Frees the rows; if a portion is computed just then, when that is done.
    #[napi(catch_unwind)]
    pub fn close(&mut self) {
        self.closed.store(true, Ordering::Release);
        if let Ok(mut rows) = self.rows.try_lock() {
            *rows = None;
        }
    }
}
