//! json from values of any type.

use super::json::json;
use super::text::type_of;
use crate::context::Env;
use crate::registry::{Function, mismatch};
use tidewire_row::json::write::{string, value};
use tidewire_row::{Datum, EvalError, EvalResult};

/// Appends a value as `to_json` gives it; NULL is null.
fn push(datum: Datum<'_>, env: &Env<'_>, scratch: &mut Vec<u8>, out: &mut Vec<u8>) {
    value(datum, type_of(datum), env.settings(), scratch, out);
}

fn to_json<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    match values {
        [Datum::Json(_)] => Ok(values[0]),
        [datum] => {
            let (mut scratch, mut out) = (Vec::new(), Vec::new());
            push(*datum, env, &mut scratch, &mut out);
            Ok(json(out, env.arena))
        }
        _ => Err(mismatch("to_json", values)),
    }
}

/// The parts of the outermost dimension stand in lines of their own.
fn array_to_json_pretty<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let [Datum::Array(array), Datum::Bool(lines)] = *values else {
        return Err(mismatch("array_to_json_pretty", values));
    };
    let outermost = array.dimensions().first().map_or(0, |dimension| dimension.length as usize);
    let (mut scratch, mut out) = (Vec::new(), Vec::new());
    push(values[0], env, &mut scratch, &mut out);
    if !lines || outermost < 2 {
        return Ok(json(out, env.arena));
    }
    let text = String::from_utf8_lossy(&out);
    let outline = tidewire_row::json::JsonOutline::of(&text)?;
    let mut split = vec![b'['];
    for (index, part) in outline.parts.iter().enumerate() {
        if index > 0 {
            split.extend_from_slice(b",\n ");
        }
        split.extend_from_slice(part.raw(&text).as_bytes());
    }
    split.push(b']');
    Ok(json(split, env.arena))
}

pub(crate) fn build_array<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let (mut scratch, mut out) = (Vec::new(), vec![b'[']);
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.extend_from_slice(b", ");
        }
        push(*value, env, &mut scratch, &mut out);
    }
    out.push(b']');
    Ok(json(out, env.arena))
}

pub(crate) fn build_object<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    if !values.len().is_multiple_of(2) {
        let error = EvalError::new("22023", "argument list must have even number of elements");
        return Err(error
            .with_hint("The arguments of json_build_object() must consist of alternating keys and values."));
    }
    let (mut scratch, mut out) = (Vec::new(), vec![b'{']);
    for (index, pair) in values.chunks(2).enumerate() {
        if index > 0 {
            out.extend_from_slice(b", ");
        }
        match pair[0] {
            Datum::Null => return Err(EvalError::new("22004", "null value not allowed for object key")),
            Datum::Array(_) | Datum::Record(_) | Datum::Json(_) | Datum::Jsonb(_) => {
                let message = "key value must be scalar, not array, composite, or json";
                return Err(EvalError::new("22023", message));
            }
            key => {
                let start = out.len();
                push(key, env, &mut scratch, &mut out);
                if out[start] != b'"' {
                    out.insert(start, b'"');
                    out.push(b'"');
                }
            }
        }
        out.extend_from_slice(b" : ");
        push(pair[1], env, &mut scratch, &mut out);
    }
    out.push(b'}');
    Ok(json(out, env.arena))
}

/// A row: its fields' names and values in turn.
fn row<'a>(values: &[Datum<'a>], separator: &[u8], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let (mut scratch, mut out) = (Vec::new(), vec![b'{']);
    for (index, pair) in values.chunks(2).enumerate() {
        let [Datum::Text(name), value] = *pair else { return Err(mismatch("row_to_json", values)) };
        if index > 0 {
            out.extend_from_slice(separator);
        }
        string(name.as_bytes(), &mut out);
        out.push(b':');
        push(value, env, &mut scratch, &mut out);
    }
    out.push(b'}');
    Ok(json(out, env.arena))
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function::strict("to_json", to_json).stable(),
    Function::strict("array_to_json", to_json).stable(),
    Function::strict("array_to_json_pretty", array_to_json_pretty).stable(),
    Function::lenient("json_build_array", build_array).stable(),
    Function::lenient("json_build_object", build_object).stable(),
    Function::lenient("row_to_json", |values, env| row(values, b",", env)).stable(),
    Function::lenient("row_to_json_pretty", |values, env| row(values, b",\n ", env)).stable(),
];
