//! Methods: `.size()`, `.double()` and the others.

use super::datetime::{self, Target};
use super::execute::{Executor, Found, Outcome, Step};
use super::keyvalue;
use super::value::Value;
use tidewire_row::jsonpath::{Item, Method, Number, Timed};
use tidewire_row::{Datum, EvalError, EvalResult, Numeric, ScalarType, numeric, text_in};

/// What a method makes of a value: a value, or an error that can be suppressed.
type Made<'v> = Result<Value<'v>, EvalError>;

#[inline(never)]
pub(super) fn run<'v>(
    executor: &mut Executor<'v>,
    chain: &'v [Item],
    item: &'v Item,
    value: Value<'v>,
    found: Found<'_, 'v>,
    unwrap: bool,
) -> Step {
    let of_arrays = matches!(item, Item::Method(Method::Type | Method::Size));
    if let (Value::Array(array), true, false) = (value, unwrap, of_arrays) {
        return executor.unwrapped(chain, array, found);
    }
    let made = match item {
        Item::Method(Method::Type) => Ok(Value::String(value.type_name())),
        Item::Method(Method::Size) => match value {
            Value::Array(array) => Ok(Value::Number(Numeric::from_i64(array.len() as i64))),
            _ if executor.lax => Ok(Value::Number(Numeric::ONE)),
            _ => Err(EvalError::new("22039", "jsonpath item method .size() can only be applied to an array")),
        },
        Item::Method(Method::KeyValue) => return keyvalue::run(executor, chain, value, found),
        Item::Method(method @ (Method::Abs | Method::Floor | Method::Ceiling)) => {
            rounded(executor, *method, value)
        }
        Item::Method(Method::Double) => double(executor, value),
        Item::Method(Method::Bigint) => integer(executor, Method::Bigint, ScalarType::Int8, value),
        Item::Method(Method::Integer) => integer(executor, Method::Integer, ScalarType::Int4, value),
        Item::Method(Method::Boolean) => boolean(executor, value),
        Item::Method(Method::Number) => decimal(executor, "number", value),
        Item::Method(Method::String) => string(executor, value),
        Item::Decimal { precision, scale } => match decimal(executor, "decimal", value) {
            Ok(Value::Number(number)) => match precision {
                None => Ok(Value::Number(number)),
                Some(precision) => limited(executor, value, number, precision, scale.as_ref())?,
            },
            other => other,
        },
        Item::Method(Method::Date) => datetime::run(executor, Target::Date, value)?,
        Item::Datetime(template) => datetime::run(executor, Target::Datetime(template.as_ref()), value)?,
        Item::Timed(timed, precision) => {
            let target = match timed {
                Timed::Time => Target::Time,
                Timed::TimeTz => Target::TimeTz,
                Timed::Timestamp => Target::Timestamp,
                Timed::TimestampTz => Target::TimestampTz,
            };
            let precision = precision.as_ref().map(|number| number.value(executor.arena).to_i32());
            match precision.transpose() {
                Ok(precision) => datetime::run_timed(executor, target, precision, value)?,
                // Found out only after what is no string.
                Err(_) if !matches!(value, Value::String(_)) => datetime::run(executor, target, value)?,
                Err(_) => Err(EvalError::new(
                    "22031",
                    format!(
                        "time precision of jsonpath item method .{}() is out of range for type integer",
                        timed.name()
                    ),
                )),
            }
        }
        _ => return Ok(Outcome::NotFound),
    };
    match made {
        Ok(made) => executor.next(chain, made, found),
        Err(error) => executor.fail(|| error),
    }
}

/// 22036
#[cold]
fn not_numeric(message: String) -> EvalError {
    EvalError::new("22036", message)
}

#[cold]
fn not_applicable(method: &str, to: &str) -> EvalError {
    not_numeric(format!("jsonpath item method .{method}() can only be applied to a {to} value"))
}

#[cold]
fn invalid_argument(argument: &str, method: &str, of: &str) -> EvalError {
    not_numeric(format!(
        "argument \"{argument}\" of jsonpath item method .{method}() is invalid for type {of}"
    ))
}

#[cold]
fn not_finite(method: &str) -> EvalError {
    not_numeric(format!("NaN or Infinity is not allowed for jsonpath item method .{method}()"))
}

fn rounded<'v>(executor: &Executor<'v>, method: Method, value: Value<'v>) -> Made<'v> {
    let Value::Number(number) = value else { return Err(not_applicable(method.name(), "numeric")) };
    Ok(Value::Number(match method {
        Method::Abs => number.abs(executor.arena),
        Method::Floor => number.floor(executor.arena)?,
        _ => number.ceil(executor.arena)?,
    }))
}

/// A text read by a type's input function.
fn read<'v>(executor: &Executor<'v>, of: ScalarType, text: &str) -> EvalResult<Datum<'v>> {
    text_in(of, -1, text, executor.env.settings(), executor.arena)
}

