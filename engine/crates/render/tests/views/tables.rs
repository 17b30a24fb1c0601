//! The rows of the two tables, as values and packed.

use crate::support::*;
use std::collections::BTreeMap;
use tidewire_row::{Arena, Datum, FormatSettings, Row, push_datum, push_null, text_in};

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct R {
    pub k: Option<i32>,
    pub v: Option<i32>,
    pub n: Option<&'static str>,
    pub f: Option<f64>,
}

pub const NUMERICS: [&str; 7] = ["1", "1.0", "1.50", "-2.25000", "1e30", "NaN", "0.000001"];
pub const FLOATS: [f64; 6] = [1e16, 1.0, -1e16, 0.5, -0.0, 3.25];

pub fn number<'a>(text: &str, arena: &'a Arena) -> Datum<'a> {
    text_in(Numeric, -1, text, &FormatSettings::default(), arena).expect("a numeric")
}

pub fn opt<'a, T>(value: Option<T>, datum: impl Fn(T) -> Datum<'a>) -> Datum<'a> {
    value.map_or(Datum::Null, datum)
}

impl R {
    pub fn pack(&self) -> Vec<u8> {
        let arena = Arena::new();
        let mut out = Vec::new();
        push_datum(&mut out, opt(self.k, Datum::Int32));
        push_datum(&mut out, opt(self.v, Datum::Int32));
        match self.n {
            Some(text) => push_datum(&mut out, number(text, &arena)),
            None => push_null(&mut out),
        }
        push_datum(&mut out, opt(self.f, Datum::Float64));
        out
    }
}

pub type Tables = [Vec<R>; 2];

pub fn pack(values: &[Datum<'_>]) -> Vec<u8> {
    Row::pack(values).as_bytes().to_vec()
}

pub fn bag(rows: impl IntoIterator<Item = Vec<u8>>) -> Bag {
    let mut bag = Bag::new();
    for row in rows {
        *bag.entry(row).or_default() += 1;
    }
    bag
}

pub fn groups(rows: &[R]) -> BTreeMap<Option<i32>, Vec<R>> {
    let mut groups: BTreeMap<Option<i32>, Vec<R>> = BTreeMap::new();
    for row in rows {
        groups.entry(row.k).or_default().push(*row);
    }
    groups
}

/// Ascending with NULL last.
pub fn null_last(value: Option<i32>) -> (bool, Option<i32>) {
    (value.is_none(), value)
}

pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % below
    }

    pub fn row(&mut self) -> R {
        let small = |value: u64, null: u64| (value != null).then_some(value as i32);
        R {
            k: small(self.next(5), 4),
            v: small(self.next(8), 7),
            n: NUMERICS.get(self.next(9) as usize).copied(),
            f: FLOATS.get(self.next(7) as usize).copied(),
        }
    }
}
