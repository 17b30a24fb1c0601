//! array_to_string, string_to_array.

use crate::context::Env;
use crate::functions::text::push_utf8;
use crate::registry::{Function, mismatch};
use tidewire_plan::ScalarType;
use tidewire_row::{ArrayBuilder, Datum, EvalResult, text_out};

/// array_to_string: NULLs are passed over, or shown as the third argument.
fn to_text<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let (array, separator, null) = match *values {
        [array, separator] => (array, separator, Datum::Null),
        [array, separator, null] => (array, separator, null),
        _ => return Err(mismatch("array_to_text", values)),
    };
    let (Datum::Array(array), Datum::Text(separator)) = (array, separator) else { return Ok(Datum::Null) };
    let mut out = Vec::new();
    let mut some = false;
    for value in array.elements(env.arena) {
        if matches!((value, null), (Datum::Null, Datum::Null)) {
            continue;
        }
        if some {
            out.extend_from_slice(separator.as_bytes());
        }
        some = true;
        match (value, null) {
            (Datum::Null, Datum::Text(null)) => out.extend_from_slice(null.as_bytes()),
            _ => text_out(value, *array.element(), env.settings(), &mut out),
        }
    }
    push_utf8(&out, env.arena)
}

/// string_to_array: a NULL separator splits into characters, an empty one does not split.
fn from_text<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let (text, separator, null) = match *values {
        [text, separator] => (text, separator, Datum::Null),
        [text, separator, null] => (text, separator, null),
        _ => return Err(mismatch("text_to_array", values)),
    };
    let Datum::Text(text) = text else { return Ok(Datum::Null) };
    let mut builder = ArrayBuilder::new(&ScalarType::Text);
    let mut push = |piece: &str| match null {
        Datum::Text(null) if null == piece => builder.push(Datum::Null),
        _ => builder.push(Datum::Text(piece)),
    };
    match separator {
        _ if text.is_empty() => {}
        Datum::Text("") => push(text),
        Datum::Text(separator) => text.split(separator).for_each(push),
        _ => {
            let mut buffer = [0; 4];
            text.chars().for_each(|character| push(character.encode_utf8(&mut buffer)));
        }
    }
    Ok(Datum::Array(builder.finish(env.arena)?))
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function::strict("array_to_text", to_text).stable(),
    Function::lenient("array_to_text_null", to_text).stable(),
    Function::lenient("text_to_array", from_text),
    Function::lenient("text_to_array_null", from_text),
];
