//! jsonb: navigation, containment, change, casts.

use super::text::{push_utf8, type_of};
use crate::context::Env;
use crate::registry::{Function, comparisons, fallible, total};
use tidewire_row::json::write::scalar_text;
use tidewire_row::{
    Arena, Datum, EvalError, EvalResult, JsonbBuilder, JsonbRef, JsonbValue, Numeric, ScalarType, jsonb,
};

fn is_scalar(value: JsonbRef<'_>) -> bool {
    !value.is_array() && !value.is_object()
}

/// `->`: of arrays; a scalar counts as an array of itself, as it is stored in PostgreSQL.
fn element<'a>(value: JsonbRef<'a>, index: i32) -> Option<JsonbRef<'a>> {
    if is_scalar(value) {
        return (index == 0 || index == -1).then_some(value);
    }
    if value.is_array() { value.get_element(index as i64) } else { None }
}

fn field<'a>(value: JsonbRef<'a>, key: &str) -> Option<JsonbRef<'a>> {
    if value.is_object() { value.get_field(key) } else { None }
}

/// A value as `->>` shows it: a string without quotes, null as NULL.
pub(crate) fn as_text<'a>(value: Option<JsonbRef<'a>>, arena: &'a Arena) -> EvalResult<Datum<'a>> {
    let Some(value) = value else { return Ok(Datum::Null) };
    match value.value(arena) {
        JsonbValue::Null => Ok(Datum::Null),
        JsonbValue::String(text) => Ok(Datum::Text(text)),
        _ => {
            let mut bytes = Vec::new();
            value.write_text(&mut bytes);
            push_utf8(&bytes, arena)
        }
    }
}

/// How deep functions that recurse follow nested values: far deeper than documents go, far from a thread's stack.
const MOST_LEVELS: usize = 1_000;

#[cold]
fn too_deep() -> EvalError {
    EvalError::new("54001", "stack depth limit exceeded").with_detail("The jsonb value is nested too deeply.")
}

