//! Ranges and multiranges: borrowed views of their packed forms.
//!
//! A range is one byte for the empty one, else `0x01 lower upper` and the residue of both bounds. A lower bound is 0x00 if there is
//! none, else 0x01, the value's order bytes, and 0x00 if the value belongs to the range, 0x01 if not; an upper one is 0x02 if there
//! is none, else 0x01, the order bytes, and 0x01 if the value belongs to it, 0x00 if not. The residue is a numeric's display
//! scale. A multirange is its ranges without their residues, 0x00, and then the residues. So bytes compare as PostgreSQL
//! compares ranges: empty first, then by the lower bounds, then by the upper ones; multiranges range by range, a shorter one first.
//!
//! Ranges of discrete types are in the form `[a,b)`, so that equal ones are the same.

mod bound;
mod multirange;
mod operations;

pub use bound::Bound;
pub use multirange::MultirangeRef;
pub use operations::{contains, overlap, touch};

use crate::encode::{int32_bits, int64_bits};
use crate::{Arena, Datum, EvalError, EvalResult};
use bound::{push_value, residue_end, value_end};
use std::cmp::Ordering;
use tidewire_plan::RangeType;

/// The empty range; the end of a multirange.
const EMPTY: u8 = 0x00;
const BOUNDED: u8 = 0x01;
/// What an unbounded side begins with.
const NO_LOWER: u8 = 0x00;
const FINITE: u8 = 0x01;
const NO_UPPER: u8 = 0x02;

/// The bounds of a range that is not empty.
pub type Bounds<'a> = (Bound<'a>, Bound<'a>);

/// A range in its packed form.
#[derive(Clone, Copy, Debug)]
pub struct RangeRef<'a> {
    bytes: &'a [u8],
    of: RangeType,
}

/// Appends two bounds, without residue.
fn push_bounds(out: &mut Vec<u8>, (lower, upper): &Bounds<'_>) {
    out.push(BOUNDED);
    match lower.value {
        None => out.push(NO_LOWER),
        Some((order, _)) => {
            out.push(FINITE);
            out.extend_from_slice(order);
            out.push(!lower.inclusive as u8);
        }
    }
    match upper.value {
        None => out.push(NO_UPPER),
        Some((order, _)) => {
            out.push(FINITE);
            out.extend_from_slice(order);
            out.push(upper.inclusive as u8);
        }
    }
}

/// Appends the residue of two bounds.
fn push_residue(out: &mut Vec<u8>, (lower, upper): &Bounds<'_>) {
    for (_, residue) in [lower.value, upper.value].into_iter().flatten() {
        out.extend_from_slice(residue);
    }
}

/// Where the bounds end whose packed form begins at `at`, behind [`BOUNDED`].
fn bounds_end(of: RangeType, bytes: &[u8], mut at: usize) -> usize {
    for _ in 0..2 {
        at = match bytes[at] {
            FINITE => value_end(of, bytes, at + 1) + 1,
            _ => at + 1,
        };
    }
    at
}

/// Reads two bounds, which begin at `*at`, and whose residue begins at `*residue`; both move.
fn read_bounds<'a>(of: RangeType, bytes: &'a [u8], at: &mut usize, residue: &mut usize) -> Bounds<'a> {
    let mut bound = |upper: bool| {
        let start = *at + 1;
        if bytes[*at] != FINITE {
            *at = start;
            return Bound { value: None, inclusive: false, upper };
        }
        let end = value_end(of, bytes, start);
        *at = end + 1;
        let order = &bytes[start..end];
        let from = *residue;
        *residue = residue_end(of, order, bytes, from);
        Bound { value: Some((order, &bytes[from..*residue])), inclusive: (bytes[end] == 1) == upper, upper }
    };
    (bound(false), bound(true))
}

/// The position after the residues of the bounds that lie at `from..to`, each behind [`BOUNDED`].
fn residues_end(of: RangeType, bytes: &[u8], mut from: usize, to: usize, mut residue: usize) -> usize {
    if of == RangeType::Num {
        while from < to {
            from += 1;
            read_bounds(of, bytes, &mut from, &mut residue);
        }
    }
    residue
}

/// Whether nothing lies between two bounds, which must be in their order.
fn is_void(lower: &Bound<'_>, upper: &Bound<'_>) -> EvalResult<bool> {
    match lower.compare_values(upper) {
        Ordering::Less => Ok(false),
        Ordering::Equal => Ok(!(lower.inclusive && upper.inclusive)),
        Ordering::Greater => {
            let message = "range lower bound must be less than or equal to range upper bound";
            Err(EvalError::new("22000", message))
        }
    }
}

