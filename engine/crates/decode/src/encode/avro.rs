//! FORMAT AVRO of a sink: the schema of a relation's columns, and values of that schema.
//!
//! | column | Avro |
//! |---|---|
//! | boolean | boolean |
//! | smallint, integer; bigint | int; long |
//! | real; double precision | float; double |
//! | numeric(p, s) | bytes, decimal of p and s |
//! | bytea | bytes |
//! | date; time | int, date; long, time-micros |
//! | timestamp; timestamptz | long, local-timestamp-micros; long, timestamp-micros |
//! | uuid | string, uuid |
//! | json, jsonb | string, with Debezium's name for JSON (`io.debezium.data.Json`) |
//! | all others, numeric without a precision | string: PostgreSQL's text |
//!
//! A column that can be NULL is a union of null and its type, with null as its default.

use super::envelope::operation;
use super::payload::Payload;
use super::schema::{MessageShape, SchemaColumn, is_name};
use crate::avro::{push_bytes, push_long};
use serde_json::{Value, json};
use tidewire_plan::{ColumnType, ScalarType};
use tidewire_row::numeric::Typmod;
use tidewire_row::{Datum, EvalError, EvalResult, FormatSettings, text_out};

/// Days and microseconds from 1970 to 2000, where PostgreSQL counts from.
const EPOCH_DAYS: i64 = 10_957;
const EPOCH_MICROS: i64 = EPOCH_DAYS * 86_400_000_000;

#[derive(Clone, Copy, Debug)]
enum Wire {
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    /// Text as it is.
    Plain,
    /// A value's text.
    Text,
    Decimal(Typmod),
    Date,
    Time,
    Timestamp,
}

