//! Bytes of a source to rows in a transaction.

use crate::constraints::{RowChecker, TableConstraints};
use crate::encoding::{DecoderOptions, Place, WrittenSchema, parse, settings};
use crate::error::{call, internal};
use crate::error_log::{Additions, NativeErrorLog, push_refused};
use crate::execution::Collection;
use crate::transaction::{NativeTransaction, WriteSets, lock};
use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi::{Env, Task};
use napi_derive::napi;
use std::sync::{Arc, Mutex};
use tidewire_decode::{
    ChunkPlace, Envelope, Field, MessageDecoder, MessageFormat, MessageItem, Position, RecordError,
    RecordSink, StreamDecoder,
};
use tidewire_eval::{CompiledMfp, Context, Scratch};
use tidewire_plan::{ColumnType, Mfp, ScalarType};
use tidewire_row::{Arena, Datum, EvalError, FormatSettings, push_datum};
use tidewire_worker::WriteSet;

/// What chunks are.
enum Decoder {
    /// Bytes of a stream.
    Stream(Box<StreamDecoder>),
    /// Messages.
    Messages(Box<MessageDecoder>),
}

/// A stream's decoder, or one of messages.
#[napi]
pub struct NativeDecoder {
    core: Arc<Mutex<Core>>,
}

/// A decoder, for one thread at a time.
struct Core {
    arrangement: u64,
    decoder: Decoder,
    mfp: CompiledMfp,
    metadata: usize,
    places: Vec<Place>,
    settings: FormatSettings,
    /// What the relation's rows must satisfy.
    constraints: Option<Arc<TableConstraints>>,
    /// Records with a value that is none of its type are left out and counted.
    skips_unreadable: bool,
}

/// Where the messages of a chunk are from.
#[napi(object)]
pub struct MessagesPlace {
    pub topic: String,
    pub partition: i32,
    pub from: f64,
}

impl MessagesPlace {
    fn of(&self) -> ChunkPlace<'_> {
        ChunkPlace { topic: &self.topic, partition: self.partition, from: self.from as i64 }
    }
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
    /// The column whose value is none.
    pub column: Option<String>,
}

/// What became of a chunk.
#[napi(object)]
pub struct Decoded {
    pub rows: f64,
    pub error_count: f64,
    pub errors: Vec<NativeDecodeError>,
    /// Records that were left out since a value is none of its type.
    pub skipped: f64,
    /// Bytes of the unfinished record.
    pub pending: f64,
}

impl NativeDecoder {
    /// A decoder for rows of `collection`.
    pub fn create(options: DecoderOptions, collection: Option<&Collection>) -> Result<Self, EvalError> {
        Ok(NativeDecoder { core: Arc::new(Mutex::new(Core::create(options, collection)?)) })
    }
}

impl Core {
    fn create(options: DecoderOptions, collection: Option<&Collection>) -> Result<Self, EvalError> {
        let settings = settings(&options.time_zone)?;
        let fields: Vec<Field> = options
            .columns
            .into_iter()
            .map(|column| Field { name: column.name, column: column.column })
            .collect();
        let text = ColumnType { scalar: ScalarType::Text, typmod: -1, nullable: true };
        let place = ColumnType { scalar: ScalarType::Int8, typmod: -1, nullable: false };
        let items: Option<Vec<MessageItem>> = options
            .messages
            .map(|items| items.into_iter().map(|item| item.item(&settings)).collect())
            .transpose()?;
        let envelope = match options.envelope {
            None => Envelope::None,
            Some(envelope) => envelope.envelope(&settings)?,
        };
        if !matches!(envelope, Envelope::None) {
            return Self::keyed(
                options.arrangement,
                options.format.message_format(&fields, &settings)?,
                (fields, items.unwrap_or_default(), envelope),
                settings,
                collection,
            );
        }
        // What says which fields were defaults comes behind them.
        let mark = ColumnType { scalar: ScalarType::Bool, typmod: -1, nullable: false };
        let marks = if options.format.marks_defaults() { fields.len() } else { 0 };
        let columns: Vec<ColumnType> = fields
            .iter()
            .map(|field| field.column)
            .chain(std::iter::repeat_n(mark, marks))
            .chain(std::iter::repeat_n(text, options.metadata))
            .chain(options.places.iter().map(|_| place))
            .chain(items.iter().flatten().map(MessageItem::column))
            .collect();
        let mfp = CompiledMfp::new(&options.mfp, &columns, &[], &settings).map_err(internal)?;
        if let Some(collection) = collection {
            let wanted: Vec<ScalarType> = collection.columns.iter().map(|column| column.scalar).collect();
            if mfp.output() != wanted {
                let (got, name) = (mfp.output(), &collection.name);
                return Err(internal(format!("the decoder yields {got:?}, {name} has {wanted:?}")));
            }
        }
        Ok(Core {
            arrangement: options.arrangement,
            decoder: match items {
                None => {
                    let decoder = StreamDecoder::new(options.format.format()?, fields, settings.clone());
                    Decoder::Stream(Box::new(decoder))
                }
                Some(items) => {
                    let format = options.format.message_format(&fields, &settings)?;
                    let decoder = MessageDecoder::new(format, fields, items, envelope, settings.clone());
                    Decoder::Messages(Box::new(decoder))
                }
            },
            mfp,
            metadata: options.metadata,
            places: options.places,
            settings,
            constraints: collection.and_then(|collection| collection.constraints.clone()),
            skips_unreadable: options.skip_unreadable,
        })
    }

