//! A bound of a range: its value's packed bytes, whether the value belongs to the range, and on which side it is.

use crate::encode::{int32_bits, int64_bits};
use crate::{Arena, Datum, EvalError, EvalResult, numeric};
use std::cmp::Ordering;
use tidewire_plan::RangeType;

/// A bound of a range that is not empty.
#[derive(Clone, Copy, Debug)]
pub struct Bound<'a> {
    /// The value's [order bytes](push_value) and residue; None where the range is unbounded.
    pub(super) value: Option<(&'a [u8], &'a [u8])>,
    pub(super) inclusive: bool,
    pub(super) upper: bool,
}

/// Appends the order bytes of a bound's value. They end themselves, and equal values have equal ones.
pub(super) fn push_value(out: &mut Vec<u8>, value: Datum<'_>) {
    match value {
        Datum::Int32(value) | Datum::Date(value) => out.extend_from_slice(&int32_bits(value).to_be_bytes()),
        Datum::Int64(value) | Datum::Timestamp(value) | Datum::Timestamptz(value) => {
            out.extend_from_slice(&int64_bits(value).to_be_bytes())
        }
        Datum::Numeric(value) => numeric::packed::push_order(out, value),
        other => debug_assert!(false, "no bound of a range: {other:?}"),
    }
}

/// Where the order bytes that begin at `at` end.
#[inline]
pub(super) fn value_end(of: RangeType, bytes: &[u8], at: usize) -> usize {
    match of {
        RangeType::Int4 | RangeType::Date => at + 4,
        RangeType::Int8 | RangeType::Ts | RangeType::Tstz => at + 8,
        RangeType::Num => numeric::packed::skip_order(bytes, at),
    }
}

/// Where the residue that begins at `at` ends.
#[inline]
pub(super) fn residue_end(of: RangeType, order: &[u8], bytes: &[u8], at: usize) -> usize {
    let mut end = at;
    if of == RangeType::Num && numeric::packed::has_scale(order[0]) {
        numeric::packed::read_scale(bytes, &mut end);
    }
    end
}

fn int32(order: &[u8]) -> i32 {
    order.try_into().map_or(0, |bytes| (u32::from_be_bytes(bytes) ^ int32_bits(0)) as i32)
}

fn int64(order: &[u8]) -> i64 {
    order.try_into().map_or(0, |bytes| (u64::from_be_bytes(bytes) ^ int64_bits(0)) as i64)
}

impl<'a> Bound<'a> {
    /// The lower bound at a value; NULL: there is none.
    pub fn lower(value: Datum<'_>, inclusive: bool, arena: &'a Arena) -> Self {
        Self::at(value, inclusive, false, arena)
    }

    /// The upper bound at a value; NULL: there is none.
    pub fn upper(value: Datum<'_>, inclusive: bool, arena: &'a Arena) -> Self {
        Self::at(value, inclusive, true, arena)
    }

    fn at(value: Datum<'_>, inclusive: bool, upper: bool, arena: &'a Arena) -> Self {
        if matches!(value, Datum::Null) {
            return Bound { value: None, inclusive: false, upper };
        }
        let mut bytes = Vec::with_capacity(16);
        push_value(&mut bytes, value);
        let order = bytes.len();
        if let Datum::Numeric(value) = value {
            numeric::packed::push_scale(&mut bytes, value);
        }
        Bound { value: Some(arena.push_bytes(&bytes).split_at(order)), inclusive, upper }
    }

    /// Whether there is no bound on this side.
    pub fn is_infinite(&self) -> bool {
        self.value.is_none()
    }

    /// Whether the value belongs to the range.
    pub fn is_inclusive(&self) -> bool {
        self.inclusive
    }