impl<'a> RangeRef<'a> {
    /// The range without values.
    pub fn empty(of: RangeType) -> RangeRef<'static> {
        RangeRef { bytes: &[EMPTY], of }
    }

    /// make_range: the range between two bounds in its one form. The lower bound must not be above the upper one.
    pub fn new(of: RangeType, lower: Bound<'_>, upper: Bound<'_>, arena: &'a Arena) -> EvalResult<Self> {
        if is_void(&lower, &upper)? {
            return Ok(RangeRef::empty(of));
        }
        if !of.is_discrete() {
            return Ok(Self::packed(of, &(lower, upper), arena));
        }
        let scratch = Arena::new();
        let bounds = (lower.discrete(of, &scratch)?, upper.discrete(of, &scratch)?);
        if is_void(&bounds.0, &bounds.1)? {
            return Ok(RangeRef::empty(of));
        }
        Ok(Self::packed(of, &bounds, arena))
    }

    /// The range of bounds that are in their form.
    fn packed(of: RangeType, bounds: &Bounds<'_>, arena: &'a Arena) -> Self {
        let mut bytes = Vec::with_capacity(32);
        push_bounds(&mut bytes, bounds);
        push_residue(&mut bytes, bounds);
        RangeRef { bytes: arena.push_bytes(&bytes), of }
    }

    /// What it is over.
    pub fn of(&self) -> RangeType {
        self.of
    }

    /// Whether no value is in it.
    pub fn is_empty(&self) -> bool {
        self.bytes[0] == EMPTY
    }

    /// Its bounds; None if it is empty.
    pub fn bounds(&self) -> Option<Bounds<'a>> {
        if self.is_empty() {
            return None;
        }
        let mut residue = self.order().len();
        Some(read_bounds(self.of, self.bytes, &mut 1, &mut residue))
    }

    /// The bytes that its order goes by.
    pub(crate) fn order(&self) -> &'a [u8] {
        match (self.is_empty(), self.of) {
            (true, _) => self.bytes,
            (false, RangeType::Num) => &self.bytes[..bounds_end(self.of, self.bytes, 1)],
            (false, _) => self.bytes,
        }
    }

    /// Its packed form.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The range whose packed form begins at `*at` of a row; `*at` moves past it.
    pub(crate) fn read(row: &'a [u8], at: &mut usize, of: RangeType) -> Self {
        let start = *at;
        *at = Self::skip(row, start, of);
        RangeRef { bytes: &row[start..*at], of }
    }

    /// The position after the range that begins at `at`.
    pub(crate) fn skip(row: &[u8], at: usize, of: RangeType) -> usize {
        if row[at] == EMPTY {
            return at + 1;
        }
        let end = bounds_end(of, row, at + 1);
        residues_end(of, row, at, end, end)
    }

    /// PostgreSQL's order of ranges.
    pub fn compare(&self, other: &RangeRef<'_>) -> Ordering {
        self.order().cmp(other.order())
    }

    /// The range with the least representations of its bounds.
    pub fn canonical(&self, arena: &'a Arena) -> RangeRef<'a> {
        match self.bounds() {
            Some((lower, upper)) if self.of == RangeType::Num => {
                let bounds = (lower.canonical(self.of, arena), upper.canonical(self.of, arena));
                Self::packed(self.of, &bounds, arena)
            }
            _ => *self,
        }
    }

    /// The same range in another arena.
    pub fn copy_to<'b>(&self, arena: &'b Arena) -> RangeRef<'b> {
        RangeRef { bytes: arena.push_bytes(self.bytes), of: self.of }
    }
}

/// Calls with the order bytes of a value that is looked for in ranges.
#[inline]
fn with_order<T>(value: Datum<'_>, of_bytes: impl FnOnce(&[u8]) -> T) -> T {
    match value {
        Datum::Int32(value) | Datum::Date(value) => of_bytes(&int32_bits(value).to_be_bytes()),
        Datum::Int64(value) | Datum::Timestamp(value) | Datum::Timestamptz(value) => {
            of_bytes(&int64_bits(value).to_be_bytes())
        }
        other => {
            let mut bytes = Vec::new();
            push_value(&mut bytes, other);
            of_bytes(&bytes)
        }
    }
}

/// Whether the value of these order bytes lies between two bounds.
#[inline]
fn admits((lower, upper): &Bounds<'_>, order: &[u8]) -> bool {
    lower.admits(order) && upper.admits(order)
}
