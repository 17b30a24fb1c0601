//! PostgreSQL's hash functions (Jenkins' lookup3): clients shard rows and name advisory locks by them, so that the numbers
//! are PostgreSQL's on little-endian machines.

use crate::registry::{Function, fallible, total};
use tidewire_plan::{RangeType, ScalarType};
use tidewire_row::{
    Arena, ArrayRef, Bound, Datum, EvalError, EvalResult, Inet, JsonbRef, JsonbValue, MultirangeRef, Numeric,
    RangeRef,
};

const fn start(length: u32) -> [u32; 3] {
    [0x9e37_79b9u32.wrapping_add(length).wrapping_add(3_923_095); 3]
}

fn mix([mut a, mut b, mut c]: [u32; 3]) -> [u32; 3] {
    a = a.wrapping_sub(c) ^ c.rotate_left(4);
    c = c.wrapping_add(b);
    b = b.wrapping_sub(a) ^ a.rotate_left(6);
    a = a.wrapping_add(c);
    c = c.wrapping_sub(b) ^ b.rotate_left(8);
    b = b.wrapping_add(a);
    a = a.wrapping_sub(c) ^ c.rotate_left(16);
    c = c.wrapping_add(b);
    b = b.wrapping_sub(a) ^ a.rotate_left(19);
    a = a.wrapping_add(c);
    c = c.wrapping_sub(b) ^ b.rotate_left(4);
    b = b.wrapping_add(a);
    [a, b, c]
}

/// Both halves of the 64 bits; the lower one is the hash of 32.
fn finish([mut a, mut b, mut c]: [u32; 3]) -> u64 {
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    c = (c ^ b).wrapping_sub(b.rotate_left(24));
    u64::from(b) << 32 | u64::from(c)
}

fn seeded(state: [u32; 3], seed: u64) -> [u32; 3] {
    let [a, b, c] = state;
    if seed == 0 { state } else { mix([a.wrapping_add((seed >> 32) as u32), b.wrapping_add(seed as u32), c]) }
}

fn bytes(value: &[u8], seed: u64) -> u64 {
    let mut state = seeded(start(value.len() as u32), seed);
    let word = |chunk: &[u8], at: usize| {
        let mut four = [0u8; 4];
        let part = chunk.get(at..).unwrap_or_default();
        let part = &part[..part.len().min(4)];
        four[..part.len()].copy_from_slice(part);
        u32::from_le_bytes(four)
    };
    let chunks = value.chunks_exact(12);
    let rest = chunks.remainder();
    for chunk in chunks {
        let [a, b, c] = state;
        state = mix([
            a.wrapping_add(word(chunk, 0)),
            b.wrapping_add(word(chunk, 4)),
            c.wrapping_add(word(chunk, 8)),
        ]);
    }
    let [a, b, c] = state;
    // The lowest byte of the last word is the length's.
    finish([a.wrapping_add(word(rest, 0)), b.wrapping_add(word(rest, 4)), c.wrapping_add(word(rest, 8) << 8)])
}

fn number(value: u32, seed: u64) -> u64 {
    let [a, b, c] = seeded(start(4), seed);
    finish([a.wrapping_add(value), b, c])
}

/// A bigint within the range of an integer hashes as that integer.
fn folded(value: i64) -> u32 {
    let high = (value >> 32) as u32;
    value as u32 ^ if value >= 0 { high } else { !high }
}

fn unpadded(text: &str) -> &[u8] {
    text.trim_end_matches(' ').as_bytes()
}

/// Zeros of both signs are one value, and so are all NaNs; a real hashes as the double that it is.
fn float(value: f64, seed: u64) -> u64 {
    match value {
        0.0 => seed,
        _ if value.is_nan() => bytes(&f64::NAN.to_le_bytes(), seed),
        _ => bytes(&value.to_le_bytes(), seed),
    }
}

fn wide(value: i64, seed: u64) -> u64 {
    number(folded(value), seed)
}

/// The groups of four digits, and the weight of the first: trailing zeros do not count.
fn numeric(value: Numeric<'_>, seed: u64) -> u64 {
    if !value.is_finite() {
        return seed;
    }
    if value.is_zero() {
        return seed.wrapping_sub(1);
    }
    let mut form = Vec::new();
    value.write_binary(&mut form);
    let weight = i16::from_be_bytes([form[2], form[3]]);
    let groups: Vec<u8> = form[8..].chunks_exact(2).flat_map(|group| [group[1], group[0]]).collect();
    bytes(&groups, seed) ^ weight as u64
}

