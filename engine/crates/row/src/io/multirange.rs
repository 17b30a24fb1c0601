//! Multiranges: multirange_in, multirange_out, multirange_recv, multirange_send.

use super::composed::{ended, int4, is_space, take};
use super::{FormatSettings, range};
use crate::range::MultirangeRef;
use crate::{Arena, EvalError, EvalResult};
use tidewire_plan::RangeType;

/// Where in the text of a multirange the reader is.
#[derive(Clone, Copy)]
enum Place {
    Before,
    Within { from: usize, quoted: bool },
    After,
}

/// multirange_in
pub(super) fn parse<'a>(
    of: RangeType,
    text: &str,
    settings: &FormatSettings,
    arena: &'a Arena,
) -> EvalResult<MultirangeRef<'a>> {
    let malformed = |detail: &str| {
        EvalError::new("22P02", format!("malformed multirange literal: \"{text}\"")).with_detail(detail)
    };
    let bytes = text.as_bytes();
    let mut at = bytes.iter().position(|byte| !is_space(*byte)).unwrap_or(bytes.len());
    if bytes.get(at) != Some(&b'{') {
        return Err(malformed("Missing left brace."));
    }
    let scratch = Arena::new();
    let mut ranges = Vec::new();
    let mut is_first = true;
    let mut place = Place::Before;
    loop {
        at += 1;
        let byte = *bytes.get(at).ok_or_else(|| malformed("Unexpected end of input."))?;
        if is_space(byte) {
            continue;
        }
        place = match place {
            Place::Before => match byte {
                b'[' | b'(' => Place::Within { from: at, quoted: false },
                b'}' if is_first => break,
                _ if range::begins_empty(&bytes[at..]) => {
                    is_first = false;
                    at += 4;
                    Place::After
                }
                _ => return Err(malformed("Expected range start.")),
            },
            Place::Within { from, quoted } => match byte {
                b']' | b')' if !quoted => {
                    is_first = false;
                    ranges.push(range::parse(of, &text[from..=at], settings, &scratch)?);
                    Place::After
                }
                b'"' if quoted && bytes.get(at + 1) == Some(&b'"') => {
                    at += 1;
                    place
                }
                b'"' => Place::Within { from, quoted: !quoted },
                b'\\' => {
                    // The next byte that is no space is what is escaped.
                    at += 1;
                    while bytes.get(at).copied().is_some_and(is_space) {
                        at += 1;
                    }
                    place
                }
                _ => place,
            },
            Place::After => match byte {
                b',' => Place::Before,
                b'}' => break,
                _ => return Err(malformed("Expected comma or end of multirange.")),
            },
        };
    }
    if !bytes[at + 1..].iter().copied().all(is_space) {
        return Err(malformed("Junk after closing right brace."));
    }
    Ok(MultirangeRef::new(of, ranges, arena))
}

/// multirange_out
pub(super) fn write(multirange: MultirangeRef<'_>, settings: &FormatSettings, out: &mut Vec<u8>) {
    out.push(b'{');
    for (index, bounds) in multirange.bounds().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        range::write_bounds(multirange.of(), &bounds, settings, out);
    }
    out.push(b'}');
}

/// multirange_send
pub(super) fn send(multirange: MultirangeRef<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(&(multirange.bounds().count() as i32).to_be_bytes());
    for bounds in multirange.bounds() {
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        range::send_bounds(multirange.of(), &bounds, out);
        let length = (out.len() - start - 4) as i32;
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }
}

/// multirange_recv
pub(super) fn receive<'a>(of: RangeType, bytes: &[u8], arena: &'a Arena) -> EvalResult<MultirangeRef<'a>> {
    let mut rest = bytes;
    let count = int4(&mut rest)? as u32;
    let scratch = Arena::new();
    let mut ranges = Vec::new();
    for _ in 0..count {
        let length = int4(&mut rest)?;
        ranges.push(range::receive(of, take(&mut rest, length)?, &scratch)?);
    }
    ended(rest)?;
    Ok(MultirangeRef::new(of, ranges, arena))
}
