//! VARIADIC "any": functions of any number of values, and the same of one array (`VARIADIC array`), which stands for them.

use super::{json_build, jsonb_build, text_edit};
use crate::context::Env;
use crate::registry::{Body, Function};
use tidewire_row::{Datum, EvalResult};

/// Calls with the elements of the last argument in its place; NULL if that is NULL.
fn spread<'a>(values: &[Datum<'a>], env: &Env<'a>, body: Body) -> EvalResult<Datum<'a>> {
    let Some((Datum::Array(array), before)) = values.split_last() else { return Ok(Datum::Null) };
    let mut all = before.to_vec();
    all.extend(array.elements(env.arena));
    body(&all, env)
}

/// `format`: an array that is NULL has no values.
fn format_spread<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    match values.split_last() {
        Some((Datum::Null, before)) => text_edit::format(before, env),
        _ => spread(values, env, text_edit::format),
    }
}

fn nulls<'a>(values: &[Datum<'a>], _: &Env<'a>) -> EvalResult<Datum<'a>> {
    let count = values.iter().filter(|value| matches!(value, Datum::Null)).count();
    Ok(Datum::Int32(count as i32))
}

fn others<'a>(values: &[Datum<'a>], _: &Env<'a>) -> EvalResult<Datum<'a>> {
    let count = values.iter().filter(|value| !matches!(value, Datum::Null)).count();
    Ok(Datum::Int32(count as i32))
}

macro_rules! spread {
    ($opcode:literal, $body:path) => {
        Function::lenient($opcode, |values, env| spread(values, env, $body)).stable()
    };
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function::lenient("pg_num_nulls", nulls),
    Function::lenient("pg_num_nonnulls", others),
    spread!("pg_num_nulls_spread", nulls),
    spread!("pg_num_nonnulls_spread", others),
    Function::lenient("text_format_spread", format_spread).stable(),
    spread!("json_build_array_spread", json_build::build_array),
    spread!("json_build_object_spread", json_build::build_object),
    spread!("jsonb_build_array_spread", jsonb_build::array),
    spread!("jsonb_build_object_spread", jsonb_build::object),
];
