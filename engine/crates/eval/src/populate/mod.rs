//! Rows from JSON: `json_populate_record`, `json_to_record` and their kin, of json and jsonb.
//!
//! What is wanted is a [`Shape`]; its text is a constant of the plan and is read once for each call site.

mod shape;
mod value;

use crate::context::Env;
use crate::registry::{Function, mismatch};
use shape::{Field, Shape};
use std::sync::Arc;
use tidewire_row::array::{Dimension, MAX_DIMENSIONS};
use tidewire_row::{
    ArrayBuilder, Datum, EvalError, EvalResult, JsonbRef, JsonbValue, RecordRef, ScalarType, text_in,
};
use value::Json;

/// How deep values are followed: far deeper than types go, far from a thread's stack.
const MOST_LEVELS: usize = 500;

fn shape(text: &str, env: &Env<'_>) -> EvalResult<Arc<Shape>> {
    env.site.cached(text, || Shape::parse(text))
}

/// How many columns the rows of a shape have.
pub(crate) fn width(text: &str) -> EvalResult<usize> {
    Shape::parse(text).map(|shape| shape.fields.len())
}

/// The type and modifier of a shape's one field.
pub(crate) fn returned(text: &str, env: &Env<'_>) -> EvalResult<(ScalarType, i32)> {
    match shape(text, env)?.fields.first() {
        Some(field) => Ok((field.scalar, field.typmod)),
        None => Err(EvalError::new("XX000", "malformed shape of a value")),
    }
}

/// A jsonb value as one of the type of a shape's one field: an array of an array, a record of an object, another type of the
/// value's text. `unquoted`: any type of the text, which of a string is what stands between its quotes.
pub(crate) fn from_jsonb<'a>(
    value: JsonbRef<'a>,
    text: &str,
    unquoted: bool,
    env: &Env<'a>,
) -> EvalResult<Datum<'a>> {
    let shape = shape(text, env)?;
    let Some(field) = shape.fields.first() else {
        return Err(EvalError::new("XX000", "malformed shape of a value"));
    };
    let read = |text: &str| text_in(field.scalar, field.typmod, text, env.settings(), env.arena);
    let mut populate = Populate { env, level: 0 };
    match (field.scalar, &field.inner, value.value(env.arena)) {
        (_, _, JsonbValue::String(text)) if unquoted => read(text),
        (ScalarType::Jsonb | ScalarType::Json, ..) if !unquoted => {
            Json::Binary(value).scalar(field.scalar, field.typmod, env)
        }
        (ScalarType::Array(element), ..) if !unquoted => {
            populate.array(field, element, Json::Binary(value), None)
        }
        (ScalarType::Record(of), Some(inner), _) if !unquoted => {
            let values = populate.record(inner, Json::Binary(value), Datum::Null)?;
            Ok(Datum::Record(RecordRef::new(of, &values, env.arena)))
        }
        _ => {
            let mut bytes = Vec::new();
            value.write_text(&mut bytes);
            read(&String::from_utf8_lossy(&bytes))
        }
    }
}

/// `(base record, json or jsonb, shape)`: a record of the members; what is missing keeps its value in the base.
fn populate_record<'a>(arguments: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let [base, json, Datum::Text(text)] = *arguments else {
        return Err(mismatch("json_populate_record", arguments));
    };
    let Some(json) = Json::of(json)? else { return Ok(base) };
    let ScalarType::Record(of) = env.result else {
        return Err(mismatch("json_populate_record", arguments));
    };
    let values = Populate { env, level: 0 }.record(&*shape(text, env)?, json, base)?;
    Ok(Datum::Record(RecordRef::new(of, &values, env.arena)))
}

