//! Bytes of a source to rows in a transaction.

use crate::encoding::{DecoderOptions, settings};
use crate::error::{call, internal};
use crate::execution::Collection;
use crate::transaction::NativeTransaction;
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use tidewire_decode::{Field, Position, RecordError, RecordSink, StreamDecoder};
use tidewire_eval::{CompiledMfp, Context, Scratch};
use tidewire_plan::{ColumnType, ScalarType};
use tidewire_row::{Arena, Datum, EvalError, FormatSettings, push_datum};
use tidewire_worker::WriteSet;

/// At most this many errors are given in detail.
const DETAILED_ERRORS: usize = 1000;

/// A stream's decoder.
#[napi]
pub struct NativeDecoder {
    arrangement: u64,
    decoder: StreamDecoder,
    mfp: CompiledMfp,
    metadata: usize,
    settings: FormatSettings,
}

/// A record that is no row.
#[napi(object)]
pub struct NativeDecodeError {
    pub sqlstate: String,
    pub message: String,
    pub detail: Option<String>,
    pub offset: f64,
    pub line: f64,
    pub bytes: Buffer,
}

/// What became of a chunk.
#[napi(object)]
pub struct Decoded {
    pub rows: f64,
    pub error_count: f64,
    pub errors: Vec<NativeDecodeError>,
    /// Bytes of the unfinished record.
    pub pending: f64,
}

impl NativeDecoder {
    /// A decoder for rows of `collection`.
    pub fn create(options: DecoderOptions, collection: Option<&Collection>) -> Result<Self, EvalError> {
        let settings = settings(&options.time_zone)?;
        let fields: Vec<Field> = options
            .columns
            .into_iter()
            .map(|column| Field { name: column.name, column: column.column })
            .collect();
        let text = ColumnType { scalar: ScalarType::Text, typmod: -1, nullable: true };
        let columns: Vec<ColumnType> = fields
            .iter()
            .map(|field| field.column)
            .chain(std::iter::repeat_n(text, options.metadata))
            .collect();
        let mfp = CompiledMfp::new(&options.mfp, &columns, &[], &settings).map_err(internal)?;
        if let Some(collection) = collection {
            let wanted: Vec<ScalarType> = collection.columns.iter().map(|column| column.scalar).collect();
            if mfp.output() != wanted {
                let (got, name) = (mfp.output(), &collection.name);
                return Err(internal(format!("the decoder yields {got:?}, {name} has {wanted:?}")));
            }
        }
        Ok(NativeDecoder {
            arrangement: options.arrangement,
            decoder: StreamDecoder::new(options.format.format(), fields, settings.clone()),
            mfp,
            metadata: options.metadata,
            settings,
        })
    }
}

struct Sink<'a> {
    mfp: &'a CompiledMfp,
    context: Context<'a>,
    /// The metadata's packed columns.
    metadata: &'a [u8],
    writes: &'a mut WriteSet,
    diff: i64,
    input: Vec<u8>,
    arena: Arena,
    scratch: Scratch,
    out: Vec<u8>,
    rows: u64,
    error_count: u64,
    errors: Vec<RecordError>,
}

impl RecordSink for Sink<'_> {
    fn row(&mut self, row: &[u8], position: Position) {
        self.input.clear();
        self.input.extend_from_slice(row);
        self.input.extend_from_slice(self.metadata);
        self.out.clear();
        let mapped =
            self.mfp.apply(&self.input, &self.context, &self.arena, &mut self.scratch, &mut self.out);
        match mapped {
            Ok(true) => {
                self.writes.push(&self.out, self.diff);
                self.rows += 1;
            }
            Ok(false) => {}
            Err(error) => self.error(RecordError { error, position, bytes: Vec::new() }),
        }
        self.arena.reset();
    }

    fn error(&mut self, error: RecordError) {
        self.error_count += 1;
        if self.errors.len() < DETAILED_ERRORS {
            self.errors.push(error);
        }
    }
}

#[napi]
impl NativeDecoder {
    /// Decodes the whole records of a chunk into a transaction.
    #[napi(catch_unwind)]
    pub fn decode(
        &mut self,
        chunk: Buffer,
        end: bool,
        diff: i32,
        transaction: &NativeTransaction,
        metadata: Vec<Option<String>>,
    ) -> napi::Result<Decoded> {
        call(|| {
            if metadata.len() != self.metadata {
                return Err(internal(format!(
                    "{} metadata values were given, the decoder takes {}",
                    metadata.len(),
                    self.metadata
                )));
            }
            let mut packed = Vec::new();
            for value in &metadata {
                push_datum(&mut packed, value.as_deref().map_or(Datum::Null, Datum::Text));
            }
            let mut sets = transaction.lock();
            let mut sink = Sink {
                mfp: &self.mfp,
                context: Context { parameters: &[], settings: &self.settings, logical_time: 0 },
                metadata: &packed,
                writes: sets.of(self.arrangement),
                diff: diff.into(),
                input: Vec::new(),
                arena: Arena::new(),
                scratch: Scratch::new(),
                out: Vec::new(),
                rows: 0,
                error_count: 0,
                errors: Vec::new(),
            };
            self.decoder.push(&chunk, end, &mut sink);
            let errors = sink.errors.into_iter().map(|error| NativeDecodeError {
                sqlstate: error.error.sqlstate().to_owned(),
                message: error.error.message().to_owned(),
                detail: error.error.detail().map(str::to_owned),
                offset: error.position.offset as f64,
                line: error.position.line as f64,
                bytes: error.bytes.into(),
            });
            Ok(Decoded {
                rows: sink.rows as f64,
                error_count: sink.error_count as f64,
                errors: errors.collect(),
                pending: self.decoder.pending() as f64,
            })
        })
    }
}
