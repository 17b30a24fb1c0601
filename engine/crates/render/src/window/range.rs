//! Bounds of RANGE with an offset: the rows whose order key is not further away (PostgreSQL's in_range functions).

use super::Partition;
use super::frame::no_offset;
use crate::compile::Scope;
use std::sync::Arc;
use tidewire_eval::{Compiled, compile_with};
use tidewire_plan::{ColumnType, Expr, OrderKey, ScalarType};
use tidewire_row::{Arena, Datum, EvalError, EvalResult, FormatSettings, Interval, compare};
use tidewire_row::{Numeric, calendar::date_to_timestamp};

/// A bound of a frame.
pub struct RangeBound {
    order: OrderKey,
    offset: u32,
    preceding: bool,
    is_start: bool,
    /// Adds (or, towards smaller keys, subtracts) an interval, for dates and times.
    moved: Option<Compiled>,
    /// The type of what is moved.
    scalar: ScalarType,
}

impl RangeBound {
    /// Refuses order keys without distances.
    pub fn compile(
        order: &[OrderKey],
        types: &[ScalarType],
        offset: u32,
        preceding: bool,
        is_start: bool,
        settings: &FormatSettings,
    ) -> Result<Self, String> {
        use ScalarType as S;
        let [order] = order else {
            return Err("plan refused: RANGE with an offset over several order keys".into());
        };
        let of = types.get(order.column as usize).copied().ok_or("plan refused: no such order key")?;
        let (names, scalar) = match of {
            S::Int2 | S::Int4 | S::Int8 | S::Float4 | S::Float8 | S::Numeric | S::Time => (None, of),
            S::Date => (Some(("date_pl_interval", "date_mi_interval")), S::Timestamp),
            S::Timestamp => (Some(("timestamp_pl_interval", "timestamp_mi_interval")), of),
            S::Timestamptz => (Some(("timestamptz_pl_interval", "timestamptz_mi_interval")), of),
            S::Interval => (Some(("interval_pl", "interval_mi")), of),
            _ => return Err(format!("plan refused: RANGE with an offset over {of:?}")),
        };
        // Towards the partition's start: smaller keys, or with DESC larger ones.
        let subtract = preceding != order.descending;
        let column = |scalar| ColumnType { scalar, typmod: -1, nullable: false };
        let moved = match names {
            None => None,
            Some((plus, minus)) => Some(compile_with(
                &Expr::Call {
                    opcode: if subtract { minus } else { plus }.into(),
                    arguments: vec![Expr::Column { index: 0 }, Expr::Column { index: 1 }],
                    scalar,
                },
                &[column(of), column(S::Interval)],
                &[],
                settings,
            )?),
        };
        Ok(RangeBound { order: *order, offset, preceding, is_start, moved, scalar })
    }

    /// The first row of the frame.
    pub fn start(&self, partition: &Partition<'_>, row: usize, scope: &Arc<Scope>) -> EvalResult<usize> {
        self.search(partition, row, scope, self.order.descending, true)
    }

    /// Behind the last row of the frame.
    pub fn end(&self, partition: &Partition<'_>, row: usize, scope: &Arc<Scope>) -> EvalResult<usize> {
        self.search(partition, row, scope, !self.order.descending, false)
    }

    /// The first row whose key is in range (`wanted`), or is not any more. NULLs are near NULLs only.
    fn search(
        &self,
        partition: &Partition<'_>,
        row: usize,
        scope: &Arc<Scope>,
        less: bool,
        wanted: bool,
    ) -> EvalResult<usize> {
        let arena = Arena::new();
        let column = self.order.column;
        let offset = partition.value(row, self.offset, &arena);
        if matches!(offset, Datum::Null) {
            return Err(no_offset(if self.is_start { "starting" } else { "ending" }));
        }
        let is_null = |at: usize| matches!(partition.value(at, column, &arena), Datum::Null);
        let total = partition.len();
        let (low, high) = match self.order.nulls_first {
            true => (first(0, total, |at| Ok(!is_null(at)))?, total),
            false => (0, first(0, total, |at| Ok(is_null(at)))?),
        };
        let base = partition.value(row, column, &arena);
        if matches!(base, Datum::Null) {
            return Ok(match (self.order.nulls_first, wanted) {
                (true, true) => 0,
                (true, false) => low,
                (false, true) => high,
                (false, false) => total,
            });
        }
        let bound = self.bound(base, offset, scope, &arena)?;
        first(low, high, |at| {
            let key = partition.value(at, column, &arena);
            Ok(bound.holds(key, less, self.scalar) == wanted)
        })
    }