/// Numbers beside each other, as PostgreSQL keeps an oidvector.
fn oids(vector: ArrayRef<'_>, arena: &Arena) -> Vec<u8> {
    let number = |element: Datum<'_>| if let Datum::Oid(oid) = element { oid } else { 0 };
    vector.elements(arena).flat_map(|element| number(element).to_le_bytes()).collect()
}

/// A "char" is a signed byte.
fn character(text: &str) -> u32 {
    text.as_bytes().first().map_or(0, |byte| *byte as i8 as i32 as u32)
}

/// An address as PostgreSQL keeps it: family, length of the network, bytes.
fn inet(value: Inet) -> Vec<u8> {
    [&[value.family().code(), value.bits()], value.address()].concat()
}

/// The hash of a value of this type that is not NULL: the lower half is that of 32 bits where the seed is zero.
fn value(value: Datum<'_>, of: ScalarType, seed: u64, arena: &Arena) -> EvalResult<u64> {
    Ok(match value {
        Datum::Bool(value) => number(value as u32, seed),
        Datum::Int16(value) => number(value as u32, seed),
        Datum::Int32(value) | Datum::Date(value) => number(value as u32, seed),
        Datum::Oid(value) => number(value, seed),
        Datum::Int64(value) | Datum::Time(value) | Datum::Timestamp(value) | Datum::Timestamptz(value) => {
            wide(value, seed)
        }
        Datum::Interval(value) => wide(value.span() as i64, seed),
        Datum::Float32(value) => float(value.into(), seed),
        Datum::Float64(value) => float(value, seed),
        Datum::Numeric(value) => numeric(value, seed),
        Datum::Text(value) if of == ScalarType::Bpchar => bytes(unpadded(value), seed),
        Datum::Text(value) if of == ScalarType::Char => number(character(value), seed),
        Datum::Text(value) if of != ScalarType::Jsonpath => bytes(value.as_bytes(), seed),
        Datum::Bytea(value) => bytes(value, seed),
        Datum::Uuid(value) => bytes(&value, seed),
        Datum::Inet(value) => bytes(&inet(value), seed),
        Datum::Macaddr(value) => bytes(&value, seed),
        Datum::Macaddr8(value) => bytes(&value, seed),
        Datum::Jsonb(value) => jsonb(value, seed, arena),
        Datum::Array(value) => array(value, seed, arena)?,
        Datum::Record(value) => value.fields(arena).try_fold(0, |hash, (of, field)| {
            Ok::<_, EvalError>(beside(hash, element(field, of, seed, arena)?))
        })?,
        Datum::Range(value) => range(value, seed, arena),
        Datum::Multirange(value) => multirange(value, seed, arena),
        Datum::Enum(_) => return Err(EvalError::new("0A000", "hashes of enum values are not supported")),
        _ => {
            let message = format!("could not identify a hash function for type {}", unhashable(of));
            return Err(EvalError::new("42883", message));
        }
    })
}

/// The types that PostgreSQL has no hash function of, as messages show them.
fn unhashable(of: ScalarType) -> &'static str {
    match of {
        ScalarType::Bit => "bit",
        ScalarType::Varbit => "bit varying",
        ScalarType::Jsonpath => "jsonpath",
        _ => "json",
    }
}

/// Of an element or a field, which may be NULL.
fn element(datum: Datum<'_>, of: ScalarType, seed: u64, arena: &Arena) -> EvalResult<u64> {
    if matches!(datum, Datum::Null) { Ok(0) } else { value(datum, of, seed, arena) }
}

/// One hash after those before it.
fn beside(before: u64, hash: u64) -> u64 {
    (before << 5).wrapping_sub(before).wrapping_add(hash)
}

fn array(array: ArrayRef<'_>, seed: u64, arena: &Arena) -> EvalResult<u64> {
    let of = *array.element();
    array.elements(arena).try_fold(1, |hash, datum| Ok(beside(hash, element(datum, of, seed, arena)?)))
}

/// Both halves of 64 bits, each by one.
fn rotated(hash: u64) -> u64 {
    hash << 1 & 0xffff_fffe_ffff_fffe | hash >> 31 & 0x1_0000_0001
}

/// PostgreSQL's flags of a range.
const EMPTY: u32 = 0x01;
const LOWER_INCLUSIVE: u32 = 0x02;
const UPPER_INCLUSIVE: u32 = 0x04;
const LOWER_INFINITE: u32 = 0x08;
const UPPER_INFINITE: u32 = 0x10;

