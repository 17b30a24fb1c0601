//! FORMAT PROTOBUF of a sink: the schema of a relation's columns, and values of that schema.
//!
//! | column | Protobuf |
//! |---|---|
//! | boolean | bool |
//! | smallint, integer; bigint | int32; int64 |
//! | real; double precision | float; double |
//! | bytea | bytes |
//! | timestamptz | google.protobuf.Timestamp |
//! | all others | string: PostgreSQL's text |
//!
//! Fields are numbered as the columns stand, from 1. A column that can be NULL is `optional`.

use super::envelope::operation;
use super::payload::Payload;
use super::schema::{MessageShape, SchemaColumn, is_name};
use tidewire_plan::{ColumnType, ScalarType};
use tidewire_row::{Datum, EvalError, EvalResult, FormatSettings, text_out};

/// Microseconds from 1970 to 2000, where PostgreSQL counts from.
const EPOCH_MICROS: i64 = 946_684_800_000_000;
/// Numbers that Protobuf keeps for itself.
const RESERVED: std::ops::Range<u32> = 19_000..20_000;

fn type_name(column: ColumnType) -> &'static str {
    match column.scalar {
        ScalarType::Bool => "bool",
        ScalarType::Int2 | ScalarType::Int4 => "int32",
        ScalarType::Int8 => "int64",
        ScalarType::Float4 => "float",
        ScalarType::Float8 => "double",
        ScalarType::Bytea => "bytes",
        ScalarType::Timestamptz => "google.protobuf.Timestamp",
        _ => "string",
    }
}

/// The number of the field at a place.
fn number(place: usize) -> u32 {
    let number = place as u32 + 1;
    if number < RESERVED.start { number } else { number + RESERVED.len() as u32 }
}

/// The schema of messages, as the text of a `.proto` file whose first message is `full_name`.
pub fn protobuf_schema(columns: &[SchemaColumn], shape: MessageShape, full_name: &str) -> EvalResult<String> {
    if !full_name.split('.').all(is_name) {
        return Err(EvalError::new("22023", format!("\"{full_name}\" is no name of a Protobuf message")));
    }
    let (package, name) = full_name.rsplit_once('.').unwrap_or(("", full_name));
    let mut fields: Vec<String> = Vec::with_capacity(columns.len() + 2);
    for (place, SchemaColumn { name, column, .. }) in columns.iter().enumerate() {
        if !is_name(name) {
            let error = EvalError::new("22023", format!("\"{name}\" is no name of a Protobuf field"));
            return Err(error.with_hint(
                "It has letters, digits and underscores only: choose the columns with AS SELECT ….",
            ));
        }
        let optional = if column.nullable { "optional " } else { "" };
        fields.push(format!("{optional}{} {name} = {};", type_name(*column), number(place)));
    }
    let mut text = String::from("syntax = \"proto3\";\n");
    if !package.is_empty() {
        text.push_str(&format!("package {package};\n"));
    }
    if columns.iter().any(|column| column.column.scalar == ScalarType::Timestamptz) {
        text.push_str("import \"google/protobuf/timestamp.proto\";\n");
    }
    text.push_str(&format!("message {name} {{\n"));
    if shape == MessageShape::Append {
        for (name, place) in [("tw_timestamp", columns.len()), ("tw_diff", columns.len() + 1)] {
            fields.push(format!("int64 {name} = {};", number(place)));
        }
    }
    if shape == MessageShape::Debezium {
        text.push_str(
            "  Row before = 1;\n  Row after = 2;\n  string op = 3;\n  int64 ts_ms = 4;\n  int64 ts_us = 5;\n",
        );
        text.push_str(&format!("  message Row {{\n    {}\n  }}\n", fields.join("\n    ")));
    } else {
        text.push_str(&format!("  {}\n", fields.join("\n  ")));
    }
    text.push_str("}\n");
    Ok(text)
}

fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn push_tag(out: &mut Vec<u8>, number: u32, kind: u32) {
    push_varint(out, u64::from(number << 3 | kind));
}

