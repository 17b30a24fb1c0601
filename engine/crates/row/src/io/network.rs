//! inet and cidr

use super::integer;
use crate::network::{Family, Inet};
use crate::{EvalError, EvalResult};
use std::io::Write;

/// `inet_in`
pub(super) fn parse_inet(text: &str) -> EvalResult<Inet> {
    let parsed = if text.contains(':') { parse_v6(text) } else { parse_v4(text) };
    parsed.ok_or_else(|| EvalError::invalid_syntax("inet", text))
}

/// `cidr_in`
pub(super) fn parse_cidr(text: &str) -> EvalResult<Inet> {
    let parsed = if text.contains(':') { parse_v6(text) } else { parse_v4_network(text) };
    let value = parsed.ok_or_else(|| EvalError::invalid_syntax("cidr", text))?;
    if value.has_host() {
        return Err(
            EvalError::new("22P02", format!("invalid cidr value: \"{text}\"")).with_detail(BEYOND_MASK)
        );
    }
    Ok(value)
}

const BEYOND_MASK: &str = "Value has bits set to right of mask.";

/// Characters that are taken one by one; past the end they are NUL, as in C.
struct Characters<'t>(&'t [u8]);

impl Characters<'_> {
    fn next(&mut self) -> u8 {
        let first = self.peek(0);
        self.0 = self.0.get(1..).unwrap_or_default();
        first
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.0.get(ahead).copied().unwrap_or(0)
    }

    /// A number of decimal digits of which `first` was taken, and what comes behind it. It wraps around as C's int.
    fn number(&mut self, first: u8, limit: i32) -> Option<(i32, u8)> {
        let (mut value, mut character) = (0i32, first);
        while character.is_ascii_digit() {
            value = value.wrapping_mul(10).wrapping_add(i32::from(character - b'0'));
            if value > limit {
                return None;
            }
            character = self.next();
        }
        Some((value, character))
    }

    /// The length behind a slash, at the end of the text.
    fn length(&mut self) -> Option<i32> {
        let first = self.next();
        let (bits, behind) = self.number(first, i32::MAX)?;
        (behind == 0 && bits <= 32).then_some(bits)
    }
}

/// The value of 32 bits; None if the length is none of theirs.
fn v4(octets: &[u8], bits: i32) -> Option<Inet> {
    let mut address = [0; 16];
    address[..octets.len()].copy_from_slice(octets);
    let bits = u8::try_from(bits).ok().filter(|bits| *bits <= 32)?;
    Some(Inet::new(Family::V4, bits, u128::from_be_bytes(address)))
}

/// An address of version 4: as many octets as the length needs, all four where it has none.
fn parse_v4(text: &str) -> Option<Inet> {
    let mut rest = Characters(text.as_bytes());
    let mut octets = Vec::with_capacity(4);
    let mut character = rest.next();
    while character.is_ascii_digit() {
        let (octet, behind) = rest.number(character, 255)?;
        if octets.len() == 4 {
            return None;
        }
        octets.push(octet as u8);
        character = behind;
        if character != b'.' {
            break;
        }
        character = rest.next();
    }
    let mut bits = -1;
    if character == b'/' && rest.peek(0).is_ascii_digit() && !octets.is_empty() {
        bits = rest.length()?;
        character = 0;
    }
    if character != 0 || octets.is_empty() || (bits == -1 && octets.len() != 4) {
        return None;
    }
    let bits = if bits == -1 { 32 } else { bits };
    if bits / 8 > octets.len() as i32 { None } else { v4(&octets, bits) }
}

/// A network of version 4: octets, or `0x` and hexadecimal digits; without a length it has that of its class.
fn parse_v4_network(text: &str) -> Option<Inet> {
    let mut rest = Characters(text.as_bytes());
    let mut octets = Vec::with_capacity(4);
    let mut character = rest.next();
    if character == b'0' && matches!(rest.peek(0), b'x' | b'X') && rest.peek(1).is_ascii_hexdigit() {
        rest.next();
        let mut digits = Vec::new();
        loop {
            character = rest.next();
            let Some(digit) = char::from(character).to_digit(16) else { break };
            digits.push(digit as u8);
        }
        octets.extend(digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0)));
        if octets.len() > 4 {
            return None;
        }
    } else if character.is_ascii_digit() {
        loop {
            let (octet, behind) = rest.number(character, 255)?;
            if octets.len() == 4 {
                return None;
            }
            octets.push(octet as u8);
            character = behind;
            if matches!(character, 0 | b'/') {
                break;
            }
            if character != b'.' || !rest.peek(0).is_ascii_digit() {
                return None;
            }
            character = rest.next();
        }
    }
    let mut bits = -1;
    if character == b'/' && rest.peek(0).is_ascii_digit() && !octets.is_empty() {
        bits = rest.length()?;
        character = 0;
    }
    if character != 0 || octets.is_empty() {
        return None;
    }
    v4(&octets, if bits == -1 { class_bits(&octets) } else { bits })
}

