//! jsonb from any number of values of any type.

use super::jsonb::push_value;
use super::text::type_of;
use crate::context::Env;
use crate::registry::Function;
use tidewire_row::json::write::scalar_text;
use tidewire_row::{Datum, EvalError, EvalResult, JsonbBuilder};

pub(crate) fn array<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let mut builder = JsonbBuilder::new();
    builder.begin_array();
    for value in values {
        push_value(&mut builder, *value, type_of(*value), env)?;
    }
    builder.end();
    Ok(Datum::Jsonb(builder.finish(env.arena)))
}

pub(crate) fn object<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let invalid = |message: String| EvalError::new("22023", message);
    if !values.len().is_multiple_of(2) {
        return Err(invalid("argument list must have even number of elements".into()).with_hint(
            "The arguments of jsonb_build_object() must consist of alternating keys and values.",
        ));
    }
    let mut builder = JsonbBuilder::new();
    builder.begin_object();
    let mut text = Vec::new();
    for (index, pair) in values.chunks(2).enumerate() {
        match pair[0] {
            Datum::Null => {
                return Err(invalid(format!("argument {}: key must not be null", 2 * index + 1)));
            }
            Datum::Array(_) | Datum::Record(_) | Datum::Jsonb(_) | Datum::Json(_) => {
                return Err(invalid("key value must be scalar, not array, composite, or json".into()));
            }
            Datum::Text(key) => builder.key(key),
            Datum::Bool(key) => builder.key(if key { "true" } else { "false" }),
            key => {
                text.clear();
                scalar_text(key, type_of(key), env.settings(), &mut text);
                builder.key(&String::from_utf8_lossy(&text));
            }
        }
        push_value(&mut builder, pair[1], type_of(pair[1]), env)?;
    }
    builder.end();
    Ok(Datum::Jsonb(builder.finish(env.arena)))
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function::lenient("jsonb_build_array", array).stable(),
    Function::lenient("jsonb_build_object", object).stable(),
];
