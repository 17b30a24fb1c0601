//! Messages of a log (Kafka's): each is a record with its own key, headers and place, so nothing has to be searched for its end.

use crate::Field;
use crate::csv::{CsvDecoder, CsvFormat};
use crate::debezium::{Debezium, DebeziumDecoder, Event, Rows};
use crate::decoder::{Outcome, RecordDecoder, without_return};
use crate::json::{JsonDecoder, JsonFormat};
use crate::kafka::{ChunkPlace, Entries, Message};
use crate::keyed::{KeyDecoder, Permutation, Upsert, push_error, push_nulls};
use crate::record::{Position, RecordError, RecordSink};
use crate::registered::{SchemaDecoder, SchemaText};
use crate::value::{ValueContext, push_null, push_text, push_whole};
use tidewire_plan::{ColumnType, ScalarType};
use tidewire_row::{Arena, Datum, EvalError, EvalResult, FormatSettings, push_datum};

/// Milliseconds from 1970 to 2000, where PostgreSQL counts from.
const EPOCH: i64 = 946_684_800_000;
/// Room for what was compressed that is kept from chunk to chunk.
const KEPT_CONTENT: usize = 1 << 20;

/// What a message's value is.
#[derive(Clone, Debug)]
pub enum MessageFormat {
    /// One JSON value.
    Json(JsonFormat),
    /// One record of comma-separated values, without a header.
    Csv(CsvFormat),
    /// The text or the bytes of the one field.
    Whole,
    /// What a schema says.
    Schema(SchemaDecoder),
}

/// Metadata of a message, as a column behind the fields.
#[derive(Clone, Debug)]
pub enum MessageItem {
    /// The key, whole, as this field.
    Key(Field),
    /// The key, as a schema says, as this field.
    SchemaKey(Field, SchemaDecoder),
    /// text.
    Topic,
    /// int4.
    Partition,
    /// int8.
    Offset,
    /// timestamptz.
    Timestamp,
    /// jsonb.
    Headers,
    /// The header of this name, as this field.
    Header(String, Field),
}

impl MessageItem {
    /// The type of its column.
    pub fn column(&self) -> ColumnType {
        let of = |scalar| ColumnType { scalar, typmod: -1, nullable: false };
        match self {
            MessageItem::Key(field) | MessageItem::SchemaKey(field, _) | MessageItem::Header(_, field) => {
                field.column
            }
            MessageItem::Topic => of(ScalarType::Text),
            MessageItem::Partition => of(ScalarType::Int4),
            MessageItem::Offset => of(ScalarType::Int8),
            MessageItem::Timestamp => of(ScalarType::Timestamptz),
            MessageItem::Headers => of(ScalarType::Jsonb),
        }
    }
}

enum Decoder {
    Json(JsonDecoder),
    Csv(CsvDecoder),
    Whole,
    Schema(SchemaDecoder),
}

/// A part of a message.
#[derive(Clone, Copy)]
enum Part {
    Key,
    Value,
}

/// What messages are to the relation.
#[derive(Clone, Debug)]
pub enum Envelope {
    /// Each is a row.
    None,
    /// Each is its key's row, or the end of it.
    Upsert(Upsert),
    /// Each is a change of a database's table. Values are JSON, or of a schema of events.
    Debezium(Debezium),
}

/// Decodes messages, one at a time; between them it keeps only how far changes of a database were applied.
pub struct MessageDecoder {
    decoder: Decoder,
    fields: Vec<Field>,
    items: Vec<MessageItem>,
    keyed: Option<Keyed>,
    context: ValueContext,
    rows: Rows,
    /// What was compressed of a batch.
    content: Vec<u8>,
}

/// The parts of an envelope with keys.
struct Keyed {
    parts: KeyedParts,
    /// The relation's columns.
    types: Vec<ScalarType>,
    order: Option<Permutation>,
}

enum KeyedParts {
    Upsert { key: Box<KeyDecoder>, fields: Vec<Field>, inline_errors: bool },
    Debezium { decoder: Box<DebeziumDecoder>, key_fields: usize },
}