    /// A decoder of messages in an envelope with keys: it gives the relation's rows as they are.
    fn keyed(
        arrangement: u64,
        format: MessageFormat,
        (fields, items, envelope): (Vec<Field>, Vec<MessageItem>, Envelope),
        settings: FormatSettings,
        collection: Option<&Collection>,
    ) -> Result<Self, EvalError> {
        let decoder = MessageDecoder::new(format, fields, items, envelope, settings.clone());
        let columns = decoder.columns();
        if let Some(collection) = collection {
            let wanted: Vec<ScalarType> = collection.columns.iter().map(|column| column.scalar).collect();
            if columns != wanted {
                let name = &collection.name;
                return Err(internal(format!("the decoder yields {columns:?}, {name} has {wanted:?}")));
            }
        }
        let nullable = |scalar: ScalarType| ColumnType { scalar, typmod: -1, nullable: true };
        let columns: Vec<ColumnType> = columns.into_iter().map(nullable).collect();
        let identity =
            Mfp { expressions: vec![], predicates: vec![], projection: (0..columns.len() as u32).collect() };
        Ok(Core {
            arrangement,
            decoder: Decoder::Messages(Box::new(decoder)),
            mfp: CompiledMfp::new(&identity, &columns, &[], &settings).map_err(internal)?,
            metadata: 0,
            places: vec![],
            settings,
            constraints: None,
            skips_unreadable: false,
        })
    }
}

struct Sink<'a> {
    mfp: &'a CompiledMfp,
    context: Context<'a>,
    /// The metadata's packed columns.
    metadata: &'a [u8],
    places: &'a [Place],
    /// Rows go as they were decoded: nothing is mapped, filtered or added.
    as_decoded: bool,
    /// What the transaction writes into the decoder's arrangement.
    own: WriteSet,
    checker: Option<RowChecker<'a>>,
    diff: i64,
    input: Vec<u8>,
    arena: Arena,
    scratch: Scratch,
    out: Vec<u8>,
    rows: u64,
    skips_unreadable: bool,
    skipped: u64,
    refused: Refused<'a>,
}

/// What becomes of records that are no rows.
enum Refused<'a> {
    /// They are kept.
    Staged(Vec<RecordError>),
    Written(Refusals<'a>),
}

/// Where they are written.
struct Refusals<'a> {
    sets: &'a mut WriteSets,
    count: u64,
    /// At most `details` of them.
    errors: Vec<RecordError>,
    details: usize,
    /// All go into this relation.
    rejects: Option<u64>,
    /// The latest go into this log.
    log: Option<Additions<'a>>,
    path: Option<&'a str>,
    diff: i64,
    out: Vec<u8>,
}

