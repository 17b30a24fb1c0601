//! Multiranges: ranges that neither overlap nor touch, in order.

use super::operations::{common, contains, is_adjacent, merged, overlap};
use super::{
    BOUNDED, Bounds, EMPTY, RangeRef, admits, bounds_end, push_bounds, push_residue, read_bounds,
    residues_end, with_order,
};
use crate::{Arena, Datum, EvalResult};
use std::cmp::Ordering;
use tidewire_plan::RangeType;

/// A multirange in its packed form.
#[derive(Clone, Copy, Debug)]
pub struct MultirangeRef<'a> {
    bytes: &'a [u8],
    of: RangeType,
}

/// Where the ranges that begin at `at` end: the position of the end's byte.
fn ranges_end(of: RangeType, bytes: &[u8], mut at: usize) -> usize {
    while bytes[at] == BOUNDED {
        at = bounds_end(of, bytes, at + 1);
    }
    at
}

impl<'a> MultirangeRef<'a> {
    /// make_multirange: the ranges in order, those that touch as one, and without the empty ones.
    pub fn new<'b>(
        of: RangeType,
        ranges: impl IntoIterator<Item = RangeRef<'b>>,
        arena: &'a Arena,
    ) -> MultirangeRef<'a> {
        Self::of_bounds(of, ranges.into_iter().filter_map(|range| range.bounds()).collect(), arena)
    }

    /// The same of bounds, of which those that touch become one.
    pub fn of_bounds(of: RangeType, mut all: Vec<Bounds<'_>>, arena: &'a Arena) -> MultirangeRef<'a> {
        all.sort_by(|left, right| left.0.compare(&right.0).then_with(|| left.1.compare(&right.1)));
        let mut kept: Vec<Bounds<'_>> = Vec::with_capacity(all.len());
        for next in all {
            match kept.last_mut() {
                Some(last) if overlap(last, &next) || is_adjacent(of, &last.1, &next.0) => {
                    *last = merged(last, &next);
                }
                _ => kept.push(next),
            }
        }
        Self::packed(of, &kept, arena)
    }

    /// The multirange of bounds that are in its form.
    fn packed(of: RangeType, ranges: &[Bounds<'_>], arena: &'a Arena) -> MultirangeRef<'a> {
        let mut bytes = Vec::with_capacity(24 * ranges.len() + 1);
        for bounds in ranges {
            push_bounds(&mut bytes, bounds);
        }
        bytes.push(EMPTY);
        for bounds in ranges {
            push_residue(&mut bytes, bounds);
        }
        MultirangeRef { bytes: arena.push_bytes(&bytes), of }
    }

    /// What it is over.
    pub fn of(&self) -> RangeType {
        self.of
    }

    /// Whether it has no ranges.
    pub fn is_empty(&self) -> bool {
        self.bytes[0] == EMPTY
    }

    /// The bounds of its ranges.
    pub fn bounds(&self) -> impl Iterator<Item = Bounds<'a>> + use<'a> {
        let (of, bytes) = (self.of, self.bytes);
        let (mut at, mut residue) = (0, ranges_end(of, bytes, 0) + 1);
        std::iter::from_fn(move || {
            if bytes[at] != BOUNDED {
                return None;
            }
            at += 1;
            Some(read_bounds(of, bytes, &mut at, &mut residue))
        })
    }

    /// Its ranges.
    pub fn ranges<'b>(&self, arena: &'b Arena) -> impl Iterator<Item = RangeRef<'b>> + use<'a, 'b> {
        let of = self.of;
        self.bounds().map(move |bounds| RangeRef::packed(of, &bounds, arena))
    }

    /// The lower bound of the first and the upper bound of the last; None if there are none.
    pub fn ends(&self) -> Option<Bounds<'a>> {
        let mut all = self.bounds();
        let first = all.next()?;
        Some((first.0, all.last().unwrap_or(first).1))
    }

    /// The bytes that its order goes by.
    pub(crate) fn order(&self) -> &'a [u8] {
        match self.of {
            RangeType::Num => &self.bytes[..=ranges_end(self.of, self.bytes, 0)],
            _ => self.bytes,
        }
    }

    /// Its packed form.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The multirange whose packed form begins at `*at` of a row; `*at` moves past it.
    pub(crate) fn read(row: &'a [u8], at: &mut usize, of: RangeType) -> Self {
        let start = *at;
        *at = Self::skip(row, start, of);
        MultirangeRef { bytes: &row[start..*at], of }
    }

    /// The position after the multirange that begins at `at`.
    pub(crate) fn skip(row: &[u8], at: usize, of: RangeType) -> usize {
        let end = ranges_end(of, row, at);
        residues_end(of, row, at, end, end + 1)
    }

    /// PostgreSQL's order of multiranges.
    pub fn compare(&self, other: &MultirangeRef<'_>) -> Ordering {
        self.order().cmp(other.order())
    }

    /// The multirange with the least representations of its bounds.
    pub fn canonical(&self, arena: &'a Arena) -> MultirangeRef<'a> {
        if self.of != RangeType::Num {
            return *self;
        }
        let canonical =
            |(lower, upper): Bounds<'a>| (lower.canonical(self.of, arena), upper.canonical(self.of, arena));
        Self::packed(self.of, &self.bounds().map(canonical).collect::<Vec<_>>(), arena)
    }

    /// The same multirange in another arena.
    pub fn copy_to<'b>(&self, arena: &'b Arena) -> MultirangeRef<'b> {
        MultirangeRef { bytes: arena.push_bytes(self.bytes), of: self.of }
    }

    /// `multirange @> element`
    pub fn contains_element(&self, value: Datum<'_>) -> bool {
        with_order(value, |order| self.bounds().any(|bounds| admits(&bounds, order)))
    }

    /// Whether one of its ranges has all values of another range.
    fn has(&self, range: &Bounds<'_>) -> bool {
        self.bounds().any(|own| contains(&own, range))
    }

    /// `multirange @> range`
    pub fn contains_range(&self, range: &RangeRef<'_>) -> bool {
        range.bounds().is_none_or(|bounds| self.has(&bounds))
    }

    /// `multirange @> multirange`
    pub fn contains(&self, other: &MultirangeRef<'_>) -> bool {
        let mut own = self.bounds().peekable();
        other.bounds().all(|range| {
            // What ends before the range begins has none of the next ones either.
            while own.next_if(|(_, upper)| upper.compare(&range.0).is_lt()).is_some() {}
            own.peek().is_some_and(|own| contains(own, &range))
        })
    }

    /// `&&`
    pub fn overlaps(&self, other: &MultirangeRef<'_>) -> bool {
        let (mut left, mut right) = (self.bounds().peekable(), other.bounds().peekable());
        while let (Some(one), Some(two)) = (left.peek(), right.peek()) {
            if overlap(one, two) {
                return true;
            }
            if one.1.compare(&two.1).is_lt() {
                left.next()
            } else {
                right.next()
            };
        }
        false
    }

    /// The values of both.
    pub fn union(&self, other: &MultirangeRef<'_>, arena: &'a Arena) -> MultirangeRef<'a> {
        Self::of_bounds(self.of, self.bounds().chain(other.bounds()).collect(), arena)
    }

    /// The values that both have.
    pub fn intersect(&self, other: &MultirangeRef<'_>, arena: &'a Arena) -> MultirangeRef<'a> {
        let (mut left, mut right) = (self.bounds().peekable(), other.bounds().peekable());
        let mut kept: Vec<Bounds<'_>> = Vec::new();
        while let (Some(one), Some(two)) = (left.peek(), right.peek()) {
            if overlap(one, two) {
                kept.push(common(one, two));
            }
            if one.1.compare(&two.1).is_lt() {
                left.next()
            } else {
                right.next()
            };
        }
        Self::of_bounds(self.of, kept, arena)
    }

    /// The values of the first that the second has not.
    pub fn minus(&self, other: &MultirangeRef<'_>, arena: &'a Arena) -> EvalResult<MultirangeRef<'a>> {
        let scratch = Arena::new();
        let mut kept: Vec<RangeRef<'_>> = Vec::new();
        let mut others = other.bounds().peekable();
        for (lower, upper) in self.bounds() {
            let mut rest = Some(lower);
            while let (Some(begin), Some((from, to))) = (rest, others.peek()) {
                if upper.compare(from).is_lt() {
                    break;
                }
                let is_within = upper.compare(to).is_le();
                if to.compare(&begin).is_ge() {
                    if begin.compare(from).is_lt() {
                        kept.push(RangeRef::new(self.of, begin, from.opposite(), &scratch)?);
                    }
                    rest = (!is_within).then(|| to.opposite());
                }
                if !is_within {
                    others.next();
                }
            }
            if let Some(begin) = rest {
                kept.push(RangeRef::new(self.of, begin, upper, &scratch)?);
            }
        }
        Ok(Self::new(self.of, kept, arena))
    }
}

impl<'a> RangeRef<'a> {
    /// The range from the first value of a multirange to the last: range_merge.
    pub fn around(of: &MultirangeRef<'_>, arena: &'a Arena) -> RangeRef<'a> {
        of.ends().map_or(RangeRef::empty(of.of()), |bounds| RangeRef::packed(of.of(), &bounds, arena))
    }

    /// The multirange of this range alone.
    pub fn alone(&self, arena: &'a Arena) -> MultirangeRef<'a> {
        MultirangeRef::new(self.of(), [*self], arena)
    }
}