impl Keyed {
    fn new(envelope: Envelope, json: JsonFormat, fields: &[Field], items: &[MessageItem]) -> Option<Self> {
        let (key_fields, error): (&[Field], _) = match &envelope {
            Envelope::None => return None,
            Envelope::Upsert(upsert) => (&upsert.key_fields, upsert.inline_errors.then_some(Upsert::ERROR)),
            Envelope::Debezium(debezium) => {
                (debezium.key.as_ref().map_or(&[], |(_, fields)| &fields[..]), None)
            }
        };
        let decoded: Vec<ScalarType> = key_fields
            .iter()
            .chain(fields)
            .map(|field| field.column)
            .chain(items.iter().map(MessageItem::column))
            .chain(error)
            .map(|column| column.scalar)
            .collect();
        let key_fields = key_fields.len();
        let (order, parts) = match envelope {
            Envelope::None => return None,
            Envelope::Upsert(Upsert { key, key_fields: fields, order, inline_errors }) => {
                let key = Box::new(KeyDecoder::new(key, &fields));
                (order, KeyedParts::Upsert { key, fields, inline_errors })
            }
            Envelope::Debezium(mut debezium) => {
                let order = debezium.order.take();
                let decoder = Box::new(DebeziumDecoder::new(debezium, json, fields.to_vec()));
                (order, KeyedParts::Debezium { decoder, key_fields })
            }
        };
        let types = match &order {
            Some(order) => order.iter().map(|at| decoded[*at]).collect(),
            None => decoded.clone(),
        };
        Some(Keyed { parts, types, order: order.map(|order| Permutation::new(order, decoded)) })
    }

    /// The row with the relation's columns in their order.
    fn ordered<'a>(&'a mut self, row: &'a [u8]) -> &'a [u8] {
        match &mut self.order {
            Some(order) => order.apply(row),
            None => row,
        }
    }

    /// The mask of the relation's columns that hold these fields, which stand behind `behind` others.
    fn mask(&self, fields: &[usize], behind: usize) -> EvalResult<u64> {
        fields.iter().try_fold(0, |mask, field| {
            let decoded = behind + field;
            let column = match &self.order {
                Some(order) => order.place(decoded),
                None => decoded,
            };
            match 1u64.checked_shl(column as u32) {
                Some(bit) => Ok(mask | bit),
                None => Err(EvalError::new("54000", "the event has no value of a column behind the 64th")),
            }
        })
    }
}

impl MessageDecoder {
    /// A decoder of values into `fields`, with `items` behind them.
    pub fn new(
        format: MessageFormat,
        fields: Vec<Field>,
        items: Vec<MessageItem>,
        envelope: Envelope,
        settings: FormatSettings,
    ) -> Self {
        let json = match &format {
            MessageFormat::Json(format) => format.clone(),
            _ => JsonFormat::default(),
        };
        let decoder = match format {
            MessageFormat::Json(format) => Decoder::Json(JsonDecoder::new(format, &fields)),
            MessageFormat::Csv(format) => Decoder::Csv(CsvDecoder::new(format)),
            MessageFormat::Whole => Decoder::Whole,
            MessageFormat::Schema(decoder) => Decoder::Schema(decoder),
        };
        let keyed = Keyed::new(envelope, json, &fields, &items);
        let context = ValueContext { settings, arena: Arena::new() };
        MessageDecoder { decoder, fields, items, keyed, context, rows: Rows::default(), content: Vec::new() }
    }

    /// How far the changes of the partition whose messages come next were applied, as [`MessageDecoder::position`] gave it.
    pub fn set_position(&mut self, position: Option<&str>) {
        if let Some(Keyed { parts: KeyedParts::Debezium { decoder, .. }, .. }) = &mut self.keyed {
            decoder.set_position(position);
        }
    }

    /// How far a database's changes were applied, as a text without line breaks.
    pub fn position(&self) -> Option<String> {
        match &self.keyed {
            Some(Keyed { parts: KeyedParts::Debezium { decoder, .. }, .. }) => decoder.position(),
            _ => None,
        }
    }

    /// The columns of its rows, for an envelope with keys.
    pub fn columns(&self) -> Vec<ScalarType> {
        self.keyed.as_ref().map_or_else(Vec::new, |keyed| keyed.types.clone())
    }