fn wire(column: ColumnType) -> (Wire, Value) {
    let logical = |base: &str, name: &str| json!({ "type": base, "logicalType": name });
    match column.scalar {
        ScalarType::Bool => (Wire::Boolean, json!("boolean")),
        ScalarType::Int2 | ScalarType::Int4 => (Wire::Int, json!("int")),
        ScalarType::Int8 => (Wire::Long, json!("long")),
        ScalarType::Float4 => (Wire::Float, json!("float")),
        ScalarType::Float8 => (Wire::Double, json!("double")),
        ScalarType::Bytea => (Wire::Bytes, json!("bytes")),
        ScalarType::Date => (Wire::Date, logical("int", "date")),
        ScalarType::Time => (Wire::Time, logical("long", "time-micros")),
        ScalarType::Timestamp => (Wire::Timestamp, logical("long", "local-timestamp-micros")),
        ScalarType::Timestamptz => (Wire::Timestamp, logical("long", "timestamp-micros")),
        ScalarType::Uuid => (Wire::Text, logical("string", "uuid")),
        ScalarType::Jsonb | ScalarType::Json => {
            (Wire::Text, json!({ "type": "string", "connect.name": "io.debezium.data.Json" }))
        }
        ScalarType::Numeric => match Typmod::decode(column.typmod) {
            Some(typmod) if (0..=typmod.precision).contains(&typmod.scale) => {
                let Typmod { precision, scale } = typmod;
                let decimal = json!({ "type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale });
                (Wire::Decimal(typmod), decimal)
            }
            _ => (Wire::Text, json!("string")),
        },
        ScalarType::Text | ScalarType::Varchar | ScalarType::Bpchar | ScalarType::Name => {
            (Wire::Plain, json!("string"))
        }
        _ => (Wire::Text, json!("string")),
    }
}

/// The schema of messages, as its text. `full_name` is the record's, with its namespace; `null_defaults`: what can be NULL
/// has null as its default, so that such columns can come and go.
pub fn avro_schema(
    columns: &[SchemaColumn],
    envelope: MessageShape,
    full_name: &str,
    null_defaults: bool,
) -> EvalResult<String> {
    if !full_name.split('.').all(is_name) {
        return Err(EvalError::new("22023", format!("\"{full_name}\" is no name of an Avro record")));
    }
    let mut fields = Vec::with_capacity(columns.len() + 2);
    for SchemaColumn { name, column, .. } in columns {
        if !is_name(name) {
            let error = EvalError::new("22023", format!("\"{name}\" is no name of an Avro field"));
            return Err(error.with_hint(
                "It has letters, digits and underscores only: choose the columns with AS SELECT ….",
            ));
        }
        let (_, schema) = wire(*column);
        fields.push(match (column.nullable, null_defaults) {
            (false, _) => json!({ "name": name, "type": schema }),
            (true, false) => json!({ "name": name, "type": ["null", schema] }),
            (true, true) => json!({ "name": name, "type": ["null", schema], "default": null }),
        });
    }
    let long = |name: &str| json!({ "name": name, "type": "long" });
    let schema = match envelope {
        MessageShape::Row => json!({ "type": "record", "name": full_name, "fields": fields }),
        MessageShape::Append => {
            fields.extend([long("tw_timestamp"), long("tw_diff")]);
            json!({ "type": "record", "name": full_name, "fields": fields })
        }
        MessageShape::Debezium => {
            // Beside the envelope, whatever its name is.
            let row = format!("{full_name}_row");
            let record = json!({ "type": "record", "name": row, "fields": fields });
            json!({ "type": "record", "name": full_name, "fields": [
                { "name": "before", "type": ["null", record], "default": null },
                { "name": "after", "type": ["null", row], "default": null },
                { "name": "op", "type": "string" },
                long("ts_ms"),
                long("ts_us"),
            ] })
        }
    };
    Ok(schema.to_string())
}

/// Values of [`avro_schema`], each with the number that the registry gave the schema before it.
pub struct AvroPayload {
    head: [u8; 5],
    columns: Vec<(SchemaColumn, Wire)>,
    settings: FormatSettings,
    scratch: Vec<u8>,
}

impl AvroPayload {
    /// Values of the schema of these columns, whose number is `id`.
    pub fn new(id: u32, columns: Vec<SchemaColumn>, settings: FormatSettings) -> Self {
        let [a, b, c, d] = id.to_be_bytes();
        let columns = columns.into_iter().map(|column| (wire(column.column).0, column));
        let columns = columns.map(|(wire, column)| (column, wire)).collect();
        AvroPayload { head: [0, a, b, c, d], columns, settings, scratch: Vec::new() }
    }

    fn record(&mut self, row: &[Datum<'_>], out: &mut Vec<u8>) -> EvalResult<()> {
        for (column, wire) in &self.columns {
            let datum = row[column.place];
            match (datum, column.column.nullable) {
                (Datum::Null, true) => {
                    push_long(out, 0);
                    continue;
                }
                (Datum::Null, false) => {
                    let message = format!("column \"{}\" of the sink is NULL", column.name);
                    return Err(EvalError::new("XX000", message));
                }
                (_, true) => push_long(out, 1),
                (_, false) => {}
            }
            push_value(datum, *wire, column, &self.settings, &mut self.scratch, out)?;
        }
        Ok(())
    }
}

#[inline]
fn push_value(
    datum: Datum<'_>,
    wire: Wire,
    column: &SchemaColumn,
    settings: &FormatSettings,
    scratch: &mut Vec<u8>,
    out: &mut Vec<u8>,
) -> EvalResult<()> {
    match (wire, datum) {
        (Wire::Boolean, Datum::Bool(value)) => out.push(value.into()),
        (Wire::Int, Datum::Int16(value)) => push_long(out, value.into()),
        (Wire::Int, Datum::Int32(value)) => push_long(out, value.into()),
        (Wire::Long, Datum::Int64(value)) => push_long(out, value),
        (Wire::Float, Datum::Float32(value)) => out.extend_from_slice(&value.to_le_bytes()),
        (Wire::Double, Datum::Float64(value)) => out.extend_from_slice(&value.to_le_bytes()),
        (Wire::Bytes, Datum::Bytea(bytes)) => push_bytes(out, bytes),
        (Wire::Plain, Datum::Text(text)) => push_bytes(out, text.as_bytes()),
        (Wire::Decimal(typmod), Datum::Numeric(value)) => {
            let parts = value.big_parts().filter(|(_, scale)| i32::from(*scale) == typmod.scale);
            let Some((mantissa, _)) = parts else { return Err(unwritable(datum, column, settings)) };
            push_bytes(out, &mantissa.to_signed_bytes_be());
        }
        (Wire::Date, Datum::Date(days)) if !matches!(days, i32::MIN | i32::MAX) => {
            push_long(out, i64::from(days) + EPOCH_DAYS);
        }
        (Wire::Time, Datum::Time(micros)) => push_long(out, micros),
        (Wire::Timestamp, Datum::Timestamp(micros) | Datum::Timestamptz(micros))
            if !matches!(micros, i64::MIN | i64::MAX) =>
        {
            let Some(micros) = micros.checked_add(EPOCH_MICROS) else {
                return Err(unwritable(datum, column, settings));
            };
            push_long(out, micros);
        }
        (Wire::Text, datum) => {
            scratch.clear();
            text_out(datum, column.column.scalar, settings, scratch);
            push_bytes(out, scratch);
        }
        _ => return Err(unwritable(datum, column, settings)),
    }
    Ok(())
}

/// The infinities, and NaN as a decimal.
#[cold]
fn unwritable(datum: Datum<'_>, column: &SchemaColumn, settings: &FormatSettings) -> EvalError {
    let mut text = Vec::new();
    text_out(datum, column.column.scalar, settings, &mut text);
    let text = String::from_utf8_lossy(&text);
    EvalError::new("22023", format!("{text} of column \"{}\" cannot be written as Avro", column.name))
}

impl Payload for AvroPayload {
    fn row(&mut self, row: &[Datum<'_>], out: &mut Vec<u8>) -> EvalResult<()> {
        out.extend_from_slice(&self.head);
        self.record(row, out)
    }

    fn difference(&mut self, row: &[Datum<'_>], time: u64, diff: i64, out: &mut Vec<u8>) -> EvalResult<()> {
        self.row(row, out)?;
        push_long(out, time as i64);
        push_long(out, diff);
        Ok(())
    }

    fn change(
        &mut self,
        before: Option<&[Datum<'_>]>,
        after: Option<&[Datum<'_>]>,
        time: u64,
        out: &mut Vec<u8>,
    ) -> EvalResult<()> {
        out.extend_from_slice(&self.head);
        for row in [before, after] {
            push_long(out, i64::from(row.is_some()));
            if let Some(row) = row {
                self.record(row, out)?;
            }
        }
        let operation = operation(before, after);
        push_bytes(out, operation.as_bytes());
        push_long(out, (time / 1000) as i64);
        push_long(out, time as i64);
        Ok(())
    }
}
