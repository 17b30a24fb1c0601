//! Messages as rows of a key: a value is the key's row, no value is its end.

use crate::Field;
use crate::json::{JsonDecoder, JsonFormat};
use crate::registered::SchemaDecoder;
use crate::value::{ValueContext, push_null, push_whole, utf8};
use tidewire_plan::{ColumnType, ScalarType};
use tidewire_row::{EvalError, EvalResult, column_bounds, push_datum, text_in};

/// What a message's key is.
#[derive(Clone, Debug)]
pub enum KeyFormat {
    /// The one field takes its bytes or its text.
    Whole,
    /// Fields take an object's members; a single field takes a value that is no object whole.
    Json,
    /// What a schema says.
    Schema(SchemaDecoder),
}

/// ENVELOPE UPSERT.
#[derive(Clone, Debug)]
pub struct Upsert {
    /// What the key is.
    pub key: KeyFormat,
    /// The fields that the key gives. They stand before those of the value.
    pub key_fields: Vec<Field>,
    /// For each column of the relation, where it is among the key's fields, the value's fields and the items; None where that
    /// is its order anyway.
    pub order: Option<Vec<usize>>,
    /// A value that does not decode is its key's row all the same: with NULL for the value's fields, and why in a column behind
    /// the items (jsonb: `code`, `description`), which is NULL otherwise.
    pub inline_errors: bool,
}

impl Upsert {
    /// The type of the column of `inline_errors`.
    pub const ERROR: ColumnType = ColumnType { scalar: ScalarType::Jsonb, typmod: -1, nullable: true };
}

/// Decodes keys into their fields.
pub(crate) enum KeyDecoder {
    Whole,
    Json(JsonDecoder),
    Schema(SchemaDecoder),
}

impl KeyDecoder {
    pub(crate) fn new(format: KeyFormat, fields: &[Field]) -> Self {
        match format {
            KeyFormat::Whole => KeyDecoder::Whole,
            KeyFormat::Schema(decoder) => KeyDecoder::Schema(decoder),
            KeyFormat::Json => KeyDecoder::Json(JsonDecoder::new(JsonFormat::default(), fields)),
        }
    }

    /// Appends the fields.
    pub(crate) fn decode(
        &mut self,
        key: Option<&[u8]>,
        fields: &[Field],
        context: &ValueContext,
        out: &mut Vec<u8>,
    ) -> EvalResult<()> {
        let Some(key) = key else {
            return fields.iter().try_for_each(|field| push_null(out, field));
        };
        match self {
            KeyDecoder::Whole => fields.iter().try_for_each(|field| {
                push_whole(out, field, key, context).map_err(|error| field.locate(error))
            }),
            KeyDecoder::Schema(decoder) => decoder.decode(key, fields, context, out),
            KeyDecoder::Json(decoder) => decoder.decode_key(utf8(key)?, fields, context, out),
        }
    }
}

/// Appends why a value did not decode, as a jsonb.
pub(crate) fn push_error(out: &mut Vec<u8>, error: &EvalError, context: &ValueContext) -> EvalResult<()> {
    let mut text = String::from("{");
    for (name, value) in
        [("code", Some(error.sqlstate())), ("description", Some(error.message())), ("detail", error.detail())]
    {
        let Some(value) = value else { continue };
        if text.len() > 1 {
            text.push_str(", ");
        }
        text.push('"');
        text.push_str(name);
        text.push_str("\": ");
        quote(&mut text, value);
    }
    text.push('}');
    push_datum(out, text_in(ScalarType::Jsonb, -1, &text, &context.settings, &context.arena)?);
    Ok(())
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            // PostgreSQL's jsonb has no NUL; other controls are escaped.
            '\0' => {}
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Brings the columns of a row into another order.
pub(crate) struct Permutation {
    order: Vec<usize>,
    types: Vec<ScalarType>,
    bounds: Vec<u32>,
    row: Vec<u8>,
}

impl Permutation {
    /// `types`: of the columns as they stand.
    pub(crate) fn new(order: Vec<usize>, types: Vec<ScalarType>) -> Self {
        Permutation { order, types, bounds: Vec::new(), row: Vec::new() }
    }

    /// Where a column comes to stand.
    pub(crate) fn place(&self, column: usize) -> usize {
        self.order.iter().position(|from| *from == column).unwrap_or(usize::MAX)
    }

    /// The row in order.
    pub(crate) fn apply(&mut self, row: &[u8]) -> &[u8] {
        column_bounds(row, &self.types, &mut self.bounds);
        self.row.clear();
        for &at in &self.order {
            self.row.extend_from_slice(&row[self.bounds[at] as usize..self.bounds[at + 1] as usize]);
        }
        &self.row
    }
}

/// NULLs, whatever the fields allow: of a row of which only the key is read, or of a value that did not decode.
pub(crate) fn push_nulls(out: &mut Vec<u8>, count: usize) {
    for _ in 0..count {
        tidewire_row::push_null(out);
    }
}
