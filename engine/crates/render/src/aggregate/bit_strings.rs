//! bit_and, bit_or and bit_xor of bit strings.

use super::codec::{Reader, put_int};
use std::collections::BTreeMap;
use tidewire_plan::AggregateFunction;
use tidewire_row::{Arena, Bits, Datum, EvalError, EvalResult};

/// Values of one length: how many there are, and how many have each bit.
#[derive(Clone, Debug, Default, PartialEq)]
struct Counts {
    values: i64,
    with: Vec<i64>,
}

/// The values by their lengths: while there is more than one length, there is an error.
#[derive(Clone, Debug, Default)]
pub struct BitStrings(BTreeMap<u32, Counts>);

impl BitStrings {
    /// Adds a value `diff` times.
    pub fn add(&mut self, value: Bits<'_>, diff: i64) {
        let length = value.length();
        let counts = self.0.entry(length).or_default();
        counts.with.resize(length as usize, 0);
        counts.values = counts.values.wrapping_add(diff);
        for (bit, with) in value.iter().zip(&mut counts.with) {
            if bit {
                *with = with.wrapping_add(diff);
            }
        }
        if counts.values == 0 && counts.with.iter().all(|with| *with == 0) {
            self.0.remove(&length);
        }
    }

    /// The value; NULL of none.
    pub fn value<'a>(&self, function: AggregateFunction, arena: &'a Arena) -> EvalResult<Datum<'a>> {
        let mut lengths = self.0.values();
        let Some(counts) = lengths.next() else { return Ok(Datum::Null) };
        let is_set = |with: &i64| match function {
            AggregateFunction::BitAnd => *with == counts.values,
            AggregateFunction::BitOr => *with != 0,
            _ => with & 1 == 1,
        };
        if lengths.next().is_none() {
            return Ok(Datum::Bits(Bits::collect(counts.with.iter().map(is_set), arena)));
        }
        let verb = match function {
            AggregateFunction::BitAnd => "AND",
            AggregateFunction::BitOr => "OR",
            _ => "XOR",
        };
        Err(EvalError::new("22026", format!("cannot {verb} bit strings of different sizes")))
    }

    /// Appends the state as bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        put_int(out, self.0.len() as i64);
        for (length, counts) in &self.0 {
            put_int(out, i64::from(*length));
            put_int(out, counts.values);
            counts.with.iter().for_each(|with| put_int(out, *with));
        }
    }

    /// The state that was encoded.
    pub fn decode(reader: &mut Reader<'_>) -> Self {
        let lengths = reader.int();
        let of_length = |reader: &mut Reader<'_>| {
            let length = reader.int() as u32;
            let values = reader.int();
            (length, Counts { values, with: (0..length).map(|_| reader.int()).collect() })
        };
        BitStrings((0..lengths).map(|_| of_length(reader)).collect())
    }
}
