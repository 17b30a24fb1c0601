//! Options that come as JSON: how rows are encoded, decoded and subscribed to.

use serde::Deserialize;
use tidewire_decode::encode::avro::{AvroPayload, avro_schema};
use tidewire_decode::encode::envelope::Envelope as SinkEnvelope;
use tidewire_decode::encode::messages::MessageParts;
use tidewire_decode::encode::payload::{JsonPayload, Payload, PayloadColumns, TextPayload};
use tidewire_decode::encode::protobuf::{ProtobufPayload, protobuf_schema};
use tidewire_decode::encode::schema::{MessageShape, SchemaColumn};
use tidewire_decode::encode::{CsvStyle, OutputFormat};
use tidewire_decode::{
    AvroFormat, CopyTextFormat, CsvFormat, CsvHeader, Debezium, Decimals, DefaultMarker,
    Envelope as SourceEnvelope, Field, Format, JsonFormat, KeyFormat, MessageFormat, MessageItem, PathStep,
    ProtobufFormat, SchemaDecoder, SchemaFormat, SchemaText, Upsert,
};
use tidewire_plan::{ColumnType, Mfp, OrderKey, ScalarType};
use tidewire_render::RowFormat;
use tidewire_row::io::{ByteaOutput, DateOrder, DateStyle, IntervalStyle};
use tidewire_row::{EvalError, FormatSettings, Zone};

use crate::error::internal;

/// `RowEncoding` and the encodings of sinks.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Encoding {
    /// DataRow messages; canonical: with texts that mean the same whatever the session's settings are.
    DataRow {
        formats: Vec<u8>,
        #[serde(default)]
        canonical: bool,
    },
    /// CopyData messages of the text format.
    CopyText { null_text: String, delimiter: String },
    /// CopyData messages of CSV.
    CopyCsv {
        null_text: String,
        delimiter: String,
        header: Option<Vec<String>>,
        quote: String,
        escape: String,
        force_quote: Vec<usize>,
    },
    /// A sink's lines.
    JsonLines { columns: Vec<String> },
    /// A sink's lines.
    Csv { columns: Vec<String> },
    /// A sink's messages.
    Messages(MessagesEncoding),
}

/// The messages of a sink: `MessagesEncoding` of `engine/index.ts`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessagesEncoding {
    /// Names of all columns.
    pub columns: Vec<String>,
    /// The key, with the columns that it shows.
    pub key: Option<PayloadOptions>,
    pub value: PayloadOptions,
    /// A jsonb column.
    pub headers: Option<usize>,
    /// An integer column.
    pub place: Option<usize>,
}

/// `SinkSchema` of `engine/index.ts`: the schema of a sink's messages.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SinkSchema {
    pub language: SinkSchemaLanguage,
    pub columns: Vec<DecodeColumn>,
    pub envelope: SinkSchemaEnvelope,
    pub full_name: String,
    pub null_defaults: bool,
}

/// `SinkSchema['language']`.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SinkSchemaLanguage {
    Avro,
    Protobuf,
}

/// `SinkSchema['envelope']`.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SinkSchemaEnvelope {
    Row,
    Append,
    Debezium,
}

impl SinkSchema {
    /// Its text.
    pub fn text(self) -> Result<String, EvalError> {
        let columns = self.columns.into_iter().enumerate();
        let columns: Vec<SchemaColumn> = columns
            .map(|(place, DecodeColumn { name, column })| SchemaColumn { place, name, column })
            .collect();
        let envelope = match self.envelope {
            SinkSchemaEnvelope::Row => MessageShape::Row,
            SinkSchemaEnvelope::Append => MessageShape::Append,
            SinkSchemaEnvelope::Debezium => MessageShape::Debezium,
        };
        match self.language {
            SinkSchemaLanguage::Avro => avro_schema(&columns, envelope, &self.full_name, self.null_defaults),
            SinkSchemaLanguage::Protobuf => protobuf_schema(&columns, envelope, &self.full_name),
        }
    }
}

/// What a key or a value shows, and how.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PayloadOptions {
    pub columns: Vec<usize>,
    pub format: PayloadFormat,
}

/// `PayloadFormat` of `engine/index.ts`.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum PayloadFormat {
    Json,
    Text,
    /// The schema's number, and the columns' whole types.
    Avro {
        id: u32,
        types: Vec<ColumnType>,
    },
    /// The same.
    Protobuf {
        id: u32,
        types: Vec<ColumnType>,
    },
}

