//! SQL/JSON's own syntax: JSON_EXISTS, JSON_VALUE, JSON_QUERY, IS JSON, JSON_OBJECT and JSON_ARRAY.

mod construct;
mod validity;

use crate::context::Env;
use crate::jsonpath::{Outcome, Value, run_path};
use crate::populate::{from_jsonb, returned};
use crate::registry::{Function, mismatch};
use tidewire_row::{Datum, EvalError, EvalResult, JsonbBuilder, JsonbRef, ScalarType, text_in};

/// What becomes of an error, or of a path that leads nowhere: the value given for it, or an error.
#[derive(Clone, Copy)]
enum Behavior<'a> {
    Error,
    Value(Datum<'a>),
}

impl<'a> Behavior<'a> {
    /// `error`, or anything else for the value.
    fn of(kind: &str, value: Datum<'a>) -> Self {
        if kind == "error" { Behavior::Error } else { Behavior::Value(value) }
    }

    fn raises(self) -> bool {
        matches!(self, Behavior::Error)
    }

    /// The value; or the error.
    fn settle(self, error: impl FnOnce() -> EvalError) -> EvalResult<Datum<'a>> {
        match self {
            Behavior::Error => Err(error()),
            Behavior::Value(value) => Ok(value),
        }
    }
}

/// What came of a function's path: a value of the wanted type, none, or an error to which ON ERROR applies.
enum Came<'a> {
    Value(Datum<'a>),
    Nothing,
    Error(Option<EvalError>),
}

/// `(jsonb, jsonpath, variables, on error: error, true, false or unknown)`
fn exists<'a>(arguments: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    match *arguments {
        [Datum::Jsonb(document), Datum::Text(path), Datum::Jsonb(variables), Datum::Text(on_error)] => {
            let outcome =
                run_path(document, path, variables, on_error != "error", true, env, |outcome, _| {
                    Ok(outcome)
                })?;
            Ok(match (outcome, on_error) {
                (Outcome::Found, _) => Datum::Bool(true),
                (Outcome::NotFound, _) => Datum::Bool(false),
                (Outcome::Error, "true") => Datum::Bool(true),
                (Outcome::Error, "unknown") => Datum::Null,
                (Outcome::Error, _) => Datum::Bool(false),
            })
        }
        [Datum::Null, ..] | [_, Datum::Null, ..] => Ok(Datum::Null),
        _ => Err(mismatch("json_exists", arguments)),
    }
}

/// The arguments of JSON_VALUE and JSON_QUERY: `(jsonb, jsonpath, variables, how, shape, on empty: kind and value, on error:
/// kind and value)`. The shape has one field: the type that is returned. Behind `how`, on a line of its own, is the
/// column of JSON_TABLE that the call is, for messages.
fn returning<'a>(
    name: &str,
    arguments: &[Datum<'a>],
    run: impl FnOnce(JsonbRef<'a>, &str, JsonbRef<'a>, (&str, Option<&str>), &str, bool) -> EvalResult<Came<'a>>,
) -> EvalResult<Datum<'a>> {
    match *arguments {
        [
            Datum::Jsonb(document),
            Datum::Text(path),
            Datum::Jsonb(variables),
            Datum::Text(how),
            Datum::Text(shape),
            Datum::Text(empty_kind),
            empty,
            Datum::Text(error_kind),
            error,
        ] => {
            let on_empty = Behavior::of(empty_kind, empty);
            let on_error = Behavior::of(error_kind, error);
            let (how, column) = match how.split_once('\n') {
                Some((how, column)) => (how, Some(column)),
                None => (how, None),
            };
            match run(document, path, variables, (how, column), shape, !on_error.raises())? {
                Came::Value(value) => Ok(value),
                Came::Nothing => {
                    let of = column.map_or(String::new(), |column| format!(" of column \"{column}\""));
                    let message = format!("no SQL/JSON item found for specified path{of}");
                    on_empty.settle(|| EvalError::new("22035", message))
                }
                Came::Error(error) => on_error.settle(|| {
                    error.unwrap_or_else(|| EvalError::new("XX000", "an error of a path was not raised"))
                }),
            }
        }
        [Datum::Null, ..] | [_, Datum::Null, ..] => Ok(Datum::Null),
        _ => Err(mismatch(name, arguments)),
    }
}