    /// How far the frame reaches.
    fn bound<'a>(
        &self,
        base: Datum<'a>,
        offset: Datum<'a>,
        scope: &Arc<Scope>,
        arena: &'a Arena,
    ) -> EvalResult<Bound<'a>> {
        let subtract = self.preceding != self.order.descending;
        let sign = if subtract { -1 } else { 1 };
        let negative =
            || Err(EvalError::new("22013", "invalid preceding or following size in window function"));
        Ok(match (base, offset) {
            (Datum::Int16(_) | Datum::Int32(_) | Datum::Int64(_), Datum::Int64(offset)) => {
                if offset < 0 {
                    return negative();
                }
                let base = crate::compile::int8_of(base).unwrap_or_default();
                Bound::Integer(base as i128 + sign * offset as i128)
            }
            (Datum::Float32(_) | Datum::Float64(_), Datum::Float64(offset)) => {
                if offset.is_nan() || offset < 0.0 {
                    return negative();
                }
                let base = float(base);
                match offset.is_infinite() && base.is_infinite() && (base > 0.0) == subtract {
                    true => Bound::Everything,
                    false => Bound::Float(base + sign as f64 * offset),
                }
            }
            (Datum::Numeric(base), Datum::Numeric(offset)) => {
                if offset.is_nan() || offset.signum() < 0 {
                    return negative();
                }
                match offset.is_infinite() && base.is_infinite() && (base.signum() > 0) == subtract {
                    true => Bound::Everything,
                    false if subtract => Bound::Numeric(base.sub(&offset, arena)?),
                    false => Bound::Numeric(base.add(&offset, arena)?),
                }
            }
            (Datum::Time(base), Datum::Interval(offset)) => {
                if offset.micros < 0 {
                    return negative();
                }
                // As PostgreSQL: only the time of the interval counts, and midnight is not crossed.
                Bound::Integer(base as i128 + sign * offset.micros as i128)
            }
            (base, Datum::Interval(offset)) => {
                if offset.span() < 0 || offset == Interval::NEG_INFINITY {
                    return negative();
                }
                let Some(moved) = &self.moved else { return negative() };
                if offset == Interval::INFINITY && is_infinite(base, subtract) {
                    return Ok(Bound::Everything);
                }
                let local = Arena::new();
                scope.with(|context| {
                    let value = moved.eval(&[base, Datum::Interval(offset)], context, &local)?;
                    // What dates and times become does not borrow.
                    Ok::<_, EvalError>(Bound::Value(match value {
                        Datum::Timestamp(micros) => Datum::Timestamp(micros),
                        Datum::Timestamptz(micros) => Datum::Timestamptz(micros),
                        Datum::Interval(interval) => Datum::Interval(interval),
                        _ => Datum::Null,
                    }))
                })?
            }
            _ => return negative(),
        })
    }
}

/// How far a frame reaches from a row.
enum Bound<'a> {
    Everything,
    Integer(i128),
    Float(f64),
    Numeric(Numeric<'a>),
    Value(Datum<'static>),
}

impl Bound<'_> {
    /// Whether a key is at most (`less`), or at least, the bound. NaN is the largest.
    fn holds(&self, key: Datum<'_>, less: bool, scalar: ScalarType) -> bool {
        use std::cmp::Ordering;
        let order = match (self, key) {
            // NaN is beyond what infinity reaches.
            (Bound::Everything, key) => return !(less && is_nan(key)),
            (Bound::Integer(bound), Datum::Time(key)) => (key as i128).cmp(bound),
            (Bound::Integer(bound), key) => {
                (crate::compile::int8_of(key).unwrap_or_default() as i128).cmp(bound)
            }
            (Bound::Float(bound), key) => {
                let key = float(key);
                match (key.is_nan(), bound.is_nan()) {
                    (true, true) => Ordering::Equal,
                    (true, false) => Ordering::Greater,
                    (false, true) => Ordering::Less,
                    (false, false) => key.total_cmp(&(bound + 0.0)),
                }
            }
            (Bound::Numeric(bound), Datum::Numeric(key)) => key.compare(bound),
            (Bound::Value(bound), Datum::Date(key)) => {
                let key = match key {
                    i32::MIN => i64::MIN,
                    i32::MAX => i64::MAX,
                    days => date_to_timestamp(days).unwrap_or(i64::MAX - 1),
                };
                compare(scalar, Datum::Timestamp(key), *bound)
            }
            (Bound::Value(bound), key) => compare(scalar, key, *bound),
            _ => return false,
        };
        match less {
            true => order.is_le(),
            false => order.is_ge(),
        }
    }
}

fn float(value: Datum<'_>) -> f64 {
    match value {
        Datum::Float32(value) => value as f64 + 0.0,
        Datum::Float64(value) => value + 0.0,
        _ => f64::NAN,
    }
}

fn is_nan(value: Datum<'_>) -> bool {
    match value {
        Datum::Float32(value) => value.is_nan(),
        Datum::Float64(value) => value.is_nan(),
        Datum::Numeric(value) => value.is_nan(),
        _ => false,
    }
}

/// Whether a value is infinity (`positive`) or -infinity.
fn is_infinite(value: Datum<'_>, positive: bool) -> bool {
    match value {
        Datum::Date(days) => days == if positive { i32::MAX } else { i32::MIN },
        Datum::Timestamp(micros) | Datum::Timestamptz(micros) => {
            micros == if positive { i64::MAX } else { i64::MIN }
        }
        Datum::Interval(interval) => {
            interval == if positive { Interval::INFINITY } else { Interval::NEG_INFINITY }
        }
        _ => false,
    }
}

/// The first position at which `test` holds, where it holds from some position on.
fn first(low: usize, high: usize, mut test: impl FnMut(usize) -> EvalResult<bool>) -> EvalResult<usize> {
    let (mut low, mut high) = (low, high);
    while low < high {
        let middle = low + (high - low) / 2;
        match test(middle)? {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    Ok(low)
}