impl MessagesEncoding {
    /// The encoder's parts.
    pub fn parts(
        self,
        envelope: SinkEnvelope,
        types: &[ScalarType],
        settings: FormatSettings,
    ) -> Result<MessageParts, EvalError> {
        let MessagesEncoding { columns, key, value, headers, place } = self;
        if columns.len() != types.len() {
            return Err(internal(format!("{} names for {} columns", columns.len(), types.len())));
        }
        let difference_in_headers =
            envelope == SinkEnvelope::Append && matches!(value.format, PayloadFormat::Text);
        Ok(MessageParts {
            envelope,
            key: key.map(|key| key.payload(&columns, types, &settings)).transpose()?,
            value: value.payload(&columns, types, &settings)?,
            difference_in_headers,
            headers,
            place,
        })
    }
}

impl PayloadOptions {
    fn payload(
        self,
        names: &[String],
        types: &[ScalarType],
        settings: &FormatSettings,
    ) -> Result<Box<dyn Payload>, EvalError> {
        let places = &self.columns;
        let schema_columns = |types: Vec<ColumnType>| {
            if types.len() != places.len() {
                return Err(internal(format!("{} types for {} columns", types.len(), places.len())));
            }
            let column = |(&place, column)| SchemaColumn { place, name: names[place].clone(), column };
            Ok(places.iter().zip(types).map(column).collect())
        };
        let format = match self.format {
            PayloadFormat::Avro { id, types } => {
                return Ok(Box::new(AvroPayload::new(id, schema_columns(types)?, settings.clone())));
            }
            PayloadFormat::Protobuf { id, types } => {
                return Ok(Box::new(ProtobufPayload::new(id, schema_columns(types)?, settings.clone())));
            }
            format => format,
        };
        let columns = PayloadColumns {
            names: self.columns.iter().map(|column| names[*column].clone()).collect(),
            types: self.columns.iter().map(|column| types[*column]).collect(),
            places: self.columns,
        };
        Ok(match format {
            PayloadFormat::Json => Box::new(JsonPayload::new(columns, settings.clone())),
            PayloadFormat::Text => Box::new(TextPayload::new(&columns, settings.clone())?),
            PayloadFormat::Avro { .. } | PayloadFormat::Protobuf { .. } => {
                return Err(internal("formats of schemas have whole types"));
            }
        })
    }
}

impl Encoding {
    /// What texts are written with, in a session that has these settings.
    pub fn settings(&self, session: &FormatSettings) -> FormatSettings {
        match self {
            Encoding::DataRow { canonical: true, .. } => FormatSettings::default(),
            _ => session.clone(),
        }
    }

    /// The format of rows for a client, with the names of a header.
    pub fn row_format(self) -> Result<(RowFormat, Vec<String>), EvalError> {
        Ok(match self {
            Encoding::DataRow { formats, .. } => {
                (RowFormat::DataRow(formats.into_iter().map(|format| format == 1).collect()), vec![])
            }
            Encoding::CopyText { null_text, delimiter } => {
                let delimiter = byte(&delimiter, b'\t');
                let format =
                    CopyTextFormat { delimiter, null: null_text, header: CsvHeader::None, default: None };
                (RowFormat::Copy(OutputFormat::CopyText(format)), vec![])
            }
            Encoding::CopyCsv { null_text, delimiter, header, quote, escape, force_quote } => {
                let style = CsvStyle {
                    delimiter: byte(&delimiter, b','),
                    null: null_text,
                    header: header.is_some(),
                    quote: byte(&quote, b'"'),
                    escape: byte(&escape, b'"'),
                    force_quote,
                };
                (RowFormat::Copy(OutputFormat::Csv(style)), header.unwrap_or_default())
            }
            Encoding::Messages(_) => return Err(internal("messages are a sink's")),
            Encoding::JsonLines { columns } => (RowFormat::Lines(OutputFormat::JsonLines), columns),
            Encoding::Csv { columns } => (RowFormat::Lines(OutputFormat::Csv(CsvStyle::default())), columns),
        })
    }
}

fn copy_header(header: bool, matches: bool) -> CsvHeader {
    match (header, matches) {
        (false, _) => CsvHeader::None,
        (true, false) => CsvHeader::Skip,
        (true, true) => CsvHeader::Match,
    }
}

fn byte(text: &str, default: u8) -> u8 {
    text.bytes().next().unwrap_or(default)
}

/// `SubscribeOptions['envelope']`.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum EnvelopeOptions {
    /// Rows with differences.
    Diff,
    /// The newest row of each key; `unique`: two of one key are an error.
    Upsert {
        key: Vec<usize>,
        #[serde(default)]
        unique: bool,
    },
    /// Each key's row before and after.
    Debezium {
        key: Vec<usize>,
        #[serde(default)]
        unique: bool,
    },
}

