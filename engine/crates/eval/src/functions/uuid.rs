//! uuid.

use super::datetime::timestamptz_plus;
use crate::context::{EPOCH_SHIFT_MICROS, Env};
use crate::registry::{Function, comparisons, fallible, total};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use tidewire_row::{Datum, EvalError, EvalResult, Interval};

/// Microseconds from 1582-10-15, where version 1 counts from, to 2000-01-01.
const GREGORIAN_TO_2000_MICROS: i64 = (122_192_928_000_000_000 / 10) + 946_684_800_000_000;

fn is_rfc9562(uuid: &[u8; 16]) -> bool {
    uuid[8] & 0xc0 == 0x80
}

fn timestamp(uuid: &[u8; 16]) -> Option<i64> {
    if !is_rfc9562(uuid) {
        return None;
    }
    match uuid[6] >> 4 {
        1 => {
            let low = u32::from_be_bytes([uuid[0], uuid[1], uuid[2], uuid[3]]) as i64;
            let middle = u16::from_be_bytes([uuid[4], uuid[5]]) as i64;
            let high = (u16::from_be_bytes([uuid[6], uuid[7]]) & 0x0fff) as i64;
            Some((high << 48 | middle << 32 | low) / 10 - GREGORIAN_TO_2000_MICROS)
        }
        7 => {
            let mut wide = [0u8; 8];
            wide[2..].copy_from_slice(&uuid[..6]);
            Some(i64::from_be_bytes(wide) * 1000 - 946_684_800_000_000)
        }
        _ => None,
    }
}

/// The system's random bytes.
pub(super) fn random_bytes<const COUNT: usize>() -> EvalResult<[u8; COUNT]> {
    let mut bytes = [0u8; COUNT];
    fill_randomly(&mut bytes)?;
    Ok(bytes)
}

fn fill_randomly(bytes: &mut [u8]) -> EvalResult<()> {
    let read =
        std::fs::File::open("/dev/urandom").and_then(|mut file| std::io::Read::read_exact(&mut file, bytes));
    read.map_err(|error| EvalError::new("XX000", format!("could not generate random values: {error}")))
}

/// pgcrypto's.
fn random_bytes_of(count: i32) -> EvalResult<Vec<u8>> {
    if !(1..=1024).contains(&count) {
        return Err(EvalError::new("39000", "Length not in range"));
    }
    let mut bytes = vec![0; count as usize];
    fill_randomly(&mut bytes)?;
    Ok(bytes)
}

fn of_version(mut bytes: [u8; 16], version: u8) -> [u8; 16] {
    bytes[6] = (bytes[6] & 0x0f) | version << 4;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    bytes
}

/// The step by which a time is later than the one before at least: the 12 bits behind the milliseconds.
const LEAST_STEP_NANOS: u64 = 1_000_000 / (1 << 12) + 1;

/// Nanoseconds since 1970, later at each call.
fn ascending_time() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
    let next = |last: u64| now.max(last + LEAST_STEP_NANOS);
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
    next(last.unwrap_or(0))
}

/// Version 7: milliseconds since 1970, and their 4096ths from the nanoseconds behind them.
fn timed(millis: u64, rest: u64) -> EvalResult<[u8; 16]> {
    let mut bytes = random_bytes::<16>()?;
    bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    bytes[6..8].copy_from_slice(&((rest.wrapping_mul(4096) / 1_000_000) as u16).to_be_bytes());
    Ok(of_version(bytes, 7))
}

/// As if it was made at another time.
fn shifted(by: Interval, env: &Env<'_>) -> EvalResult<[u8; 16]> {
    let nanos = ascending_time();
    let now = (nanos / 1000) as i64 - EPOCH_SHIFT_MICROS;
    let then = timestamptz_plus(now, by, &env.settings().time_zone)?;
    let micros = then.wrapping_add(EPOCH_SHIFT_MICROS);
    // PostgreSQL's own arithmetic: a time that 48 bits of milliseconds do not hold wraps.
    let nanos = micros % 1000 * 1000 + (nanos % 1000) as i64;
    timed((micros / 1000) as u64, nanos as u64)
}

pub(super) const FUNCTIONS: &[&[Function]] = &[
    &comparisons!("uuid_", Uuid, Uuid, |a, b| a.cmp(&b)),
    &[
        total!("uuid_extract_version", (a: Uuid) => is_rfc9562(&a).then(|| (a[6] >> 4) as i16)),
        total!("uuid_extract_timestamp", (a: Uuid) => timestamp(&a).map(Datum::Timestamptz)),
        fallible!("gen_random_uuid", () => random_bytes().map(|bytes| Datum::Uuid(of_version(bytes, 4))))
            .volatile(),
        fallible!("tw_random_bytes", (count: Int32), env =>
            random_bytes_of(count).map(|bytes| env.arena.push_bytes(bytes)))
        .volatile(),
        fallible!("uuidv7", () => {
            let nanos = ascending_time();
            timed(nanos / 1_000_000, nanos % 1_000_000).map(Datum::Uuid)
        })
        .volatile(),
        fallible!("uuidv7_interval", (by: Interval), env => shifted(by, env).map(Datum::Uuid)).volatile(),
    ],
];
