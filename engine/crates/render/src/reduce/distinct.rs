//! The groupings that only count: distinct keys, threshold, guard.

use super::group::{Grouping, Presence};
use crate::aggregate::codec::{Reader, put_int};
use tidewire_row::EvalError;

/// Each key with a positive count, once.
pub struct Distinct;

impl Grouping for Distinct {
    type State = i64;
    fn add(&mut self, count: &mut i64, _value: &[u8], diff: i64) {
        *count = count.wrapping_add(diff);
    }
    fn is_empty(&self, count: &i64) -> bool {
        *count == 0
    }
    fn encode(&self, count: &i64, out: &mut Vec<u8>) {
        put_int(out, *count);
    }
    fn decode(&self, bytes: &[u8]) -> i64 {
        Reader::new(bytes).int()
    }
    fn present(&mut self, count: &i64, _out: &mut Vec<u8>) -> Presence {
        if *count > 0 { Presence::Row(1) } else { Presence::Absent }
    }
}

/// Each key with a positive count, that often.
pub struct Threshold;

impl Grouping for Threshold {
    type State = i64;
    fn add(&mut self, count: &mut i64, _value: &[u8], diff: i64) {
        *count = count.wrapping_add(diff);
    }
    fn is_empty(&self, count: &i64) -> bool {
        *count == 0
    }
    fn encode(&self, count: &i64, out: &mut Vec<u8>) {
        put_int(out, *count);
    }
    fn decode(&self, bytes: &[u8]) -> i64 {
        Reader::new(bytes).int()
    }
    fn present(&mut self, count: &i64, _out: &mut Vec<u8>) -> Presence {
        if *count > 0 { Presence::Row(*count) } else { Presence::Absent }
    }
}

/// An error for each key with a count above one; no rows.
pub struct AtMostOne {
    error: Vec<u8>,
}

impl AtMostOne {
    /// The error to raise.
    pub fn new(error: &EvalError) -> Self {
        AtMostOne { error: error.to_row().as_bytes().to_vec() }
    }
}

impl Grouping for AtMostOne {
    type State = i64;
    fn add(&mut self, count: &mut i64, _value: &[u8], diff: i64) {
        *count = count.wrapping_add(diff);
    }
    fn is_empty(&self, count: &i64) -> bool {
        *count == 0
    }
    fn encode(&self, count: &i64, out: &mut Vec<u8>) {
        put_int(out, *count);
    }
    fn decode(&self, bytes: &[u8]) -> i64 {
        Reader::new(bytes).int()
    }
    fn present(&mut self, count: &i64, out: &mut Vec<u8>) -> Presence {
        if *count > 1 {
            out.extend_from_slice(&self.error);
            Presence::Error
        } else {
            Presence::Absent
        }
    }
}
