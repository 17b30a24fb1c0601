//! Records: making them, taking fields out, order.

use crate::context::Env;
use crate::registry::{Function, mismatch, total};
use tidewire_plan::ScalarType;
use tidewire_row::{Datum, EvalResult, RecordRef};

/// ROW(…): the call's type says what the fields are.
fn row<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    match env.result {
        ScalarType::Record(of) if of.fields().len() == values.len() => {
            Ok(Datum::Record(RecordRef::new(of, values, env.arena)))
        }
        _ => Err(mismatch("row", values)),
    }
}

/// `(record).field`, by its number from 0.
fn field<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    match *values {
        [Datum::Record(record), Datum::Int32(index)] => Ok(usize::try_from(index)
            .ok()
            .and_then(|index| record.field(index, env.arena))
            .unwrap_or(Datum::Null)),
        _ => Err(mismatch("record_field", values)),
    }
}

/// `record IS NULL` (all fields are) or, with `wanted` false, `IS NOT NULL` (none is).
fn all_null<'a>(values: &[Datum<'a>], env: &Env<'a>, wanted: bool) -> EvalResult<Datum<'a>> {
    Ok(Datum::Bool(match values {
        [Datum::Record(record)] => {
            record.fields(env.arena).all(|(_, field)| matches!(field, Datum::Null) == wanted)
        }
        _ => wanted,
    }))
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function::lenient("row", row),
    Function::strict("record_field", field),
    Function::lenient("record_is_null", |values, env| all_null(values, env, true)),
    Function::lenient("record_is_not_null", |values, env| all_null(values, env, false)),
    total!("record_eq", (a: Record, b: Record) => a.compare(&b).is_eq()),
    total!("record_ne", (a: Record, b: Record) => a.compare(&b).is_ne()),
    total!("record_lt", (a: Record, b: Record) => a.compare(&b).is_lt()),
    total!("record_le", (a: Record, b: Record) => a.compare(&b).is_le()),
    total!("record_gt", (a: Record, b: Record) => a.compare(&b).is_gt()),
    total!("record_ge", (a: Record, b: Record) => a.compare(&b).is_ge()),
    total!("btrecordcmp", (a: Record, b: Record) => a.compare(&b) as i32),
];