    /// What decodes parts of a message by a schema: the message's part, and the fields.
    fn schema_decoders(&mut self) -> impl Iterator<Item = (Part, &mut SchemaDecoder, &[Field])> {
        let MessageDecoder { decoder, fields, items, keyed, .. } = self;
        let value = match decoder {
            Decoder::Schema(decoder) => Some((Part::Value, decoder, fields.as_slice())),
            _ => None,
        };
        let key = keyed.as_mut().and_then(|keyed| match &mut keyed.parts {
            KeyedParts::Upsert { key, fields, .. } => match &mut **key {
                KeyDecoder::Schema(decoder) => Some((Part::Key, decoder, fields.as_slice())),
                _ => None,
            },
            KeyedParts::Debezium { .. } => None,
        });
        let items = items.iter_mut().filter_map(|item| match item {
            MessageItem::SchemaKey(field, decoder) => {
                Some((Part::Key, decoder, std::slice::from_ref(&*field)))
            }
            _ => None,
        });
        value.into_iter().chain(key).chain(items)
    }

    /// The numbers of schemas that messages of a chunk have and that have to be learned before it is decoded.
    pub fn unknown_schemas(&mut self, chunk: &[u8], place: ChunkPlace) -> EvalResult<Vec<u32>> {
        let mut unknown = Vec::new();
        let mut content = std::mem::take(&mut self.content);
        for (part, decoder, _) in self.schema_decoders() {
            for entry in Entries::new(chunk) {
                entry?.records(place, &mut content, |message| {
                    let bytes = match part {
                        Part::Key => message.key,
                        Part::Value => message.value,
                    };
                    if let Some(id) = bytes.and_then(|bytes| decoder.unknown(bytes))
                        && !unknown.contains(&id)
                    {
                        unknown.push(id);
                    }
                })?;
            }
        }
        self.content = content;
        Ok(unknown)
    }

    /// Takes in the schema of a number; or why there is none, which refuses its messages.
    pub fn learn_schema(&mut self, id: u32, schema: Result<&SchemaText, &EvalError>) {
        let context = ValueContext { settings: self.context.settings.clone(), arena: Arena::new() };
        for (_, decoder, fields) in self.schema_decoders() {
            decoder.learn(id, schema, fields, &context);
        }
    }

    /// Decodes a chunk of Kafka's batches. A message that does not decode is the sink's error, and its position its offset; a batch
    /// that cannot be read is an error of the chunk.
    pub fn push(&mut self, chunk: &[u8], place: ChunkPlace, sink: &mut impl RecordSink) -> EvalResult<()> {
        let mut content = std::mem::take(&mut self.content);
        for entry in Entries::new(chunk) {
            entry?.records(place, &mut content, |message| self.push_message(message, sink))?;
        }
        content.clear();
        content.shrink_to(KEPT_CONTENT);
        self.content = content;
        Ok(())
    }

    fn push_message(&mut self, message: &Message, sink: &mut impl RecordSink) {
        let record = message.value.unwrap_or_default();
        let offset = message.offset as u64;
        let position = Position { offset, line: offset };
        self.rows.clear();
        let decoded = match &self.keyed {
            None => self.decode(message).map(|()| sink.row(&self.rows.row, record, position)),
            Some(_) => self.decode_keyed(message, record, position, sink),
        };
        if let Err(error) = decoded {
            sink.error(RecordError::new(error, position, record));
        }
        if self.context.arena.allocated_bytes() > 0 {
            self.context.arena.reset();
        }
    }

    fn decode(&mut self, message: &Message) -> EvalResult<()> {
        let MessageDecoder { decoder, fields, items, context, rows, .. } = self;
        match message.value {
            // A message without a value says nothing of any field.
            None => {
                for field in &*fields {
                    push_null(&mut rows.row, field)?;
                }
            }
            Some(value) => decode_value(decoder, value, fields, context, &mut rows.row)?,
        }
        push_items(&mut rows.row, message, items, context)
    }

