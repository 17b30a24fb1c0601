//! A read that is answered in one call: from the body of a Bind message to ready messages. What it does not do by itself,
//! errors above all, it leaves to the ordinary way, which does everything again: so it runs nothing that has effects.

use crate::bind::Bind;
use crate::encoding::{Encoding, settings};
use crate::engine::{Collections, collection};
use crate::error::{guarded, unless_stopped};
use crate::execution::{AT_ONCE, Execution, NativePlan, Request};
use napi::bindgen_prelude::BufferSlice;
use napi_derive::napi;
use std::io::Write;
use std::sync::Arc;
use tidewire_render::{Prepared, close_message};
use tidewire_row::{EvalError, FormatSettings};
use tidewire_worker::Runtime;

/// More rows are sent in portions.
const MOST_ROWS: u64 = 64;

/// No answer: not yet, or not here.
pub const LATER: i32 = -1;
pub const REFUSED: i32 = -2;

/// The messages that go around the rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// Of Bind, Execute, Sync.
    Bound,
    /// Of Bind, Describe, Execute, Sync.
    Described,
    /// Of Query.
    Simple,
}

/// A prepared read under a session's settings.
#[napi]
pub struct NativeRead {
    runtime: Arc<Runtime>,
    prepared: Arc<Prepared>,
    settings: FormatSettings,
    columns: Vec<ReadColumn>,
    reads_ahead: bool,
}

/// Whether a plan reads nothing but what is written to: that is known before it is computed.
pub fn reads_ahead(prepared: &Prepared, collections: &Collections) -> bool {
    prepared.reads().iter().all(|id| collection(collections, *id).is_some())
}

/// A column as RowDescription tells it.
#[napi(object, object_to_js = false)]
pub struct ReadColumn {
    pub name: String,
    pub relation_oid: u32,
    pub column_number: i32,
    pub type_oid: u32,
    pub type_length: i32,
    pub typmod: i32,
}

/// Whether collections can be read at a time: it is computed or, where `ahead` may do, announced.
pub fn is_readable(runtime: &Runtime, ahead: bool, ids: &[u64], time: u64) -> bool {
    time <= runtime.computed() || ahead && runtime.snapshot_ahead(ids, time).is_ok()
}

impl NativeRead {
    /// None where a plan has effects or takes more than a moment.
    pub fn new(
        runtime: &Arc<Runtime>,
        collections: &Collections,
        plan: &NativePlan,
        time_zone: &str,
        columns: Vec<ReadColumn>,
    ) -> Result<Option<Self>, EvalError> {
        let prepared = plan.prepared.clone();
        if !prepared.is_immediate() || prepared.is_volatile() {
            return Ok(None);
        }
        let (settings, runtime) = (settings(time_zone)?, runtime.clone());
        let reads_ahead = reads_ahead(&prepared, collections);
        Ok(Some(NativeRead { runtime, prepared, settings, columns, reads_ahead }))
    }

    fn messages(
        &self,
        timestamp: u64,
        bind: &Bind<'_>,
        framing: Framing,
    ) -> Result<Option<Vec<u8>>, EvalError> {
        // None: all are text.
        let formats: Vec<u8> = match *bind.result_formats {
            [] | [0] => vec![],
            [format] => vec![format; self.columns.len()],
            ref formats if formats.len() == self.columns.len() => formats.to_vec(),
            _ => return Ok(None),
        };
        let mut out = Vec::with_capacity(512);
        if framing != Framing::Simple {
            out.extend_from_slice(b"2\0\0\0\x04");
        }
        if framing != Framing::Bound {
            self.describe(&formats, &mut out);
        }
        let request = Request {
            timestamp,
            formats: &bind.formats,
            values: &bind.values,
            settings: self.settings.clone(),
            transaction: None,
            encoding: Encoding::DataRow { formats, canonical: false },
            limit: AT_ONCE,
            target: None,
            ahead: self.reads_ahead,
        };
        let execution = Execution::new(&self.runtime, &self.prepared, request)?;
        if !execution.is_small() {
            return Ok(None);
        }
        let Some(mut results) = unless_stopped(execution.rows())? else { return Ok(None) };
        let Some(rows) = results.row_count().filter(|rows| *rows <= MOST_ROWS) else { return Ok(None) };
        while !results.next(0, &mut out).1 {}
        let start = out.len();
        out.extend_from_slice(b"C\0\0\0\0");
        write!(out, "SELECT {rows}\0").expect("memory takes it");
        close_message(&mut out, start);
        out.extend_from_slice(b"Z\0\0\0\x05I");
        Ok(Some(out))
    }

    /// RowDescription.
    fn describe(&self, formats: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(b"T\0\0\0\0");
        out.extend_from_slice(&(self.columns.len() as u16).to_be_bytes());
        for (index, column) in self.columns.iter().enumerate() {
            out.extend_from_slice(column.name.as_bytes());
            out.push(0);
            out.extend_from_slice(&column.relation_oid.to_be_bytes());
            out.extend_from_slice(&(column.column_number as i16).to_be_bytes());
            out.extend_from_slice(&column.type_oid.to_be_bytes());
            out.extend_from_slice(&(column.type_length as i16).to_be_bytes());
            out.extend_from_slice(&column.typmod.to_be_bytes());
            out.extend_from_slice(&[0, formats.get(index).copied().unwrap_or(0)]);
        }
        close_message(out, start);
    }
}

#[napi]
impl NativeRead {
    /// Writes the answer to the Bind message whose body is `messages[from..to]`, and to what belongs to it, into
    /// `out[at..]`. `framing`: 0 Bind and Execute, 1 with a Describe, 2 a simple query. Gives where the answer ends. Else
    /// nothing was written: -1 for now, since the time is not computed yet, or -2 because it is not small or fails.
    #[napi(catch_unwind)]
    pub fn answer(
        &self,
        timestamp: f64,
        messages: BufferSlice<'_>,
        from: u32,
        to: u32,
        framing: u32,
        mut out: BufferSlice<'_>,
        at: u32,
    ) -> i32 {
        let time = timestamp as u64;
        if !is_readable(&self.runtime, self.reads_ahead, self.prepared.reads(), time) {
            return LATER;
        }
        let framing = match framing {
            0 => Framing::Bound,
            1 => Framing::Described,
            _ => Framing::Simple,
        };
        let Some(bind) = messages.get(from as usize..to as usize).and_then(Bind::read) else {
            return REFUSED;
        };
        let Ok(Some(answer)) = guarded(|| self.messages(time, &bind, framing)) else {
            return REFUSED;
        };
        let at = at as usize;
        let Some(room) = out.get_mut(at..at + answer.len()) else { return REFUSED };
        room.copy_from_slice(&answer);
        (at + answer.len()) as i32
    }
}