impl Refusals<'_> {
    fn add(&mut self, error: RecordError) {
        self.count += 1;
        if let Some(rejects) = self.rejects {
            self.out.clear();
            push_refused(&mut self.out, &error, self.path, RecordError::MAX_BYTES);
            self.sets.of(rejects).push(&self.out, self.diff);
        }
        if let Some(log) = &mut self.log {
            log.add(&error, self.path, self.diff);
        }
        if self.errors.len() < self.details {
            self.errors.push(error);
        }
    }

    /// Writes what is left, and says what became of a chunk with this many rows.
    fn finish(self, rows: u64, skipped: u64, pending: usize) -> Decoded {
        if let Some(log) = self.log {
            log.write(self.sets);
        }
        let errors = self.errors.into_iter().map(|error| NativeDecodeError {
            sqlstate: error.error.sqlstate().to_owned(),
            message: error.error.message().to_owned(),
            detail: error.error.detail().map(str::to_owned),
            offset: error.position.offset as f64,
            line: error.position.line as f64,
            column: error.error.about().and_then(|about| about.column.clone()),
            bytes: error.bytes.into(),
        });
        Decoded {
            rows: rows as f64,
            error_count: self.count as f64,
            errors: errors.collect(),
            skipped: skipped as f64,
            pending: pending as f64,
        }
    }
}

impl RecordSink for Sink<'_> {
    fn row(&mut self, row: &[u8], record: &[u8], position: Position) {
        if self.diff == 0 {
            return;
        }
        if self.as_decoded {
            match self.checker.as_mut().map_or(Ok(()), |checker| checker.check(row)) {
                Ok(()) => {
                    self.own.push(row, self.diff);
                    self.rows += 1;
                }
                Err(error) => self.error(RecordError::new(error, position, record)),
            }
            return;
        }
        self.input.clear();
        self.input.extend_from_slice(row);
        self.input.extend_from_slice(self.metadata);
        for place in self.places {
            let place = match place {
                Place::Line => position.line,
                Place::Offset => position.offset,
            };
            push_datum(&mut self.input, Datum::Int64(place as i64));
        }
        self.out.clear();
        let mapped =
            self.mfp.apply(&self.input, &self.context, &self.arena, &mut self.scratch, &mut self.out);
        let checked = mapped.and_then(|passed| {
            if passed && let Some(checker) = &mut self.checker {
                checker.check(&self.out)?;
            }
            Ok(passed)
        });
        match checked {
            Ok(true) => {
                self.own.push(&self.out, self.diff);
                self.rows += 1;
            }
            Ok(false) => {}
            Err(error) => self.error(RecordError::new(error, position, record)),
        }
        self.arena.reset();
    }

    fn upsert(&mut self, row: &[u8], kept: u64, _record: &[u8], _position: Position) {
        self.own.upserts_mut().set(row, kept);
        self.rows += 1;
    }

    fn remove(&mut self, row: &[u8], _record: &[u8], _position: Position) {
        self.own.upserts_mut().remove(row);
        self.rows += 1;
    }

    fn error(&mut self, error: RecordError) {
        if self.diff == 0 {
            return;
        }
        if self.skips_unreadable && is_unreadable(&error.error) {
            self.skipped += 1;
            return;
        }
        match &mut self.refused {
            Refused::Staged(errors) => errors.push(error),
            Refused::Written(refusals) => refusals.add(error),
        }
    }
}

/// That a field's text is no value of its type, and not that the record is no record.
fn is_unreadable(error: &EvalError) -> bool {
    let sqlstate = error.sqlstate();
    sqlstate.starts_with("22")
        && sqlstate != "22P04"
        && error.about().is_some_and(|about| about.column.is_some())
}

