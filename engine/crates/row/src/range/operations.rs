//! PostgreSQL's operators over ranges (rangetypes.c).

use super::{Bound, Bounds, RangeRef, admits, with_order};
use crate::{Arena, Datum, EvalError, EvalResult};
use std::cmp::Ordering;
use tidewire_plan::RangeType;

fn not_contiguous(what: &str) -> EvalError {
    EvalError::new("22000", format!("result of range {what} would not be contiguous"))
}

/// Whether no value lies between an upper bound and a lower one, and none belongs to both.
pub(super) fn is_adjacent(of: RangeType, upper: &Bound<'_>, lower: &Bound<'_>) -> bool {
    match upper.compare_values(lower) {
        Ordering::Greater => false,
        Ordering::Equal => upper.inclusive != lower.inclusive,
        // What is between them is a range of its own, which a discrete type may find empty.
        Ordering::Less => {
            of.is_discrete()
                && RangeRef::new(of, upper.opposite(), lower.opposite(), &Arena::new())
                    .is_ok_and(|between| between.is_empty())
        }
    }
}

/// Whether two pairs of bounds have a value in common.
pub fn overlap(left: &Bounds<'_>, right: &Bounds<'_>) -> bool {
    left.0.compare(&right.1).is_le() && right.0.compare(&left.1).is_le()
}

/// The smallest range that has both.
pub(super) fn merged<'b>(left: &Bounds<'b>, right: &Bounds<'b>) -> Bounds<'b> {
    (
        if left.0.compare(&right.0).is_lt() { left.0 } else { right.0 },
        if left.1.compare(&right.1).is_gt() { left.1 } else { right.1 },
    )
}

/// What two overlapping pairs of bounds have in common.
pub(super) fn common<'b>(left: &Bounds<'b>, right: &Bounds<'b>) -> Bounds<'b> {
    (
        if left.0.compare(&right.0).is_ge() { left.0 } else { right.0 },
        if left.1.compare(&right.1).is_le() { left.1 } else { right.1 },
    )
}

/// Whether the first has all values of the second.
pub fn contains(left: &Bounds<'_>, right: &Bounds<'_>) -> bool {
    left.0.compare(&right.0).is_le() && left.1.compare(&right.1).is_ge()
}

/// Whether two ranges meet, on one side or the other: the bounds of each, of a multirange its ends.
pub fn touch(of: RangeType, left: &Bounds<'_>, right: &Bounds<'_>) -> bool {
    is_adjacent(of, &left.1, &right.0) || is_adjacent(of, &right.1, &left.0)
}

impl<'a> RangeRef<'a> {
    /// `range @> element`
    pub fn contains_element(&self, value: Datum<'_>) -> bool {
        self.bounds().is_some_and(|bounds| with_order(value, |order| admits(&bounds, order)))
    }

    /// `+`
    pub fn union(&self, other: &RangeRef<'a>, arena: &'a Arena) -> EvalResult<Self> {
        match (self.bounds(), other.bounds()) {
            (Some(left), Some(right)) if !overlap(&left, &right) && !touch(self.of, &left, &right) => {
                Err(not_contiguous("union"))
            }
            _ => self.merge(other, arena),
        }
    }

    /// range_merge: with what lies between them.
    pub fn merge(&self, other: &RangeRef<'a>, arena: &'a Arena) -> EvalResult<Self> {
        let (Some(left), Some(right)) = (self.bounds(), other.bounds()) else {
            return Ok(if self.is_empty() { *other } else { *self });
        };
        let (lower, upper) = merged(&left, &right);
        RangeRef::new(self.of, lower, upper, arena)
    }

    /// `*`
    pub fn intersect(&self, other: &RangeRef<'_>, arena: &'a Arena) -> EvalResult<Self> {
        match (self.bounds(), other.bounds()) {
            (Some(left), Some(right)) if overlap(&left, &right) => {
                let (lower, upper) = common(&left, &right);
                RangeRef::new(self.of, lower, upper, arena)
            }
            _ => Ok(RangeRef::empty(self.of)),
        }
    }

    /// `-`
    pub fn minus(&self, other: &RangeRef<'_>, arena: &'a Arena) -> EvalResult<Self> {
        let (Some((lower, upper)), Some((from, to))) = (self.bounds(), other.bounds()) else {
            return Ok(*self);
        };
        let (begins, ends) = (lower.compare(&from), upper.compare(&to));
        if begins.is_lt() && ends.is_gt() {
            return Err(not_contiguous("difference"));
        }
        if lower.compare(&to).is_gt() || upper.compare(&from).is_lt() {
            return Ok(*self);
        }
        if begins.is_ge() && ends.is_le() {
            return Ok(RangeRef::empty(self.of));
        }
        if begins.is_le() && ends.is_le() {
            return RangeRef::new(self.of, lower, from.opposite(), arena);
        }
        RangeRef::new(self.of, to.opposite(), upper, arena)
    }
}