fn bounds((lower, upper): &(Bound<'_>, Bound<'_>), of: RangeType, seed: u64, arena: &Arena) -> u64 {
    let flag = |is: bool, flag: u32| if is { flag } else { 0 };
    let flags = flag(lower.is_inclusive(), LOWER_INCLUSIVE)
        | flag(upper.is_inclusive(), UPPER_INCLUSIVE)
        | flag(lower.is_infinite(), LOWER_INFINITE)
        | flag(upper.is_infinite(), UPPER_INFINITE);
    // What ranges are over is hashed without errors.
    let bound = |bound: &Bound<'_>| match bound.datum(of, arena) {
        Datum::Int32(value) | Datum::Date(value) => number(value as u32, seed),
        Datum::Int64(value) | Datum::Timestamp(value) | Datum::Timestamptz(value) => wide(value, seed),
        Datum::Numeric(value) => numeric(value, seed),
        _ => 0,
    };
    rotated(number(flags, seed) ^ bound(lower)) ^ bound(upper)
}

fn range(range: RangeRef<'_>, seed: u64, arena: &Arena) -> u64 {
    match range.bounds() {
        None => rotated(number(EMPTY, seed)),
        Some(all) => bounds(&all, range.of(), seed, arena),
    }
}

fn multirange(multirange: MultirangeRef<'_>, seed: u64, arena: &Arena) -> u64 {
    multirange.bounds().fold(1, |hash, each| beside(hash, bounds(&each, multirange.of(), seed, arena)))
}

/// What PostgreSQL marks an array and an object with.
const ARRAY: u64 = 0x4000_0000_4000_0000;
const OBJECT: u64 = 0x2000_0000_2000_0000;

fn jsonb(value: JsonbRef<'_>, seed: u64, arena: &Arena) -> u64 {
    match value.value(arena) {
        JsonbValue::Array | JsonbValue::Object if value.is_empty() => seed,
        JsonbValue::Array | JsonbValue::Object => {
            let mut hash = 0;
            jsonb_within(value, &mut hash, seed, arena);
            hash
        }
        _ => {
            // PostgreSQL keeps a scalar as the element of an array.
            let mut hash = ARRAY;
            jsonb_within(value, &mut hash, seed, arena);
            hash
        }
    }
}

fn jsonb_within(value: JsonbRef<'_>, hash: &mut u64, seed: u64, arena: &Arena) {
    let scalar = match value.value(arena) {
        JsonbValue::Array => {
            *hash ^= ARRAY;
            value.elements().for_each(|element| jsonb_within(element, hash, seed, arena));
            return;
        }
        JsonbValue::Object => {
            *hash ^= OBJECT;
            for (key, field) in value.pairs() {
                *hash = rotated(*hash) ^ bytes(key.as_bytes(), seed);
                jsonb_within(field, hash, seed, arena);
            }
            return;
        }
        JsonbValue::Null => seed.wrapping_add(1),
        JsonbValue::Bool(value) if seed != 0 => number(value as u32, seed),
        JsonbValue::Bool(value) => {
            if value {
                2
            } else {
                4
            }
        }
        JsonbValue::Number(value) => numeric(value, seed),
        JsonbValue::String(value) => bytes(value.as_bytes(), seed),
    };
    *hash = rotated(*hash) ^ scalar;
}

