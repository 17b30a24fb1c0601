//! Formats whose messages are no text of their own: what their bytes are stands in a schema, in a registry or beside the
//! statement.

use crate::Field;
use crate::avro::{AvroDecoder, AvroEvent, AvroFormat, avro_columns};
use crate::protobuf::{ProtobufDecoder, ProtobufFormat, protobuf_columns};
use crate::value::ValueContext;
use tidewire_plan::ColumnType;
use tidewire_row::{Arena, EvalError, EvalResult, FormatSettings};

/// How messages with a schema become rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaFormat {
    /// Apache Avro.
    Avro(AvroFormat),
    /// Protocol Buffers.
    Protobuf(ProtobufFormat),
}

/// The column that a field is by itself, for a relation whose columns are not declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NaturalColumn {
    /// The field's name.
    pub name: String,
    /// Its type.
    pub column: ColumnType,
}

impl SchemaFormat {
    /// The columns that the schema has.
    pub fn columns(&self) -> EvalResult<Vec<NaturalColumn>> {
        match self {
            SchemaFormat::Avro(format) => avro_columns(format),
            SchemaFormat::Protobuf(format) => protobuf_columns(format),
        }
    }
}

/// A schema as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaText {
    /// In the format's language.
    pub text: String,
    /// The schemas that it uses, used ones before those that use them: the name that it has for them, and their texts.
    pub references: Vec<(String, String)>,
}

/// What of an event's row is read.
pub(crate) enum RowPart<'a> {
    /// All fields; those whose value the log did not have are told, and something stands for them.
    Changed(&'a mut Vec<usize>),
    /// These fields, and NULL for the others.
    Only(&'a [usize]),
}

/// Decodes messages with a schema into fields of the schema.
#[derive(Clone, Debug)]
pub struct SchemaDecoder(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Avro(AvroDecoder),
    Protobuf(ProtobufDecoder),
}

impl SchemaDecoder {
    /// A decoder. Refuses fields that the schema does not have, or that are of another type.
    pub fn new(format: SchemaFormat, fields: &[Field], settings: &FormatSettings) -> EvalResult<Self> {
        let context = ValueContext { settings: settings.clone(), arena: Arena::new() };
        match format {
            SchemaFormat::Avro(format) => {
                Ok(SchemaDecoder(Kind::Avro(AvroDecoder::new(format, fields, &context)?)))
            }
            SchemaFormat::Protobuf(format) => {
                Ok(SchemaDecoder(Kind::Protobuf(ProtobufDecoder::new(format, fields)?)))
            }
        }
    }

    /// The number of a message's schema, if that has to be learned first.
    #[inline]
    pub(crate) fn unknown(&self, value: &[u8]) -> Option<u32> {
        match &self.0 {
            Kind::Avro(decoder) => decoder.unknown(value),
            Kind::Protobuf(decoder) => decoder.unknown(value),
        }
    }

    /// Takes in the schema of a number; or why there is none, which refuses its messages.
    pub(crate) fn learn(
        &mut self,
        id: u32,
        schema: Result<&SchemaText, &EvalError>,
        fields: &[Field],
        context: &ValueContext,
    ) {
        match &mut self.0 {
            Kind::Avro(decoder) => decoder.learn(id, schema, fields, context),
            Kind::Protobuf(decoder) => decoder.learn(id, schema),
        }
    }

    /// The parts of a message that is a Debezium event.
    pub(crate) fn event<'a>(&self, value: &'a [u8]) -> EvalResult<AvroEvent<'a>> {
        match &self.0 {
            Kind::Avro(decoder) => decoder.event(value),
            Kind::Protobuf(_) => Err(EvalError::new("0A000", "Debezium's events in Protobuf are not read")),
        }
    }

    /// Appends the packed row of a part of an event.
    pub(crate) fn row(
        &mut self,
        id: u32,
        row: &[u8],
        fields: &[Field],
        part: RowPart<'_>,
        context: &ValueContext,
        out: &mut Vec<u8>,
    ) -> EvalResult<()> {
        match &mut self.0 {
            Kind::Avro(decoder) => decoder.row(id, row, fields, part, context, out),
            Kind::Protobuf(_) => Err(EvalError::new("0A000", "Debezium's events in Protobuf are not read")),
        }
    }

    /// Appends the packed row of a message.
    pub(crate) fn decode(
        &mut self,
        value: &[u8],
        fields: &[Field],
        context: &ValueContext,
        out: &mut Vec<u8>,
    ) -> EvalResult<()> {
        match &mut self.0 {
            Kind::Avro(decoder) => decoder.decode(value, fields, context, out),
            Kind::Protobuf(decoder) => decoder.decode(value, fields, context, out),
        }
    }
}
