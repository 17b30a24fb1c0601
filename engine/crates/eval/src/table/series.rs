//! generate_series.

use super::Rows;
use crate::context::Env;
use crate::functions::datetime::{parse_zone, timestamp_plus, timestamptz_plus};
use std::cmp::Ordering;
use tidewire_plan::ScalarType;
use tidewire_row::{Arena, Datum, EvalError, EvalResult, Interval, Numeric, decode, push_datum};

fn refused(message: &str) -> EvalError {
    EvalError::new("22023", message)
}

fn zero_step() -> EvalError {
    refused("step size cannot equal zero")
}

pub(super) fn generate(arguments: &[Datum<'_>], env: &Env<'_>, rows: &mut Rows) -> EvalResult<()> {
    match *arguments {
        [Datum::Int32(start), Datum::Int32(stop), Datum::Int32(step)] => {
            // What is between the bounds of int4 fits: the loop ends before it would leave them.
            integers(start as i64, stop as i64, step as i64, rows, |value| Datum::Int32(value as i32))
        }
        [Datum::Int64(start), Datum::Int64(stop), Datum::Int64(step)] => {
            integers(start, stop, step, rows, Datum::Int64)
        }
        [Datum::Numeric(start), Datum::Numeric(stop), Datum::Numeric(step)] => {
            numerics(start, stop, step, rows)
        }
        [Datum::Timestamp(start), Datum::Timestamp(stop), Datum::Interval(step)] => {
            times(start, stop, step, rows, Datum::Timestamp, |at| timestamp_plus(at, step))
        }
        [Datum::Timestamptz(start), Datum::Timestamptz(stop), Datum::Interval(step)] => {
            let zone = &env.settings().time_zone;
            times(start, stop, step, rows, Datum::Timestamptz, |at| timestamptz_plus(at, step, zone))
        }
        [Datum::Timestamptz(start), Datum::Timestamptz(stop), Datum::Interval(step), Datum::Text(zone)] => {
            let zone = parse_zone(zone, env)?;
            times(start, stop, step, rows, Datum::Timestamptz, |at| timestamptz_plus(at, step, &*zone))
        }
        _ => Err(EvalError::new("XX000", "generate_series: arguments of one type are wanted")),
    }
}

fn integers(
    start: i64,
    stop: i64,
    step: i64,
    rows: &mut Rows,
    datum: impl Fn(i64) -> Datum<'static>,
) -> EvalResult<()> {
    if step == 0 {
        return Err(zero_step());
    }
    let mut value = start;
    while if step > 0 { value <= stop } else { value >= stop } {
        rows.push(&[datum(value)])?;
        let Some(next) = value.checked_add(step) else { break };
        value = next;
    }
    Ok(())
}

fn check(value: &Numeric<'_>, what: &str) -> EvalResult<()> {
    if value.is_nan() {
        return Err(refused(&format!("{what} cannot be NaN")));
    }
    if value.is_infinite() {
        return Err(refused(&format!("{what} cannot be infinity")));
    }
    Ok(())
}

fn numerics(start: Numeric<'_>, stop: Numeric<'_>, step: Numeric<'_>, rows: &mut Rows) -> EvalResult<()> {
    check(&start, "start value")?;
    check(&stop, "stop value")?;
    check(&step, "step size")?;
    if step.is_zero() {
        return Err(zero_step());
    }
    let beyond = if step.signum() > 0 { Ordering::Greater } else { Ordering::Less };
    // Values of many digits need storage, which each gives back: between steps the value is packed.
    let mut arena = Arena::new();
    let mut packed = Vec::new();
    push_datum(&mut packed, Datum::Numeric(start));
    loop {
        arena.reset();
        let mut columns = Vec::with_capacity(1);
        decode(&packed, &[ScalarType::Numeric], &arena, &mut columns);
        let [Datum::Numeric(value)] = columns[..] else { return Ok(()) };
        if value.compare(&stop) == beyond {
            return Ok(());
        }
        rows.push(&[Datum::Numeric(value)])?;
        // What no numeric can be is beyond any end.
        let Ok(next) = value.add(&step, &arena) else { return Ok(()) };
        let mut bytes = Vec::with_capacity(packed.len());
        push_datum(&mut bytes, Datum::Numeric(next));
        packed = bytes;
    }
}

fn times(
    start: i64,
    stop: i64,
    step: Interval,
    rows: &mut Rows,
    datum: impl Fn(i64) -> Datum<'static>,
    plus: impl Fn(i64) -> EvalResult<i64>,
) -> EvalResult<()> {
    if !step.is_finite() {
        return Err(refused("step size cannot be infinite"));
    }
    let span = step.span();
    if span == 0 {
        return Err(zero_step());
    }
    let mut value = start;
    while if span > 0 { value <= stop } else { value >= stop } {
        rows.push(&[datum(value)])?;
        value = plus(value)?;
    }
    Ok(())
}
