//! Comparisons, within a type and across.

use super::{instant, is_infinite};
use crate::context::Env;
use crate::registry::{Function, comparisons, mismatch, total};
use std::cmp::Ordering;
use tidewire_row::calendar::{self, DAY};
use tidewire_row::{Datum, EvalResult};

/// A timestamp among all values that dates can have.
fn wide(at: i64) -> i128 {
    match at {
        i64::MIN => i128::MIN,
        i64::MAX => i128::MAX,
        _ => at as i128,
    }
}

/// A date's midnight; dates beyond the range of timestamps stay beyond all finite ones.
fn midnight(days: i32) -> i128 {
    match days {
        i32::MIN => i128::MIN,
        i32::MAX => i128::MAX,
        _ => days as i128 * DAY as i128,
    }
}

/// A local time as an instant, beyond the range as it is.
fn instant_of(local: i128, env: &Env<'_>) -> i128 {
    match i64::try_from(local) {
        Ok(local) if calendar::is_valid_timestamp(local) => env.settings().time_zone.to_utc(local) as i128,
        _ => local,
    }
}

fn local_instant(at: i64, env: &Env<'_>) -> i128 {
    if is_infinite(at) { wide(at) } else { instant_of(at as i128, env) }
}

macro_rules! both {
    ($opcode:literal, |$a:ident, $b:ident| $body:expr) => {
        Function::strict($opcode, |arguments, _env| match *arguments {
            [Datum::Timestamp($a), Datum::Timestamp($b)]
            | [Datum::Timestamptz($a), Datum::Timestamptz($b)] => Ok(Datum::Bool($body)),
            _ => Err(mismatch($opcode, arguments)),
        })
    };
}

/// Six comparisons across types by wide values, which may need the time zone.
macro_rules! across {
    ($left:literal, $left_variant:ident, $right:literal, $right_variant:ident, |$a:ident, $b:ident, $env:ident| $order:expr) => {
        [
            across!(one $left, "_eq_", $right, $left_variant, $right_variant, |$a, $b, $env| $order, is_eq),
            across!(one $left, "_ne_", $right, $left_variant, $right_variant, |$a, $b, $env| $order, is_ne),
            across!(one $left, "_lt_", $right, $left_variant, $right_variant, |$a, $b, $env| $order, is_lt),
            across!(one $left, "_le_", $right, $left_variant, $right_variant, |$a, $b, $env| $order, is_le),
            across!(one $left, "_gt_", $right, $left_variant, $right_variant, |$a, $b, $env| $order, is_gt),
            across!(one $left, "_ge_", $right, $left_variant, $right_variant, |$a, $b, $env| $order, is_ge),
        ]
    };
    (one $left:literal, $operator:literal, $right:literal, $left_variant:ident, $right_variant:ident,
     |$a:ident, $b:ident, $env:ident| $order:expr, $test:ident) => {
        total!(concat!($left, $operator, $right), ($a: $left_variant, $b: $right_variant), $env => {
            let order: Ordering = $order;
            let _ = &$env;
            order.$test()
        })
        .stable()
    };
}

fn choose<'a>(arguments: &[Datum<'a>], opcode: &str, wanted: Ordering) -> EvalResult<Datum<'a>> {
    match *arguments {
        [first, second] => match (instant(first), instant(second)) {
            (Some((a, _)), Some((b, _))) => Ok(if a.cmp(&b) == wanted { first } else { second }),
            _ => Err(mismatch(opcode, arguments)),
        },
        _ => Err(mismatch(opcode, arguments)),
    }
}

pub(super) const FUNCTIONS: &[&[Function]] = &[
    &comparisons!("date_", Date, Date, |a, b| a.cmp(&b)),
    &comparisons!("time_", Time, Time, |a, b| a.cmp(&b)),
    &comparisons!("interval_", Interval, Interval, |a, b| a.span().cmp(&b.span())),
    &[
        both!("timestamp_eq", |a, b| a == b),
        both!("timestamp_ne", |a, b| a != b),
        both!("timestamp_lt", |a, b| a < b),
        both!("timestamp_le", |a, b| a <= b),
        both!("timestamp_gt", |a, b| a > b),
        both!("timestamp_ge", |a, b| a >= b),
    ],
    &across!("date", Date, "timestamp", Timestamp, |a, b, _env| midnight(a).cmp(&wide(b))),
    &across!("timestamp", Timestamp, "date", Date, |a, b, _env| wide(a).cmp(&midnight(b))),
    &across!("date", Date, "timestamptz", Timestamptz, |a, b, env| instant_of(midnight(a), env)
        .cmp(&wide(b))),
    &across!("timestamptz", Timestamptz, "date", Date, |a, b, env| wide(a)
        .cmp(&instant_of(midnight(b), env))),
    &across!("timestamp", Timestamp, "timestamptz", Timestamptz, |a, b, env| local_instant(a, env)
        .cmp(&wide(b))),
    &across!("timestamptz", Timestamptz, "timestamp", Timestamp, |a, b, env| wide(a)
        .cmp(&local_instant(b, env))),
    &[
        total!("date_larger", (a: Date, b: Date) => Datum::Date(a.max(b))),
        total!("date_smaller", (a: Date, b: Date) => Datum::Date(a.min(b))),
        total!("time_larger", (a: Time, b: Time) => Datum::Time(a.max(b))),
        total!("time_smaller", (a: Time, b: Time) => Datum::Time(a.min(b))),
        total!("interval_larger", (a: Interval, b: Interval) => if a.span() > b.span() { a } else { b }),
        total!("interval_smaller", (a: Interval, b: Interval) => if a.span() < b.span() { a } else { b }),
        Function::strict("timestamp_larger", |arguments, _env| {
            choose(arguments, "timestamp_larger", Ordering::Greater)
        }),
        Function::strict("timestamp_smaller", |arguments, _env| {
            choose(arguments, "timestamp_smaller", Ordering::Less)
        }),
        total!("date_finite", (a: Date) => a != i32::MIN && a != i32::MAX),
        total!("interval_finite", (a: Interval) => a.is_finite()),
        Function::strict("timestamp_finite", |arguments, _env| {
            match arguments.first().copied().and_then(instant) {
                Some((at, _)) => Ok(Datum::Bool(!is_infinite(at))),
                None => Err(mismatch("timestamp_finite", arguments)),
            }
        }),
    ],
];