/// `SubscribeOptions`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscribeOptions {
    pub as_of: u64,
    pub snapshot: bool,
    pub progress: bool,
    pub up_to: Option<u64>,
    pub envelope: EnvelopeOptions,
    pub order: Vec<OrderKey>,
    pub encoding: Encoding,
    pub time_zone: String,
}

/// `DecodeFormat`.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum DecodeFormat {
    Json {
        #[serde(default)]
        whole_record: bool,
        #[serde(default)]
        paths: Vec<Option<Vec<JsonPathStep>>>,
    },
    Csv {
        delimiter: String,
        null_text: String,
        quote: String,
        escape: String,
        header: bool,
        #[serde(default)]
        header_by_name: bool,
        #[serde(default)]
        header_match: bool,
        #[serde(default)]
        skip_blank_lines: bool,
        #[serde(default)]
        force_null: Vec<usize>,
        #[serde(default)]
        force_not_null: Vec<usize>,
        #[serde(default)]
        default: Option<DefaultText>,
    },
    /// The one field takes all of a message.
    Whole,
    /// Messages of a registry's schemas, or all of one.
    Avro {
        schema: WrittenSchema,
        framed: bool,
        #[serde(default)]
        whole: bool,
        /// Messages are Debezium's events.
        #[serde(default)]
        event: bool,
    },
    /// The same in Protobuf; `message`: its name in the schema.
    Protobuf {
        schema: WrittenSchema,
        message: Option<String>,
        framed: bool,
        #[serde(default)]
        whole: bool,
    },
    CopyText {
        delimiter: String,
        null_text: String,
        header: bool,
        #[serde(default)]
        header_match: bool,
        #[serde(default)]
        default: Option<DefaultText>,
    },
}

/// What stands for a column's default, and of which fields.
#[derive(Deserialize)]
pub struct DefaultText {
    text: String,
    fields: Vec<usize>,
}

impl From<DefaultText> for DefaultMarker {
    fn from(DefaultText { text, fields }: DefaultText) -> Self {
        DefaultMarker { text, fields }
    }
}

/// A step of a path: a number is an element's.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum JsonPathStep {
    Element(usize),
    Member(String),
}

impl DecodeFormat {
    /// Rows say behind their fields which of these were defaults.
    pub fn marks_defaults(&self) -> bool {
        match self {
            DecodeFormat::Csv { default, .. } | DecodeFormat::CopyText { default, .. } => default.is_some(),
            _ => false,
        }
    }

    /// The decoder's format.
    pub fn format(self) -> Result<Format, EvalError> {
        Ok(match self {
            DecodeFormat::Json { whole_record, paths } => {
                let step = |step| match step {
                    JsonPathStep::Element(index) => PathStep::Element(index),
                    JsonPathStep::Member(name) => PathStep::Member(name),
                };
                let path = |path: Vec<JsonPathStep>| path.into_iter().map(step).collect();
                let paths = paths.into_iter().map(|own| own.map(path)).collect();
                Format::Json(JsonFormat { whole_record, paths })
            }
            DecodeFormat::Csv {
                delimiter,
                null_text,
                quote,
                escape,
                header,
                header_by_name,
                header_match,
                skip_blank_lines,
                force_null,
                force_not_null,
                default,
            } => Format::Csv(CsvFormat {
                delimiter: byte(&delimiter, b','),
                quote: byte(&quote, b'"'),
                escape: byte(&escape, b'"'),
                null: null_text,
                header: match (header_by_name, copy_header(header, header_match)) {
                    (true, CsvHeader::Skip) => CsvHeader::ByName,
                    (_, header) => header,
                },
                force_null,
                force_not_null,
                default: default.map(DefaultMarker::from),
                skip_blank: skip_blank_lines,
                allow_returns: skip_blank_lines,
            }),
            DecodeFormat::CopyText { delimiter, null_text, header, header_match, default } => {
                Format::CopyText(CopyTextFormat {
                    delimiter: byte(&delimiter, b'\t'),
                    null: null_text,
                    header: copy_header(header, header_match),
                    default: default.map(DefaultMarker::from),
                })
            }
            DecodeFormat::Whole | DecodeFormat::Avro { .. } | DecodeFormat::Protobuf { .. } => {
                return Err(internal("only a message is taken as a whole"));
            }
        })
    }