    /// Gives the sink what a message of an envelope with keys comes to.
    fn decode_keyed(
        &mut self,
        message: &Message,
        record: &[u8],
        position: Position,
        sink: &mut impl RecordSink,
    ) -> EvalResult<()> {
        let MessageDecoder { decoder: format, fields, items, keyed, context, rows, .. } = self;
        let keyed = keyed.as_mut().expect("an envelope with keys");
        match &mut keyed.parts {
            KeyedParts::Debezium { decoder, key_fields } => {
                let behind = *key_fields;
                let schema = match format {
                    Decoder::Schema(schema) => Some(schema),
                    _ => None,
                };
                match decoder.decode(message.key, message.value, schema, context, rows)? {
                    Event::Nothing => {}
                    Event::Remove => {
                        push_items(&mut rows.row, message, items, context)?;
                        sink.remove(keyed.ordered(&rows.row), record, position);
                    }
                    Event::Set { kept, moved } => {
                        push_items(&mut rows.row, message, items, context)?;
                        let kept = keyed.mask(&kept, behind)?;
                        if moved {
                            push_items(&mut rows.before, message, items, context)?;
                            sink.remove(keyed.ordered(&rows.before), record, position);
                        }
                        sink.upsert(keyed.ordered(&rows.row), kept, record, position);
                    }
                }
                return Ok(());
            }
            KeyedParts::Upsert { key, fields: key_fields, inline_errors } => {
                let row = &mut rows.row;
                key.decode(message.key, key_fields, context, row)?;
                let value_at = row.len();
                let mut refused = None;
                match message.value {
                    None => push_nulls(row, fields.len()),
                    Some(value) => match decode_value(format, value, fields, context, row) {
                        Ok(()) => {}
                        Err(error) if *inline_errors => {
                            row.truncate(value_at);
                            push_nulls(row, fields.len());
                            refused = Some(error);
                        }
                        Err(error) => return Err(error),
                    },
                }
                push_items(row, message, items, context)?;
                match refused {
                    Some(error) => push_error(row, &error, context)?,
                    None => push_nulls(row, usize::from(*inline_errors)),
                }
            }
        }
        match message.value {
            None => sink.remove(keyed.ordered(&rows.row), record, position),
            Some(_) => sink.upsert(keyed.ordered(&rows.row), 0, record, position),
        }
        Ok(())
    }
}

fn push_items(
    row: &mut Vec<u8>,
    message: &Message,
    items: &mut [MessageItem],
    context: &ValueContext,
) -> EvalResult<()> {
    for item in items {
        match item {
            MessageItem::Header(name, field) => match message.headers.last(name) {
                None => push_null(row, field)?,
                Some(bytes) => {
                    push_whole(row, field, bytes, context).map_err(|error| field.locate(error))?;
                }
            },
            MessageItem::Key(field) => match message.key {
                None => push_null(row, field)?,
                Some(key) => push_whole(row, field, key, context).map_err(|error| field.locate(error))?,
            },
            MessageItem::SchemaKey(field, decoder) => match message.key {
                None => push_null(row, field)?,
                Some(key) => decoder.decode(key, std::slice::from_ref(&*field), context, row)?,
            },
            MessageItem::Topic => push_datum(row, Datum::Text(message.place.topic)),
            MessageItem::Partition => push_datum(row, Datum::Int32(message.place.partition)),
            MessageItem::Offset => push_datum(row, Datum::Int64(message.offset)),
            MessageItem::Timestamp => {
                let micros = message.timestamp.saturating_sub(EPOCH).saturating_mul(1000);
                push_datum(row, Datum::Timestamptz(micros));
            }
            MessageItem::Headers => {
                let field = Field { name: "headers".into(), column: item.column() };
                push_text(row, &field, &message.headers.json(), context)?;
            }
        }
    }
    Ok(())
}

fn decode_value(
    decoder: &mut Decoder,
    value: &[u8],
    fields: &[Field],
    context: &ValueContext,
    row: &mut Vec<u8>,
) -> EvalResult<()> {
    let outcome = match decoder {
        Decoder::Json(decoder) => decoder.decode(value, fields, context, row)?,
        Decoder::Csv(decoder) => {
            let newline =
                value.strip_suffix(b"\n").map_or(value.len(), |line| without_return(value, line.len()));
            decoder.decode(&value[..newline], fields, context, row)?
        }
        Decoder::Schema(decoder) => {
            decoder.decode(value, fields, context, row)?;
            Outcome::Row
        }
        Decoder::Whole => {
            for field in fields {
                push_whole(row, field, value, context).map_err(|error| field.locate(error))?;
            }
            Outcome::Row
        }
    };
    match outcome {
        Outcome::Row => Ok(()),
        Outcome::Nothing | Outcome::End => Err(EvalError::new("22P02", "the record is empty")),
    }
}