/// Where a path stands, as messages say it.
fn place_of(function: &str, column: Option<&str>) -> String {
    column.map_or_else(|| format!("in {function}"), |column| format!("for column \"{column}\""))
}

fn value<'a>(arguments: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    returning("json_value", arguments, |document, path, variables, (_, column), shape, silent| {
        run_path(document, path, variables, silent, true, env, |outcome, found| {
            let refused = |sqlstate: &str| {
                let place = place_of("JSON_VALUE", column);
                let message = format!("JSON path expression {place} must return single scalar item");
                Ok(Came::Error(Some(EvalError::new(sqlstate, message))))
            };
            if outcome == Outcome::Error {
                return Ok(Came::Error(None));
            }
            let item = match found {
                [] => return Ok(Came::Nothing),
                [item] => item,
                _ => return refused("22034"),
            };
            let (scalar, typmod) = returned(shape, env)?;
            let text = match item {
                Value::Null => return Ok(Came::Value(Datum::Null)),
                Value::Array(_) | Value::Object(_) => return refused("2203F"),
                _ if matches!(scalar, ScalarType::Jsonb | ScalarType::Json) => {
                    let Datum::Jsonb(item) = item.to_datum(env.arena) else { return refused("2203F") };
                    let mut bytes = Vec::new();
                    item.write_text(&mut bytes);
                    String::from_utf8_lossy(&bytes).into_owned()
                }
                Value::String(text) => text.to_string(),
                Value::Number(number) => number.to_string(),
                Value::Bool(value) => (if *value { "t" } else { "f" }).to_string(),
                Value::DateTime(value) => value.output(env.settings()),
            };
            Ok(match text_in(scalar, typmod, &text, env.settings(), env.arena) {
                Ok(value) => Came::Value(value),
                Err(error) => Came::Error(Some(error)),
            })
        })
    })
}

fn query<'a>(arguments: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    returning("json_query", arguments, |document, path, variables, (how, column), shape, silent| {
        let [wraps, wraps_several, omits_quotes] =
            ["always", "several", "unquoted"].map(|word| how.split(' ').any(|each| each == word));
        run_path(document, path, variables, silent, true, env, |outcome, found| {
            if outcome == Outcome::Error {
                return Ok(Came::Error(None));
            }
            let item = match found {
                [] => return Ok(Came::Nothing),
                [item] if !wraps => item.to_datum(env.arena),
                items if wraps || wraps_several => {
                    let mut builder = JsonbBuilder::new();
                    builder.begin_array();
                    items.iter().for_each(|item| item.push(&mut builder));
                    builder.end();
                    Datum::Jsonb(builder.finish(env.arena))
                }
                _ => {
                    let place = place_of("JSON_QUERY", column);
                    let message = format!(
                        "JSON path expression {place} must return single item when no wrapper is requested"
                    );
                    return Ok(Came::Error(Some(
                        EvalError::new("22034", message)
                            .with_hint("Use the WITH WRAPPER clause to wrap SQL/JSON items into an array."),
                    )));
                }
            };
            let Datum::Jsonb(item) = item else { return Ok(Came::Nothing) };
            Ok(match from_jsonb(item, shape, omits_quotes, env) {
                Ok(value) => Came::Value(value),
                Err(error) => Came::Error(Some(error)),
            })
        })
    })
}

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::lenient("json_exists", exists).stable(),
    Function::lenient("json_value", value).stable(),
    Function::lenient("json_query", query).stable(),
    Function::strict("json_is", validity::is_json),
    Function::lenient("json_array_constructor", construct::array).stable(),
    Function::lenient("json_object_constructor", construct::object).stable(),
];
