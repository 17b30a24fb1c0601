//! Where PostgreSQL's own representation of a value has its parts: `.keyvalue()` of jsonpath shows that.

use super::{JsonbRef, JsonbValue};
use crate::{Arena, Numeric};
use std::collections::HashMap;

/// How deep containers are followed: far deeper than documents go, far from a thread's stack.
const MOST_LEVELS: usize = 1_000;

/// How many bytes behind the start of a value PostgreSQL has each of its containers.
#[derive(Debug)]
pub struct PostgresOffsets {
    base: *const u8,
    /// By where the container begins here.
    offsets: HashMap<usize, i64>,
}

impl PostgresOffsets {
    /// Those of a value's containers.
    pub fn of(base: JsonbRef<'_>) -> Self {
        let mut places = PostgresOffsets { base: base.bytes.as_ptr(), offsets: HashMap::new() };
        places.add(base, 0, &Arena::new(), 0);
        places
    }

    /// Whether they are those of this value.
    pub fn are_of(&self, base: JsonbRef<'_>) -> bool {
        std::ptr::eq(self.base, base.bytes.as_ptr())
    }

    /// The offset of a container; None of what is no part of the value.
    pub fn get(&self, container: JsonbRef<'_>) -> Option<i64> {
        self.offsets.get(&(container.bytes.as_ptr() as usize)).copied()
    }

    /// Adds the containers of a value that begins at `at`; gives where it ends.
    fn add<'a>(&mut self, value: JsonbRef<'a>, at: i64, scratch: &'a Arena, level: usize) -> i64 {
        if !value.is_array() && !value.is_object() {
            return match value.value(scratch) {
                JsonbValue::String(text) => at + text.len() as i64,
                JsonbValue::Number(number) => aligned(at) + numeric_size(number),
                _ => at,
            };
        }
        let start = aligned(at);
        self.offsets.insert(value.bytes.as_ptr() as usize, start);
        if level == MOST_LEVELS {
            return start;
        }
        // A word for the count, one for each key and value; then all keys.
        let entries = value.len() as i64 * if value.is_object() { 2 } else { 1 };
        let keys: i64 = value.pairs().map(|(key, _)| key.len() as i64).sum();
        let children = value.elements().chain(value.pairs().map(|(_, child)| child));
        children.fold(start + 4 + 4 * entries + keys, |end, child| self.add(child, end, scratch, level + 1))
    }
}

/// Containers and numbers begin at multiples of 4 bytes.
fn aligned(at: i64) -> i64 {
    (at + 3) & !3
}

/// A length, a header of 2 or 4 bytes, and digits of base 10000.
fn numeric_size(value: Numeric<'_>) -> i64 {
    let mut binary = Vec::new();
    value.write_binary(&mut binary);
    let word = |at: usize| i16::from_be_bytes([binary[at], binary[at + 1]]);
    let (digits, weight, scale) = (word(0) as i64, word(2), word(6));
    let is_short = scale <= 63 && (-64..=63).contains(&weight);
    4 + if is_short { 2 } else { 4 } + 2 * digits
}