    /// A format whose messages have a schema; the others are given back.
    pub fn schema_format(self) -> Result<SchemaFormat, Box<DecodeFormat>> {
        match self {
            DecodeFormat::Avro { schema, framed, whole, event } => {
                Ok(SchemaFormat::Avro(AvroFormat { schema: schema.into(), framed, whole, event }))
            }
            DecodeFormat::Protobuf { schema, message, framed, whole } => {
                Ok(SchemaFormat::Protobuf(ProtobufFormat { schema: schema.into(), message, framed, whole }))
            }
            other => Err(Box::new(other)),
        }
    }

    /// The format of messages' values.
    pub fn message_format(
        self,
        fields: &[Field],
        settings: &FormatSettings,
    ) -> Result<MessageFormat, EvalError> {
        let format = match self.schema_format() {
            Ok(format) => return Ok(MessageFormat::Schema(SchemaDecoder::new(format, fields, settings)?)),
            Err(format) => format,
        };
        if matches!(*format, DecodeFormat::Whole) {
            return Ok(MessageFormat::Whole);
        }
        match format.format()? {
            Format::Json(format) => Ok(MessageFormat::Json(format)),
            Format::Csv(format) => Ok(MessageFormat::Csv(format)),
            Format::CopyText(_) => Err(internal("messages are not in COPY's format")),
        }
    }
}

/// `WrittenSchema`.
#[derive(Deserialize)]
pub struct WrittenSchema {
    pub text: String,
    #[serde(default)]
    pub references: Vec<(String, String)>,
}

impl From<WrittenSchema> for SchemaText {
    fn from(WrittenSchema { text, references }: WrittenSchema) -> SchemaText {
        SchemaText { text, references }
    }
}

/// Metadata of a message as a column.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum MessageColumn {
    /// The key, as this type; by a schema, where it has a format.
    Key {
        #[serde(rename = "type")]
        column: ColumnType,
        #[serde(default)]
        format: Option<DecodeFormat>,
    },
    /// The header of this name, as this type.
    Header {
        name: String,
        #[serde(rename = "type")]
        column: ColumnType,
    },
    Topic,
    Partition,
    Offset,
    Timestamp,
    Headers,
}

impl MessageColumn {
    /// The decoder's item.
    pub fn item(self, settings: &FormatSettings) -> Result<MessageItem, EvalError> {
        Ok(match self {
            MessageColumn::Header { name, column } => {
                MessageItem::Header(name, Field { name: "header".into(), column })
            }
            MessageColumn::Key { column, format } => {
                let field = Field { name: "key".into(), column };
                match format {
                    None => MessageItem::Key(field),
                    format => {
                        let decoder = schema_decoder(format, std::slice::from_ref(&field), settings)?;
                        MessageItem::SchemaKey(field, decoder)
                    }
                }
            }
            MessageColumn::Topic => MessageItem::Topic,
            MessageColumn::Partition => MessageItem::Partition,
            MessageColumn::Offset => MessageItem::Offset,
            MessageColumn::Timestamp => MessageItem::Timestamp,
            MessageColumn::Headers => MessageItem::Headers,
        })
    }
}

/// What a message's key gives.
#[derive(Deserialize)]
pub struct MessageKey {
    pub kind: MessageKeyKind,
    pub columns: Vec<DecodeColumn>,
    /// Of the kind `Schema`.
    #[serde(default)]
    pub format: Option<DecodeFormat>,
}

impl MessageKey {
    /// How the decoder takes it, and its fields.
    fn decoder(self, settings: &FormatSettings) -> Result<(KeyFormat, Vec<Field>), EvalError> {
        let fields: Vec<Field> = self.columns.into_iter().map(DecodeColumn::field).collect();
        let key = match self.kind {
            MessageKeyKind::Whole => KeyFormat::Whole,
            MessageKeyKind::Json => KeyFormat::Json,
            MessageKeyKind::Schema => KeyFormat::Schema(schema_decoder(self.format, &fields, settings)?),
        };
        Ok((key, fields))
    }
}

fn schema_decoder(
    format: Option<DecodeFormat>,
    fields: &[Field],
    settings: &FormatSettings,
) -> Result<SchemaDecoder, EvalError> {
    match format.map(DecodeFormat::schema_format) {
        Some(Ok(format)) => SchemaDecoder::new(format, fields, settings),
        _ => Err(internal("a key of a schema has no schema")),
    }
}

/// `MessageKey['kind']`.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MessageKeyKind {
    Whole,
    Json,
    Schema,
}

/// `MessageEnvelope`.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum MessageEnvelope {
    Upsert {
        key: MessageKey,
        order: Vec<usize>,
        inline_errors: bool,
    },
    Debezium {
        key: Option<MessageKey>,
        primary_key: Vec<usize>,
        order: Vec<usize>,
        decimals: DecimalEncoding,
    },
}

