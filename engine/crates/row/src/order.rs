//! Order-only bytes of a value, for sort keys.

use crate::encode::{float32_bits, float64_bits, push_datum, push_terminated};
use crate::{Datum, ScalarType, numeric};

/// Appends bytes whose order is SQL's order of the values under the sort key; values that are equal by the type's
/// equality have equal bytes. The bytes end themselves, so keys of several columns can be concatenated.
pub fn encode_order(
    out: &mut Vec<u8>,
    scalar: ScalarType,
    datum: Datum<'_>,
    descending: bool,
    nulls_first: bool,
) {
    if matches!(datum, Datum::Null) {
        out.push(if nulls_first { 0x00 } else { 0x02 });
        return;
    }
    let start = out.len();
    match datum {
        Datum::Float32(value) => {
            out.push(0x01);
            out.extend_from_slice(&float32_bits(value + 0.0).to_be_bytes());
        }
        Datum::Float64(value) => {
            out.push(0x01);
            out.extend_from_slice(&float64_bits(value + 0.0).to_be_bytes());
        }
        Datum::Numeric(value) => {
            out.push(0x01);
            numeric::packed::push_order(out, value);
        }
        Datum::Interval(value) => {
            out.push(0x01);
            out.extend_from_slice(&value.span_bytes());
        }
        Datum::Jsonb(value) => {
            out.push(0x01);
            value.push_order(out);
        }
        Datum::Array(value) => {
            out.push(0x01);
            value.push_order(out);
        }
        Datum::Record(value) => {
            out.push(0x01);
            value.push_order(out);
        }
        Datum::Range(value) => {
            out.push(0x01);
            out.extend_from_slice(value.order());
        }
        Datum::Multirange(value) => {
            out.push(0x01);
            out.extend_from_slice(value.order());
        }
        Datum::Text(value) if scalar == ScalarType::Bpchar => {
            out.push(0x01);
            push_terminated(out, value.trim_end_matches(' '));
        }
        other => push_datum(out, other),
    }
    if descending {
        for byte in &mut out[start + 1..] {
            *byte = !*byte;
        }
    }
}
