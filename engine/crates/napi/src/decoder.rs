//! Bytes of a source to rows in a transaction.

use crate::constraints::{RowChecker, TableConstraints};
use crate::encoding::{DecoderOptions, Place, WrittenSchema, parse, settings};
use crate::error::{call, internal};
use crate::error_log::{Additions, NativeErrorLog, push_refused};
use crate::execution::Collection;
use crate::transaction::{NativeTransaction, WriteSets};
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use std::sync::Arc;
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

/// A stream's decoder.
#[napi]
pub struct NativeDecoder {
    arrangement: u64,
    decoder: Decoder,
    mfp: CompiledMfp,
    metadata: usize,
    places: Vec<Place>,
    settings: FormatSettings,
    /// What the relation's rows must satisfy.
    constraints: Option<Arc<TableConstraints>>,
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
        let columns: Vec<ColumnType> = fields
            .iter()
            .map(|field| field.column)
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
        Ok(NativeDecoder {
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
        Ok(NativeDecoder {
            arrangement,
            decoder: Decoder::Messages(Box::new(decoder)),
            mfp: CompiledMfp::new(&identity, &columns, &[], &settings).map_err(internal)?,
            metadata: 0,
            places: vec![],
            settings,
            constraints: None,
        })
    }
}

struct Sink<'a> {
    mfp: &'a CompiledMfp,
    context: Context<'a>,
    /// The metadata's packed columns.
    metadata: &'a [u8],
    places: &'a [Place],
    sets: &'a mut WriteSets,
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
    error_count: u64,
    /// At most `details` of them.
    errors: Vec<RecordError>,
    details: usize,
    /// All go into this relation.
    rejects: Option<u64>,
    /// The latest go into this log.
    log: Option<Additions<'a>>,
    path: Option<&'a str>,
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
        self.error_count += 1;
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
}

#[napi]
impl NativeDecoder {
    /// The numbers of schemas that messages of a chunk have and that the decoder has not learned.
    #[napi(catch_unwind)]
    pub fn unknown_schemas(&mut self, chunk: Buffer, place: MessagesPlace) -> napi::Result<Vec<u32>> {
        call(|| match &mut self.decoder {
            Decoder::Messages(decoder) => decoder.unknown_schemas(&chunk, place.of()),
            Decoder::Stream(_) => Ok(Vec::new()),
        })
    }

    /// Takes in the schema of a number, as JSON; or the reason why there is none, which refuses its messages.
    #[napi(catch_unwind)]
    pub fn learn_schema(
        &mut self,
        id: u32,
        schema: Option<String>,
        refusal: Option<String>,
    ) -> napi::Result<()> {
        call(|| {
            let Decoder::Messages(decoder) = &mut self.decoder else {
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

    /// How far the changes of the partition whose messages come next were applied.
    #[napi(catch_unwind)]
    pub fn set_position(&mut self, position: Option<String>) {
        if let Decoder::Messages(decoder) = &mut self.decoder {
            decoder.set_position(position.as_deref());
        }
    }

    /// How far they are now.
    #[napi(catch_unwind)]
    pub fn position(&self) -> Option<String> {
        match &self.decoder {
            Decoder::Messages(decoder) => decoder.position(),
            Decoder::Stream(_) => None,
        }
    }

    /// Decodes the whole records of a chunk into a transaction; with `diff` 0 only keeps its place in the stream.
    /// Records that are no rows go into the relation `rejects` (all of them) and into `log` (the latest), with the
    /// path that they come from; at most `details` of them are given back.
    #[napi(catch_unwind)]
    #[allow(clippy::too_many_arguments)] // JavaScript's side of it is one object.
    pub fn decode(
        &mut self,
        chunk: Buffer,
        end: bool,
        diff: i32,
        transaction: &NativeTransaction,
        metadata: Vec<Option<String>>,
        details: u32,
        rejects: Option<f64>,
        log: Option<&NativeErrorLog>,
        path: Option<String>,
        place: Option<MessagesPlace>,
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
            let mut log = log.map(|log| log.lock());
            let own = std::mem::take(sets.of(self.arrangement));
            let constraints = self.constraints.as_deref();
            let number = constraints.map_or(0, |constraints| constraints.number);
            let checked_before = own.unchecked_from(number) == own.rows().len();
            let mut sink = Sink {
                mfp: &self.mfp,
                context: Context { parameters: &[], settings: &self.settings, logical_time: 0 },
                metadata: &packed,
                places: &self.places,
                own,
                checker: constraints.map(|constraints| constraints.checker(&self.settings)),
                sets: &mut sets,
                as_decoded: self.mfp.is_identity() && self.metadata == 0 && self.places.is_empty(),
                diff: diff.into(),
                input: Vec::new(),
                arena: Arena::new(),
                scratch: Scratch::new(),
                out: Vec::new(),
                rows: 0,
                error_count: 0,
                errors: Vec::new(),
                details: details as usize,
                rejects: rejects.map(|id| id as u64),
                log: log.as_deref_mut().map(|log| log.additions()),
                path: path.as_deref(),
            };
            let pushed = match &mut self.decoder {
                Decoder::Stream(decoder) => {
                    decoder.push(&chunk, end, &mut sink);
                    Ok(())
                }
                Decoder::Messages(decoder) => {
                    let place = place.as_ref().map_or_else(ChunkPlace::default, MessagesPlace::of);
                    decoder.push(&chunk, place, &mut sink)
                }
            };
            let Sink { mut own, rows, error_count, errors, log, sets, .. } = sink;
            if checked_before {
                own.mark_checked(number);
            }
            *sets.of(self.arrangement) = own;
            if let Some(log) = log {
                log.write(sets);
            }
            pushed?;
            let errors = errors.into_iter().map(|error| NativeDecodeError {
                sqlstate: error.error.sqlstate().to_owned(),
                message: error.error.message().to_owned(),
                detail: error.error.detail().map(str::to_owned),
                offset: error.position.offset as f64,
                line: error.position.line as f64,
                bytes: error.bytes.into(),
            });
            Ok(Decoded {
                rows: rows as f64,
                error_count: error_count as f64,
                errors: errors.collect(),
                pending: match &self.decoder {
                    Decoder::Stream(decoder) => decoder.pending() as f64,
                    Decoder::Messages(_) => 0.0,
                },
            })
        })
    }
}