fn push_bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    push_tag(out, number, 2);
    push_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn push_number(out: &mut Vec<u8>, number: u32, value: i64) {
    push_tag(out, number, 0);
    push_varint(out, value as u64);
}

/// Values of [`protobuf_schema`], each with the number that the registry gave the schema before it.
pub struct ProtobufPayload {
    /// A zero, the number, and the place of the first message.
    head: [u8; 6],
    columns: Vec<SchemaColumn>,
    settings: FormatSettings,
    scratch: Vec<u8>,
    inner: Vec<u8>,
}

impl ProtobufPayload {
    /// Values of the schema of these columns, whose number is `id`.
    pub fn new(id: u32, columns: Vec<SchemaColumn>, settings: FormatSettings) -> Self {
        let [a, b, c, d] = id.to_be_bytes();
        let head = [0, a, b, c, d, 0];
        ProtobufPayload { head, columns, settings, scratch: Vec::new(), inner: Vec::new() }
    }

    fn fields(&mut self, row: &[Datum<'_>], out: &mut Vec<u8>) -> EvalResult<()> {
        for (place, column) in self.columns.iter().enumerate() {
            let number = number(place);
            match row[column.place] {
                Datum::Null => {}
                Datum::Bool(value) => push_number(out, number, value.into()),
                Datum::Int16(value) => push_number(out, number, value.into()),
                Datum::Int32(value) => push_number(out, number, value.into()),
                Datum::Int64(value) => push_number(out, number, value),
                Datum::Float32(value) => {
                    push_tag(out, number, 5);
                    out.extend_from_slice(&value.to_le_bytes());
                }
                Datum::Float64(value) => {
                    push_tag(out, number, 1);
                    out.extend_from_slice(&value.to_le_bytes());
                }
                Datum::Bytea(bytes) => push_bytes(out, number, bytes),
                Datum::Timestamptz(micros) => {
                    let since_1970 = micros.checked_add(EPOCH_MICROS);
                    let finite = since_1970.filter(|_| !matches!(micros, i64::MIN | i64::MAX));
                    let Some(micros) = finite else { return Err(infinite(column)) };
                    self.scratch.clear();
                    push_number(&mut self.scratch, 1, micros.div_euclid(1_000_000));
                    push_number(&mut self.scratch, 2, micros.rem_euclid(1_000_000) * 1000);
                    push_bytes(out, number, &self.scratch);
                }
                datum => {
                    self.scratch.clear();
                    text_out(datum, column.column.scalar, &self.settings, &mut self.scratch);
                    push_bytes(out, number, &self.scratch);
                }
            }
        }
        Ok(())
    }
}

#[cold]
fn infinite(column: &SchemaColumn) -> EvalError {
    let message = format!("infinity of column \"{}\" cannot be written as Protobuf", column.name);
    EvalError::new("22023", message)
}

impl Payload for ProtobufPayload {
    fn row(&mut self, row: &[Datum<'_>], out: &mut Vec<u8>) -> EvalResult<()> {
        out.extend_from_slice(&self.head);
        self.fields(row, out)
    }

    fn difference(&mut self, row: &[Datum<'_>], time: u64, diff: i64, out: &mut Vec<u8>) -> EvalResult<()> {
        self.row(row, out)?;
        let count = self.columns.len();
        push_number(out, number(count), time as i64);
        push_number(out, number(count + 1), diff);
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
        for (number, row) in [(1, before), (2, after)] {
            let Some(row) = row else { continue };
            let mut inner = std::mem::take(&mut self.inner);
            inner.clear();
            let written = self.fields(row, &mut inner);
            push_bytes(out, number, &inner);
            self.inner = inner;
            written?;
        }
        let operation = operation(before, after);
        push_bytes(out, 3, operation.as_bytes());
        push_number(out, 4, (time / 1000) as i64);
        push_number(out, 5, time as i64);
        Ok(())
    }
}
