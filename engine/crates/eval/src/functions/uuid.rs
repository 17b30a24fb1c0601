//! uuid.

use crate::registry::{Function, comparisons, fallible, total};
use tidewire_row::{Datum, EvalError, EvalResult};

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

fn random() -> EvalResult<[u8; 16]> {
    let mut bytes = [0u8; 16];
    let read = std::fs::File::open("/dev/urandom")
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut bytes));
    read.map_err(|error| EvalError::new("XX000", format!("could not generate random values: {error}")))?;
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    Ok(bytes)
}

pub(super) const FUNCTIONS: &[&[Function]] = &[
    &comparisons!("uuid_", Uuid, Uuid, |a, b| a.cmp(&b)),
    &[
        total!("uuid_extract_version", (a: Uuid) => is_rfc9562(&a).then(|| (a[6] >> 4) as i16)),
        total!("uuid_extract_timestamp", (a: Uuid) => timestamp(&a).map(Datum::Timestamptz)),
        fallible!("gen_random_uuid", () => random().map(Datum::Uuid)).volatile(),
    ],
];
