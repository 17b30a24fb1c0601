//! Reading packed rows: all columns, one column, or only where columns begin.

use crate::encode::{TAG_VALUE, float32_from_bits, float64_from_bits};
use crate::{
    Arena, ArrayRef, Bits, Datum, EnumValue, Inet, Interval, JsonbRef, RecordRef, ScalarType, numeric,
};
use crate::{MultirangeRef, RangeRef};

#[inline(always)]
fn take<const N: usize>(row: &[u8], at: &mut usize) -> [u8; N] {
    let end = *at + N;
    let bytes: [u8; N] = row[*at..end].try_into().unwrap();
    *at = end;
    bytes
}

#[inline(always)]
fn take_i32(row: &[u8], at: &mut usize) -> i32 {
    (u32::from_be_bytes(take(row, at)) ^ 0x8000_0000) as i32
}

#[inline(always)]
fn take_i64(row: &[u8], at: &mut usize) -> i64 {
    (u64::from_be_bytes(take(row, at)) ^ 0x8000_0000_0000_0000) as i64
}

#[inline(always)]
fn take_text<'a>(row: &'a [u8], at: &mut usize) -> &'a str {
    let start = *at;
    let end = start + memchr::memchr(0, &row[start..]).expect("text is terminated");
    *at = end + 1;
    // SAFETY: only `push_datum` writes text columns, and it writes whole strings.
    unsafe { std::str::from_utf8_unchecked(&row[start..end]) }
}

/// End of an escaped byte string: the position after its terminator, and whether it holds escapes.
#[inline]
pub(crate) fn escaped_end(row: &[u8], start: usize) -> (usize, bool) {
    let mut at = start;
    let mut escaped = false;
    loop {
        let zero = at + memchr::memchr(0, &row[at..]).expect("bytea is terminated");
        if row[zero + 1] == 0 {
            return (zero + 2, escaped);
        }
        escaped = true;
        at = zero + 2;
    }
}

/// An escaped byte string as it was.
fn take_escaped<'a>(row: &'a [u8], at: &mut usize, arena: &'a Arena) -> &'a [u8] {
    let start = *at;
    let (end, escaped) = escaped_end(row, start);
    *at = end;
    let body = &row[start..end - 2];
    if !escaped {
        return body;
    }
    let mut plain = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(zero) = memchr::memchr(0, rest) {
        plain.extend_from_slice(&rest[..=zero]);
        rest = &rest[zero + 2..];
    }
    plain.extend_from_slice(rest);
    arena.push_bytes(plain)
}

/// Reads the column at `*at` and moves `*at` past it.
#[inline]
pub fn read_column<'a>(row: &'a [u8], at: &mut usize, scalar: ScalarType, arena: &'a Arena) -> Datum<'a> {
    let tag = row[*at];
    *at += 1;
    if tag != TAG_VALUE {
        return Datum::Null;
    }
    match scalar {
        ScalarType::Int8 => Datum::Int64(take_i64(row, at)),
        ScalarType::Int4 => Datum::Int32(take_i32(row, at)),
        ScalarType::Text
        | ScalarType::Varchar
        | ScalarType::Bpchar
        | ScalarType::Name
        | ScalarType::Char
        | ScalarType::Jsonpath => Datum::Text(take_text(row, at)),
        ScalarType::Json => Datum::Json(take_text(row, at)),
        ScalarType::Enum(of) => Datum::Enum(EnumValue::new(u64::from_be_bytes(take(row, at)), of)),
        ScalarType::Timestamp => Datum::Timestamp(take_i64(row, at)),
        ScalarType::Timestamptz => Datum::Timestamptz(take_i64(row, at)),
        ScalarType::Float8 => Datum::Float64(float64_from_bits(u64::from_be_bytes(take(row, at)))),
        ScalarType::Date => Datum::Date(take_i32(row, at)),
        ScalarType::Bool => Datum::Bool(take::<1>(row, at)[0] != 0),
        ScalarType::Int2 => Datum::Int16((u16::from_be_bytes(take(row, at)) ^ 0x8000) as i16),
        ScalarType::Oid => Datum::Oid(u32::from_be_bytes(take(row, at))),
        ScalarType::Float4 => Datum::Float32(float32_from_bits(u32::from_be_bytes(take(row, at)))),
        ScalarType::Time => Datum::Time(take_i64(row, at)),
        ScalarType::Uuid => Datum::Uuid(take(row, at)),
        ScalarType::Inet | ScalarType::Cidr => Datum::Inet(Inet::read(row, at)),
        ScalarType::Macaddr => Datum::Macaddr(take(row, at)),
        ScalarType::Macaddr8 => Datum::Macaddr8(take(row, at)),
        ScalarType::Numeric => Datum::Numeric(numeric::packed::read(row, at, arena)),
        ScalarType::Interval => {
            let span: [u8; 10] = take(row, at);
            let months = take_i32(row, at);
            let days = take_i32(row, at);
            Datum::Interval(Interval::from_span_bytes(span, months, days))
        }
        ScalarType::Bytea => Datum::Bytea(take_escaped(row, at, arena)),
        ScalarType::Bit | ScalarType::Varbit => {
            let bytes = take_escaped(row, at, arena);
            let [last] = take(row, at);
            Datum::Bits(Bits::packed(bytes, last))
        }
        ScalarType::Jsonb => Datum::Jsonb(JsonbRef::read_packed(row, at)),
        ScalarType::Array(element) => Datum::Array(ArrayRef::read(row, at, element)),
        ScalarType::Record(of) => Datum::Record(RecordRef::read(row, at, of)),
        ScalarType::Range(of) => Datum::Range(RangeRef::read(row, at, of)),
        ScalarType::Multirange(of) => Datum::Multirange(MultirangeRef::read(row, at, of)),
    }
}

