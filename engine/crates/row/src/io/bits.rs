//! bit and bit varying

use crate::bits::{Bits, MAX_BITS, byte_count, too_long};
use crate::{Arena, EvalError, EvalResult};

/// What a type modifier allows.
fn check_length(length: u32, typmod: i32, varying: bool) -> EvalResult<()> {
    match u32::try_from(typmod) {
        Ok(most) if varying && most > 0 && length > most => Err(too_long_for_type(most)),
        Ok(wanted) if !varying && wanted > 0 && length != wanted => Err(other_length(length, wanted)),
        _ => Ok(()),
    }
}

/// 22001 of bit varying.
#[cold]
pub fn too_long_for_type(most: u32) -> EvalError {
    EvalError::new("22001", format!("bit string too long for type bit varying({most})"))
}

/// 22026 of bit.
#[cold]
pub fn other_length(length: u32, wanted: u32) -> EvalError {
    EvalError::new("22026", format!("bit string length {length} does not match type bit({wanted})"))
}

/// `bit_in`, `varbit_in`: binary digits, hexadecimal ones behind an x.
pub(super) fn parse<'a>(text: &str, typmod: i32, varying: bool, arena: &'a Arena) -> EvalResult<Bits<'a>> {
    let (digits, is_hexadecimal) = match text.as_bytes().first() {
        Some(b'b' | b'B') => (&text[1..], false),
        Some(b'x' | b'X') => (&text[1..], true),
        _ => (text, false),
    };
    let width = if is_hexadecimal { 4 } else { 1 };
    if digits.len() > MAX_BITS as usize / width {
        return Err(too_long());
    }
    check_length((digits.len() * width) as u32, typmod, varying)?;
    let (radix, base) = if is_hexadecimal { (16, "hexadecimal") } else { (2, "binary") };
    let mut bytes = vec![0u8; (digits.len() * width).div_ceil(8)];
    for (index, digit) in digits.chars().enumerate() {
        let value = digit
            .to_digit(radix)
            .ok_or_else(|| EvalError::new("22P02", format!("\"{digit}\" is not a valid {base} digit")))?;
        let at = index * width;
        bytes[at / 8] |= (value as u8) << (8 - width - at % 8);
    }
    Ok(Bits::new((digits.len() * width) as u32, bytes, arena))
}

/// `bit_out`, `varbit_out`
pub(super) fn write(value: Bits<'_>, out: &mut Vec<u8>) {
    out.extend(value.iter().map(|bit| if bit { b'1' } else { b'0' }));
}

/// `bit_recv`, `varbit_recv`: the length, then the bytes.
pub(super) fn receive<'a>(
    bytes: &[u8],
    typmod: i32,
    varying: bool,
    arena: &'a Arena,
) -> EvalResult<Bits<'a>> {
    let insufficient = || EvalError::new("08P01", "insufficient data left in message");
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or_else(insufficient)?;
    let length = u32::try_from(i32::from_be_bytes(*length)).ok().filter(|length| *length <= MAX_BITS as u32);
    let length = length.ok_or_else(|| EvalError::new("22P03", "invalid length in external bit string"))?;
    check_length(length, typmod, varying)?;
    if rest.len() < byte_count(length) {
        return Err(insufficient());
    }
    if rest.len() > byte_count(length) {
        return Err(super::excess());
    }
    Ok(Bits::new(length, rest.to_vec(), arena))
}

/// `bit_send`, `varbit_send`
pub(super) fn send(value: Bits<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(&(value.length() as i32).to_be_bytes());
    out.extend_from_slice(value.bytes());
}