/// The length of a network by its class, or by how much of it was written.
fn class_bits(octets: &[u8]) -> i32 {
    let class = match octets[0] {
        240.. => 32,
        224.. => 8,
        192.. => 24,
        128.. => 16,
        _ => 8,
    };
    let bits = class.max(octets.len() as i32 * 8);
    if bits == 8 && octets[0] == 224 { 4 } else { bits }
}

/// Decimal digits without leading zeros, up to `limit`.
fn plain_number(digits: &[u8], limit: u32) -> Option<u32> {
    let leading_zero = digits.len() > 1 && digits[0] == b'0';
    if digits.is_empty() || digits.len() > 3 || leading_zero || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
    (value <= limit).then_some(value)
}

/// An address of version 4 at the end of one of version 6, with the length behind it. Without all octets the others are
/// 0, and before a slash one without digits is.
fn embedded_v4(text: &[u8]) -> Option<([u8; 4], Option<u8>)> {
    let (octets, length) = match memchr::memchr(b'/', text) {
        Some(slash) => (&text[..slash], Some(plain_number(&text[slash + 1..], 128)? as u8)),
        None => (text, None),
    };
    let mut address = [0; 4];
    let parts: Vec<&[u8]> = octets.split(|byte| *byte == b'.').collect();
    for (index, part) in parts.iter().enumerate() {
        let ends = length.is_none() && index + 1 == parts.len();
        let value = if part.is_empty() && !ends { 0 } else { plain_number(part, 255)? };
        *address.get_mut(index)? = value as u8;
    }
    Some((address, length))
}

/// An address of version 6, or a network of it; without a length it is a whole address.
fn parse_v6(text: &str) -> Option<Inet> {
    let bytes = text.as_bytes();
    let mut at = 0;
    if bytes.first() == Some(&b':') {
        at = 1;
        if bytes.get(1) != Some(&b':') {
            return None;
        }
    }
    let mut address = Vec::with_capacity(16);
    // Where `::` stands, and where the group that is read began.
    let (mut gap, mut group) = (None, at);
    let (mut value, mut digits) = (0u16, 0);
    let mut bits = 128;
    while let Some(&character) = bytes.get(at) {
        at += 1;
        if let Some(digit) = char::from(character).to_digit(16) {
            digits += 1;
            if digits > 4 {
                return None;
            }
            value = value << 4 | digit as u16;
            continue;
        }
        match character {
            b':' => {
                group = at;
                if digits == 0 {
                    if gap.replace(address.len()).is_some() {
                        return None;
                    }
                    continue;
                }
                if at == bytes.len() || address.len() > 14 {
                    return None;
                }
                address.extend_from_slice(&value.to_be_bytes());
                (value, digits) = (0, 0);
            }
            b'.' if address.len() <= 12 => {
                let (octets, length) = embedded_v4(&bytes[group..])?;
                address.extend_from_slice(&octets);
                bits = length.unwrap_or(bits);
                digits = 0;
                break;
            }
            b'/' => {
                bits = plain_number(&bytes[at..], 128)? as u8;
                break;
            }
            _ => return None,
        }
    }
    if digits > 0 {
        address.extend_from_slice(&value.to_be_bytes());
    }
    if let Some(gap) = gap {
        if address.len() >= 16 {
            return None;
        }
        let zeros = 16 - address.len();
        address.splice(gap..gap, std::iter::repeat_n(0, zeros));
    }
    let address: [u8; 16] = address.try_into().ok()?;
    Some(Inet::new(Family::V6, bits, u128::from_be_bytes(address)))
}

fn write_octets(octets: &[u8], out: &mut Vec<u8>) {
    for (index, octet) in octets.iter().enumerate() {
        if index > 0 {
            out.push(b'.');
        }
        integer::write_i64(i64::from(*octet), out);
    }
}

fn write_length(value: Inet, out: &mut Vec<u8>) {
    out.push(b'/');
    integer::write_i64(i64::from(value.bits()), out);
}

/// The longest run of zeros, the first of several: where it begins and how long it is.
fn longest_zeros(words: &[u16]) -> (usize, usize) {
    let (mut start, mut longest, mut run) = (0, 0, 0);
    for (index, word) in words.iter().enumerate() {
        run = if *word == 0 { run + 1 } else { 0 };
        if run > longest {
            (start, longest) = (index + 1 - run, run);
        }
    }
    (start, longest)
}

