//! Where consecutive ranges end.

use crate::reclaim::reclaim;
use std::ops::Range;

/// To free so many numbers is left to whoever frees what is large.
const LARGE: usize = 1 << 18;

/// The ends of consecutive ranges that begin at 0. Ranges of one length, the usual case for keys of fixed width and for
/// one value a key, take no room.
#[derive(Clone, Debug)]
pub struct Offsets(Form);

#[derive(Clone, Debug)]
enum Form {
    /// `count` ranges of `length` each.
    Even {
        length: usize,
        count: usize,
    },
    Narrow(Vec<u32>),
    Wide(Vec<u64>),
}

impl Default for Offsets {
    fn default() -> Self {
        Offsets(Form::Even { length: 0, count: 0 })
    }
}

impl Offsets {
    /// Number of ranges.
    #[inline]
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Even { count, .. } => *count,
            Form::Narrow(ends) => ends.len(),
            Form::Wide(ends) => ends.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the last range ends.
    #[inline]
    pub fn end(&self) -> usize {
        match &self.0 {
            Form::Even { length, count } => length * count,
            Form::Narrow(ends) => ends.last().map_or(0, |end| *end as usize),
            Form::Wide(ends) => ends.last().map_or(0, |end| *end as usize),
        }
    }

    /// A range's start and end.
    #[inline]
    pub fn range(&self, index: usize) -> (usize, usize) {
        match &self.0 {
            Form::Even { length, count } => {
                debug_assert!(index < *count);
                (index * length, (index + 1) * length)
            }
            Form::Narrow(ends) => {
                (if index == 0 { 0 } else { ends[index - 1] as usize }, ends[index] as usize)
            }
            Form::Wide(ends) => (if index == 0 { 0 } else { ends[index - 1] as usize }, ends[index] as usize),
        }
    }

    /// Appends a range by its end, which is not before the last one's.
    #[inline]
    pub fn push(&mut self, end: usize) {
        match &mut self.0 {
            Form::Even { length, count } => {
                if *count == 0 {
                    *length = end;
                }
                if end == *length * (*count + 1) {
                    *count += 1;
                } else {
                    self.push_uneven(end);
                }
            }
            Form::Narrow(ends) => match u32::try_from(end) {
                Ok(end) => ends.push(end),
                Err(_) => self.push_uneven(end),
            },
            Form::Wide(ends) => ends.push(end as u64),
        }
    }

    /// Appends other ranges, as long as they are there.
    pub(crate) fn extend(&mut self, other: &Offsets, ranges: Range<usize>) {
        if let (Form::Even { length, count }, Form::Even { length: more, .. }) = (&mut self.0, &other.0)
            && (length == more || *count == 0)
        {
            *length = *more;
            *count += ranges.len();
            return;
        }
        let base = self.end();
        let start = if ranges.is_empty() { 0 } else { other.range(ranges.start).0 };
        if let (Form::Narrow(ends), Form::Narrow(more)) = (&mut self.0, &other.0) {
            let more = &more[ranges.clone()];
            if more.last().is_none_or(|end| base + *end as usize - start <= u32::MAX as usize) {
                ends.extend(more.iter().map(|end| (base + *end as usize - start) as u32));
                return;
            }
        }
        for index in ranges {
            self.push(base + other.range(index).1 - start);
        }
    }

    /// The length of all ranges, if it is one.
    #[inline]
    pub(crate) fn even(&self) -> Option<usize> {
        match self.0 {
            Form::Even { length, .. } => Some(length),
            Form::Narrow(_) | Form::Wide(_) => None,
        }
    }

    /// Whether every range is of length 1.
    pub(crate) fn is_unit(&self) -> bool {
        matches!(self.0, Form::Even { length: 1, .. })
    }

    /// The next form, with the range.
    #[cold]
    fn push_uneven(&mut self, end: usize) {
        let ends = (0..self.len()).map(|index| self.range(index).1);
        self.0 = if end <= u32::MAX as usize {
            Form::Narrow(ends.chain([end]).map(|end| end as u32).collect())
        } else {
            Form::Wide(ends.chain([end]).map(|end| end as u64).collect())
        };
    }

    /// Forgets all ranges; to be called before it is dropped.
    pub(crate) fn drop_aside(&mut self) {
        if self.even().is_none() && self.len() >= LARGE {
            reclaim(std::mem::take(self));
        }
    }

    /// Gives back what was reserved and not used.
    pub fn shrink(&mut self) {
        match &mut self.0 {
            Form::Even { .. } => {}
            Form::Narrow(ends) => ends.shrink_to_fit(),
            Form::Wide(ends) => ends.shrink_to_fit(),
        }
    }
}

/// A column of numbers. One that repeats takes no room.
#[derive(Clone, Debug)]
pub enum Column<T> {
    /// So many of one number.
    Same(T, usize),
    /// Any.
    Each(Vec<T>),
}

impl<T: Copy + PartialEq + Default> Default for Column<T> {
    fn default() -> Self {
        Column::Same(T::default(), 0)
    }
}

impl<T: Copy + PartialEq + Default + Send + 'static> Column<T> {
    /// Forgets all numbers; to be called before it is dropped.
    pub(crate) fn drop_aside(&mut self) {
        if matches!(self, Column::Each(values) if values.len() >= LARGE) {
            reclaim(std::mem::take(self));
        }
    }

    /// How many.
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Column::Same(_, count) => *count,
            Column::Each(values) => values.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number at `index`.
    #[inline]
    pub fn get(&self, index: usize) -> T {
        match self {
            Column::Same(value, _) => *value,
            Column::Each(values) => values[index],
        }
    }

    /// Of how many numbers something holds.
    pub(crate) fn count(&self, holds: impl Fn(T) -> bool) -> usize {
        match self {
            Column::Same(value, count) => {
                if holds(*value) {
                    *count
                } else {
                    0
                }
            }
            Column::Each(values) => values.iter().filter(|value| holds(**value)).count(),
        }
    }

    /// Appends a number.
    #[inline]
    pub fn push(&mut self, value: T) {
        match self {
            Column::Same(same, count) if *same == value || *count == 0 => {
                *same = value;
                *count += 1;
            }
            Column::Same(same, count) => {
                let mut values = Vec::with_capacity((*count + 1).next_power_of_two());
                values.resize(*count, *same);
                values.push(value);
                *self = Column::Each(values);
            }
            Column::Each(values) => values.push(value),
        }
    }

    /// Appends what `map` makes of other numbers.
    pub(crate) fn extend(&mut self, other: &Column<T>, range: Range<usize>, map: impl Fn(T) -> T) {
        match (&mut *self, other) {
            (Column::Same(same, count), Column::Same(more, _)) if *same == map(*more) || *count == 0 => {
                *same = map(*more);
                *count += range.len();
            }
            (Column::Each(values), other) => values.extend(range.map(|index| map(other.get(index)))),
            (Column::Same(..), other) => range.for_each(|index| self.push(map(other.get(index)))),
        }
    }

    /// Gives back what was reserved and not used.
    pub fn shrink(&mut self) {
        if let Column::Each(values) = self {
            values.shrink_to_fit();
        }
    }
}