impl Core {
    /// A sink of decoded records, which go into `own`.
    fn sink<'a>(
        &'a mut self,
        own: WriteSet,
        metadata: &'a [u8],
        diff: i64,
        refused: Refused<'a>,
    ) -> (&'a mut Decoder, Sink<'a>) {
        let Core { decoder, mfp, places, settings, constraints, metadata: width, .. } = self;
        let skips_unreadable = self.skips_unreadable;
        let sink = Sink {
            mfp,
            context: Context { parameters: &[], settings, logical_time: 0 },
            metadata,
            places,
            own,
            checker: constraints.as_deref().map(|constraints| constraints.checker(settings)),
            as_decoded: mfp.is_identity() && *width == 0 && places.is_empty(),
            diff,
            input: Vec::new(),
            arena: Arena::new(),
            scratch: Scratch::new(),
            out: Vec::new(),
            rows: 0,
            skips_unreadable,
            skipped: 0,
            refused,
        };
        (decoder, sink)
    }

    fn constraint_number(&self) -> u64 {
        self.constraints.as_ref().map_or(0, |constraints| constraints.number)
    }

    /// Decodes a chunk of messages by itself.
    fn stage(
        &mut self,
        chunk: &[u8],
        place: ChunkPlace,
        position: Option<Option<&str>>,
    ) -> Result<Staged, EvalError> {
        let (arrangement, constraints) = (self.arrangement, self.constraint_number());
        let Decoder::Messages(decoder) = &mut self.decoder else {
            return Err(internal("a stream is not staged"));
        };
        let unknown = decoder.unknown_schemas(chunk, place)?;
        let positioned = position.is_some();
        let mut staged = Staged { arrangement, constraints, unknown, ..Staged::default() };
        if !staged.unknown.is_empty() {
            return Ok(staged);
        }
        if let Some(position) = position {
            decoder.set_position(position);
        }
        let (decoder, mut sink) = self.sink(WriteSet::new(), &[], 1, Refused::Staged(Vec::new()));
        let Decoder::Messages(decoder) = decoder else { unreachable!("a decoder of messages") };
        decoder.push(chunk, place, &mut sink)?;
        let Sink { own, rows, refused, .. } = sink;
        if let Refused::Staged(errors) = refused {
            staged.errors = errors;
        }
        (staged.own, staged.rows) = (own, rows);
        staged.position = if positioned { decoder.position() } else { None };
        Ok(staged)
    }
}

/// A chunk of messages that was decoded and is to be written.
#[derive(Default)]
pub struct Staged {
    arrangement: u64,
    /// Its rows satisfy the constraints of this number.
    constraints: u64,
    own: WriteSet,
    rows: u64,
    errors: Vec<RecordError>,
    unknown: Vec<u32>,
    position: Option<String>,
}

/// `StagedMessages`.
#[napi]
pub struct NativeStaged {
    staged: Staged,
}

#[napi]
impl NativeStaged {
    /// The schemas that have to be learned before; nothing is decoded then.
    #[napi(getter)]
    pub fn unknown_schemas(&self) -> Vec<u32> {
        self.staged.unknown.clone()
    }

    /// How far the changes of its partition are applied now.
    #[napi(getter)]
    pub fn position(&self) -> Option<String> {
        self.staged.position.clone()
    }

    /// Writes it into a transaction; it is empty then. The rest as of `decode`.
    #[napi(catch_unwind)]
    pub fn write(
        &mut self,
        transaction: &NativeTransaction,
        details: u32,
        rejects: Option<f64>,
        log: Option<&NativeErrorLog>,
        path: Option<String>,
    ) -> napi::Result<Decoded> {
        call(|| {
            let Staged { arrangement, constraints, own, rows, errors, .. } = std::mem::take(&mut self.staged);
            let mut sets = transaction.lock();
            let set = sets.of(arrangement);
            let checked = set.unchecked_from(constraints) == set.rows().len();
            if set.is_empty() {
                *set = own;
            } else {
                set.append(&own);
            }
            if checked {
                set.mark_checked(constraints);
            }
            let mut log = log.map(|log| log.lock());
            let mut refusals = Refusals {
                sets: &mut sets,
                count: 0,
                errors: Vec::new(),
                details: details as usize,
                rejects: rejects.map(|id| id as u64),
                log: log.as_deref_mut().map(|log| log.additions()),
                path: path.as_deref(),
                diff: 1,
                out: Vec::new(),
            };
            errors.into_iter().for_each(|error| refusals.add(error));
            Ok(refusals.finish(rows, 0, 0))
        })
    }
}

/// A chunk that another thread decodes.
pub struct Staging {
    core: Arc<Mutex<Core>>,
    chunk: Buffer,
    place: MessagesPlace,
    /// Of a database's changes.
    position: Option<Option<String>>,
}

impl Task for Staging {
    type Output = Staged;
    type JsValue = NativeStaged;