fn words(address: &[u8]) -> Vec<u16> {
    address.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

/// `host`: the address alone.
pub fn write_host(value: Inet, out: &mut Vec<u8>) {
    let address = value.address();
    if value.family() == Family::V4 {
        return write_octets(address, out);
    }
    let words = words(address);
    let (start, length) = longest_zeros(&words);
    let gap = if length > 1 { start..start + length } else { 8..8 };
    let embeds_v4 = gap.start == 0
        && (length == 6 || (length == 7 && words[7] != 1) || (length == 5 && words[5] == 0xffff));
    for (index, word) in words.iter().enumerate() {
        if gap.contains(&index) {
            if index == gap.start {
                out.push(b':');
            }
            continue;
        }
        if index > 0 {
            out.push(b':');
        }
        if embeds_v4 && index == 6 {
            return write_octets(&address[12..], out);
        }
        let _ = write!(out, "{word:x}");
    }
    if gap.end == 8 && length > 1 {
        out.push(b':');
    }
}

/// `inet_out`: the length stands there if the network is shorter than the address.
pub fn write(value: Inet, out: &mut Vec<u8>) {
    write_host(value, out);
    if value.bits() < value.family().address_bits() {
        write_length(value, out);
    }
}

/// `cidr_out`, and `text` of both: the length always stands there.
pub fn write_with_length(value: Inet, out: &mut Vec<u8>) {
    write_host(value, out);
    write_length(value, out);
}

/// `abbrev` of cidr: as much of the address as the network has.
pub fn write_abbreviated_cidr(value: Inet, out: &mut Vec<u8>) {
    let network = value.network();
    let bits = usize::from(value.bits());
    match value.family() {
        Family::V4 if bits == 0 => out.push(b'0'),
        Family::V4 => write_octets(&network.address()[..bits.div_ceil(8)], out),
        Family::V6 if bits == 0 => out.extend_from_slice(b"::"),
        Family::V6 => write_words(network.address(), bits, out),
    }
    write_length(value, out);
}

/// The words of an address of version 6 in which its first `bits` bits are; at least two.
fn write_words(address: &[u8], bits: usize, out: &mut Vec<u8>) {
    let count = bits.div_ceil(16).max(2);
    let words = words(&address[..count * 2]);
    let (start, length) = abbreviated_zeros(&words);
    let embeds_v4 = length != count
        && start == 0
        && (length == 6
            || (length == 5 && words[5] == 0xffff)
            || (length == 7 && address[14] != 0 && address[15] != 1));
    let begins = out.len();
    for (index, word) in words.iter().enumerate() {
        if length > 0 && (start..start + length).contains(&index) {
            if index == start {
                out.push(b':');
            }
            if index + 1 == count {
                out.push(b':');
            }
        } else if embeds_v4 && index > 5 {
            out.push(if index == 6 { b':' } else { b'.' });
            let octets = &address[index * 2..index * 2 + 2];
            // The last octet is left out where the network ends before it.
            let shown = if index != 7 || bits > 120 { 2 } else { 1 };
            write_octets(&octets[..shown], out);
        } else {
            if out.len() > begins {
                out.push(b':');
            }
            let _ = write!(out, "{word:x}");
        }
    }
}

/// The run of zeros that `abbrev` leaves out: as PostgreSQL finds it, a run that is no longer than the one before is
/// counted on by the next.
fn abbreviated_zeros(words: &[u16]) -> (usize, usize) {
    let (mut best, mut run) = ((0, 0), (0, 0));
    for (index, word) in words.iter().enumerate() {
        if *word == 0 {
            run = if run.1 == 0 { (index, 1) } else { (run.0, run.1 + 1) };
        } else if run.1 > best.1 {
            best = run;
            run.1 = 0;
        }
    }
    if run.1 > best.1 { run } else { best }
}

/// `inet_recv`, `cidr_recv`
pub(super) fn receive(bytes: &[u8], is_cidr: bool) -> EvalResult<Inet> {
    let name = if is_cidr { "cidr" } else { "inet" };
    let wrong = |what: &str| EvalError::new("22P03", format!("invalid {what} in external \"{name}\" value"));
    let missing = || EvalError::new("08P01", "no data left in message");
    let byte = |at: usize| bytes.get(at).copied().ok_or_else(missing);
    let family = Family::of_code(byte(0)?).ok_or_else(|| wrong("address family"))?;
    let bits = byte(1)?;
    if bits > family.address_bits() {
        return Err(wrong("bits"));
    }
    byte(2)?;
    if usize::from(byte(3)?) != family.address_bytes() {
        return Err(wrong("length"));
    }
    let given = &bytes[4..];
    if given.len() > family.address_bytes() {
        return Err(super::excess());
    }
    let mut address = [0; 16];
    address.get_mut(..given.len()).ok_or_else(missing)?.copy_from_slice(given);
    if given.len() < family.address_bytes() {
        return Err(missing());
    }
    let value = Inet::new(family, bits, u128::from_be_bytes(address));
    if is_cidr && value.has_host() {
        return Err(EvalError::new("22P03", "invalid external \"cidr\" value").with_detail(BEYOND_MASK));
    }
    Ok(value)
}

/// `inet_send`, `cidr_send`
pub(super) fn send(value: Inet, is_cidr: bool, out: &mut Vec<u8>) {
    let address = value.address();
    out.extend_from_slice(&[value.family().code(), value.bits(), u8::from(is_cidr), address.len() as u8]);
    out.extend_from_slice(address);
}