/// `@>` below the top, where kinds must agree.
fn contains(value: JsonbRef<'_>, wanted: JsonbRef<'_>, level: usize) -> EvalResult<bool> {
    if level > MOST_LEVELS {
        return Err(too_deep());
    }
    if value.is_object() && wanted.is_object() {
        if value.len() < wanted.len() {
            return Ok(false);
        }
        for (key, wanted) in wanted.pairs() {
            let holds = match value.get_field(key) {
                None => false,
                Some(found) if is_scalar(wanted) => found.equals(&wanted),
                Some(found) => contains(found, wanted, level + 1)?,
            };
            if !holds {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    if value.is_array() && wanted.is_array() {
        for wanted in wanted.elements() {
            if !holds_element(value, wanted, level)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    Ok(false)
}

fn holds_element(array: JsonbRef<'_>, wanted: JsonbRef<'_>, level: usize) -> EvalResult<bool> {
    for element in array.elements() {
        if if is_scalar(wanted) { element.equals(&wanted) } else { contains(element, wanted, level + 1)? } {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `@>`: an array also contains a scalar that is one of its elements.
fn contains_top(value: JsonbRef<'_>, wanted: JsonbRef<'_>) -> EvalResult<bool> {
    match (is_scalar(value), is_scalar(wanted)) {
        (true, true) => Ok(value.equals(&wanted)),
        (true, false) => Ok(false),
        (false, true) => Ok(value.is_array() && holds_element(value, wanted, 0)?),
        (false, false) => contains(value, wanted, 0),
    }
}

/// `?`: a key of an object, or a string among the elements of an array.
pub(super) fn exists(value: JsonbRef<'_>, key: &str) -> bool {
    let scratch = Arena::new();
    let is_key = |value: JsonbRef<'_>| {
        let text = value.copy_to(&scratch);
        matches!(text.value(&scratch), JsonbValue::String(text) if text == key)
    };
    if value.is_object() {
        value.get_field(key).is_some()
    } else if value.is_array() {
        value.elements().any(is_key)
    } else {
        is_key(value)
    }
}

/// The elements that a value adds to an array.
fn push_elements(value: JsonbRef<'_>, builder: &mut JsonbBuilder) {
    if value.is_array() {
        value.elements().for_each(|element| builder.push_jsonb(element));
    } else {
        builder.push_jsonb(value);
    }
}

/// `||`
fn concat<'a>(left: JsonbRef<'a>, right: JsonbRef<'a>, arena: &'a Arena) -> JsonbRef<'a> {
    let mut builder = JsonbBuilder::new();
    if left.is_object() && right.is_object() {
        builder.begin_object();
        for (key, value) in left.pairs().chain(right.pairs()) {
            builder.key(key);
            builder.push_jsonb(value);
        }
    } else {
        builder.begin_array();
        push_elements(left, &mut builder);
        push_elements(right, &mut builder);
    }
    builder.end();
    builder.finish(arena)
}

fn invalid(message: &str) -> EvalError {
    EvalError::new("22023", message)
}

/// `- text`
fn delete<'a>(value: JsonbRef<'a>, key: &str, arena: &'a Arena) -> EvalResult<JsonbRef<'a>> {
    if is_scalar(value) {
        return Err(invalid("cannot delete from scalar"));
    }
    let mut builder = JsonbBuilder::new();
    if value.is_object() {
        builder.begin_object();
        for (name, value) in value.pairs().filter(|(name, _)| *name != key) {
            builder.key(name);
            builder.push_jsonb(value);
        }
    } else {
        builder.begin_array();
        for element in value.elements() {
            if !matches!(element.value(arena), JsonbValue::String(text) if text == key) {
                builder.push_jsonb(element);
            }
        }
    }
    builder.end();
    Ok(builder.finish(arena))
}

/// `- integer`
fn delete_index<'a>(value: JsonbRef<'a>, index: i32, arena: &'a Arena) -> EvalResult<JsonbRef<'a>> {
    if is_scalar(value) {
        return Err(invalid("cannot delete from scalar"));
    }
    if value.is_object() {
        return Err(invalid("cannot delete from object using integer index"));
    }
    let length = value.len() as i64;
    let index = if index < 0 { length + index as i64 } else { index as i64 };
    let mut builder = JsonbBuilder::new();
    builder.begin_array();
    for (position, element) in value.elements().enumerate() {
        if position as i64 != index {
            builder.push_jsonb(element);
        }
    }
    builder.end();
    Ok(builder.finish(arena))
}

fn array_length(value: JsonbRef<'_>) -> EvalResult<i32> {
    if is_scalar(value) {
        return Err(invalid("cannot get array length of a scalar"));
    }
    if value.is_object() {
        return Err(invalid("cannot get array length of a non-array"));
    }
    Ok(value.len() as i32)
}

/// Leaves out fields that are null, at all levels; of arrays too if asked to.
fn strip_nulls(
    value: JsonbRef<'_>,
    in_arrays: bool,
    level: usize,
    builder: &mut JsonbBuilder,
) -> EvalResult<()> {
    if level > MOST_LEVELS {
        return Err(too_deep());
    }
    if value.is_object() {
        builder.begin_object();
        for (key, value) in value.pairs().filter(|(_, value)| !value.is_null()) {
            builder.key(key);
            strip_nulls(value, in_arrays, level + 1, builder)?;
        }
        builder.end();
    } else if value.is_array() {
        builder.begin_array();
        for element in value.elements().filter(|element| !in_arrays || !element.is_null()) {
            strip_nulls(element, in_arrays, level + 1, builder)?;
        }
        builder.end();
    } else {
        builder.push_jsonb(value);
    }
    Ok(())
}

fn stripped<'a>(value: JsonbRef<'a>, in_arrays: bool, arena: &'a Arena) -> EvalResult<JsonbRef<'a>> {
    let mut builder = JsonbBuilder::new();
    strip_nulls(value, in_arrays, 0, &mut builder)?;
    Ok(builder.finish(arena))
}

/// `jsonb_pretty`: four blanks a level.
fn pretty(value: JsonbRef<'_>, level: usize, out: &mut Vec<u8>) -> EvalResult<()> {
    if level > MOST_LEVELS {
        return Err(too_deep());
    }
    fn line(level: usize, out: &mut Vec<u8>) {
        out.push(b'\n');
        out.extend(std::iter::repeat_n(b' ', level * 4));
    }
    let mut first = true;
    let mut separate = |out: &mut Vec<u8>| {
        if !first {
            out.push(b',');
        }
        first = false;
        line(level + 1, out);
    };
    if value.is_object() {
        out.push(b'{');
        for (key, value) in value.pairs() {
            separate(out);
            jsonb::write_string(key, out);
            out.extend_from_slice(b": ");
            pretty(value, level + 1, out)?;
        }
        line(level, out);
        out.push(b'}');
    } else if value.is_array() {
        out.push(b'[');
        for element in value.elements() {
            separate(out);
            pretty(element, level + 1, out)?;
        }
        line(level, out);
        out.push(b']');
    } else {
        value.write_text(out);
    }
    Ok(())
}

fn cannot_cast(value: JsonbRef<'_>, target: &str) -> EvalError {
    let kind = match value.type_name() {
        "number" => "numeric",
        other => other,
    };
    invalid(&format!("cannot cast jsonb {kind} to type {target}"))
}

/// Casts give NULL for null.
fn to_bool(value: JsonbRef<'_>, arena: &Arena) -> EvalResult<Option<bool>> {
    match value.copy_to(arena).value(arena) {
        JsonbValue::Null => Ok(None),
        JsonbValue::Bool(value) => Ok(Some(value)),
        _ => Err(cannot_cast(value, "boolean")),
    }
}

fn to_number<'a, T>(
    value: JsonbRef<'a>,
    target: &str,
    arena: &'a Arena,
    convert: impl FnOnce(Numeric<'a>) -> EvalResult<T>,
) -> EvalResult<Option<T>> {
    match value.value(arena) {
        JsonbValue::Null => Ok(None),
        JsonbValue::Number(number) => convert(number).map(Some),
        _ => Err(cannot_cast(value, target)),
    }
}

/// `to_jsonb(anyelement)` of our types.
fn to_jsonb<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let Some(value) = values.first().copied() else { return Ok(Datum::Null) };
    match value {
        Datum::Null => return Ok(Datum::Null),
        Datum::Jsonb(_) => return Ok(value),
        _ => {}
    }
    let mut builder = JsonbBuilder::new();
    push_value(&mut builder, value, type_of(value), env)?;
    Ok(Datum::Jsonb(builder.finish(env.arena)))
}

/// Appends a value of a type as `to_jsonb` gives it; NULL is null.
pub(super) fn push_value<'a>(
    builder: &mut JsonbBuilder,
    value: Datum<'a>,
    scalar: ScalarType,
    env: &Env<'a>,
) -> EvalResult<()> {
    let arena = env.arena;
    match value {
        Datum::Null => builder.push_null(),
        Datum::Jsonb(value) => builder.push_jsonb(value),
        Datum::Json(text) => builder.push_jsonb(jsonb::parse(text, arena)?),
        Datum::Bool(value) => builder.push_bool(value),
        Datum::Int16(value) => builder.push_numeric(Numeric::from_i64(value as i64)),
        Datum::Int32(value) => builder.push_numeric(Numeric::from_i64(value as i64)),
        Datum::Int64(value) => builder.push_numeric(Numeric::from_i64(value)),
        Datum::Numeric(value) => builder.push_numeric(value),
        Datum::Text(value) => builder.push_string(value),
        // Fields without names are f1, f2….
        Datum::Record(value) => {
            builder.begin_object();
            for (index, (of, field)) in value.fields(arena).enumerate() {
                builder.key(&format!("f{}", index + 1));
                push_value(builder, field, of, env)?;
            }
            builder.end();
        }
        Datum::Array(value) => {
            let dimensions = value.dimensions();
            if dimensions.is_empty() {
                builder.begin_array();
                builder.end();
            }
            let mut left: Vec<i32> = vec![0; dimensions.len()];
            for element in value.elements(arena) {
                let opened = left.iter().rev().take_while(|left| **left == 0).count();
                let from = dimensions.len() - opened;
                for (left, dimension) in left.iter_mut().zip(&dimensions).skip(from) {
                    builder.begin_array();
                    *left = dimension.length;
                }
                push_value(builder, element, *value.element(), env)?;
                for left in left.iter_mut().rev() {
                    *left -= 1;
                    if *left > 0 {
                        break;
                    }
                    builder.end();
                }
            }
        }
        other => {
            let mut bytes = Vec::new();
            scalar_text(other, scalar, env.settings(), &mut bytes);
            let text = String::from_utf8_lossy(&bytes);
            match other {
                Datum::Float32(value) if value.is_finite() => {
                    builder.push_numeric(Numeric::parse(&text, -1, arena)?);
                }
                Datum::Float64(value) if value.is_finite() => {
                    builder.push_numeric(Numeric::parse(&text, -1, arena)?);
                }
                _ => builder.push_string(&text),
            }
        }
    }
    Ok(())
}

pub(super) const FUNCTIONS: &[&[Function]] = &[
    &comparisons!("jsonb_", Jsonb, Jsonb, |a, b| a.compare(&b)),
    &[
        total!("jsonb_object_field", (a: Jsonb, key: Text) => field(a, key)),
        fallible!("jsonb_object_field_text", (a: Jsonb, key: Text), env => as_text(field(a, key), env.arena)),
        total!("jsonb_array_element", (a: Jsonb, index: Int32) => element(a, index)),
        fallible!("jsonb_array_element_text", (a: Jsonb, index: Int32), env =>
            as_text(element(a, index), env.arena)),
        fallible!("jsonb_contains", (a: Jsonb, b: Jsonb) => contains_top(a, b)),
        fallible!("jsonb_contained", (a: Jsonb, b: Jsonb) => contains_top(b, a)),
        total!("jsonb_exists", (a: Jsonb, key: Text) => exists(a, key)),
        total!("jsonb_typeof", (a: Jsonb) => a.type_name()),
        fallible!("jsonb_array_length", (a: Jsonb) => array_length(a)),
        total!("jsonb_concat", (a: Jsonb, b: Jsonb), env => concat(a, b, env.arena)),
        fallible!("jsonb_delete", (a: Jsonb, key: Text), env => delete(a, key, env.arena)),
        fallible!("jsonb_delete_idx", (a: Jsonb, index: Int32), env => delete_index(a, index, env.arena)),
        fallible!("jsonb_strip_nulls", (a: Jsonb, in_arrays: Bool), env => stripped(a, in_arrays, env.arena)),
        fallible!("jsonb_pretty", (a: Jsonb), env => {
            let mut bytes = Vec::new();
            pretty(a, 0, &mut bytes)?;
            push_utf8(&bytes, env.arena)
        }),
        Function::strict("to_jsonb", to_jsonb).stable(),
        // Casts.
        fallible!("jsonb_bool", (a: Jsonb), env => to_bool(a, env.arena)),
        fallible!("jsonb_numeric", (a: Jsonb), env => to_number(a, "numeric", env.arena, Ok)),
        fallible!("jsonb_int2", (a: Jsonb), env => to_number(a, "smallint", env.arena, |n| n.to_i16())),
        fallible!("jsonb_int4", (a: Jsonb), env => to_number(a, "integer", env.arena, |n| n.to_i32())),
        fallible!("jsonb_int8", (a: Jsonb), env => to_number(a, "bigint", env.arena, |n| n.to_i64())),
        fallible!("jsonb_float4", (a: Jsonb), env => to_number(a, "real", env.arena, |n| n.to_f32())),
        fallible!("jsonb_float8", (a: Jsonb), env => to_number(a, "double precision", env.arena, |n| n.to_f64())),
    ],
];
