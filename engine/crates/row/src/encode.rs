//! The packed row.
//!
//! A row is the concatenation of its columns; decoding needs their types. A column is a tag byte (0x01 value, 0x02
//! NULL, so that NULL sorts last), then bytes whose order is the type's, then the residue that display needs:
//!
//! | type | order bytes | residue |
//! |---|---|---|
//! | bool | one byte | |
//! | int2, int4, int8, date, time, timestamp, timestamptz | big-endian, sign bit flipped | |
//! | oid | big-endian | |
//! | float4, float8 | IEEE total order; one NaN, greatest; -0 just below +0 | |
//! | numeric | see [`crate::numeric::packed`] | display scale |
//! | text, varchar, bpchar, name, "char", json | bytes, NUL | |
//! | bytea | bytes with 0x00 as 0x00 0xff, then 0x00 0x00 | |
//! | bit, bit varying | bytes as bytea's, then the number of bits in the last | |
//! | interval | span in µs, 10 bytes big-endian, offset | months, days |
//! | uuid, macaddr, macaddr8 | 16, 6, 8 bytes | |
//! | inet, cidr | see [`crate::network`] | |
//! | jsonb | see [`crate::jsonb`] | display scales of its numbers |
//! | enums | place of the label, 8 bytes big-endian | |
//! | ranges, multiranges | see [`crate::range`] | display scales of numeric bounds |
//! | arrays | see [`crate::array`]; of elements with residue their order bytes, escaped | the elements |
//! | records | see [`crate::record`]; of fields with residue their order bytes, escaped | the fields |
//!
//! So equal bytes mean identical values. Where SQL's equality is wider (or its order ignores something, as bpchar's
//! ignores trailing blanks), use [`crate::canonical`] and [`crate::encode_order`].

use crate::Datum;
use crate::numeric;

/// Tag of a value.
pub const TAG_VALUE: u8 = 0x01;
/// Tag of NULL.
pub const TAG_NULL: u8 = 0x02;

/// Appends NULL.
#[inline]
pub fn push_null(out: &mut Vec<u8>) {
    out.push(TAG_NULL);
}

#[inline(always)]
fn push_fixed<const N: usize>(out: &mut Vec<u8>, bytes: [u8; N]) {
    // One reservation and two plain stores for tag and value.
    out.reserve(N + 1);
    out.push(TAG_VALUE);
    out.extend_from_slice(&bytes);
}

/// The order bytes of a float8; all NaNs become one.
#[inline(always)]
pub(crate) fn float64_bits(value: f64) -> u64 {
    let bits = if value.is_nan() { 0x7ff8_0000_0000_0000 } else { value.to_bits() };
    // Negative: all bits inverted; else the sign bit set.
    bits ^ (((bits as i64 >> 63) as u64) | 0x8000_0000_0000_0000)
}

#[inline(always)]
pub(crate) fn float64_from_bits(ordered: u64) -> f64 {
    let mask = if ordered >> 63 == 1 { 0x8000_0000_0000_0000 } else { u64::MAX };
    f64::from_bits(ordered ^ mask)
}

/// The order bytes of a float4; all NaNs become one.
#[inline(always)]
pub(crate) fn float32_bits(value: f32) -> u32 {
    let bits = if value.is_nan() { 0x7fc0_0000 } else { value.to_bits() };
    bits ^ (((bits as i32 >> 31) as u32) | 0x8000_0000)
}

#[inline(always)]
pub(crate) fn float32_from_bits(ordered: u32) -> f32 {
    let mask = if ordered >> 31 == 1 { 0x8000_0000 } else { u32::MAX };
    f32::from_bits(ordered ^ mask)
}

#[inline(always)]
pub(crate) fn int64_bits(value: i64) -> u64 {
    value as u64 ^ 0x8000_0000_0000_0000
}

#[inline(always)]
pub(crate) fn int32_bits(value: i32) -> u32 {
    value as u32 ^ 0x8000_0000
}

