//! bit and bit varying.

use crate::registry::{Function, comparisons, fallible, total};
use tidewire_row::bits::MAX_BITS;
use tidewire_row::io::{bits_of_other_length, bits_too_long_for_type};
use tidewire_row::{Arena, Bits, EvalError, EvalResult};

/// How the first bytes that differ do, which is what comparing memory gives; else the shorter one first.
fn compared(a: Bits<'_>, b: Bits<'_>) -> i32 {
    let mut bytes = a.bytes().iter().zip(b.bytes());
    match bytes.find(|(a, b)| a != b) {
        Some((a, b)) => i32::from(*a) - i32::from(*b),
        None => a.length().cmp(&b.length()) as i32,
    }
}

fn combined<'a>(
    a: Bits<'a>,
    b: Bits<'a>,
    verb: &str,
    operator: fn(u8, u8) -> u8,
    arena: &'a Arena,
) -> EvalResult<Bits<'a>> {
    if a.length() != b.length() {
        return Err(EvalError::new("22026", format!("cannot {verb} bit strings of different sizes")));
    }
    let bytes = a.bytes().iter().zip(b.bytes()).map(|(a, b)| operator(*a, *b)).collect();
    Ok(Bits::new(a.length(), bytes, arena))
}

/// To the left by so many bits, or to the right if there are fewer than none; the length stays.
fn shifted<'a>(value: Bits<'a>, by: i64, arena: &'a Arena) -> Bits<'a> {
    let length = value.length();
    let distance = by.unsigned_abs().min(u64::from(length)) as u32;
    if by >= 0 {
        return value.slice(distance, length, arena).resized(length, arena);
    }
    let zeros = Bits::new(distance, Vec::new(), arena);
    let kept = value.slice(0, length - distance, arena);
    // No longer than it was.
    zeros.concatenated(kept, arena).unwrap_or(value)
}

/// An integer's lowest bits; where more are asked for, its sign before them.
fn from_integer(value: i64, length: i32, arena: &Arena) -> Bits<'_> {
    let length = if (1..=MAX_BITS).contains(&length) { length as u32 } else { 1 };
    Bits::collect((0..length).rev().map(|bit| value >> bit.min(63) & 1 == 1), arena)
}

fn to_integer(value: Bits<'_>, most_bits: u32, type_name: &str) -> EvalResult<u64> {
    if value.length() > most_bits {
        return Err(EvalError::out_of_range(type_name));
    }
    Ok(value.iter().fold(0, |number, bit| number << 1 | u64::from(bit)))
}

fn with_length<'a>(value: Bits<'a>, length: i32, explicit: bool, arena: &'a Arena) -> EvalResult<Bits<'a>> {
    if !(1..=MAX_BITS).contains(&length) || length as u32 == value.length() {
        return Ok(value);
    }
    if !explicit {
        return Err(bits_of_other_length(value.length(), length as u32));
    }
    Ok(value.resized(length as u32, arena))
}

fn with_most<'a>(value: Bits<'a>, length: i32, explicit: bool, arena: &'a Arena) -> EvalResult<Bits<'a>> {
    if length <= 0 || length as u32 >= value.length() {
        return Ok(value);
    }
    if !explicit {
        return Err(bits_too_long_for_type(length as u32));
    }
    Ok(value.resized(length as u32, arena))
}

fn negative_length() -> EvalError {
    EvalError::new("22011", "negative substring length not allowed")
}

/// From a position, counted from 1, so many bits, or all.
fn substring<'a>(
    value: Bits<'a>,
    position: i32,
    count: Option<i32>,
    arena: &'a Arena,
) -> EvalResult<Bits<'a>> {
    let length = i64::from(value.length());
    let end = match count {
        Some(count) if count < 0 => return Err(negative_length()),
        Some(count) => (i64::from(position) + i64::from(count)).min(length + 1),
        None => length + 1,
    };
    let start = i64::from(position).max(1);
    if start > length || end <= start {
        return Ok(Bits::new(0, Vec::new(), arena));
    }
    Ok(value.slice((start - 1) as u32, (end - 1) as u32, arena))
}

fn overlay<'a>(
    value: Bits<'a>,
    new: Bits<'a>,
    position: i32,
    count: i32,
    arena: &'a Arena,
) -> EvalResult<Bits<'a>> {
    if position <= 0 {
        return Err(negative_length());
    }
    let behind = position.checked_add(count).ok_or_else(|| EvalError::out_of_range("integer"))?;
    let before = substring(value, 1, Some(position - 1), arena)?;
    let after = substring(value, behind, None, arena)?;
    before.concatenated(new, arena)?.concatenated(after, arena)
}

