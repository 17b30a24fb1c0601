//! age: the difference in years, months and days.

use super::arithmetic::infinite_difference;
use super::casts::to_local;
use super::{Fields, interval_out_of_range};
use crate::registry::{Function, fallible};
use tidewire_row::calendar::{self, HOUR, MINUTE, SECOND};
use tidewire_row::{EvalResult, Interval};

/// `timestamp_age` over local times; negative fields borrow from the next higher one.
fn age(a: i64, b: i64, negative: bool) -> EvalResult<Interval> {
    let (a, b) = (Fields::of(a), Fields::of(b));
    let sign = if negative { -1 } else { 1 };
    let mut micros = (a.micros - b.micros) * sign;
    let mut second = (a.second - b.second) * sign;
    let mut minute = (a.minute - b.minute) * sign;
    let mut hour = (a.hour - b.hour) * sign;
    let mut day = (a.day - b.day) * sign;
    let mut month = (a.month - b.month) * sign;
    let mut year = (a.year - b.year) * sign;
    let borrow = |low: &mut i64, size: i64, high: &mut i64| {
        while *low < 0 {
            *low += size;
            *high -= 1;
        }
    };
    borrow(&mut micros, SECOND, &mut second);
    borrow(&mut second, 60, &mut minute);
    borrow(&mut minute, 60, &mut hour);
    borrow(&mut hour, 24, &mut day);
    let earlier = if negative { &a } else { &b };
    let length = calendar::days_in_month(earlier.year, earlier.month as u32) as i64;
    borrow(&mut day, length, &mut month);
    borrow(&mut month, 12, &mut year);
    let months = (year * 12 + month) * sign;
    Ok(Interval {
        months: i32::try_from(months).map_err(|_| interval_out_of_range())?,
        days: (day * sign) as i32,
        micros: (hour * HOUR + minute * MINUTE + second * SECOND + micros) * sign,
    })
}

pub(super) const FUNCTIONS: &[&[Function]] = &[&[
    fallible!("timestamp_age", (a: Timestamp, b: Timestamp) =>
        infinite_difference(a, b).unwrap_or_else(|| age(a, b, a < b))),
    fallible!("timestamptz_age", (a: Timestamptz, b: Timestamptz), env => match infinite_difference(a, b) {
        Some(result) => result,
        None => age(to_local(a, env)?, to_local(b, env)?, a < b),
    })
    .stable(),
]];
