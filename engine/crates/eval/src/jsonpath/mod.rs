//! Running jsonpath over packed jsonb: `jsonb_path_query` and its kin, `@?` and `@@`.
//!
//! A path is parsed and prepared once and kept at its call site. Values that it goes through are parts of the document
//! as they lie there; nothing is built but what methods make and what a result has to be.

mod arithmetic;
mod datetime;
mod execute;
mod keyvalue;
mod method;
mod predicate;
mod prepared;
mod value;

use crate::context::Env;
use crate::registry::{Function, mismatch};
use execute::Executor;
pub(crate) use execute::Outcome;
use prepared::Prepared;
pub(crate) use prepared::check;
use std::sync::Arc;
use tidewire_row::{Datum, EvalError, EvalResult, JsonbBuilder, JsonbRef};
pub(crate) use value::Value;

/// What a call is given.
struct Call<'a> {
    document: JsonbRef<'a>,
    path: Arc<Prepared>,
    variables: Option<JsonbRef<'a>>,
    silent: bool,
    zoned: bool,
}

impl<'a> Call<'a> {
    /// Without variables and `silent` it is an operator's, which raises as few errors as can be.
    fn new(name: &str, zoned: bool, arguments: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Self> {
        let (document, path, variables, silent) = match *arguments {
            [Datum::Jsonb(document), Datum::Text(path)] => (document, path, None, true),
            [Datum::Jsonb(document), Datum::Text(path), Datum::Jsonb(variables), Datum::Bool(silent)] => {
                (document, path, Some(variables), silent)
            }
            _ => return Err(mismatch(name, arguments)),
        };
        let path = env.site.cached(path, || Prepared::new(path))?;
        Ok(Call { document, path, variables, silent, zoned })
    }

    /// Runs the path; `visit` is given all values. Errors that are not raised end it.
    fn run<T>(&self, env: &Env<'_>, visit: impl FnOnce(&[Value<'_>]) -> EvalResult<T>) -> EvalResult<T> {
        let mut found = Vec::new();
        let mut executor = Executor::new(self, env)?;
        executor.run(&self.path.path, Some(&mut found))?;
        visit(&found)
    }
}

fn exists<'a>(call: &Call<'a>, env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let mut executor = Executor::new(call, env)?;
    Ok(match executor.exists(&call.path.path)? {
        Outcome::Found => Datum::Bool(true),
        Outcome::NotFound => Datum::Bool(false),
        Outcome::Error => Datum::Null,
    })
}

fn matches<'a>(call: &Call<'a>, env: &Env<'a>) -> EvalResult<Datum<'a>> {
    call.run(env, |found| match found {
        [Value::Bool(value)] => Ok(Datum::Bool(*value)),
        [Value::Null] => Ok(Datum::Null),
        _ if call.silent => Ok(Datum::Null),
        _ => Err(EvalError::new("22038", "single boolean result is expected")),
    })
}

fn query_array<'a>(call: &Call<'a>, env: &Env<'a>) -> EvalResult<Datum<'a>> {
    call.run(env, |found| {
        let mut builder = JsonbBuilder::new();
        builder.begin_array();
        found.iter().for_each(|value| value.push(&mut builder));
        builder.end();
        Ok(Datum::Jsonb(builder.finish(env.arena)))
    })
}

fn query_first<'a>(call: &Call<'a>, env: &Env<'a>) -> EvalResult<Datum<'a>> {
    call.run(env, |found| Ok(found.first().map_or(Datum::Null, |value| value.to_datum(env.arena))))
}

/// Runs a path for other functions; `visit` is given what came of it and all values.
pub(crate) fn run_path<'a, T>(
    document: JsonbRef<'a>,
    path: &str,
    variables: JsonbRef<'a>,
    silent: bool,
    zoned: bool,
    env: &Env<'a>,
    visit: impl FnOnce(Outcome, &[Value<'_>]) -> EvalResult<T>,
) -> EvalResult<T> {
    let path = env.site.cached(path, || Prepared::new(path))?;
    let call = Call { document, path, variables: Some(variables), silent, zoned };
    let mut found = Vec::new();
    let mut executor = Executor::new(&call, env)?;
    let outcome = executor.run(&call.path.path, Some(&mut found))?;
    let outcome = match outcome {
        Outcome::Error => Outcome::Error,
        _ if found.is_empty() => Outcome::NotFound,
        _ => Outcome::Found,
    };
    visit(outcome, &found)
}

/// `jsonb_path_query`: gives each value in turn.
pub(crate) fn query<'a>(
    arguments: &[Datum<'a>],
    zoned: bool,
    env: &Env<'a>,
    mut emit: impl FnMut(Datum<'a>) -> EvalResult<()>,
) -> EvalResult<()> {
    let call = Call::new("jsonb_path_query", zoned, arguments, env)?;
    call.run(env, |found| found.iter().try_for_each(|value| emit(value.to_datum(env.arena))))
}

macro_rules! path_function {
    ($opcode:literal, $body:ident, $zoned:literal) => {
        Function::strict($opcode, |arguments, env| $body(&Call::new($opcode, $zoned, arguments, env)?, env))
    };
}

pub(crate) const FUNCTIONS: &[Function] = &[
    path_function!("jsonb_path_exists", exists, false),
    path_function!("jsonb_path_exists_opr", exists, false),
    path_function!("jsonb_path_exists_tz", exists, true).stable(),
    path_function!("jsonb_path_match", matches, false),
    path_function!("jsonb_path_match_opr", matches, false),
    path_function!("jsonb_path_match_tz", matches, true).stable(),
    path_function!("jsonb_path_query_array", query_array, false),
    path_function!("jsonb_path_query_array_tz", query_array, true).stable(),
    path_function!("jsonb_path_query_first", query_first, false),
    path_function!("jsonb_path_query_first_tz", query_first, true).stable(),
];
