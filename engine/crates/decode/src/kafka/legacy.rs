//! Messages of the formats before batches, 0 and 1 (<https://kafka.apache.org/documentation/#messageset>): each stands for itself,
//! and one that is compressed has others in it.

use super::batch::{ChunkPlace, corrupt, int, long};
use super::compression::{Compression, decompress_into};
use super::record::{Headers, Message};
use tidewire_row::EvalResult;

/// Bytes of a message without key and value in the older format.
pub(super) const LEAST: usize = 26;
/// Where a message's own bytes begin behind offset and length.
const BODY: usize = 12;

/// A message in its bytes.
struct Legacy<'a> {
    offset: i64,
    /// -1 in format 0.
    timestamp: i64,
    magic: u8,
    attributes: i16,
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
}

/// Takes the first message off some bytes.
fn take<'a>(bytes: &mut &'a [u8]) -> Option<Legacy<'a>> {
    if bytes.len() < LEAST {
        return None;
    }
    let (body, rest) = bytes[BODY..].split_at_checked(usize::try_from(int(bytes, 8)).ok()?)?;
    let (offset, magic, attributes) = (long(bytes, 0), *body.get(4)?, i16::from(*body.get(5)?));
    let (timestamp, mut parts) = match magic {
        0 => (-1, body.get(6..)?),
        _ => (long(body.get(6..14)?, 0), body.get(14..)?),
    };
    let mut part = || -> Option<Option<&'a [u8]>> {
        let (length, behind) = parts.split_first_chunk::<4>()?;
        parts = behind;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else { return Some(None) };
        let (part, behind) = parts.split_at_checked(length)?;
        parts = behind;
        Some(Some(part))
    };
    let (key, value) = (part()?, part()?);
    *bytes = rest;
    Some(Legacy { offset, timestamp, magic, attributes, key, value })
}

/// Calls for a message, or for those in it.
pub(super) fn records(
    bytes: &[u8],
    place: ChunkPlace,
    content: &mut Vec<u8>,
    each: &mut impl FnMut(&Message),
) -> EvalResult<()> {
    let cut = || corrupt(long(bytes, 0), "the message is cut");
    let outer = take(&mut &bytes[..]).ok_or_else(cut)?;
    let mut give = |message: &Legacy, offset: i64, timestamp: i64| {
        let (key, value, headers) = (message.key, message.value, Headers::default());
        if offset >= place.from {
            each(&Message { offset, timestamp, place, key, value, headers });
        }
    };
    let Some(compression) = Compression::of(outer.attributes)? else {
        give(&outer, outer.offset, outer.timestamp);
        return Ok(());
    };
    decompress_into(compression, outer.value.unwrap_or_default(), content)
        .map_err(|error| corrupt(outer.offset, &error))?;
    let mut inner = Vec::new();
    let mut rest = &content[..];
    while !rest.is_empty() {
        inner.push(take(&mut rest).ok_or_else(cut)?);
    }
    // In format 1 offsets count from the first within; the outer one is the last's. With bit 3 its time is the broker's, and all
    // have it.
    let last = inner.last().map_or(0, |message| message.offset);
    let base = if outer.magic == 0 { 0 } else { outer.offset.saturating_sub(last) };
    for message in &inner {
        let timestamp = if outer.attributes & 8 != 0 { outer.timestamp } else { message.timestamp };
        give(message, base.saturating_add(message.offset), timestamp);
    }
    Ok(())
}
