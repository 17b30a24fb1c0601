//! A value on a path's way.

use super::datetime::DateTime;
use tidewire_row::{Arena, Datum, JsonbBuilder, JsonbRef, JsonbValue, Numeric};

/// A value: a scalar by itself, a container as it lies in its document.
#[derive(Clone, Copy)]
pub(crate) enum Value<'v> {
    Null,
    Bool(bool),
    Number(Numeric<'v>),
    String(&'v str),
    DateTime(DateTime),
    Array(JsonbRef<'v>),
    Object(JsonbRef<'v>),
}

impl<'v> Value<'v> {
    /// The value of a document, or of a part of one.
    pub fn of(value: JsonbRef<'v>, arena: &'v Arena) -> Self {
        match value.value(arena) {
            JsonbValue::Null => Value::Null,
            JsonbValue::Bool(value) => Value::Bool(value),
            JsonbValue::Number(value) => Value::Number(value),
            JsonbValue::String(value) => Value::String(value),
            JsonbValue::Array => Value::Array(value),
            JsonbValue::Object => Value::Object(value),
        }
    }

    /// An array or object.
    pub fn container(self) -> Option<JsonbRef<'v>> {
        match self {
            Value::Array(value) | Value::Object(value) => Some(value),
            _ => None,
        }
    }

    /// What `.type()` says.
    pub fn type_name(self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::DateTime(value) => value.type_name(),
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        }
    }

    /// Appends it; dates and times become strings.
    pub fn push(self, builder: &mut JsonbBuilder) {
        match self {
            Value::Null => builder.push_null(),
            Value::Bool(value) => builder.push_bool(value),
            Value::Number(value) => builder.push_numeric(value),
            Value::String(value) => builder.push_string(value),
            Value::DateTime(value) => builder.push_string(&value.text()),
            Value::Array(value) | Value::Object(value) => builder.push_jsonb(value),
        }
    }

    /// It as jsonb.
    pub fn to_datum(self, arena: &Arena) -> Datum<'_> {
        let mut builder = JsonbBuilder::new();
        self.push(&mut builder);
        Datum::Jsonb(builder.finish(arena))
    }
}