/// How decimals come without a schema.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DecimalEncoding {
    Text,
    Base64,
}

impl MessageEnvelope {
    /// The decoder's envelope.
    pub fn envelope(self, settings: &FormatSettings) -> Result<SourceEnvelope, EvalError> {
        match self {
            MessageEnvelope::Upsert { key, order, inline_errors } => {
                let (key, key_fields) = key.decoder(settings)?;
                Ok(SourceEnvelope::Upsert(Upsert { key, key_fields, order: reordered(order), inline_errors }))
            }
            MessageEnvelope::Debezium { key, primary_key, order, decimals } => {
                Ok(SourceEnvelope::Debezium(Debezium {
                    key: key.map(|key| key.decoder(settings)).transpose()?,
                    primary_key,
                    order: reordered(order),
                    decimals: match decimals {
                        DecimalEncoding::Text => Decimals::Text,
                        DecimalEncoding::Base64 => Decimals::Base64,
                    },
                }))
            }
        }
    }
}

/// The order, unless it is how things stand anyway.
fn reordered(order: Vec<usize>) -> Option<Vec<usize>> {
    Some(order).filter(|order| !order.iter().copied().eq(0..order.len()))
}

/// A field of a decoder.
#[derive(Deserialize)]
pub struct DecodeColumn {
    pub name: String,
    #[serde(rename = "type")]
    pub column: ColumnType,
}

impl DecodeColumn {
    /// The decoder's field.
    pub fn field(self) -> Field {
        Field { name: self.name, column: self.column }
    }
}

/// Where a record stands, as a column of its row.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// The record's number.
    Line,
    /// Bytes before it.
    Offset,
}

/// The options of `Engine.decoder`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecoderOptions {
    pub arrangement: u64,
    pub format: DecodeFormat,
    pub columns: Vec<DecodeColumn>,
    pub metadata: usize,
    /// Places that follow the metadata as int8 columns.
    #[serde(default)]
    pub places: Vec<Place>,
    /// Chunks are messages, with these columns behind the fields.
    #[serde(default)]
    pub messages: Option<Vec<MessageColumn>>,
    /// They are changes by key: `mfp` is not looked at.
    #[serde(default)]
    pub envelope: Option<MessageEnvelope>,
    pub mfp: Mfp,
    pub time_zone: String,
    /// Records with a value that is none of its type are left out and counted.
    #[serde(default)]
    pub skip_unreadable: bool,
}

/// Reads options.
pub fn parse<T: for<'de> Deserialize<'de>>(json: &str) -> Result<T, EvalError> {
    serde_json::from_str(json).map_err(|error| internal(format!("options refused: {error}")))
}

/// Settings of a session: its TimeZone, and behind line ends, if not all are as they are by default, IntervalStyle, DateStyle,
/// extra_float_digits and bytea_output.
pub fn settings(text: &str) -> Result<FormatSettings, EvalError> {
    let mut lines = text.split('\n');
    let time_zone = Zone::lookup_or_error(lines.next().unwrap_or_default())?;
    let mut settings = FormatSettings { time_zone, ..FormatSettings::default() };
    let unknown = |name: &str, value: &str| internal(format!("there is no {name} {value}"));
    if let Some(style) = lines.next() {
        settings.interval_style = match style {
            "postgres" => IntervalStyle::Postgres,
            "postgres_verbose" => IntervalStyle::PostgresVerbose,
            "sql_standard" => IntervalStyle::SqlStandard,
            "iso_8601" => IntervalStyle::Iso8601,
            other => return Err(unknown("IntervalStyle", other)),
        };
    }
    if let Some(words) = lines.next() {
        let (style, order) = words.split_once(", ").ok_or_else(|| unknown("DateStyle", words))?;
        settings.date_style = match style {
            "ISO" => DateStyle::Iso,
            "SQL" => DateStyle::Sql,
            "Postgres" => DateStyle::Postgres,
            "German" => DateStyle::German,
            other => return Err(unknown("DateStyle", other)),
        };
        settings.date_order = match order {
            "MDY" => DateOrder::Mdy,
            "DMY" => DateOrder::Dmy,
            "YMD" => DateOrder::Ymd,
            other => return Err(unknown("DateStyle", other)),
        };
    }
    if let Some(digits) = lines.next() {
        settings.extra_float_digits = digits.parse().map_err(|_| unknown("extra_float_digits", digits))?;
    }
    if let Some(output) = lines.next() {
        settings.bytea_output = match output {
            "hex" => ByteaOutput::Hex,
            "escape" => ByteaOutput::Escape,
            other => return Err(unknown("bytea_output", other)),
        };
    }
    Ok(settings)
}