    /// The value; NULL where there is none.
    pub fn datum(&self, of: RangeType, arena: &'a Arena) -> Datum<'a> {
        let Some((order, residue)) = self.value else { return Datum::Null };
        match of {
            RangeType::Int4 => Datum::Int32(int32(order)),
            RangeType::Date => Datum::Date(int32(order)),
            RangeType::Int8 => Datum::Int64(int64(order)),
            RangeType::Ts => Datum::Timestamp(int64(order)),
            RangeType::Tstz => Datum::Timestamptz(int64(order)),
            RangeType::Num => {
                let mut bytes = Vec::with_capacity(order.len() + residue.len());
                bytes.extend_from_slice(order);
                bytes.extend_from_slice(residue);
                Datum::Numeric(numeric::packed::read(&bytes, &mut 0, arena))
            }
        }
    }

    /// The same bound with the least representation of its value.
    pub(super) fn canonical(&self, of: RangeType, arena: &'a Arena) -> Self {
        match (of, self.datum(of, arena)) {
            (RangeType::Num, Datum::Numeric(value)) => {
                let least = Datum::Numeric(value.without_trailing_zeros(arena));
                Self::at(least, self.inclusive, self.upper, arena)
            }
            _ => *self,
        }
    }

    /// The bound on the other side at the same value, so that the two ranges meet and do not overlap.
    pub fn opposite(&self) -> Self {
        Bound { inclusive: !self.inclusive, upper: !self.upper, ..*self }
    }

    /// range_cmp_bounds: what a bound includes makes it the smaller one of two lower bounds, the greater one of two upper ones.
    #[inline]
    pub fn compare(&self, other: &Bound<'_>) -> Ordering {
        let side = |upper: bool| if upper { Ordering::Greater } else { Ordering::Less };
        let ((left, _), (right, _)) = match (self.value, other.value) {
            (None, None) => return self.upper.cmp(&other.upper),
            (None, Some(_)) => return side(self.upper),
            (Some(_), None) => return side(other.upper).reverse(),
            (Some(left), Some(right)) => (left, right),
        };
        left.cmp(right).then_with(|| match (self.inclusive, other.inclusive) {
            (true, true) => Ordering::Equal,
            (false, false) if self.upper == other.upper => Ordering::Equal,
            (false, _) => side(self.upper).reverse(),
            (true, false) => side(other.upper),
        })
    }

    /// range_cmp_bound_values: whether the values belong to the ranges does not matter.
    pub fn compare_values(&self, other: &Bound<'_>) -> Ordering {
        match (self.value, other.value) {
            (Some((left, _)), Some((right, _))) => left.cmp(right),
            _ => self.compare(other),
        }
    }

    /// Whether the value of these order bytes lies on the bound's inner side.
    #[inline]
    pub(super) fn admits(&self, order: &[u8]) -> bool {
        let Some((value, _)) = self.value else { return true };
        match value.cmp(order) {
            Ordering::Equal => self.inclusive,
            Ordering::Less => !self.upper,
            Ordering::Greater => self.upper,
        }
    }

    /// A discrete type's form of the bound: a lower one is inclusive, an upper one is not.
    pub(super) fn discrete(&self, of: RangeType, arena: &'a Arena) -> EvalResult<Self> {
        let Some((order, _)) = self.value else { return Ok(*self) };
        if self.inclusive != self.upper {
            return Ok(*self);
        }
        let next = match of {
            RangeType::Int4 => {
                Datum::Int32(int32(order).checked_add(1).ok_or_else(|| EvalError::out_of_range("integer"))?)
            }
            RangeType::Int8 => {
                Datum::Int64(int64(order).checked_add(1).ok_or_else(|| EvalError::out_of_range("bigint"))?)
            }
            RangeType::Date => {
                let day = int32(order);
                // Infinity has no next day.
                if day == i32::MIN || day == i32::MAX {
                    return Ok(*self);
                }
                if !crate::calendar::is_valid_date(i64::from(day) + 1) {
                    return Err(EvalError::new("22008", "date out of range"));
                }
                Datum::Date(day + 1)
            }
            RangeType::Num | RangeType::Ts | RangeType::Tstz => return Ok(*self),
        };
        Ok(Self::at(next, !self.upper, self.upper, arena))
    }
}