pub(super) const FUNCTIONS: &[Function] = &[
    total!("hashtext", (a: Text) => bytes(a.as_bytes(), 0) as i32),
    total!("hashtextextended", (a: Text, seed: Int64) => bytes(a.as_bytes(), seed as u64) as i64),
    total!("hashbpchar", (a: Text) => bytes(unpadded(a), 0) as i32),
    total!("hashbpcharextended", (a: Text, seed: Int64) => bytes(unpadded(a), seed as u64) as i64),
    total!("hashname", (a: Text) => bytes(a.as_bytes(), 0) as i32),
    total!("hashnameextended", (a: Text, seed: Int64) => bytes(a.as_bytes(), seed as u64) as i64),
    total!("hashint2", (a: Int16) => number(a as u32, 0) as i32),
    total!("hashint2extended", (a: Int16, seed: Int64) => number(a as u32, seed as u64) as i64),
    total!("hashint4", (a: Int32) => number(a as u32, 0) as i32),
    total!("hashint4extended", (a: Int32, seed: Int64) => number(a as u32, seed as u64) as i64),
    total!("hashint8", (a: Int64) => number(folded(a), 0) as i32),
    total!("hashint8extended", (a: Int64, seed: Int64) => number(folded(a), seed as u64) as i64),
    total!("hashinet", (a: Inet) => bytes(&inet(a), 0) as i32),
    total!("hashinetextended", (a: Inet, seed: Int64) => bytes(&inet(a), seed as u64) as i64),
    total!("hashbool", (a: Bool) => number(a as u32, 0) as i32),
    total!("hashboolextended", (a: Bool, seed: Int64) => number(a as u32, seed as u64) as i64),
    total!("hashbytea", (a: Bytea) => bytes(a, 0) as i32),
    total!("hashbyteaextended", (a: Bytea, seed: Int64) => bytes(a, seed as u64) as i64),
    total!("hashchar", (a: Text) => number(character(a), 0) as i32),
    total!("hashcharextended", (a: Text, seed: Int64) => number(character(a), seed as u64) as i64),
    total!("hashdate", (a: Date) => number(a as u32, 0) as i32),
    total!("hashdateextended", (a: Date, seed: Int64) => number(a as u32, seed as u64) as i64),
    total!("time_hash", (a: Time) => wide(a, 0) as i32),
    total!("time_hash_extended", (a: Time, seed: Int64) => wide(a, seed as u64) as i64),
    total!("timestamp_hash", (a: Timestamp) => wide(a, 0) as i32),
    total!("timestamp_hash_extended", (a: Timestamp, seed: Int64) => wide(a, seed as u64) as i64),
    total!("timestamptz_hash", (a: Timestamptz) => wide(a, 0) as i32),
    total!("timestamptz_hash_extended", (a: Timestamptz, seed: Int64) => wide(a, seed as u64) as i64),
    total!("interval_hash", (a: Interval) => wide(a.span() as i64, 0) as i32),
    total!("interval_hash_extended", (a: Interval, seed: Int64) => wide(a.span() as i64, seed as u64) as i64),
    total!("hashfloat4", (a: Float32) => float(a.into(), 0) as i32),
    total!("hashfloat4extended", (a: Float32, seed: Int64) => float(a.into(), seed as u64) as i64),
    total!("hashfloat8", (a: Float64) => float(a, 0) as i32),
    total!("hashfloat8extended", (a: Float64, seed: Int64) => float(a, seed as u64) as i64),
    total!("hash_numeric", (a: Numeric) => numeric(a, 0) as i32),
    total!("hash_numeric_extended", (a: Numeric, seed: Int64) => numeric(a, seed as u64) as i64),
    total!("hashoid", (a: Oid) => number(a, 0) as i32),
    total!("hashoidextended", (a: Oid, seed: Int64) => number(a, seed as u64) as i64),
    total!("hashoidvector", (a: Array), env => bytes(&oids(a, env.arena), 0) as i32),
    total!("hashoidvectorextended", (a: Array, seed: Int64), env =>
        bytes(&oids(a, env.arena), seed as u64) as i64),
    total!("hashmacaddr", (a: Macaddr) => bytes(&a, 0) as i32),
    total!("hashmacaddrextended", (a: Macaddr, seed: Int64) => bytes(&a, seed as u64) as i64),
    total!("hashmacaddr8", (a: Macaddr8) => bytes(&a, 0) as i32),
    total!("hashmacaddr8extended", (a: Macaddr8, seed: Int64) => bytes(&a, seed as u64) as i64),
    total!("uuid_hash", (a: Uuid) => bytes(&a, 0) as i32),
    total!("uuid_hash_extended", (a: Uuid, seed: Int64) => bytes(&a, seed as u64) as i64),
    fallible!("hash_array", (a: Array), env => array(a, 0, env.arena).map(|hash| hash as i32)),
    fallible!("hash_array_extended", (a: Array, seed: Int64), env =>
        array(a, seed as u64, env.arena).map(|hash| hash as i64)),
    total!("hash_range", (a: Range), env => range(a, 0, env.arena) as i32),
    total!("hash_range_extended", (a: Range, seed: Int64), env => range(a, seed as u64, env.arena) as i64),
    total!("hash_multirange", (a: Multirange), env => multirange(a, 0, env.arena) as i32),
    total!("hash_multirange_extended", (a: Multirange, seed: Int64), env =>
        multirange(a, seed as u64, env.arena) as i64),
    total!("jsonb_hash", (a: Jsonb), env => jsonb(a, 0, env.arena) as i32),
    total!("jsonb_hash_extended", (a: Jsonb, seed: Int64), env => jsonb(a, seed as u64, env.arena) as i64),
];