/// Appends bytes in the escaped, terminated form of bytea.
pub(crate) fn push_escaped(out: &mut Vec<u8>, mut bytes: &[u8]) {
    while let Some(zero) = memchr::memchr(0, bytes) {
        out.extend_from_slice(&bytes[..=zero]);
        out.push(0xff);
        bytes = &bytes[zero + 1..];
    }
    out.extend_from_slice(bytes);
    out.extend_from_slice(&[0, 0]);
}

/// Appends text and its NUL. PostgreSQL's text holds no NUL; one that slipped in ends the text, so that the row
/// stays well formed.
#[inline]
pub(crate) fn push_terminated(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    debug_assert!(end == bytes.len(), "text with NUL");
    out.reserve(end + 1);
    out.extend_from_slice(&bytes[..end]);
    out.push(0);
}

/// Appends a text that is known to have no NUL.
#[inline]
pub fn push_text(out: &mut Vec<u8>, text: &str) {
    debug_assert!(!text.as_bytes().contains(&0), "text with NUL");
    out.reserve(text.len() + 2);
    out.push(TAG_VALUE);
    out.extend_from_slice(text.as_bytes());
    out.push(0);
}

/// Appends a bigint.
#[inline]
pub fn push_int64(out: &mut Vec<u8>, value: i64) {
    push_fixed(out, int64_bits(value).to_be_bytes());
}

/// Appends a value.
#[inline]
pub fn push_datum(out: &mut Vec<u8>, datum: Datum<'_>) {
    match datum {
        Datum::Null => out.push(TAG_NULL),
        Datum::Bool(value) => push_fixed(out, [value as u8]),
        Datum::Int16(value) => push_fixed(out, (value as u16 ^ 0x8000).to_be_bytes()),
        Datum::Int32(value) | Datum::Date(value) => push_fixed(out, int32_bits(value).to_be_bytes()),
        Datum::Int64(value) | Datum::Time(value) | Datum::Timestamp(value) | Datum::Timestamptz(value) => {
            push_fixed(out, int64_bits(value).to_be_bytes())
        }
        Datum::Oid(value) => push_fixed(out, value.to_be_bytes()),
        Datum::Enum(value) => push_fixed(out, value.place().to_be_bytes()),
        Datum::Float32(value) => push_fixed(out, float32_bits(value).to_be_bytes()),
        Datum::Float64(value) => push_fixed(out, float64_bits(value).to_be_bytes()),
        Datum::Text(value) | Datum::Json(value) => {
            out.push(TAG_VALUE);
            push_terminated(out, value);
        }
        Datum::Uuid(value) => push_fixed(out, value),
        Datum::Macaddr(value) => push_fixed(out, value),
        Datum::Macaddr8(value) => push_fixed(out, value),
        Datum::Inet(value) => {
            out.push(TAG_VALUE);
            value.push(out);
        }
        Datum::Bytea(value) => {
            out.push(TAG_VALUE);
            push_escaped(out, value);
        }
        Datum::Bits(value) => {
            out.push(TAG_VALUE);
            value.push(out);
        }
        Datum::Numeric(value) => {
            out.push(TAG_VALUE);
            numeric::packed::push_order(out, value);
            numeric::packed::push_scale(out, value);
        }
        Datum::Interval(value) => {
            out.push(TAG_VALUE);
            out.extend_from_slice(&value.span_bytes());
            out.extend_from_slice(&int32_bits(value.months).to_be_bytes());
            out.extend_from_slice(&int32_bits(value.days).to_be_bytes());
        }
        Datum::Jsonb(value) => {
            out.push(TAG_VALUE);
            value.push_order(out);
            out.extend_from_slice(value.scales());
        }
        Datum::Array(value) => {
            out.push(TAG_VALUE);
            value.push(out);
        }
        Datum::Record(value) => {
            out.push(TAG_VALUE);
            value.push(out);
        }
        Datum::Range(value) => {
            out.push(TAG_VALUE);
            out.extend_from_slice(value.bytes());
        }
        Datum::Multirange(value) => {
            out.push(TAG_VALUE);
            out.extend_from_slice(value.bytes());
        }
    }
}