/// Where one stands in the other, counted from 1; 0: nowhere.
fn position<'a>(value: Bits<'a>, part: Bits<'a>) -> i32 {
    if value.length() == 0 || part.length() > value.length() {
        return 0;
    }
    let fits = |at: u32| (0..part.length()).all(|index| value.get(at + index) == part.get(index));
    (0..=value.length() - part.length()).find(|at| fits(*at)).map_or(0, |at| at as i32 + 1)
}

fn checked_index(value: Bits<'_>, index: i32) -> EvalResult<u32> {
    u32::try_from(index).ok().filter(|index| *index < value.length()).ok_or_else(|| {
        let last = i64::from(value.length()) - 1;
        EvalError::new("2202E", format!("bit index {index} out of valid range (0..{last})"))
    })
}

fn with_bit<'a>(value: Bits<'a>, index: i32, bit: i32, arena: &'a Arena) -> EvalResult<Bits<'a>> {
    let index = checked_index(value, index)?;
    if bit != 0 && bit != 1 {
        return Err(EvalError::new("22023", "new bit must be 0 or 1"));
    }
    let mut bytes = value.bytes().to_vec();
    let mask = 0x80 >> (index % 8);
    let byte = &mut bytes[index as usize / 8];
    *byte = if bit == 1 { *byte | mask } else { *byte & !mask };
    Ok(Bits::new(value.length(), bytes, arena))
}

fn set_count(value: Bits<'_>) -> i64 {
    value.bytes().iter().map(|byte| i64::from(byte.count_ones())).sum()
}

fn inverted<'a>(value: Bits<'a>, arena: &'a Arena) -> Bits<'a> {
    Bits::new(value.length(), value.bytes().iter().map(|byte| !byte).collect(), arena)
}

pub(super) const FUNCTIONS: &[&[Function]] = &[
    &comparisons!("bit", Bits, Bits, |a, b| a.cmp(&b)),
    &[
        total!("bitcmp", (a: Bits, b: Bits) => compared(a, b)),
        total!("bitnot", (a: Bits), env => inverted(a, env.arena)),
        fallible!("bit_and", (a: Bits, b: Bits), env => combined(a, b, "AND", |a, b| a & b, env.arena)),
        fallible!("bit_or", (a: Bits, b: Bits), env => combined(a, b, "OR", |a, b| a | b, env.arena)),
        fallible!("bitxor", (a: Bits, b: Bits), env => combined(a, b, "XOR", |a, b| a ^ b, env.arena)),
        fallible!("bitcat", (a: Bits, b: Bits), env => a.concatenated(b, env.arena)),
        total!("bitshiftleft", (a: Bits, by: Int32), env => shifted(a, i64::from(by), env.arena)),
        total!("bitshiftright", (a: Bits, by: Int32), env => shifted(a, -i64::from(by), env.arena)),
        total!("bit_bit_count", (a: Bits) => set_count(a)),
        total!("bitlength", (a: Bits) => a.length() as i32),
        total!("bitoctetlength", (a: Bits) => a.bytes().len() as i32),
        total!("bitposition", (a: Bits, part: Bits) => position(a, part)),
        fallible!("bitsubstr", (a: Bits, from: Int32, count: Int32), env =>
            substring(a, from, Some(count), env.arena)),
        fallible!("bitsubstr_no_len", (a: Bits, from: Int32), env => substring(a, from, None, env.arena))
            .total(),
        fallible!("bitoverlay", (a: Bits, new: Bits, from: Int32, count: Int32), env =>
            overlay(a, new, from, count, env.arena)),
        fallible!("bitoverlay_no_len", (a: Bits, new: Bits, from: Int32), env =>
            overlay(a, new, from, new.length() as i32, env.arena)),
        fallible!("bitgetbit", (a: Bits, index: Int32) =>
            checked_index(a, index).map(|index| i32::from(a.get(index)))),
        fallible!("bitsetbit", (a: Bits, index: Int32, bit: Int32), env => with_bit(a, index, bit, env.arena)),
        // Casts.
        fallible!("bit", (a: Bits, length: Int32, explicit: Bool), env =>
            with_length(a, length, explicit, env.arena)),
        fallible!("varbit", (a: Bits, length: Int32, explicit: Bool), env =>
            with_most(a, length, explicit, env.arena)),
        total!("bitfromint4", (a: Int32, length: Int32), env => from_integer(i64::from(a), length, env.arena)),
        total!("bitfromint8", (a: Int64, length: Int32), env => from_integer(a, length, env.arena)),
        fallible!("bittoint4", (a: Bits) => to_integer(a, 32, "integer").map(|number| number as i32)),
        fallible!("bittoint8", (a: Bits) => to_integer(a, 64, "bigint").map(|number| number as i64)),
    ],
];
