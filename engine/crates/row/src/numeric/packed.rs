//! Order-preserving bytes of a numeric.
//!
//! The first byte is the class: 0x01 -Infinity, 0x80 zero, 0xfe Infinity, 0xff NaN; between, for a positive value
//! `0.d1d2d3… · 10^e` with d1 ≠ 0, the exponent: 0x82 + 20 + e for e in -20..=80, else 0x81 (smaller) or 0xe7 (larger)
//! and e + 2^31 in four bytes. Then the digits in pairs, each pair + 1, trailing zeros left out, and 0x00. A negative
//! value has all those bytes inverted. Residue: the display scale, one byte below 128, else two.

use super::integer::{Int, small_digits};
use super::{BigNumeric, Numeric};
use crate::Arena;
use num_bigint::BigUint;

const NEG_INFINITY: u8 = 0x01;
const ZERO: u8 = 0x80;
const INFINITY: u8 = 0xfe;
const NAN: u8 = 0xff;
const FAR_SMALL: u8 = 0x81;
const NEAR: u8 = 0x82;
const FAR_LARGE: u8 = 0xe7;
const NEAR_MIN: i32 = -20;
const NEAR_MAX: i32 = 80;

/// Appends the order bytes.
pub fn push_order(out: &mut Vec<u8>, value: Numeric<'_>) {
    match value {
        Numeric::Small(mantissa, scale) => {
            let mantissa = mantissa.0;
            if mantissa == 0 {
                out.push(ZERO);
                return;
            }
            let mut buffer = [0u8; 39];
            let digits = small_digits(mantissa.unsigned_abs(), &mut buffer);
            push_digits(out, mantissa < 0, digits, digits.len() as i32 - scale as i32);
        }
        Numeric::Big(BigNumeric { limbs, negative, scale }) => {
            let digits = BigUint::from_slice(limbs).to_radix_be(10);
            push_digits(out, negative, &digits, digits.len() as i32 - scale as i32);
        }
        Numeric::NaN => out.push(NAN),
        Numeric::Infinity => out.push(INFINITY),
        Numeric::NegInfinity => out.push(NEG_INFINITY),
    }
}

/// Appends the residue: the display scale of a finite value.
#[inline]
pub fn push_scale(out: &mut Vec<u8>, value: Numeric<'_>) {
    if !value.is_finite() {
        return;
    }
    let scale = value.scale();
    if scale < 0x80 {
        out.push(scale as u8);
    } else {
        out.extend_from_slice(&[0x80 | (scale >> 8) as u8, scale as u8]);
    }
}

fn push_digits(out: &mut Vec<u8>, negative: bool, digits: &[u8], exponent: i32) {
    let significant = digits.iter().rposition(|digit| *digit != 0).map_or(0, |last| last + 1);
    let start = out.len();
    out.reserve(significant / 2 + 8);
    if exponent < NEAR_MIN {
        out.push(FAR_SMALL);
        out.extend_from_slice(&(exponent as u32 ^ 0x8000_0000).to_be_bytes());
    } else if exponent <= NEAR_MAX {
        out.push((NEAR as i32 + exponent - NEAR_MIN) as u8);
    } else {
        out.push(FAR_LARGE);
        out.extend_from_slice(&(exponent as u32 ^ 0x8000_0000).to_be_bytes());
    }
    for pair in digits[..significant].chunks(2) {
        out.push(pair[0] * 10 + pair.get(1).copied().unwrap_or(0) + 1);
    }
    out.push(0);
    if negative {
        for byte in &mut out[start..] {
            *byte = !*byte;
        }
    }
}

/// Whether a display scale follows these class bytes.
#[inline]
pub(crate) fn has_scale(class: u8) -> bool {
    !matches!(class, NEG_INFINITY | INFINITY | NAN)
}

/// The position after the order bytes at `at`.
#[inline]
pub fn skip_order(bytes: &[u8], at: usize) -> usize {
    let class = bytes[at];
    let negative = class < ZERO;
    match if negative { !class } else { class } {
        // Zero's inverse is 0x7f, which is never written.
        ZERO | INFINITY | NAN => at + 1,
        first => {
            let digits = at + if first == FAR_SMALL || first == FAR_LARGE { 5 } else { 1 };
            let terminator = if negative { 0xff } else { 0 };
            digits + memchr::memchr(terminator, &bytes[digits..]).expect("numeric is terminated") + 1
        }
    }
}

/// Reads a display scale.
#[inline]
pub(crate) fn read_scale(bytes: &[u8], at: &mut usize) -> u16 {
    let first = bytes[*at];
    if first < 0x80 {
        *at += 1;
        first as u16
    } else {
        let scale = ((first & 0x7f) as u16) << 8 | bytes[*at + 1] as u16;
        *at += 2;
        scale
    }
}

/// The position after the order bytes and residue at `at`.
#[inline]
pub fn skip(bytes: &[u8], at: usize) -> usize {
    let mut end = skip_order(bytes, at);
    if has_scale(bytes[at]) {
        read_scale(bytes, &mut end);
    }
    end
}

/// Reads order bytes and residue.
#[inline]
pub fn read<'a>(bytes: &[u8], at: &mut usize, arena: &'a Arena) -> Numeric<'a> {
    let start = *at;
    let end = skip_order(bytes, start);
    *at = end;
    match bytes[start] {
        NEG_INFINITY => Numeric::NegInfinity,
        INFINITY => Numeric::Infinity,
        NAN => Numeric::NaN,
        _ => {
            let scale = read_scale(bytes, at);
            read_finite(&bytes[start..end], scale, arena)
        }
    }
}

/// The finite value of order bytes and a display scale that holds all its digits.
pub(crate) fn read_finite<'a>(order: &[u8], scale: u16, arena: &'a Arena) -> Numeric<'a> {
    let class = order[0];
    if class == ZERO {
        return Numeric::from_parts(0, scale);
    }
    let negative = class < ZERO;
    let flip = if negative { 0xff } else { 0 };
    let first = class ^ flip;
    let (exponent, digits) = if first == FAR_SMALL || first == FAR_LARGE {
        let bytes: [u8; 4] = [order[1] ^ flip, order[2] ^ flip, order[3] ^ flip, order[4] ^ flip];
        ((u32::from_be_bytes(bytes) ^ 0x8000_0000) as i32, &order[5..order.len() - 1])
    } else {
        (first as i32 - NEAR as i32 + NEAR_MIN, &order[1..order.len() - 1])
    };
    // Digits that the mantissa has: exponent before the point and `scale` after it.
    let wanted = exponent + scale as i32;
    let present = 2 * digits.len() as i32;
    if wanted <= 18 && present <= 18 {
        let mut mantissa = 0u64;
        for byte in digits {
            mantissa = mantissa * 100 + ((byte ^ flip) - 1) as u64;
        }
        let mantissa = if wanted >= present {
            mantissa * 10u64.pow((wanted - present) as u32)
        } else {
            // The last pair was filled up with a zero.
            mantissa / 10u64.pow((present - wanted) as u32)
        } as i128;
        return Numeric::from_parts(if negative { -mantissa } else { mantissa }, scale);
    }
    let mut plain = Vec::with_capacity(wanted.max(present) as usize);
    for byte in digits {
        let pair = (byte ^ flip) - 1;
        plain.extend_from_slice(&[pair / 10, pair % 10]);
    }
    plain.resize(wanted.max(0) as usize, 0);
    Int::from_digits(negative, &plain).place(scale, arena)
}