/// Decodes all columns of a row onto `out` (which is not cleared).
#[inline]
pub fn decode<'a>(row: &'a [u8], types: &[ScalarType], arena: &'a Arena, out: &mut Vec<Datum<'a>>) {
    let mut at = 0;
    out.reserve(types.len());
    for scalar in types {
        out.push(read_column(row, &mut at, *scalar, arena));
    }
}

/// Decodes one packed column (tag included), as cut out by [`column_bounds`].
#[inline]
pub fn decode_datum<'a>(column: &'a [u8], scalar: ScalarType, arena: &'a Arena) -> Datum<'a> {
    read_column(column, &mut 0, scalar, arena)
}

/// Decodes column `index` only; the columns before it are skipped.
#[inline]
pub fn decode_column<'a>(row: &'a [u8], types: &[ScalarType], index: usize, arena: &'a Arena) -> Datum<'a> {
    let mut at = skip_columns(row, 0, &types[..index]);
    read_column(row, &mut at, types[index], arena)
}

/// The position after the column at `at`.
#[inline]
pub fn skip_column(row: &[u8], at: usize, scalar: ScalarType) -> usize {
    if row[at] != TAG_VALUE {
        return at + 1;
    }
    let start = at + 1;
    match scalar {
        ScalarType::Bool => start + 1,
        ScalarType::Int2 => start + 2,
        ScalarType::Int4 | ScalarType::Float4 | ScalarType::Date | ScalarType::Oid => start + 4,
        ScalarType::Int8
        | ScalarType::Float8
        | ScalarType::Time
        | ScalarType::Timestamp
        | ScalarType::Timestamptz
        | ScalarType::Macaddr8
        | ScalarType::Enum(_) => start + 8,
        ScalarType::Macaddr => start + 6,
        ScalarType::Inet | ScalarType::Cidr => Inet::skip(row, start),
        ScalarType::Uuid => start + 16,
        ScalarType::Interval => start + 18,
        ScalarType::Text
        | ScalarType::Varchar
        | ScalarType::Bpchar
        | ScalarType::Name
        | ScalarType::Jsonpath
        | ScalarType::Char
        | ScalarType::Json => start + memchr::memchr(0, &row[start..]).expect("text is terminated") + 1,
        ScalarType::Bytea => escaped_end(row, start).0,
        ScalarType::Bit | ScalarType::Varbit => escaped_end(row, start).0 + 1,
        ScalarType::Numeric => numeric::packed::skip(row, start),
        ScalarType::Jsonb => JsonbRef::skip_packed(row, start),
        ScalarType::Array(element) => ArrayRef::skip(row, start, element),
        ScalarType::Record(of) => RecordRef::skip(row, start, of),
        ScalarType::Range(of) => RangeRef::skip(row, start, of),
        ScalarType::Multirange(of) => MultirangeRef::skip(row, start, of),
    }
}

/// The position after the columns of these types that begin at `at`.
#[inline]
pub fn skip_columns(row: &[u8], mut at: usize, types: &[ScalarType]) -> usize {
    for scalar in types {
        at = skip_column(row, at, *scalar);
    }
    at
}

/// Whether a packed row has a NULL.
pub fn has_null(row: &[u8], types: &[ScalarType]) -> bool {
    let mut at = 0;
    types.iter().any(|scalar| {
        let null = row[at] != TAG_VALUE;
        at = skip_column(row, at, *scalar);
        null
    })
}

/// Where columns begin: `offsets` becomes one entry a column and the row's length, so that column `i` is
/// `row[offsets[i]..offsets[i + 1]]`. Projection copies these ranges without decoding.
#[inline]
pub fn column_bounds(row: &[u8], types: &[ScalarType], offsets: &mut Vec<u32>) {
    offsets.clear();
    offsets.reserve(types.len() + 1);
    let mut at = 0;
    offsets.push(0);
    for scalar in types {
        at = skip_column(row, at, *scalar);
        offsets.push(at as u32);
    }
}
