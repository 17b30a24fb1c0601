//! inet and cidr.

use super::text::push_utf8;
use crate::context::Env;
use crate::registry::{Function, comparisons, fallible, total};
use tidewire_row::io::{write_abbreviated_cidr, write_host, write_inet, write_with_length};
use tidewire_row::network::Family;
use tidewire_row::{Datum, EvalError, EvalResult, Inet};

fn written<'a>(value: Inet, write: fn(Inet, &mut Vec<u8>), env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let mut bytes = Vec::new();
    write(value, &mut bytes);
    push_utf8(&bytes, env.arena)
}

/// How two bytes differ that whole bytes of the addresses differ in first, which is what comparing memory gives there.
fn compared(a: Inet, b: Inet) -> i32 {
    if a.family() != b.family() {
        return i32::from(a.family().code()) - i32::from(b.family().code());
    }
    let byte_difference = |count: usize| {
        let mut bytes = a.address()[..count].iter().zip(b.address());
        bytes.find(|(a, b)| a != b).map(|(a, b)| i32::from(*a) - i32::from(*b))
    };
    let shorter = a.bits().min(b.bits());
    if let Some(difference) = byte_difference(usize::from(shorter / 8)) {
        return difference;
    }
    if !a.agrees(&b, shorter) {
        return a.cmp(&b) as i32;
    }
    let bits = i32::from(a.bits()) - i32::from(b.bits());
    if bits != 0 { bits } else { byte_difference(a.address().len()).unwrap_or(0) }
}

fn version(value: Inet) -> i32 {
    match value.family() {
        Family::V4 => 4,
        Family::V6 => 6,
    }
}

fn whole(value: Inet, number: u128) -> Inet {
    Inet::new(value.family(), value.family().address_bits(), number)
}

/// -1 is the address's length.
fn with_length(value: Inet, length: i32) -> EvalResult<Inet> {
    let most = value.family().address_bits();
    match u8::try_from(length) {
        _ if length == -1 => Ok(value.with_bits(most)),
        Ok(bits) if bits <= most => Ok(value.with_bits(bits)),
        _ => Err(EvalError::new("22023", format!("invalid mask length: {length}"))),
    }
}

fn of_one_family(a: Inet, b: Inet, verb: &str) -> EvalResult<()> {
    if a.family() == b.family() {
        return Ok(());
    }
    Err(EvalError::new("22023", format!("cannot {verb} inet values of different sizes")))
}

fn combined(a: Inet, b: Inet, verb: &str, number: u128) -> EvalResult<Inet> {
    of_one_family(a, b, verb)?;
    Ok(Inet::new(a.family(), a.bits().max(b.bits()), number))
}

/// The least network that both are in.
fn merged(a: Inet, b: Inet) -> EvalResult<Inet> {
    if a.family() != b.family() {
        return Err(EvalError::new("22023", "cannot merge addresses from different families"));
    }
    Ok(a.with_bits(a.common_bits(&b)).network())
}

fn out_of_range() -> EvalError {
    EvalError::new("22003", "result is out of range")
}

/// How far the family's addresses are from the right of 128 bits.
fn shift(family: Family) -> u32 {
    128 - u32::from(family.address_bits())
}

fn plus(value: Inet, by: i64) -> EvalResult<Inet> {
    let (family, address) = (value.family(), value.number() >> shift(value.family()));
    let sum = address.checked_add_signed(i128::from(by)).filter(|sum| {
        let most = u128::MAX >> shift(family);
        *sum <= most
    });
    sum.map(|sum| value.with_number(sum << shift(family))).ok_or_else(out_of_range)
}

fn difference(a: Inet, b: Inet) -> EvalResult<i64> {
    of_one_family(a, b, "subtract")?;
    let number = |value: Inet| value.number() >> shift(value.family());
    // Modulo 2^128, as PostgreSQL subtracts byte by byte.
    i64::try_from(number(a).wrapping_sub(number(b)) as i128).map_err(|_| out_of_range())
}

fn is_within(a: Inet, b: Inet) -> bool {
    a.agrees(&b, b.bits())
}

pub(super) const FUNCTIONS: &[&[Function]] = &[
    &comparisons!("network_", Inet, Inet, |a, b| a.cmp(&b)),
    &[
        total!("network_cmp", (a: Inet, b: Inet) => compared(a, b)),
        total!("network_larger", (a: Inet, b: Inet) => a.max(b)),
        total!("network_smaller", (a: Inet, b: Inet) => a.min(b)),
        total!("network_sub", (a: Inet, b: Inet) => a.bits() > b.bits() && is_within(a, b)),
        total!("network_subeq", (a: Inet, b: Inet) => a.bits() >= b.bits() && is_within(a, b)),
        total!("network_sup", (a: Inet, b: Inet) => a.bits() < b.bits() && is_within(b, a)),
        total!("network_supeq", (a: Inet, b: Inet) => a.bits() <= b.bits() && is_within(b, a)),
        total!("network_overlap", (a: Inet, b: Inet) => a.agrees(&b, a.bits().min(b.bits()))),
        total!("inet_same_family", (a: Inet, b: Inet) => a.family() == b.family()),
        total!("network_family", (a: Inet) => version(a)),
        total!("network_masklen", (a: Inet) => i32::from(a.bits())),
        total!("network_network", (a: Inet) => a.network()),
        total!("inet_to_cidr", (a: Inet) => a.network()),
        total!("network_broadcast", (a: Inet) => a.with_number(a.number() | a.hostmask())),
        total!("network_netmask", (a: Inet) => whole(a, a.netmask())),
        total!("network_hostmask", (a: Inet) => whole(a, a.hostmask())),
        total!("inetnot", (a: Inet) => a.with_number(!a.number())),
        fallible!("inetand", (a: Inet, b: Inet) => combined(a, b, "AND", a.number() & b.number())),
        fallible!("inetor", (a: Inet, b: Inet) => combined(a, b, "OR", a.number() | b.number())),
        fallible!("inetpl", (a: Inet, by: Int64) => plus(a, by)),
        // The least number is its own opposite.
        fallible!("inetmi_int8", (a: Inet, by: Int64) => plus(a, by.wrapping_neg())),
        fallible!("inetmi", (a: Inet, b: Inet) => difference(a, b)),
        fallible!("inet_merge", (a: Inet, b: Inet) => merged(a, b)),
        fallible!("inet_set_masklen", (a: Inet, length: Int32) => with_length(a, length)),
        fallible!("cidr_set_masklen", (a: Inet, length: Int32) => with_length(a, length).map(Inet::network)),
        fallible!("network_host", (a: Inet), env => written(a, write_host, env)).total(),
        fallible!("network_show", (a: Inet), env => written(a, write_with_length, env)).total(),
        fallible!("inet_abbrev", (a: Inet), env => written(a, write_inet, env)).total(),
        fallible!("cidr_abbrev", (a: Inet), env => written(a, write_abbreviated_cidr, env)).total(),
    ],
];