/// The same as a row; without JSON the base's, or NULLs.
pub(crate) fn row<'a>(
    arguments: &[Datum<'a>],
    env: &Env<'a>,
    mut emit: impl FnMut(&[Datum<'a>]) -> EvalResult<()>,
) -> EvalResult<()> {
    let [base, json, Datum::Text(text), _] = *arguments else {
        return Err(mismatch("json_populate_record", arguments));
    };
    let shape = shape(text, env)?;
    match Json::of(json)? {
        Some(json) => emit(&Populate { env, level: 0 }.record(&shape, json, base)?),
        None => emit(&base_values(&shape, base, env)),
    }
}

/// `(base record, json or jsonb, shape, the function's name)`: a row for each object of an array.
pub(crate) fn rows<'a>(
    arguments: &[Datum<'a>],
    env: &Env<'a>,
    mut emit: impl FnMut(&[Datum<'a>]) -> EvalResult<()>,
) -> EvalResult<()> {
    let [base, json, Datum::Text(text), Datum::Text(name)] = *arguments else {
        return Err(mismatch("json_populate_recordset", arguments));
    };
    let shape = shape(text, env)?;
    let Some(json) = Json::of(json)? else { return Ok(()) };
    let Some(elements) = json.elements(env.arena)? else {
        let what = match json {
            Json::Binary(_) => "a non-array",
            Json::Text(_) if json.is_object() => "an object",
            Json::Text(_) => "a scalar",
        };
        return Err(EvalError::new("22023", format!("cannot call {name} on {what}")));
    };
    for element in elements {
        if !element.is_object() {
            let message = format!("argument of {name} must be an array of objects");
            return Err(EvalError::new("22023", message));
        }
        emit(&Populate { env, level: 0 }.record(&shape, element, base)?)?;
    }
    Ok(())
}

fn base_values<'a>(shape: &Shape, base: Datum<'a>, env: &Env<'a>) -> Vec<Datum<'a>> {
    match base {
        Datum::Record(record) => record.fields(env.arena).map(|(_, value)| value).collect(),
        _ => vec![Datum::Null; shape.fields.len()],
    }
}

struct Populate<'e, 'a> {
    env: &'e Env<'a>,
    level: usize,
}

/// 22P02, with where it is as a hint.
#[cold]
fn expected_array(key: Option<&str>, indexes: &[usize]) -> EvalError {
    let error = EvalError::new("22P02", "expected JSON array");
    let place: String = indexes.iter().map(|index| format!("[{index}]")).collect();
    match (key, indexes.is_empty()) {
        (None, true) => error,
        (Some(key), true) => error.with_hint(format!("See the value of key \"{key}\".")),
        (Some(key), false) => error.with_hint(format!("See the array element {place} of key \"{key}\".")),
        (None, false) => error.with_hint(format!("See the array element {place}.")),
    }
}

impl<'a> Populate<'_, 'a> {
    /// The values of an object's members by a shape.
    fn record(&mut self, shape: &Shape, json: Json<'a>, base: Datum<'a>) -> EvalResult<Vec<Datum<'a>>> {
        self.level += 1;
        if self.level > MOST_LEVELS {
            return Err(EvalError::new("54001", "stack depth limit exceeded"));
        }
        let arena = self.env.arena;
        let Some(members) = json.members(arena)? else {
            let what = if json.is_array() { "an array" } else { "a scalar" };
            return Err(EvalError::new("22023", format!("cannot call populate_composite on {what}")));
        };
        let mut values = base_values(shape, base, self.env);
        for (field, value) in shape.fields.iter().zip(&mut values) {
            if let Some(member) = members.get(&field.name) {
                *value = self.value(field, field.scalar, member, *value, Some(&field.name))?;
            }
        }
        self.level -= 1;
        Ok(values)
    }

    fn value(
        &mut self,
        field: &Field,
        scalar: ScalarType,
        json: Json<'a>,
        base: Datum<'a>,
        key: Option<&str>,
    ) -> EvalResult<Datum<'a>> {
        if json.is_null() {
            return Ok(Datum::Null);
        }
        // A string stands for an array or a record in its text form.
        match (scalar, &field.inner) {
            (ScalarType::Array(element), _) if !json.is_string() => self.array(field, element, json, key),
            (ScalarType::Record(of), Some(inner)) if !json.is_string() => {
                let values = self.record(inner, json, base)?;
                Ok(Datum::Record(RecordRef::new(of, &values, self.env.arena)))
            }
            _ => json.scalar(scalar, field.typmod, self.env),
        }
    }

    fn array(
        &mut self,
        field: &Field,
        element: &'static ScalarType,
        json: Json<'a>,
        key: Option<&str>,
    ) -> EvalResult<Datum<'a>> {
        let mut making = MakeArray {
            builder: ArrayBuilder::new(element),
            lengths: Vec::new(),
            dimensions: None,
            indexes: Vec::new(),
        };
        self.dimension(field, *element, json, key, &mut making)?;
        let dimensions: Vec<Dimension> = making
            .lengths
            .iter()
            .map(|length| Dimension { length: length.unwrap_or(0) as i32, lower: 1 })
            .collect();
        if dimensions.iter().any(|dimension| dimension.length == 0) {
            return Ok(Datum::Array(tidewire_row::ArrayRef::empty(element)));
        }
        Ok(Datum::Array(making.builder.finish_as(&dimensions, self.env.arena)))
    }

    /// One level of an array. How many there are is known when the first element is found that is no array.
    fn dimension(
        &mut self,
        field: &Field,
        element: ScalarType,
        json: Json<'a>,
        key: Option<&str>,
        making: &mut MakeArray,
    ) -> EvalResult<()> {
        let level = making.indexes.len();
        let Some(elements) = json.elements(self.env.arena)? else {
            return Err(expected_array(key, &making.indexes));
        };
        if making.lengths.len() == level {
            if level == MAX_DIMENSIONS {
                let message = format!(
                    "number of array dimensions ({}) exceeds the maximum allowed ({MAX_DIMENSIONS})",
                    level + 1
                );
                return Err(EvalError::new("54000", message));
            }
            making.lengths.push(None);
        }
        if making.dimensions.is_none() && !elements.first().is_some_and(Json::is_array) {
            making.dimensions = Some(level + 1);
        }
        let count = elements.len();
        for (index, child) in elements.into_iter().enumerate() {
            if making.dimensions.is_some_and(|dimensions| level + 1 >= dimensions) {
                let value = self.value(field, element, child, Datum::Null, None)?;
                making.builder.push(value);
            } else {
                making.indexes.push(index);
                self.dimension(field, element, child, key, making)?;
                making.indexes.pop();
            }
        }
        match making.lengths[level] {
            Some(length) if length != count => Err(EvalError::new("22P02", "malformed JSON array")
                .with_detail("Multidimensional arrays must have sub-arrays with matching dimensions.")),
            _ => {
                making.lengths[level] = Some(count);
                Ok(())
            }
        }
    }
}

struct MakeArray {
    builder: ArrayBuilder,
    /// Elements of each level, where it is known.
    lengths: Vec<Option<usize>>,
    dimensions: Option<usize>,
    /// Where it is.
    indexes: Vec<usize>,
}

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::lenient("json_populate_record", populate_record).stable(),
    Function::lenient("jsonb_populate_record", populate_record).stable(),
];
