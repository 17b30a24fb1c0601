//! macaddr and macaddr8

use crate::{EvalError, EvalResult};

/// The ways to write six bytes, as what separates them and how often: `08:00:2b:…` may have octets of any number of digits,
/// the others have two.
const PICTURES: [&str; 7] =
    ["x:x:x:x:x:x", "x-x-x-x-x-x", "222:222", "222-222", "22.22.22", "22-22-22", "222222"];

/// A byte's number as C's `%x` reads it, of at most `width` characters: blanks, a sign and `0x` may come before the digits,
/// of which there need be none behind `0x`.
fn scan(rest: &mut &[u8], width: usize) -> Option<i32> {
    let text = skip_blanks(rest);
    let limit = width.min(text.len());
    let mut at = 0;
    let negative = limit > 0 && text[0] == b'-';
    if limit > 0 && matches!(text[0], b'-' | b'+') {
        at = 1;
    }
    let begins = at;
    if at + 1 < limit && text[at] == b'0' && matches!(text[at + 1], b'x' | b'X') {
        at += 2;
    }
    let (mut value, mut overflows) = (0u64, false);
    while at < limit {
        let Some(digit) = char::from(text[at]).to_digit(16) else { break };
        overflows |= value >> 60 != 0;
        value = value << 4 | u64::from(digit);
        at += 1;
    }
    if at == begins {
        return None;
    }
    *rest = &text[at..];
    let value = if overflows { u64::MAX } else { value };
    Some(if negative && !overflows { value.wrapping_neg() } else { value } as i32)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| is_blank(**byte)).count();
    &text[blanks..]
}

fn scan_picture(text: &str, picture: &str) -> Option<[i32; 6]> {
    let mut rest = text.as_bytes();
    let mut values = [0; 6];
    let mut count = 0;
    for element in picture.bytes() {
        match element {
            b'x' | b'2' => {
                values[count] = scan(&mut rest, if element == b'x' { usize::MAX } else { 2 })?;
                count += 1;
            }
            separator => rest = rest.strip_prefix(&[separator])?,
        }
    }
    skip_blanks(rest).is_empty().then_some(values)
}

/// `macaddr_in`
pub(super) fn parse(text: &str) -> EvalResult<[u8; 6]> {
    let values = PICTURES.iter().find_map(|picture| scan_picture(text, picture));
    let values = values.ok_or_else(|| EvalError::invalid_syntax("macaddr", text))?;
    let mut address = [0; 6];
    for (octet, value) in address.iter_mut().zip(values) {
        *octet = u8::try_from(value).map_err(|_| {
            EvalError::new("22003", format!("invalid octet value in \"macaddr\" value: \"{text}\""))
        })?;
    }
    Ok(address)
}

/// Six bytes as eight: `ff:fe` in the middle.
pub fn extended([a, b, c, d, e, f]: [u8; 6]) -> [u8; 8] {
    [a, b, c, 0xff, 0xfe, d, e, f]
}

/// `macaddr8_in`
pub(super) fn parse8(text: &str) -> EvalResult<[u8; 8]> {
    parse_pairs(skip_blanks(text.as_bytes())).ok_or_else(|| EvalError::invalid_syntax("macaddr8", text))
}

/// Pairs of digits with one kind of separator. A last single character is not looked at: nor is it in PostgreSQL.
fn parse_pairs(mut rest: &[u8]) -> Option<[u8; 8]> {
    let mut octets = Vec::with_capacity(8);
    let mut separator = None;
    while let [high, low, tail @ ..] = rest {
        let digit = |byte: u8| char::from(byte).to_digit(16);
        if octets.len() == 8 {
            return None;
        }
        octets.push((digit(*high)? << 4 | digit(*low)?) as u8);
        rest = tail;
        if let [found @ (b':' | b'-' | b'.'), tail @ ..] = rest {
            if *separator.get_or_insert(*found) != *found {
                return None;
            }
            rest = tail;
        }
        if matches!(octets.len(), 6 | 8) && rest.first().is_some_and(|byte| is_blank(*byte)) {
            rest = skip_blanks(rest);
            if !rest.is_empty() {
                return None;
            }
        }
    }
    match octets.as_slice() {
        &[a, b, c, d, e, f] => Some(extended([a, b, c, d, e, f])),
        octets => octets.try_into().ok(),
    }
}

/// `macaddr_out`, `macaddr8_out`
pub(super) fn write(octets: &[u8], out: &mut Vec<u8>) {
    for (index, octet) in octets.iter().enumerate() {
        if index > 0 {
            out.push(b':');
        }
        super::encode_hex(&[*octet], out);
    }
}

/// `macaddr_recv`: byte by byte.
pub(super) fn receive<const N: usize>(bytes: &[u8]) -> EvalResult<[u8; N]> {
    if bytes.len() < N {
        return Err(EvalError::new("08P01", "no data left in message"));
    }
    super::fixed(bytes)
}

/// `macaddr8_recv`: of six bytes too.
pub(super) fn receive8(bytes: &[u8]) -> EvalResult<[u8; 8]> {
    match <[u8; 6]>::try_from(bytes) {
        Ok(six) => Ok(extended(six)),
        Err(_) => receive(bytes),
    }
}
