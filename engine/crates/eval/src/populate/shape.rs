//! What a row is to have: names, types and modifiers.

use tidewire_row::{Arena, EvalError, EvalResult, JsonbRef, JsonbValue, ScalarType, jsonb};

/// The fields of a record.
#[derive(Debug)]
pub(super) struct Shape {
    pub fields: Vec<Field>,
}

/// A field.
#[derive(Debug)]
pub(super) struct Field {
    pub name: Box<str>,
    pub scalar: ScalarType,
    pub typmod: i32,
    /// Of a record, or of an array's elements that are records.
    pub inner: Option<Shape>,
}

#[cold]
fn malformed() -> EvalError {
    EvalError::new("XX000", "malformed shape of a record")
}

impl Shape {
    /// Reads a shape's text: `[{"name": "a", "type": "int4", "typmod": -1}, {"name": "b", …, "fields": […]}]`.
    pub fn parse(text: &str) -> EvalResult<Self> {
        let arena = Arena::new();
        Self::of(jsonb::parse(text, &arena)?)
    }

    fn of(fields: JsonbRef<'_>) -> EvalResult<Self> {
        let fields = fields.elements().map(Field::of).collect::<EvalResult<_>>()?;
        Ok(Shape { fields })
    }
}

impl Field {
    fn of(field: JsonbRef<'_>) -> EvalResult<Self> {
        let arena = Arena::new();
        let text = |key: &str| match field.get_field(key).map(|value| value.copy_to(&arena).value(&arena)) {
            Some(JsonbValue::String(text)) => Ok(text),
            _ => Err(malformed()),
        };
        let typmod = match field.get_field("typmod").map(|value| value.copy_to(&arena).value(&arena)) {
            Some(JsonbValue::Number(typmod)) => typmod.to_i32()?,
            _ => return Err(malformed()),
        };
        Ok(Field {
            name: text("name")?.into(),
            scalar: ScalarType::named(text("type")?).ok_or_else(malformed)?,
            typmod,
            inner: field.get_field("fields").map(Shape::of).transpose()?,
        })
    }
}