fn double<'v>(executor: &Executor<'v>, value: Value<'v>) -> Made<'v> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.to_string(),
        _ => return Err(not_applicable("double", "string or numeric")),
    };
    match read(executor, ScalarType::Float8, &text) {
        Ok(Datum::Float64(double)) if !double.is_finite() => Err(not_finite("double")),
        Ok(Datum::Float64(double)) => match value {
            Value::String(_) => Ok(Value::Number(Numeric::from_f64(double, executor.arena)?)),
            number => Ok(number),
        },
        _ => Err(invalid_argument(&text, "double", "double precision")),
    }
}

fn integer<'v>(executor: &Executor<'v>, method: Method, of: ScalarType, value: Value<'v>) -> Made<'v> {
    let invalid = |text: &str| invalid_argument(text, method.name(), method.name());
    let result = match value {
        Value::Number(number) => {
            let result =
                if of == ScalarType::Int8 { number.to_i64() } else { number.to_i32().map(i64::from) };
            result.map_err(|_| invalid(&number.to_string()))?
        }
        Value::String(text) => match read(executor, of, text) {
            Ok(Datum::Int64(result)) => result,
            Ok(Datum::Int32(result)) => result.into(),
            _ => return Err(invalid(text)),
        },
        _ => return Err(not_applicable(method.name(), "string or numeric")),
    };
    Ok(Value::Number(Numeric::from_i64(result)))
}

fn boolean<'v>(executor: &Executor<'v>, value: Value<'v>) -> Made<'v> {
    let invalid = |text: &str| invalid_argument(text, "boolean", "boolean");
    match value {
        Value::Bool(value) => Ok(Value::Bool(value)),
        Value::Number(number) => {
            let text = number.to_string();
            match read(executor, ScalarType::Int4, &text) {
                Ok(Datum::Int32(number)) => Ok(Value::Bool(number != 0)),
                _ => Err(invalid(&text)),
            }
        }
        // Blanks around it are not passed over here.
        Value::String(text) => match read(executor, ScalarType::Bool, text) {
            Ok(Datum::Bool(value)) if !text.contains([' ', '\t', '\n', '\r', '\x0b', '\x0c']) => {
                Ok(Value::Bool(value))
            }
            _ => Err(invalid(text)),
        },
        _ => Err(not_applicable("boolean", "boolean, string, or numeric")),
    }
}

fn decimal<'v>(executor: &Executor<'v>, method: &str, value: Value<'v>) -> Made<'v> {
    match value {
        Value::Number(_) => Ok(value),
        Value::String(text) => match read(executor, ScalarType::Numeric, text) {
            Ok(Datum::Numeric(number)) if !number.is_finite() => Err(not_finite(method)),
            Ok(Datum::Numeric(number)) => Ok(Value::Number(number)),
            _ => Err(invalid_argument(text, method, "numeric")),
        },
        _ => Err(not_applicable(method, "string or numeric")),
    }
}

/// `.decimal(precision, scale)`: numeric(precision, scale), whose own errors nothing suppresses.
fn limited<'v>(
    executor: &Executor<'v>,
    written: Value<'v>,
    number: Numeric<'v>,
    precision: &Number,
    scale: Option<&Number>,
) -> EvalResult<Made<'v>> {
    let int4 = |number: &Number, what: &str| {
        let message = format!("{what} of jsonpath item method .decimal() is out of range for type integer");
        number.value(executor.arena).to_i32().map_err(|_| not_numeric(message))
    };
    let precision = match int4(precision, "precision") {
        Ok(precision) => precision,
        Err(error) => return Ok(Err(error)),
    };
    let scale = match scale.map_or(Ok(0), |scale| int4(scale, "scale")) {
        Ok(scale) => scale,
        Err(error) => return Ok(Err(error)),
    };
    if !(1..=1000).contains(&precision) {
        let message = format!("NUMERIC precision {precision} must be between 1 and 1000");
        return Err(EvalError::new("22023", message));
    }
    if !(-1000..=1000).contains(&scale) {
        let message = format!("NUMERIC scale {scale} must be between -1000 and 1000");
        return Err(EvalError::new("22023", message));
    }
    let typmod = numeric::Typmod { precision, scale }.encode();
    Ok(match number.apply_typmod(typmod, executor.arena) {
        Ok(number) => Ok(Value::Number(number)),
        Err(_) => {
            let text = if let Value::String(text) = written { text.to_string() } else { number.to_string() };
            Err(invalid_argument(&text, "decimal", "numeric"))
        }
    })
}

fn string<'v>(executor: &Executor<'v>, value: Value<'v>) -> Made<'v> {
    Ok(Value::String(match value {
        Value::String(text) => text,
        Value::Number(number) => executor.arena.push_str(number.to_string()),
        Value::Bool(value) => {
            if value {
                "true"
            } else {
                "false"
            }
        }
        Value::DateTime(value) => executor.arena.push_str(value.text()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            return Err(not_applicable("string", "boolean, string, numeric, or datetime"));
        }
    }))
}