    fn compute(&mut self) -> napi::Result<Staged> {
        let Staging { core, chunk, place, position } = self;
        call(|| lock(core).stage(chunk, place.of(), position.as_ref().map(Option::as_deref)))
    }

    fn resolve(&mut self, _env: Env, staged: Staged) -> napi::Result<NativeStaged> {
        Ok(NativeStaged { staged })
    }
}

#[napi]
impl NativeDecoder {
    /// Decodes a chunk of messages on another thread; one chunk of a decoder after the other. `positioned`: they are a database's
    /// changes, which were applied as far as `position`.
    #[napi(ts_return_type = "Promise<NativeStaged>")]
    pub fn stage(
        &self,
        chunk: Buffer,
        place: MessagesPlace,
        positioned: bool,
        position: Option<String>,
    ) -> AsyncTask<Staging> {
        let position = positioned.then_some(position);
        AsyncTask::new(Staging { core: self.core.clone(), chunk, place, position })
    }

    /// Takes in the schema of a number, as JSON; or the reason why there is none, which refuses its messages.
    #[napi(catch_unwind)]
    pub fn learn_schema(&self, id: u32, schema: Option<String>, refusal: Option<String>) -> napi::Result<()> {
        call(|| {
            let Decoder::Messages(decoder) = &mut lock(&self.core).decoder else {
                return Err(internal("a stream has no schemas"));
            };
            match schema {
                Some(schema) => {
                    let schema: WrittenSchema = parse(&schema)?;
                    decoder.learn_schema(id, Ok(&schema.into()));
                }
                None => {
                    let error = EvalError::new("22P03", format!("schema {id} is not registered"));
                    decoder.learn_schema(id, Err(&error.with_detail(refusal.unwrap_or_default())));
                }
            }
            Ok(())
        })
    }

    /// Decodes the whole records of a chunk into a transaction; with `diff` 0 only keeps its place in the stream.
    /// Records that are no rows go into the relation `rejects` (all of them) and into `log` (the latest), with the
    /// path that they come from; at most `details` of them are given back.
    #[napi(catch_unwind)]
    #[allow(clippy::too_many_arguments)] // JavaScript's side of it is one object.
    pub fn decode(
        &self,
        chunk: Buffer,
        end: bool,
        diff: i32,
        transaction: &NativeTransaction,
        metadata: Vec<Option<String>>,
        details: u32,
        rejects: Option<f64>,
        log: Option<&NativeErrorLog>,
        path: Option<String>,
    ) -> napi::Result<Decoded> {
        call(|| {
            let mut core = lock(&self.core);
            if metadata.len() != core.metadata {
                return Err(internal(format!(
                    "{} metadata values were given, the decoder takes {}",
                    metadata.len(),
                    core.metadata
                )));
            }
            let mut packed = Vec::new();
            for value in &metadata {
                push_datum(&mut packed, value.as_deref().map_or(Datum::Null, Datum::Text));
            }
            let (arrangement, number) = (core.arrangement, core.constraint_number());
            let mut sets = transaction.lock();
            let mut log = log.map(|log| log.lock());
            let own = std::mem::take(sets.of(arrangement));
            let checked_before = own.unchecked_from(number) == own.rows().len();
            let refusals = Refusals {
                sets: &mut sets,
                count: 0,
                errors: Vec::new(),
                details: details as usize,
                rejects: rejects.map(|id| id as u64),
                log: log.as_deref_mut().map(|log| log.additions()),
                path: path.as_deref(),
                diff: diff.into(),
                out: Vec::new(),
            };
            let (decoder, mut sink) = core.sink(own, &packed, diff.into(), Refused::Written(refusals));
            let Decoder::Stream(decoder) = decoder else {
                return Err(internal("messages are staged"));
            };
            decoder.push(&chunk, end, &mut sink);
            let pending = decoder.pending();
            let Sink { mut own, rows, skipped, refused, .. } = sink;
            let Refused::Written(refusals) = refused else { unreachable!("what is refused is written") };
            if checked_before {
                own.mark_checked(number);
            }
            *refusals.sets.of(arrangement) = own;
            Ok(refusals.finish(rows, skipped, pending))
        })
    }
}
